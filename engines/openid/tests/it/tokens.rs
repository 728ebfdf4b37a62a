use axum::http::{Method, StatusCode};
use chrono::Duration;
use identity::AccountState;
use identity::SignedIn;
use openid::{Registered, Registration, Step};
use serde_json::json;

use crate::holder::{claims, encode};
use crate::town::{Reply, Town, basic, fetch, form, link, value, visitor};

fn refresh(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

const MACHINE: [(&str, &str); 1] = [("grant_type", "client_credentials")];

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, other) = (town.trusted().await, town.trusted().await);
    let first = town.tokens(&sen, &app, "").await;
    let stolen = first.text("refresh_token");
    assert_eq!(
        town.post_as(&other, "/openid/token", &refresh(stolen)).await.error(),
        (400, "invalid_grant")
    );
    let second = town.post_as(&app, "/openid/token", &refresh(stolen)).await;
    assert_eq!(second.status, StatusCode::OK, "{second:?}");
    assert!(claims(second.text("id_token")).get("nonce").is_none());
    assert_eq!(
        town.get("/openid/userinfo", second.text("access_token")).await.status,
        StatusCode::OK
    );
    // The thief comes second, or first: the sign-in is over for both.
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(stolen)).await.error(),
        (400, "invalid_grant")
    );
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(second.text("refresh_token")))
            .await
            .error(),
        (400, "invalid_grant")
    );
    assert_eq!(
        town.get("/openid/userinfo", second.text("access_token")).await.error(),
        (401, "invalid_token")
    );
    let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'openid.token_stolen'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(noted, 1);
}

#[tokio::test]
async fn two_at_the_same_time_do_not_both_get_tokens() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let first = town.tokens(&sen, &app, "").await;
    let fields = refresh(first.text("refresh_token"));
    let (one, other) = tokio::join!(
        town.post_as(&app, "/openid/token", &fields),
        town.post_as(&app, "/openid/token", &fields)
    );
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn what_was_signed_in_to_ends_with_the_session_and_the_account() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let scopes = ["openid", "profile", "offline_access"].map(str::to_owned).to_vec();
    let app = town
        .app(Registration {
            trusted: true,
            scopes,
            ..Registration::default()
        })
        .await;
    let with_session = town.tokens(&sen, &app, "").await;
    let code = outliving(&town, &sen, &app).await;
    let offline = town.post_as(&app, "/openid/token", &fetch(&code)).await;
    let mut op = town.ops.open(sen.actor.clone()).await.unwrap();
    town.identity.sign_out(&mut op, sen.session).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.get("/openid/userinfo", with_session.text("access_token"))
            .await
            .error(),
        (401, "invalid_token")
    );
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(with_session.text("refresh_token")))
            .await
            .error(),
        (400, "invalid_grant")
    );
    // What was allowed to outlive the session does, until the account is suspended.
    let next = town
        .post_as(&app, "/openid/token", &refresh(offline.text("refresh_token")))
        .await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
    let mut op = town.console().await;
    let account = sen.actor.account().unwrap();
    town.identity
        .set_account_state(&mut op, account, AccountState::Suspended)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.get("/openid/userinfo", next.text("access_token")).await.error(),
        (401, "invalid_token")
    );
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(next.text("refresh_token")))
            .await
            .error(),
        (400, "invalid_grant")
    );
}

/// A code for a sign-in that outlives the session; that is asked of the person, whosever the application is.
async fn outliving(town: &Town, signed: &SignedIn, app: &Registered) -> String {
    let query = link(&app.client.id, "").replace("profile", "profile+offline_access");
    assert!(matches!(
        town.authorise(signed, &query).await.unwrap(),
        Step::Consent(_)
    ));
    let step = town.openid.consent(&town.ops, visitor(signed), &query).await.unwrap();
    let Step::Back(address) = step else { panic!("{step:?}") };
    value(&address, "code").unwrap()
}

#[tokio::test]
async fn who_secures_the_account_ends_what_outlives_a_session() {
    let town = Town::new().await;
    let (here, elsewhere) = (town.citizen("Lê Thị Sen", "sen").await, town.enter("sen").await);
    let scopes = ["openid", "profile", "offline_access"].map(str::to_owned).to_vec();
    let app = town
        .app(Registration {
            trusted: true,
            scopes,
            ..Registration::default()
        })
        .await;
    let code = outliving(&town, &elsewhere, &app).await;
    let theirs = town.post_as(&app, "/openid/token", &fetch(&code)).await;
    let query = link(&app.client.id, "").replace("profile", "profile+offline_access");
    let Step::Back(address) = town.authorise(&here, &query).await.unwrap() else {
        panic!()
    };
    let own = town
        .post_as(&app, "/openid/token", &fetch(&value(&address, "code").unwrap()))
        .await;
    let mut op = town.ops.open(here.actor.clone()).await.unwrap();
    town.identity.end_other_sessions(&mut op, here.session).await.unwrap();
    op.commit().await.unwrap();
    let status = |reply: &Reply| {
        let token = reply.text("access_token").to_owned();
        let town = &town;
        async move { town.get("/openid/userinfo", &token).await.status }
    };
    assert_eq!(status(&theirs).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&own).await, StatusCode::OK);
    // A new password: also what was given in the session that goes on.
    let source = identity::Source {
        device: None,
        ip: "203.0.113.7",
        user_agent: "Mozilla/5.0",
    };
    let change = identity::PasswordChange {
        old: crate::town::PASSWORD,
        new: "lục bình trôi trên kinh",
        session: here.session,
        source,
    };
    town.identity
        .change_password(&town.ops, &here.actor, change)
        .await
        .unwrap();
    assert_eq!(status(&own).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_position_is_kept_only_as_it_was_given() {
    let town = Town::new().await;
    let lua = town.official("Trần Văn Lúa", "lua").await;
    let scopes = ["openid", "profile", "position", "offline_access"]
        .map(str::to_owned)
        .to_vec();
    let app = town
        .app(Registration {
            scopes,
            ..Registration::default()
        })
        .await;
    let query = link(&app.client.id, "").replace("profile", "position+offline_access");
    let sign_in = || async {
        let Step::Back(address) = town.openid.consent(&town.ops, visitor(&lua), &query).await.unwrap() else {
            panic!()
        };
        town.post_as(&app, "/openid/token", &fetch(&value(&address, "code").unwrap()))
            .await
    };
    let at_the_desk = sign_in().await;
    let mut op = town.ops.open(lua.actor.clone()).await.unwrap();
    town.identity.choose_position(&mut op, lua.session, None).await.unwrap();
    op.commit().await.unwrap();
    let at_home = sign_in().await;
    let mut op = town.ops.open(lua.actor.clone()).await.unwrap();
    town.identity.sign_out(&mut op, lua.session).await.unwrap();
    op.commit().await.unwrap();
    let about = |reply: &Reply| {
        let token = reply.text("access_token").to_owned();
        let town = &town;
        async move { town.get("/openid/userinfo", &token).await.body }
    };
    assert_eq!(about(&at_the_desk).await["position"]["title"], "Công chức Văn phòng");
    assert!(about(&at_home).await.get("position").is_none());
    // What is taken from the application is not told any more, whatever its tokens say.
    let mut op = town.console().await;
    let less = Registration {
        name: "Sổ tay".into(),
        redirect_uris: app.client.redirect_uris.clone(),
        ..Registration::default()
    };
    town.openid
        .change_client(&mut op, &app.client.id, less, true)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(about(&at_the_desk).await.get("position").is_none());
}

#[tokio::test]
async fn an_application_in_use_keeps_its_person_signed_in() {
    let town = Town::new().await;
    let lua = town.official("Trần Văn Lúa", "lua").await;
    let app = town.trusted().await;
    let mut tokens = town.tokens(&lua, &app, "").await;
    for _ in 0..4 {
        town.advance(Duration::minutes(45));
        tokens = town
            .post_as(&app, "/openid/token", &refresh(tokens.text("refresh_token")))
            .await;
        assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    }
    town.advance(Duration::minutes(61));
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(tokens.text("refresh_token")))
            .await
            .error(),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn a_program_gets_tokens_for_itself() {
    let town = Town::new().await;
    let scopes = ["openid", "profile", "scim"].map(str::to_owned).to_vec();
    let app = town
        .app(Registration {
            scopes,
            ..Registration::default()
        })
        .await;
    let id = app.client.id.as_str();
    let reply = town.post_as(&app, "/openid/token", &MACHINE).await;
    assert_eq!((reply.status, reply.text("scope")), (StatusCode::OK, "scim"));
    let said = claims(reply.text("access_token"));
    assert_eq!((said["sub"].as_str(), said["client_id"].as_str()), (Some(id), Some(id)));
    assert!(reply.body.get("refresh_token").is_none() && reply.body.get("id_token").is_none());
    // Nobody stands behind it.
    assert_eq!(
        town.get("/openid/userinfo", reply.text("access_token")).await.error(),
        (403, "insufficient_scope")
    );
    let more = [MACHINE[0], ("scope", "scim kho.doc")];
    assert_eq!(
        town.post_as(&app, "/openid/token", &more).await.error(),
        (400, "invalid_scope")
    );
    // By the body too, but not both, and not by the address.
    let secret = app.secret.clone().unwrap();
    let posted = [MACHINE[0], ("client_id", id), ("client_secret", secret.as_str())];
    assert_eq!(town.post("/openid/token", &[], &posted).await.status, StatusCode::OK);
    assert_eq!(
        town.post_as(&app, "/openid/token", &posted).await.error(),
        (401, "invalid_client")
    );
    let by_address = format!("/openid/token?{}", form(&posted));
    assert_eq!(
        town.post(&by_address, &[], &MACHINE).await.error(),
        (401, "invalid_client")
    );
    let wrong = [MACHINE[0], ("client_id", id), ("client_secret", "x")];
    let refused = town.post("/openid/token", &[], &wrong).await;
    assert_eq!(refused.error(), (401, "invalid_client"));
    assert!(refused.headers.contains_key("www-authenticate"));
    assert_eq!(
        town.post("/openid/token", &[], &MACHINE).await.error(),
        (401, "invalid_client")
    );
    let doubled = town
        .ask(
            Method::POST,
            "/openid/token",
            &[
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", &basic(&app)),
            ],
            "grant_type=client_credentials&grant_type=client_credentials".into(),
        )
        .await;
    assert_eq!(doubled.error(), (400, "invalid_request"));
    let as_json = town
        .ask(
            Method::POST,
            "/openid/token",
            &[("content-type", "application/json"), ("authorization", &basic(&app))],
            "{}".into(),
        )
        .await;
    assert_eq!(as_json.error(), (400, "invalid_request"));
    // The trail hears of it once an hour.
    town.advance(Duration::hours(1));
    town.post_as(&app, "/openid/token", &MACHINE).await;
    let noted: i64 =
        sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'openid.machine_signed_in'")
            .fetch_one(&town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(noted, 2);
}

#[tokio::test]
async fn tokens_are_looked_at_by_their_owner_and_by_who_guards() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, stranger) = (town.trusted().await, town.trusted().await);
    let guard = town
        .app(Registration {
            introspects: true,
            ..Registration::default()
        })
        .await;
    let tokens = town.tokens(&sen, &app, "").await;
    let look = |who, token| {
        let town = &town;
        async move { town.post_as(who, "/openid/introspect", &[("token", token)]).await.body }
    };
    let access = tokens.text("access_token");
    let account = sen.actor.account().unwrap().to_string();
    for who in [&app, &guard] {
        let seen = look(who, access).await;
        assert_eq!(
            (seen["active"].clone(), seen["sub"].as_str(), seen["scope"].as_str()),
            (json!(true), Some(account.as_str()), Some("openid profile"))
        );
        assert_eq!(seen["token_type"], "Bearer");
        assert!(seen.get("username").is_none());
    }
    let nothing = json!({ "active": false });
    assert_eq!(look(&stranger, access).await, nothing);
    assert_eq!(look(&app, tokens.text("refresh_token")).await["active"], true);
    assert_eq!(look(&guard, tokens.text("refresh_token")).await, nothing);
    for token in ["x", "a.b.c", tokens.text("id_token")] {
        assert_eq!(look(&guard, token).await, nothing, "{token}");
    }
    assert_eq!(
        town.post("/openid/introspect", &[], &[("token", access)]).await.error(),
        (401, "invalid_client")
    );
    town.advance(Duration::minutes(10));
    assert_eq!(look(&app, access).await, nothing);
}

#[tokio::test]
async fn what_is_taken_back_is_worth_nothing_at_once() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, stranger) = (town.trusted().await, town.trusted().await);
    let tokens = town.tokens(&sen, &app, "").await;
    let (access, again) = (tokens.text("access_token"), tokens.text("refresh_token"));
    // Others cannot, and are not told that they cannot.
    for token in [access, again, "x", "a.b.c"] {
        assert_eq!(
            town.post_as(&stranger, "/openid/revoke", &[("token", token)])
                .await
                .status,
            StatusCode::OK
        );
    }
    assert_eq!(town.get("/openid/userinfo", access).await.status, StatusCode::OK);
    assert_eq!(
        town.post_as(&app, "/openid/revoke", &[("token", access)]).await.status,
        StatusCode::OK
    );
    assert_eq!(
        town.get("/openid/userinfo", access).await.error(),
        (401, "invalid_token")
    );
    let next = town.post_as(&app, "/openid/token", &refresh(again)).await;
    assert_eq!(
        town.post_as(&app, "/openid/revoke", &[("token", next.text("refresh_token"))])
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        town.get("/openid/userinfo", next.text("access_token")).await.error(),
        (401, "invalid_token")
    );
    assert_eq!(
        town.post_as(&app, "/openid/token", &refresh(next.text("refresh_token")))
            .await
            .error(),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn another_process_sees_it_after_two_seconds() {
    let town = Town::new().await;
    let scopes = vec!["kho.doc".to_owned()];
    let app = town
        .app(Registration {
            scopes,
            ..Registration::default()
        })
        .await;
    let token = town
        .post_as(&app, "/openid/token", &MACHINE)
        .await
        .text("access_token")
        .to_owned();
    let other = town.again();
    let look = || async {
        other
            .post_as(&app, "/openid/introspect", &[("token", &token)])
            .await
            .body["active"]
            .clone()
    };
    assert_eq!(look().await, true);
    town.post_as(&app, "/openid/revoke", &[("token", &token)]).await;
    town.advance(Duration::seconds(2));
    assert_eq!(look().await, false);
}

#[tokio::test]
async fn tokens_that_others_have_made_are_worth_nothing() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let tokens = town.tokens(&sen, &app, "").await;
    let access = tokens.text("access_token");
    let parts: Vec<&str> = access.split('.').collect();
    let mut said = claims(access);
    said["sub"] = json!("00000000-0000-0000-0000-000000000000");
    let body = encode(said.to_string());
    let head = |alg: &str, kind: &str| encode(json!({ "alg": alg, "typ": kind, "kid": "x" }).to_string());
    let stranger = crate::holder::Holder::new();
    let kid: serde_json::Value =
        town.ask(Method::GET, "/openid/jwks", &[], String::new()).await.body["keys"][0]["kid"].clone();
    let forged = stranger.token(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }), &said);
    for token in [
        format!("{}.{body}.{}", parts[0], parts[2]),
        format!("{}.{body}.", head("none", "at+jwt")),
        format!("{}.{body}.", head("None", "at+jwt")),
        format!("{}.{body}.{}", head("HS256", "at+jwt"), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        forged,
        tokens.text("id_token").to_owned(),
    ] {
        assert_eq!(
            town.get("/openid/userinfo", &token).await.error(),
            (401, "invalid_token"),
            "{token}"
        );
    }
}

#[tokio::test]
async fn keys_change_and_nobody_notices() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let old = town.tokens(&sen, &app, "").await;
    let mut op = town.console().await;
    let made = town.openid.rotate_key(&mut op).await.unwrap();
    let kid = made.es256.clone();
    op.commit().await.unwrap();
    let kids = || async {
        let keys = town.ask(Method::GET, "/openid/jwks", &[], String::new()).await.body;
        keys["keys"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|key| key["alg"] == "ES256")
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    town.advance(Duration::seconds(3));
    let published = kids().await;
    assert!(published.len() == 2 && published.contains(&kid), "{published:?}");
    let signed_by = |token: &str| {
        serde_json::from_slice::<serde_json::Value>(&decode(token)).unwrap()["kid"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let between = town.tokens(&sen, &app, "").await;
    assert_ne!(signed_by(between.text("access_token")), kid);
    assert_eq!(
        town.get("/openid/userinfo", old.text("access_token")).await.status,
        StatusCode::OK
    );
    town.advance(Duration::minutes(10));
    let new = town.tokens(&sen, &app, "").await;
    assert_eq!(signed_by(new.text("access_token")), kid);
    assert_eq!(
        town.post_as(&app, "/openid/introspect", &[("token", between.text("access_token"))])
            .await
            .body["active"],
        false,
        "expired"
    );
    town.advance(Duration::days(2));
    assert_eq!(kids().await, [kid.as_str()]);
    // After three months it happens by itself.
    town.advance(Duration::days(90));
    let mut op = town.console().await;
    town.openid.sweep(&mut op).await.unwrap();
    op.commit().await.unwrap();
    town.advance(Duration::seconds(3));
    assert_eq!(kids().await.len(), 2);
}

fn decode(token: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap()
}

#[tokio::test]
async fn the_key_of_the_vault_changes_and_nobody_notices() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let tokens = town.tokens(&sen, &app, "").await;
    town.advance(Duration::minutes(1));
    let newest = town.vault.add_key(town.ops.now()).unwrap();
    assert_eq!(town.openid.reseal(&town.ops).await.unwrap().done, 1);
    assert_eq!(town.openid.reseal(&town.ops).await.unwrap().done, 0);
    let mut op = town.console().await;
    let uses = town.openid.keys_in_use(&mut op).await.unwrap();
    assert_eq!((uses.len(), uses[0].key, uses[0].count), (1, newest, 1));
    let other = town.again();
    let about = other.get("/openid/userinfo", tokens.text("access_token")).await;
    assert_eq!(about.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_takes_nothing_with_it() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    town.tokens(&sen, &app, "").await;
    sqlx::query("UPDATE openid.signing_key SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    town.advance(Duration::seconds(3));
    let tokens = town.tokens(&sen, &app, "").await;
    let about = town.get("/openid/userinfo", tokens.text("access_token")).await;
    assert_eq!(about.status, StatusCode::OK);
    assert_eq!(town.openid.reseal(&town.ops).await.unwrap().done, 0);
}

#[tokio::test]
async fn what_has_expired_is_removed() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    town.tokens(&sen, &app, "").await;
    town.advance(Duration::days(70));
    let mut op = town.console().await;
    assert!(town.openid.sweep(&mut op).await.unwrap() > 0);
    op.commit().await.unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM openid.authorisation")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}
