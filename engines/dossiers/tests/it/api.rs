//! The JSON API, asked as an integrator asks: a case from the draft to the rating, and the doors.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use dossiers::Dossiers;
use forms::Channel;
use kernel::{Actor, SessionId};
use render::{AssetManifest, ProvinceFrame, Renderer};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{Door, Identify, NoChrome, Routes, SessionView, Site, SiteConfig};

use crate::office::{EXTRACT, HUNG, Office, propose};

#[derive(Clone)]
struct House {
    site: Site,
    dossiers: Dossiers,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Dossiers> for House {
    fn as_ref(&self) -> &Dossiers {
        &self.dossiers
    }
}

/// The token is the word before the name: tokens belong to the engine of identity.
struct Doorman(Vec<(&'static str, Actor)>);

#[async_trait]
impl Identify for Doorman {
    async fn session(&self, token: &str) -> kernel::Result<Option<SessionView>> {
        let known = self.0.iter().find(|(known, _)| *known == token);
        Ok(known.map(|(_, actor)| SessionView {
            id: SessionId::new(),
            actor: actor.clone(),
            shown_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        }))
    }
}

pub struct Api {
    pub office: Office,
    router: Router,
}

impl Api {
    pub async fn open() -> Self {
        let office = Office::open().await;
        let manifest = r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
        let renderer = Renderer::builder()
            .templates(web::templates)
            .assets(AssetManifest::from_json(manifest).unwrap())
            .build()
            .unwrap();
        let config = SiteConfig {
            secret: [7; 32],
            https: true,
            demo: true,
            province: ProvinceFrame {
                name: "Hậu Giang".into(),
                hotline: "1022".into(),
                emblem: None,
            },
            requests_per_second: None,
            behind_gateway: false,
        };
        let people = &office.people;
        let doorman = Doorman(vec![
            ("lan", people.lan.clone()),
            ("hung", people.hung.clone()),
            ("clerk", people.clerk.clone()),
            ("specialist", people.specialist.clone()),
            ("leader", people.leader.clone()),
        ]);
        let site = Site::new(
            office.ops.clone(),
            Arc::new(renderer),
            Arc::new(doorman),
            Arc::new(NoChrome),
            config,
        );
        let dossiers = office.dossiers.clone();
        let router = dossiers::http::routes().into_router(House { site, dossiers });
        Self { office, router }
    }

    pub async fn send(&self, method: Method, path: &str, token: &str, body: Body) -> (StatusCode, Vec<u8>) {
        self.send_as("application/json", method, path, token, body).await
    }

    pub async fn send_as(
        &self,
        kind: &str,
        method: Method,
        path: &str,
        token: &str,
        body: Body,
    ) -> (StatusCode, Vec<u8>) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, kind);
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        (status, bytes.to_vec())
    }

    pub async fn get(&self, path: &str, token: &str) -> (StatusCode, Value) {
        let (status, bytes) = self.send(Method::GET, path, token, Body::empty()).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
        let (status, bytes) = self.send(Method::POST, path, token, Body::from(body.to_string())).await;
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    /// The same, and it must have worked.
    async fn done(&self, path: &str, token: &str, body: Value) -> Value {
        let (status, answer) = self.post(path, token, body).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }

    /// The only task in the official's open box.
    async fn next_task(&self, token: &str) -> String {
        let (_, page) = self.get("/api/v1/inbox", token).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{page}");
        items[0]["task"].as_str().unwrap().to_owned()
    }

    /// Does the only open step with the version that the desk shows.
    async fn act(&self, token: &str, act: Value) -> Value {
        let task = self.next_task(token).await;
        let (_, desk) = self.get(&format!("/api/v1/tasks/{task}"), token).await;
        let body = json!({ "version": desk["dossier"]["version"], "act": act });
        self.done(&format!("/api/v1/tasks/{task}/act"), token, body).await
    }
}

pub const PDF: &str = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

// shows: R069
#[tokio::test]
async fn a_case_goes_from_the_draft_to_the_rating_by_the_api_alone() {
    let api = Api::open().await;
    let lan = api.office.people.lan.clone();
    let draft = api.office.extract_draft(&lan, Channel::Online).await;
    let (status, bytes) = api
        .send(
            Method::POST,
            &format!("/api/v1/drafts/{draft}/papers/old_copy?ten=b%E1%BA%A3n%20c%C5%A9.pdf"),
            "lan",
            Body::from(PDF),
        )
        .await;
    let uploaded: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((status, &uploaded["name"]), (StatusCode::CREATED, &json!("bản cũ.pdf")));

    let file = format!("/api/v1/drafts/{draft}/files/{}", uploaded["file"].as_str().unwrap());
    for (token, status) in [("lan", StatusCode::OK), ("hung", StatusCode::NOT_FOUND)] {
        let (answer, bytes) = api.send(Method::GET, &file, token, Body::empty()).await;
        assert_eq!((answer, bytes == PDF.as_bytes()), (status, token == "lan"), "{token}");
    }

    let (_, preview) = api.get(&format!("/api/v1/drafts/{draft}/preview"), "lan").await;
    assert_eq!(
        (&preview["ready"], &preview["receiving"]["code"]),
        (&json!(true), &json!("H30.29.01"))
    );
    assert_eq!(preview["fees"][0]["amount"], 16_000);
    let path = format!("/api/v1/drafts/{draft}/submission");
    let submitted = api.done(&path, "lan", json!({ "confirmed": true })).await;
    let again = api.done(&path, "lan", json!({ "confirmed": true })).await;
    assert_eq!(submitted, again, "pressing twice hands in once");
    let (id, code) = (submitted["id"].as_str().unwrap(), submitted["code"].as_str().unwrap());

    // The clerk looks, and asks for a better copy and another telephone.
    let task = api.next_task("clerk").await;
    let desk = api
        .done(&format!("/api/v1/tasks/{task}/claim"), "clerk", json!({}))
        .await;
    assert_eq!(
        (&desk["task"]["mine"], &desk["papers_to_check"]),
        (&json!(true), &json!(["old_copy"]))
    );
    let counts = api.get("/api/v1/inbox/counts", "clerk").await.1;
    assert_eq!((&counts["mine"], &counts["open"]), (&json!(1), &json!(1)));
    let wanted = json!({
        "outcome": "supplement",
        "note": "Xin gửi lại giúp",
        "papers": [{ "paper": "old_copy", "fits": false }],
        "items": [
            { "kind": "paper", "key": "old_copy", "what": "Ảnh mờ" },
            { "kind": "answer", "key": "phone", "what": "Không gọi được" },
        ],
    });
    let asked = api.act("clerk", wanted).await;
    assert_eq!((&asked["status"], &asked["plain"]), (&json!(5), &json!("supplement")));

    // Lan sees that it waits for her, and supplies.
    let mine = api.get("/api/v1/dossiers", "lan").await.1;
    assert_eq!(
        (&mine["items"][0]["needs_me"], &mine["next"]),
        (&json!(true), &Value::Null)
    );
    let base = format!("/api/v1/dossiers/{id}");
    let upload = format!("{base}/supplement/papers/old_copy?ten=ro.pdf");
    let (status, _) = api.send(Method::POST, &upload, "lan", Body::from(PDF)).await;
    assert_eq!(status, StatusCode::CREATED);
    let state = api.get(&format!("{base}/supplement"), "lan").await.1;
    assert_eq!(state["items"].as_array().unwrap().len(), 2, "{state}");
    // Not ready yet, so it is kept for later, right or not.
    let unsent = json!({ "answers": { "phone": "0912" }, "note": "Chờ tôi hỏi lại" }).to_string();
    let keep = format!("{base}/supplement");
    let (status, bytes) = api.send(Method::PUT, &keep, "lan", Body::from(unsent)).await;
    let kept: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(
        (status, &kept["fields"][0]["value"], &kept["note"]),
        (StatusCode::OK, &json!("0912"), &json!("Chờ tôi hỏi lại"))
    );
    let supply = json!({ "answers": { "phone": "0912345679" }, "note": "Đã chụp lại" });
    let supplied = api.done(&format!("{base}/supplement"), "lan", supply).await;
    assert_eq!(supplied["status"], 5, "before reception the clerk looks again");

    let fits = json!({ "outcome": "accept", "papers": [{ "paper": "old_copy", "fits": true }] });
    assert_eq!(api.act("clerk", fits).await["status"], 2);
    assert_eq!(
        api.act(
            "specialist",
            json!({ "outcome": "propose", "facts": propose(&EXTRACT).facts })
        )
        .await["status"],
        4
    );
    assert_eq!(api.act("leader", json!({ "outcome": "approve" })).await["status"], 9);
    let payment = json!({ "fee": "copy", "receipt_number": "0001234" });
    api.done(&format!("{base}/payments"), "clerk", payment).await;
    assert_eq!(
        api.act("clerk", json!({ "outcome": "handed_over" })).await["status"],
        10
    );
    api.done(
        &format!("{base}/rating"),
        "lan",
        json!({ "score": 5, "comment": "Nhanh" }),
    )
    .await;

    let (_, view) = api.get(&base, "lan").await;
    assert_eq!((&view["status"], &view["rating"]["score"]), (&json!(10), &json!(5)));
    assert_eq!(view["phone"], "0912345679");
    assert_eq!(view["fees"][0]["receipt_number"], "0001234");
    let papers: Vec<(&Value, &Value)> = view["papers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|paper| (&paper["round"], &paper["replaced"]))
        .collect();
    assert_eq!(papers, [(&json!(0), &json!(true)), (&json!(1), &json!(false))]);
    assert_eq!(view["supplements"][0]["supplied_note"], "Đã chụp lại");

    // What was handed in and what came out can be fetched, and the result can be checked by anybody.
    let file = view["papers"][1]["file"].as_str().unwrap();
    let (status, bytes) = api
        .send(
            Method::GET,
            &format!("{base}/papers/{file}"),
            "specialist",
            Body::empty(),
        )
        .await;
    assert_eq!((status, bytes.as_slice()), (StatusCode::OK, PDF.as_bytes()));
    let documents = view["documents"].as_array().unwrap();
    let result = documents.iter().find(|document| document["kind"] == "result").unwrap();
    let path = format!("{base}/documents/{}", result["id"].as_str().unwrap());
    let (status, bytes) = api.send(Method::GET, &path, "lan", Body::empty()).await;
    assert!(status.is_success() && bytes.starts_with(b"%PDF"));
    let (status, _) = api.send(Method::GET, &path, "hung", Body::empty()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let verification = result["verification_code"].as_str().unwrap().to_lowercase();
    let (_, verified) = api.get(&format!("/api/v1/documents/{verification}"), "").await;
    assert_eq!(
        (&verified["kind"], &verified["dossier_code"]),
        (&json!("result"), &json!(code))
    );
    assert_eq!(verified["sha256"], result["sha256"]);
    let (_, track) = api.get(&format!("/api/v1/tracking/{}", code.to_lowercase()), "").await;
    assert_eq!(
        (&track["plain"], track["steps"].as_array().unwrap().len()),
        (&json!("done"), 6)
    );
    // Days, no moments: a code is easily guessed.
    assert_eq!(
        (&track["submitted_on"], &track["received_on"], &track["due_on"]),
        (&json!("2026-03-02"), &json!("2026-03-02"), &json!("2026-03-02")),
        "{track}"
    );
    assert!(!track.to_string().contains("T0"), "{track}");

    let (_, ledger) = api.get("/api/v1/ledger?tu=2026-03-02&den=2026-03-02", "leader").await;
    assert_eq!(
        (&ledger["items"][0]["code"], &ledger["items"][0]["on_time"]),
        (&json!(code), &json!(true))
    );
    let csv = "/api/v1/ledger.csv?tu=2026-03-02&den=2026-03-02";
    let (status, bytes) = api.send(Method::GET, csv, "leader", Body::empty()).await;
    assert!(status.is_success() && bytes.starts_with("\u{feff}".as_bytes()));
    let (_, found) = api.get("/api/v1/dossier-search?q=nguyen%20lan", "leader").await;
    assert_eq!(found["items"][0]["code"], code);
}

#[tokio::test]
async fn what_a_step_enters_is_asked_and_answered_by_the_api() {
    let api = Api::open().await;
    api.office.submitted().await;
    api.act("clerk", json!({ "outcome": "accept" })).await;
    let task = api.next_task("specialist").await;
    let (_, desk) = api.get(&format!("/api/v1/tasks/{task}"), "specialist").await;
    assert_eq!(desk["facts"]["outcomes"], json!(["propose"]));
    let first = &desk["facts"]["pages"][0]["fields"][0];
    assert_eq!(
        (&first["field"], &first["value"], &first["required"]),
        (&json!("register_number"), &json!("12"), &json!(true))
    );
    let body = json!({ "version": desk["dossier"]["version"], "act": { "outcome": "propose" } });
    let (status, fault) = api.post(&format!("/api/v1/tasks/{task}/act"), "specialist", body).await;
    assert_eq!(
        (status, &fault["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("dossiers.facts_incomplete"))
    );
    api.act(
        "specialist",
        json!({ "outcome": "propose", "facts": propose(&EXTRACT).facts }),
    )
    .await;
    let task = api.next_task("leader").await;
    let (_, desk) = api.get(&format!("/api/v1/tasks/{task}"), "leader").await;
    assert_eq!(desk["dossier"]["result"][0]["rows"][1]["field"], "register_book");
}

// shows: R070
#[tokio::test]
async fn the_counter_finds_a_person_by_the_number_in_the_body() {
    let api = Api::open().await;
    let path = "/api/v1/intake/person";
    let asked = |number: &str| json!({ "app": "civil-extract", "personal_number": number });
    let found = api.done(path, "clerk", asked(HUNG)).await;
    let hung = api.office.people.hung.person().unwrap().to_string();
    assert_eq!(
        (&found["person"], &found["applicant"]["full_name"]),
        (&json!(hung), &json!("Trần Văn Hùng"))
    );
    let nobody = api.done(path, "clerk", asked("093190099999")).await;
    assert_eq!((&nobody["person"], &nobody["applicant"]), (&Value::Null, &Value::Null));
    let (status, fault) = api.post(path, "clerk", asked("12")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fault}");
    let (status, _) = api.post(path, "specialist", asked(HUNG)).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

/// A cursor of the ledger behind more lines than there can be.
fn far_beyond() -> String {
    db::cursor::encode(&json!({ "received_at": "2026-03-02T01:00:00Z", "id": uuid::Uuid::nil(), "number": i64::MAX }))
}

#[tokio::test]
async fn refusals_are_problem_documents_with_their_status() {
    let api = Api::open().await;
    let submitted = api.office.submitted().await;
    let base = format!("/api/v1/dossiers/{}", submitted.id);
    for (path, token, status) in [
        (base.clone(), "", StatusCode::UNAUTHORIZED),
        (base.clone(), "hung", StatusCode::NOT_FOUND),
        ("/api/v1/dossiers/0".to_owned(), "lan", StatusCode::NOT_FOUND),
        ("/api/v1/inbox".to_owned(), "lan", StatusCode::FORBIDDEN),
        ("/api/v1/dossiers".to_owned(), "clerk", StatusCode::FORBIDDEN),
        ("/api/v1/tracking/abc".to_owned(), "", StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/v1/documents/abc".to_owned(), "", StatusCode::NOT_FOUND),
        (
            "/api/v1/ledger?tu=2026-03-02".to_owned(),
            "clerk",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/api/v1/ledger?tu=2026-03-02&den=hôm%20nay".to_owned(),
            "clerk",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            "/api/v1/inbox?sau=zz".to_owned(),
            "clerk",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (
            format!("/api/v1/ledger?tu=2026-03-02&den=2026-03-02&sau={}", far_beyond()),
            "clerk",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let (found, problem) = api.get(&path, token).await;
        assert_eq!(found, status, "{path} {problem}");
        assert!(problem["code"].is_string() && problem["title"].is_string(), "{problem}");
    }
    let task = api.next_task("clerk").await;
    let stale = json!({ "version": 99, "act": { "outcome": "accept" } });
    let (status, problem) = api.post(&format!("/api/v1/tasks/{task}/act"), "clerk", stale).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::CONFLICT, &json!("dossiers.changed_meanwhile"))
    );
    let (status, _) = api.post(&format!("{base}/rating"), "lan", json!({ "score": 9 })).await;
    assert_ne!(status, StatusCode::OK);
    let (status, problem) = api
        .post(&format!("{base}/payments"), "lan", json!({ "fee": "copy" }))
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
}

#[tokio::test]
async fn an_upload_is_what_its_paper_accepts() {
    let api = Api::open().await;
    let lan = api.office.people.lan.clone();
    let draft = api.office.extract_draft(&lan, Channel::Online).await;
    let path = |paper: &str| format!("/api/v1/drafts/{draft}/papers/{paper}?ten=tep.pdf");
    let send = |path: String, token: &'static str, body: &'static str| {
        let api = &api;
        async move {
            let (status, bytes) = api.send(Method::POST, &path, token, Body::from(body)).await;
            (status, serde_json::from_slice::<Value>(&bytes).unwrap())
        }
    };
    let (status, problem) = send(path("old_copy"), "lan", "MZ\u{0}\u{0}program").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let (status, problem) = send(path("passport"), "lan", PDF).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("dossiers.paper_unknown"))
    );
    let (status, _) = send(path("old_copy"), "hung", PDF).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "somebody else's draft");
    let (_, uploaded) = send(path("old_copy"), "lan", PDF).await;
    let file = uploaded["file"].as_str().unwrap();
    let remove = format!("/api/v1/drafts/{draft}/papers/old_copy/{file}");
    let (status, _) = api.send(Method::DELETE, &remove, "lan", Body::empty()).await;
    assert_eq!(status, StatusCode::OK);
    let (_, preview) = api.get(&format!("/api/v1/drafts/{draft}/preview"), "lan").await;
    let kept: usize = preview["papers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|paper| paper["files"].as_array().unwrap().len())
        .sum();
    assert_eq!(kept, 0);
}

// shows: R018
#[test]
fn every_operation_is_described_once_and_only_tracking_and_checking_are_public() {
    let routes: Routes<House> = dossiers::http::routes();
    let views = routes.views();
    assert!(
        views
            .iter()
            .all(|route| route.api && route.path.starts_with("/api/v1/"))
    );
    let public: BTreeSet<&str> = views
        .iter()
        .filter(|route| route.door == Door::Public)
        .map(|route| route.path)
        .collect();
    assert_eq!(
        public,
        BTreeSet::from(["/api/v1/documents/{code}", "/api/v1/tracking/{code}"])
    );

    let described = web::openapi(&routes, "test", "0");
    assert_eq!(described["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, operations) in described["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} twice: {method} {path}");
            assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{id}");
        }
    }
    assert_eq!(ids.len(), views.len());
    let schemas = described["components"]["schemas"].as_object().unwrap();
    for name in [
        "DossierView",
        "DeskView",
        "PublicTrack",
        "VerifiedDocument",
        "Preview",
        "InboxRow",
    ] {
        assert!(schemas.contains_key(name), "{name} in {:?}", schemas.keys());
    }
}
