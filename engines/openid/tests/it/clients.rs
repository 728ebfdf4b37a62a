use axum::http::StatusCode;
use db::PageRequest;
use kernel::Actor;
use openid::{ClientAudience, ClientAuth, Registration};

use crate::town::{Town, basic};

const MACHINE: [(&str, &str); 1] = [("grant_type", "client_credentials")];

fn named(name: &str) -> Registration {
    Registration {
        name: name.into(),
        redirect_uris: vec!["https://app.example/cb".into()],
        ..Registration::default()
    }
}

#[tokio::test]
async fn only_administrators_register() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    for actor in [Actor::Anonymous, sen.actor.clone()] {
        let mut op = town.ops.open(actor.clone()).await.unwrap();
        assert_eq!(
            town.openid
                .register_client(&mut op, named("Sổ tay"))
                .await
                .unwrap_err()
                .code,
            "openid.not_allowed"
        );
        let mut op = town.ops.open(actor).await.unwrap();
        assert_eq!(
            town.openid
                .clients(&mut op, &PageRequest::first())
                .await
                .unwrap_err()
                .code,
            "openid.not_allowed"
        );
    }
}

#[tokio::test]
async fn a_secret_is_told_once_and_kept_as_a_digest() {
    let town = Town::new().await;
    let app = town.trusted().await;
    let secret = app.secret.clone().unwrap();
    assert!(app.client.id.starts_with("so-tay-"), "{}", app.client.id);
    let kept: String = sqlx::query_scalar("SELECT row_to_json(client)::text FROM openid.client AS client")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert!(!kept.contains(&secret));
    let trail: Vec<String> = sqlx::query_scalar("SELECT detail FROM op.audit_entry")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(trail.iter().all(|detail| !detail.contains(&secret)));
    assert_eq!(
        town.post_as(&app, "/openid/token", &MACHINE).await.status,
        StatusCode::OK
    );
    let mut op = town.console().await;
    let renewed = town.openid.renew_secret(&mut op, &app.client.id).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.post_as(&app, "/openid/token", &MACHINE).await.error(),
        (401, "invalid_client")
    );
    assert_eq!(
        town.post("/openid/token", &[("authorization", &basic(&renewed))], &MACHINE)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn switching_an_application_off_ends_what_it_has() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town.trusted().await;
    let tokens = town.tokens(&sen, &app, "").await;
    let mut op = town.console().await;
    let same = Registration {
        name: "Sổ tay mới".into(),
        trusted: true,
        ..named("")
    };
    let changed = town
        .openid
        .change_client(&mut op, &app.client.id, same.clone(), false)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(changed.secret.is_none() && !changed.client.enabled);
    assert_eq!(
        town.get("/openid/userinfo", tokens.text("access_token")).await.error(),
        (401, "invalid_token")
    );
    assert_eq!(
        town.post_as(&app, "/openid/token", &MACHINE).await.error(),
        (401, "invalid_client")
    );
    let link = crate::town::link(&app.client.id, "");
    assert_eq!(
        town.authorise(&sen, &link).await.unwrap_err().code,
        "openid.unknown_client"
    );
    // On again with the same secret; what had ended stays ended.
    let mut op = town.console().await;
    town.openid
        .change_client(&mut op, &app.client.id, same, true)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        town.post_as(&app, "/openid/token", &MACHINE).await.status,
        StatusCode::OK
    );
    assert_eq!(
        town.get("/openid/userinfo", tokens.text("access_token")).await.error(),
        (401, "invalid_token")
    );
}

#[tokio::test]
async fn how_an_application_shows_who_it_is_may_change() {
    let town = Town::new().await;
    let app = town.trusted().await;
    let mut op = town.console().await;
    let open = Registration {
        auth: ClientAuth::None,
        ..named("Sổ tay")
    };
    assert!(
        town.openid
            .change_client(&mut op, &app.client.id, open, true)
            .await
            .unwrap()
            .secret
            .is_none()
    );
    assert_eq!(
        town.openid
            .renew_secret(&mut op, &app.client.id)
            .await
            .unwrap_err()
            .code,
        "openid.no_secret"
    );
    let back = town
        .openid
        .change_client(&mut op, &app.client.id, named("Sổ tay"), true)
        .await
        .unwrap();
    assert_ne!(back.secret, app.secret);
    op.commit().await.unwrap();
    let mut op = town.console().await;
    assert_eq!(
        town.openid
            .change_client(&mut op, "khong-co", named("Sổ tay"), true)
            .await
            .unwrap_err()
            .code,
        "openid.client_not_found"
    );
}

#[tokio::test]
async fn people_see_what_they_can_start() {
    let town = Town::new().await;
    let (sen, lua) = (
        town.citizen("Lê Thị Sen", "sen").await,
        town.official("Trần Văn Lúa", "lua").await,
    );
    let start = |name: &str, audience| Registration {
        audience,
        launch_uri: Some(format!("https://{}.example/", name.to_lowercase())),
        ..named(name)
    };
    let mut op = town.console().await;
    for new in [
        start("An", ClientAudience::Everybody),
        start("Be", ClientAudience::Officials),
        named("Không mở được"),
    ] {
        town.openid.register_client(&mut op, new).await.unwrap();
    }
    let off = town
        .openid
        .register_client(&mut op, start("Cu", ClientAudience::Everybody))
        .await
        .unwrap();
    town.openid
        .change_client(&mut op, &off.client.id, start("Cu", ClientAudience::Everybody), false)
        .await
        .unwrap();
    op.commit().await.unwrap();
    for (signed, expected) in [(&sen, vec!["An"]), (&lua, vec!["An", "Be"])] {
        let mut op = town.ops.open(signed.actor.clone()).await.unwrap();
        let names: Vec<String> = town
            .openid
            .apps_of(&mut op)
            .await
            .unwrap()
            .into_iter()
            .map(|app| app.name)
            .collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test]
async fn the_list_is_paged_by_name() {
    let town = Town::new().await;
    let mut op = town.console().await;
    for name in ["Cà", "An", "Bé"] {
        town.openid.register_client(&mut op, named(name)).await.unwrap();
    }
    let first = town
        .openid
        .clients(&mut op, &PageRequest::new(None, Some(2)))
        .await
        .unwrap();
    let names: Vec<&str> = first.items.iter().map(|client| client.name.as_str()).collect();
    assert_eq!(names, ["An", "Bé"]);
    let rest = town
        .openid
        .clients(&mut op, &PageRequest::new(first.next, Some(2)))
        .await
        .unwrap();
    assert_eq!(
        (rest.items.len(), rest.items[0].name.as_str(), rest.next),
        (1, "Cà", None)
    );
}
