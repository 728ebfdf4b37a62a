use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use kernel::Actor;
use openid::{Registration, Visitor};
use serde_json::json;
use tokio::net::TcpListener;

use crate::holder::claims;
use crate::town::{Town, form, visitor};

#[tokio::test]
async fn an_application_says_that_its_person_goes() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            trusted: true,
            post_logout_uris: vec!["https://app.example/bye".into()],
            ..Registration::default()
        })
        .await;
    let tokens = town.tokens(&sen, &app, "").await;
    let hint = tokens.text("id_token");
    let query = form(&[
        ("id_token_hint", hint),
        ("post_logout_redirect_uri", "https://app.example/bye"),
        ("state", "x&y"),
    ]);
    let farewell = town.openid.farewell(&town.ops, visitor(&sen), &query).await.unwrap();
    assert_eq!(
        (farewell.to.as_deref(), farewell.sure),
        (Some("https://app.example/bye?state=x%26y"), true)
    );
    // In another session, without the hint, or without a session, nobody is signed out unasked.
    let again = town.enter("sen").await;
    assert!(
        !town
            .openid
            .farewell(&town.ops, visitor(&again), &query)
            .await
            .unwrap()
            .sure
    );
    let named = form(&[("client_id", app.client.id.as_str())]);
    let farewell = town.openid.farewell(&town.ops, visitor(&sen), &named).await.unwrap();
    assert_eq!(
        (farewell.to, farewell.sure, farewell.client.as_deref()),
        (None, false, Some("Sổ tay"))
    );
    let nobody = Visitor {
        actor: &Actor::Anonymous,
        session: None,
    };
    assert!(!town.openid.farewell(&town.ops, nobody, &query).await.unwrap().sure);
    // Nor is anybody sent elsewhere.
    let code = |query: String| {
        let (town, sen) = (&town, &sen);
        async move {
            town.openid
                .farewell(&town.ops, visitor(sen), &query)
                .await
                .unwrap_err()
                .code
        }
    };
    assert_eq!(code(query.replace("%2Fbye", "%2Fother")).await, "openid.unknown_place");
    assert_eq!(
        code(form(&[("post_logout_redirect_uri", "https://app.example/bye")])).await,
        "openid.unknown_place"
    );
    // What says nothing of anybody is as if it were not there: the person is asked.
    for hint in ["a.b.c", tokens.text("access_token")] {
        let query = form(&[("id_token_hint", hint)]);
        let farewell = town.openid.farewell(&town.ops, visitor(&sen), &query).await.unwrap();
        assert!(!farewell.sure && farewell.client.is_none(), "{farewell:?}");
    }
    assert_eq!(
        code(form(&[("id_token_hint", hint), ("client_id", "other")])).await,
        "openid.request_wrong"
    );
}

#[tokio::test]
async fn applications_hear_that_a_session_is_over() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/ket-thuc", listener.local_addr().unwrap());
    let ear = heard.clone();
    // The first time it has other things to do.
    let service = Router::new().route(
        "/ket-thuc",
        post(move |body: String| async move {
            let mut heard = ear.lock().unwrap();
            heard.push(body);
            if heard.len() == 1 {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::OK
            }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            trusted: true,
            back_channel_logout_uri: Some(address),
            ..Registration::default()
        })
        .await;
    let quiet = town.trusted().await;
    let tokens = town.tokens(&sen, &app, "").await;
    town.tokens(&sen, &quiet, "").await;
    let mut op = town.ops.open(sen.actor.clone()).await.unwrap();
    town.identity.sign_out(&mut op, sen.session).await.unwrap();
    op.commit().await.unwrap();
    op::drain(&town.ops, &town.jobs).await.unwrap();
    town.advance(chrono::Duration::hours(1));
    op::drain(&town.ops, &town.jobs).await.unwrap();
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 2, "{heard:?}");
    let token = heard[1].strip_prefix("logout_token=").unwrap();
    let said = claims(token);
    let own = claims(tokens.text("id_token"));
    assert_eq!(
        (&said["sid"], &said["sub"], &said["aud"]),
        (&own["sid"], &own["sub"], &own["aud"])
    );
    assert_eq!(
        said["events"],
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    );
    assert!(said.get("nonce").is_none());
}
