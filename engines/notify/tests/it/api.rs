//! The box over HTTP, in the language asked for.

use std::{num::NonZeroU32, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use kernel::{AccountId, Actor, Result, SessionId};
use notify::{Message, Notify};
use render::Renderer;
use serde_json::Value;
use testkit::Scratch;
use tower::ServiceExt;
use web::{Identify, NoChrome, SessionView, Site, SiteConfig};

use crate::{box_of, inbox::citizen};

#[derive(Clone)]
struct House {
    site: Site,
    notify: Notify,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Notify> for House {
    fn as_ref(&self) -> &Notify {
        &self.notify
    }
}

/// The token is the account.
struct Tokens;

#[async_trait::async_trait]
impl Identify for Tokens {
    async fn session(&self, token: &str) -> Result<Option<SessionView>> {
        let account: Option<AccountId> = token.parse().ok();
        Ok(account.map(|account| SessionView {
            id: SessionId::new(),
            actor: citizen(account),
            shown_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        }))
    }
}

fn router(scratch: &Scratch, notify: &Notify) -> Router {
    let config = SiteConfig {
        secret: [7; 32],
        https: false,
        demo: false,
        province: render::ProvinceFrame {
            name: "Tỉnh Mẫu".into(),
            hotline: String::new(),
            emblem: None,
        },
        requests_per_second: NonZeroU32::new(1000),
        behind_gateway: false,
    };
    let renderer = Arc::new(Renderer::builder().build().expect("a renderer"));
    let site = Site::new(
        scratch.ops.clone(),
        renderer,
        Arc::new(Tokens),
        Arc::new(NoChrome),
        config,
    );
    notify::routes().into_router(House {
        site,
        notify: notify.clone(),
    })
}

async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<AccountId>,
    language: &str,
) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept-language", language);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = router
        .clone()
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn the_box_is_read_and_marked_over_http() {
    let scratch = Scratch::new(&[notify::MIGRATIONS]).await;
    let (notify, account) = (box_of(&scratch), AccountId::new());
    let router = router(&scratch, &notify);
    let mut op = scratch.ops.open(Actor::System("test")).await.expect("opens");
    for code in ["H30-1", "H30-2"] {
        let message = Message::new(account, "result_returned", "/ho-so/1")
            .with("code", code)
            .with("agency", "UBND phường Mẫu")
            .with("procedure", "Thủ tục mẫu");
        notify.send(&mut op, message).await.expect("sent");
    }
    op.commit().await.expect("committed");

    let (status, page) = ask(&router, "GET", "/api/v1/messages", Some(account), "vi").await;
    assert_eq!(
        (status, &page["unread"], page["items"].as_array().map(Vec::len)),
        (StatusCode::OK, &Value::from(2), Some(2))
    );
    assert_eq!(page["items"][0]["title"], "Đã trả kết quả hồ sơ H30-2");
    let (_, english) = ask(&router, "GET", "/api/v1/messages?so=1", Some(account), "en").await;
    assert_eq!(english["items"][0]["title"], "Application H30-2: result handed over");
    assert!(english["next"].is_string());

    let id = page["items"][0]["id"].as_str().expect("an identifier");
    let one = format!("/api/v1/messages/{id}/read");
    let (status, count) = ask(&router, "POST", &one, Some(account), "vi").await;
    assert_eq!(
        (status, &count["marked"], &count["unread"]),
        (StatusCode::OK, &Value::from(1), &Value::from(1))
    );
    let (_, count) = ask(&router, "POST", "/api/v1/messages/read", Some(account), "vi").await;
    assert_eq!((&count["marked"], &count["unread"]), (&Value::from(1), &Value::from(0)));

    let (status, problem) = ask(&router, "POST", &one, Some(AccountId::new()), "vi").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &Value::from("notify.not_found"))
    );
    let (status, _) = ask(&router, "POST", "/api/v1/messages/nonsense/read", Some(account), "vi").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = ask(&router, "GET", "/api/v1/messages", None, "vi").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
