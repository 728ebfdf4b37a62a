use axum::http::{Method, StatusCode};
use chrono::Duration;
use identity::{Assurance, Entered, Source, VouchedEntry, Way, WayIn};
use kernel::Actor;
use openid::{ClientAudience, ClientAuth, Registration, Step, Visitor};
use serde_json::json;

use crate::holder::claims;
use crate::town::{BACK, CHALLENGE, ISSUER, Town, fetch, form, link, value, visitor};

#[tokio::test]
async fn an_application_hears_who_has_vouched_and_how_much_that_is_worth() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    for (assurance, acr) in [
        (Assurance::Low, "urn:ngabay:acr:1"),
        (Assurance::Substantial, "urn:ngabay:acr:2"),
        (Assurance::High, "urn:ngabay:acr:3"),
    ] {
        let entry = VouchedEntry {
            account: sen.actor.account().unwrap(),
            way: Way {
                way: WayIn::Provider,
                provider: Some("vneid".into()),
                assurance,
            },
            source: Source::default(),
        };
        let Entered::In(signed) = town.identity.enter_vouched(&town.ops, entry).await.unwrap() else {
            panic!("a code is needed")
        };
        let reply = town.tokens(&signed, &app, "").await;
        let said = claims(reply.text("id_token"));
        assert_eq!(
            (said["amr"].clone(), said["acr"].as_str()),
            (json!(["federated"]), Some(acr))
        );
    }
}

#[tokio::test]
async fn a_person_signs_in_to_an_application() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let id = app.client.id.as_str();
    let Step::Back(address) = town.authorise(&sen, &link(id, "")).await.unwrap() else {
        panic!()
    };
    assert!(address.starts_with(&format!("{BACK}?code=")), "{address}");
    assert_eq!(value(&address, "state").as_deref(), Some("s t"));
    assert_eq!(value(&address, "iss").as_deref(), Some(ISSUER));
    let reply = town
        .post_as(&app, "/openid/token", &fetch(&value(&address, "code").unwrap()))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.text("token_type"), "Bearer");
    assert_eq!(reply.text("scope"), "openid profile");
    let said = claims(reply.text("id_token"));
    let account = sen.actor.account().unwrap().to_string();
    assert_eq!((said["iss"].as_str(), said["aud"].as_str()), (Some(ISSUER), Some(id)));
    assert_eq!(
        (said["sub"].as_str(), said["nonce"].as_str()),
        (Some(account.as_str()), Some("n-1"))
    );
    assert_eq!(
        (said["amr"].clone(), said["acr"].as_str()),
        (json!(["pwd"]), Some("urn:ngabay:acr:1"))
    );
    let about = town.get("/openid/userinfo", reply.text("access_token")).await;
    assert_eq!(
        about.body,
        json!({ "sub": account, "name": "Lê Thị Sen", "locale": "vi-VN", "zoneinfo": "Asia/Ho_Chi_Minh" })
    );
    // The person sees who has asked.
    let mut op = town.ops.open(sen.actor.clone()).await.unwrap();
    let looks = town
        .identity
        .looks_at_me(&mut op, &db::PageRequest::first())
        .await
        .unwrap();
    let looks: Vec<_> = looks
        .items
        .iter()
        .map(|look| (look.action.as_str(), look.purpose.as_str()))
        .collect();
    assert_eq!(looks, [("openid.claims_given", "Sổ tay")]);
}

#[tokio::test]
async fn positions_are_those_of_this_moment() {
    let town = Town::new().await;
    let lua = town.official("Trần Văn Lúa", "lua").await;
    let scopes = ["openid", "position"].map(str::to_owned).to_vec();
    let app = town
        .app(Registration {
            trusted: true,
            scopes,
            audience: ClientAudience::Officials,
            ..Registration::default()
        })
        .await;
    let asked = link(&app.client.id, "").replace("profile", "position");
    let Step::Back(address) = town.authorise(&lua, &asked).await.unwrap() else {
        panic!()
    };
    let reply = town
        .post_as(&app, "/openid/token", &fetch(&value(&address, "code").unwrap()))
        .await;
    let about = town.get("/openid/userinfo", reply.text("access_token")).await.body;
    assert_eq!(about["position"]["title"], "Công chức Văn phòng");
    assert_eq!(
        (about["agency"]["code"].as_str(), about["roles"].clone()),
        (Some("H30.29.01"), json!(["specialist"]))
    );
    let mut op = town.ops.open(lua.actor.clone()).await.unwrap();
    town.identity.choose_position(&mut op, lua.session, None).await.unwrap();
    op.commit().await.unwrap();
    let about = town.get("/openid/userinfo", reply.text("access_token")).await.body;
    assert!(
        about.get("position").is_none() && about.get("roles").is_none(),
        "{about}"
    );
    // Who is a citizen now cannot enter what is for officials.
    assert_eq!(
        town.authorise(&lua, &asked).await.unwrap_err().code,
        "openid.officials_only"
    );
}

#[tokio::test]
async fn a_code_is_good_once_for_a_minute_and_for_whoever_asked() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, other) = (town.trusted().await, town.trusted().await);
    let id = &app.client.id;
    let wrong = |code: String, change: (&'static str, &'static str)| {
        let (town, app) = (&town, &app);
        async move {
            let fields: Vec<_> = fetch(&code)
                .into_iter()
                .map(|(name, value)| if name == change.0 { change } else { (name, value) })
                .collect();
            town.post_as(app, "/openid/token", &fields).await.error().1.to_owned()
        }
    };
    assert_eq!(
        wrong(town.code(&sen, id, "").await, ("code_verifier", "x")).await,
        "invalid_grant"
    );
    assert_eq!(
        wrong(town.code(&sen, id, "").await, ("code_verifier", "")).await,
        "invalid_grant"
    );
    assert_eq!(
        wrong(
            town.code(&sen, id, "").await,
            ("redirect_uri", "https://app.example/other")
        )
        .await,
        "invalid_grant"
    );
    assert_eq!(
        wrong(town.code(&sen, id, "").await, ("redirect_uri", "")).await,
        "invalid_grant"
    );
    assert_eq!(
        wrong(town.code(&sen, id, "").await, ("code", "x")).await,
        "invalid_grant"
    );
    assert_eq!(
        wrong(town.code(&sen, id, "").await, ("grant_type", "password")).await,
        "unsupported_grant_type"
    );
    let code = town.code(&sen, id, "").await;
    assert_eq!(
        town.post_as(&other, "/openid/token", &fetch(&code)).await.error(),
        (400, "invalid_grant")
    );
    let late = town.code(&sen, id, "").await;
    town.advance(Duration::seconds(61));
    assert_eq!(
        town.post_as(&app, "/openid/token", &fetch(&late)).await.error(),
        (400, "invalid_grant")
    );
    // Twice: whoever was first loses what it has got.
    let code = town.code(&sen, id, "").await;
    let first = town.post_as(&app, "/openid/token", &fetch(&code)).await;
    let token = first.text("access_token");
    assert_eq!(town.get("/openid/userinfo", token).await.status, StatusCode::OK);
    assert_eq!(
        town.post_as(&app, "/openid/token", &fetch(&code)).await.error(),
        (400, "invalid_grant")
    );
    assert_eq!(
        town.get("/openid/userinfo", token).await.error(),
        (401, "invalid_token")
    );
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.text("refresh_token")),
    ];
    assert_eq!(
        town.post_as(&app, "/openid/token", &again).await.error(),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn nobody_is_sent_to_places_that_are_not_registered() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let code = |query: String| {
        let (town, sen) = (&town, &sen);
        async move { town.authorise(sen, &query).await.unwrap_err().code }
    };
    let whole = link(&app.client.id, "");
    assert_eq!(
        code(whole.replace("app.example", "evil.example")).await,
        "openid.unknown_place"
    );
    assert_eq!(code(whole.replace("%2Fcb", "%2Fcb%2F..")).await, "openid.unknown_place");
    assert_eq!(code(link("khong-co-12345678", "")).await, "openid.unknown_client");
    assert_eq!(code("response_type=code".into()).await, "openid.unknown_client");
    assert_eq!(
        code(format!("{whole}&redirect_uri=https%3A%2F%2Fevil.example")).await,
        "openid.request_wrong"
    );
    // What is wrong beyond that is told to the application, with its state.
    let told = |query: String| {
        let (town, sen) = (&town, &sen);
        async move {
            let Step::Back(address) = town.authorise(sen, &query).await.unwrap() else {
                panic!()
            };
            assert!(address.starts_with(&format!("{BACK}?error=")), "{address}");
            assert_eq!(value(&address, "state").as_deref(), Some("s t"));
            value(&address, "error").unwrap()
        }
    };
    assert_eq!(
        told(whole.replace("response_type=code", "response_type=token")).await,
        "unsupported_response_type"
    );
    assert_eq!(told(whole.replace("S256", "plain")).await, "invalid_request");
    assert_eq!(told(whole.replace("profile", "kho.doc")).await, "invalid_scope");
    assert_eq!(told(format!("{whole}&request=e30.e30.")).await, "request_not_supported");
}

#[tokio::test]
async fn a_page_that_must_not_ask_does_not() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, asking) = (town.trusted().await, town.app(Registration::default()).await);
    let nobody = Visitor {
        actor: &Actor::Anonymous,
        session: None,
    };
    let query = link(&app.client.id, "&prompt=none");
    let Step::Back(address) = town.openid.authorise(&town.ops, nobody, &query).await.unwrap() else {
        panic!()
    };
    assert_eq!(value(&address, "error").as_deref(), Some("login_required"));
    let Step::SignIn {
        again: false,
        query: kept,
    } = town
        .openid
        .authorise(&town.ops, nobody, &link(&app.client.id, ""))
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(kept, link(&app.client.id, ""));
    let Step::Back(address) = town
        .authorise(&sen, &link(&asking.client.id, "&prompt=none"))
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(value(&address, "error").as_deref(), Some("consent_required"));
    let Step::Back(address) = town.authorise(&sen, &query).await.unwrap() else {
        panic!()
    };
    assert!(value(&address, "code").is_some(), "{address}");
}

#[tokio::test]
async fn who_has_to_sign_in_once_more_does() {
    let town = Town::new().await;
    let old = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    town.advance(Duration::minutes(5));
    for more in ["&prompt=login", "&max_age=60", "&max_age=0"] {
        let Step::SignIn { query, again: true } = town.authorise(&old, &link(&app.client.id, more)).await.unwrap()
        else {
            panic!("{more}")
        };
        // Coming back without having done it leads there again, and so does a mark that somebody has written.
        assert!(
            matches!(
                town.authorise(&old, &query).await.unwrap(),
                Step::SignIn { again: true, .. }
            ),
            "{more}"
        );
        let made_up = link(&app.client.id, &format!("{more}&dang_nhap_tu=0.00"));
        assert!(
            matches!(
                town.authorise(&old, &made_up).await.unwrap(),
                Step::SignIn { again: true, .. }
            ),
            "{more}"
        );
        town.advance(Duration::seconds(20));
        let new = town.enter("sen").await;
        let Step::Back(address) = town.authorise(&new, &query).await.unwrap() else {
            panic!("{more}")
        };
        assert!(value(&address, "code").is_some(), "{address}");
    }
    assert!(matches!(
        town.authorise(&old, &link(&app.client.id, "&max_age=100000"))
            .await
            .unwrap(),
        Step::Back(_)
    ));
}

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_once() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let nobody = Visitor {
        actor: &Actor::Anonymous,
        session: None,
    };
    for more in ["", "&prompt=login", "&max_age=0"] {
        let link = link(&app.client.id, more);
        let step = town.openid.authorise(&town.ops, nobody, &link).await.unwrap();
        let Step::SignIn { query, again: false } = step else {
            panic!("{step:?}")
        };
        town.advance(Duration::seconds(30));
        let sen = town.enter("sen").await;
        let step = town.authorise(&sen, &query).await.unwrap();
        let Step::Back(address) = step else {
            panic!("{more} {step:?}")
        };
        assert!(value(&address, "code").is_some(), "{address}");
        // The mark is for this request alone.
        town.advance(Duration::seconds(30));
        let other = query.replace("n-1", "n-2");
        let step = town.authorise(&sen, &other).await.unwrap();
        assert_eq!(matches!(step, Step::Back(_)), more.is_empty(), "{more} {step:?}");
    }
}

#[tokio::test]
async fn the_application_says_whom_it_means() {
    let town = Town::new().await;
    let (sen, lan) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.citizen("Lê Thị Lan", "lan").await,
    );
    let app = town.trusted().await;
    let tokens = town.tokens(&sen, &app, "").await;
    let query = link(&app.client.id, &format!("&id_token_hint={}", tokens.text("id_token")));
    assert!(matches!(town.authorise(&sen, &query).await.unwrap(), Step::Back(_)));
    let step = town.authorise(&lan, &query).await.unwrap();
    let Step::SignIn { query, again: true } = step else {
        panic!("{step:?}")
    };
    // Who signs in as somebody else once more is not sent round for ever.
    town.advance(Duration::seconds(5));
    let again = town.enter("lan").await;
    let step = town.authorise(&again, &query).await.unwrap();
    let Step::Back(address) = step else { panic!("{step:?}") };
    assert_eq!(value(&address, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn people_are_asked_once_and_can_take_it_back() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let scopes = ["openid", "profile", "email"].map(str::to_owned).to_vec();
    let app = town
        .app(Registration {
            scopes,
            ..Registration::default()
        })
        .await;
    let id = app.client.id.as_str();
    let Step::Consent(asked) = town.authorise(&sen, &link(id, "")).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        (asked.client.as_str(), asked.place.as_str()),
        ("Sổ tay", "https://app.example")
    );
    assert_eq!(asked.scopes, ["openid", "profile"]);
    let Step::Back(address) = town.openid.deny(&town.ops, &link(id, "")).await.unwrap() else {
        panic!()
    };
    assert_eq!(value(&address, "error").as_deref(), Some("access_denied"));
    let nobody = Visitor {
        actor: &Actor::Anonymous,
        session: None,
    };
    assert!(matches!(
        town.openid.consent(&town.ops, nobody, &link(id, "")).await.unwrap(),
        Step::SignIn { .. }
    ));
    let Step::Back(address) = town
        .openid
        .consent(&town.ops, visitor(&sen), &link(id, ""))
        .await
        .unwrap()
    else {
        panic!()
    };
    let reply = town
        .post_as(&app, "/openid/token", &fetch(&value(&address, "code").unwrap()))
        .await;
    assert!(matches!(
        town.authorise(&sen, &link(id, "")).await.unwrap(),
        Step::Back(_)
    ));
    // More than that is asked for anew; asking is possible at any time.
    let more = link(id, "").replace("profile", "profile+email");
    assert!(matches!(town.authorise(&sen, &more).await.unwrap(), Step::Consent(_)));
    assert!(matches!(
        town.authorise(&sen, &link(id, "&prompt=consent")).await.unwrap(),
        Step::Consent(_)
    ));
    town.openid.consent(&town.ops, visitor(&sen), &more).await.unwrap();
    assert!(matches!(
        town.authorise(&sen, &link(id, "")).await.unwrap(),
        Step::Back(_)
    ));
    let mut op = town.ops.open(sen.actor.clone()).await.unwrap();
    let given = town.openid.consents(&mut op).await.unwrap();
    assert_eq!((given.len(), given[0].name.as_str()), (1, "Sổ tay"));
    assert_eq!(given[0].scopes, ["openid", "profile", "email"]);
    town.openid.withdraw_consent(&mut op, id).await.unwrap();
    town.openid.withdraw_consent(&mut op, id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.get("/openid/userinfo", reply.text("access_token")).await.error(),
        (401, "invalid_token")
    );
    assert!(matches!(
        town.authorise(&sen, &link(id, "")).await.unwrap(),
        Step::Consent(_)
    ));
}

#[tokio::test]
async fn a_pushed_request_is_answered_once() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let (app, other) = (town.trusted().await, town.trusted().await);
    let id = app.client.id.as_str();
    let fields = [
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", BACK),
        ("state", "đẩy"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let pushed = town.post_as(&app, "/openid/par", &fields).await;
    assert_eq!(pushed.status, StatusCode::CREATED, "{pushed:?}");
    let address = pushed.text("request_uri");
    let query = |client: &str| form(&[("client_id", client), ("request_uri", address)]);
    // Nothing beside it counts, and it belongs to whoever pushed it.
    assert_eq!(
        town.authorise(&sen, &query(&other.client.id)).await.unwrap_err().code,
        "openid.request_uri"
    );
    let Step::Back(back) = town
        .authorise(&sen, &format!("{}&state=other&scope=openid+profile", query(id)))
        .await
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(value(&back, "state").as_deref(), Some("đẩy"));
    let reply = town
        .post_as(&app, "/openid/token", &fetch(&value(&back, "code").unwrap()))
        .await;
    assert_eq!(reply.text("scope"), "openid");
    assert_eq!(
        town.authorise(&sen, &query(id)).await.unwrap_err().code,
        "openid.request_uri"
    );
    let late = town.post_as(&app, "/openid/par", &fields).await;
    town.advance(Duration::minutes(10));
    let late = form(&[("client_id", id), ("request_uri", late.text("request_uri"))]);
    assert_eq!(
        town.authorise(&sen, &late).await.unwrap_err().code,
        "openid.request_uri"
    );
    let bad = [
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", "https://evil.example"),
    ];
    assert_eq!(
        town.post_as(&app, "/openid/par", &bad).await.error(),
        (400, "invalid_request")
    );
    let nested = [("request_uri", address)];
    assert_eq!(
        town.post_as(&app, "/openid/par", &nested).await.error(),
        (400, "invalid_request")
    );
}

#[tokio::test]
async fn an_application_without_a_secret_shows_what_it_began_with() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            auth: ClientAuth::None,
            trusted: true,
            ..Registration::default()
        })
        .await;
    let code = town.code(&sen, &app.client.id, "").await;
    let mut fields = fetch(&code).to_vec();
    assert_eq!(
        town.post("/openid/token", &[], &fields).await.error(),
        (401, "invalid_client")
    );
    fields.push(("client_id", &app.client.id));
    let reply = town.post("/openid/token", &[], &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client.id.as_str()),
    ];
    assert_eq!(
        town.post("/openid/token", &[], &machine).await.error(),
        (400, "unauthorized_client")
    );
}

#[tokio::test]
async fn the_description_fits_what_is_there() {
    let town = Town::new().await;
    let described = town
        .ask(Method::GET, "/.well-known/openid-configuration", &[], String::new())
        .await;
    assert_eq!(described.headers["access-control-allow-origin"], "*");
    assert_eq!(described.body["issuer"], ISSUER);
    let oauth = town
        .ask(
            Method::GET,
            "/.well-known/oauth-authorization-server",
            &[],
            String::new(),
        )
        .await;
    assert_eq!(oauth.body, described.body);
    let known: Vec<_> = openid::http::routes::<AnyHouse>()
        .views()
        .into_iter()
        .map(|view| view.path)
        .collect();
    for (name, value) in described.body.as_object().unwrap() {
        let address = value
            .as_str()
            .filter(|_| name.ends_with("_endpoint") || name == "jwks_uri");
        if let Some(address) = address {
            assert!(
                known.contains(&address.strip_prefix(ISSUER).unwrap()),
                "{name} {address}"
            );
        }
    }
    let keys = town.ask(Method::GET, "/openid/jwks", &[], String::new()).await.body;
    let keys = keys["keys"].as_array().unwrap();
    // One of each algorithm that is announced, and nothing secret of any.
    let algorithms: Vec<&str> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, ["ES256", "RS256"]);
    assert_eq!(
        described.body["id_token_signing_alg_values_supported"],
        serde_json::json!(["RS256", "ES256"])
    );
    for key in keys {
        for secret in ["d", "p", "q", "dp", "dq", "qi"] {
            assert!(key.get(secret).is_none(), "{secret}");
        }
    }
}

/// Only the addresses are asked for.
#[derive(Clone)]
struct AnyHouse;

impl AsRef<web::Site> for AnyHouse {
    fn as_ref(&self) -> &web::Site {
        unreachable!()
    }
}

impl AsRef<openid::Openid> for AnyHouse {
    fn as_ref(&self) -> &openid::Openid {
        unreachable!()
    }
}
