//! Drafts over HTTP, in the language asked for.

use std::{num::NonZeroU32, sync::Arc};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use forms::Forms;
use http_body_util::BodyExt;
use identity::{NewPerson, Residence};
use kernel::{AccountId, Actor, Citizen, PersonId, Result, SessionId};
use render::{Locale, Renderer};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{Identify, NoChrome, SessionView, Site, SiteConfig};

use crate::town::Town;

const WORDS: &str = r#"
[forms.apply.kind]
title = "Việc gì"
label = "Loại giấy"
birth = "Khai sinh"
marriage = "Kết hôn"
other = "Khác"
[forms.apply.who]
title = "Bạn là ai"
[forms.apply.full_name]
label = "Họ tên"
error_required = "Xin ghi họ tên."
[forms.apply.born]
label = "Ngày sinh"
[forms.apply.home]
label = "Nơi ở"
[forms.apply.group]
label = "Dân tộc"
"#;

#[derive(Clone)]
struct House {
    site: Site,
    forms: Forms,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Forms> for House {
    fn as_ref(&self) -> &Forms {
        &self.forms
    }
}

/// The token is the account; everybody is this person.
struct Tokens(PersonId);

#[async_trait::async_trait]
impl Identify for Tokens {
    async fn session(&self, token: &str) -> Result<Option<SessionView>> {
        let account: Option<AccountId> = token.parse().ok();
        Ok(account.map(|account| SessionView {
            id: SessionId::new(),
            actor: Actor::Citizen(Citizen {
                account,
                person: self.0,
                name: "Nguyễn Thị Mẫu".into(),
                acts_for: None,
            }),
            shown_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        }))
    }
}

async fn router(town: &Town) -> Router {
    let mut op = town.op(&Actor::System("province")).await;
    let mut new = NewPerson::named("Nguyễn Thị Mẫu");
    new.residence = Some(Residence {
        ward_code: "31340".into(),
        detail: "ấp 1".into(),
    });
    let person = town.identity.register_person(&mut op, &new).await.expect("a person");
    op.commit().await.expect("committed");
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
    let renderer = Renderer::builder()
        .texts(Locale::Vi, "apps.demo", WORDS)
        .build()
        .expect("a renderer");
    let site = Site::new(
        town.scratch.ops.clone(),
        Arc::new(renderer),
        Arc::new(Tokens(person)),
        Arc::new(NoChrome),
        config,
    );
    forms::http::routes().into_router(House {
        site,
        forms: town.forms.clone(),
    })
}

async fn ask(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<AccountId>,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("accept-language", "vi");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
        None => Body::empty(),
    };
    let response = router
        .clone()
        .oneshot(request.body(body).expect("a request"))
        .await
        .expect("an answer");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("a body").to_bytes();
    (status, serde_json::from_slice(&bytes).expect("JSON"))
}

#[tokio::test]
async fn a_draft_is_filled_in_by_a_program() {
    let town = Town::new().await;
    let router = router(&town).await;
    let me = Some(AccountId::new());
    let (status, draft) = ask(&router, "POST", "/api/v1/drafts", me, Some(json!({ "app": "demo" }))).await;
    assert_eq!(
        (status, &draft["next"], &draft["channel"]),
        (StatusCode::CREATED, &json!("kind"), &json!("online"))
    );
    let at = format!("/api/v1/drafts/{}", draft["id"].as_str().expect("an identifier"));
    let page = |page: &str| format!("{at}/pages/{page}");

    let (status, view) = ask(&router, "GET", &page("who"), me, None).await;
    assert_eq!((status, &view["title"]), (StatusCode::OK, &json!("Bạn là ai")));
    assert_eq!(
        (&view["fields"][0]["label"], &view["fields"][0]["value"]),
        (&json!("Họ tên"), &json!("Nguyễn Thị Mẫu"))
    );
    assert_eq!(view["fields"][2]["value"]["ward_name"], "Phường Ngã Bảy");
    assert_eq!(view["fields"][3]["options"][4]["label"], "Khmer");

    let answers =
        json!({ "answers": { "full_name": "", "born": "1985-09-05", "home": { "ward": "31341", "detail": "số 5" } } });
    let (status, saved) = ask(&router, "PUT", &page("who"), me, Some(answers)).await;
    assert_eq!((status, &saved["next"]), (StatusCode::OK, &json!("who")));
    assert_eq!(
        saved["faults"],
        json!([{ "field": "full_name", "code": "forms.field.required", "message": "Xin ghi họ tên." }])
    );
    assert_eq!(saved["draft"]["answers"]["home"]["ward_name"], "Phường Lái Hiếu");
    let answers = json!({ "answers": { "copies": 2, "reasons": ["torn", "lost"] } });
    let (_, saved) = ask(&router, "PUT", &page("details"), me, Some(answers)).await;
    assert_eq!(
        (&saved["faults"], &saved["draft"]["answers"]["reasons"]),
        (&json!([]), &json!(["lost", "torn"]))
    );
    let (_, saved) = ask(
        &router,
        "PUT",
        &page("details"),
        me,
        Some(json!({ "answers": { "copies": 1.5 } })),
    )
    .await;
    assert_eq!(saved["faults"][0]["code"], "forms.field.whole_number");

    let (status, problem) = ask(
        &router,
        "PUT",
        &page("kind"),
        me,
        Some(json!({ "answers": { "kin": "birth" } })),
    )
    .await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("forms.unknown_fields"))
    );
    let (_, list) = ask(&router, "GET", "/api/v1/drafts", me, None).await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let (status, problem) = ask(&router, "GET", &at, Some(AccountId::new()), None).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::NOT_FOUND, &json!("forms.draft_not_found"))
    );
    let (status, _) = ask(&router, "GET", "/api/v1/drafts/nonsense", me, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = ask(&router, "POST", "/api/v1/drafts", None, Some(json!({ "app": "demo" }))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = ask(&router, "DELETE", &at, me, None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = ask(&router, "GET", &at, me, None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
