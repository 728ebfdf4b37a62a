//! A small site, asked as browsers and as attackers ask.

mod limits;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use kernel::{Actor, Citizen, Fault, Id, Official, Result, SessionId};
use render::{AssetManifest, ProvinceFrame, Renderer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use testkit::Scratch;
use tower::ServiceExt;
use web::{Answer, Doc, Door, Fields, Identify, NoChrome, Routes, SessionView, Site, SiteConfig, Upload, Visit};

struct TwoPeople;

#[async_trait]
impl Identify for TwoPeople {
    async fn session(&self, token: &str) -> Result<Option<SessionView>> {
        let actor = match token {
            "lan" => Actor::Citizen(Citizen {
                account: Id::new(),
                person: Id::new(),
                name: "Nguyễn Thị Lan".into(),
                acts_for: None,
            }),
            "clerk" => Actor::Official(Official {
                account: Id::new(),
                person: Id::new(),
                name: "Trần Văn Minh".into(),
                position: Id::new(),
                position_title: "Công chức".into(),
                agency: Id::new(),
                agency_code: "H30.32".into(),
                agency_name: "UBND".into(),
                unit: None,
                roles: vec!["clerk".into()],
                below: Vec::new(),
                stands_for: None,
            }),
            "away" => return Err(Fault::unavailable("db.unavailable")),
            _ => return Ok(None),
        };
        Ok(Some(SessionView {
            id: Id::new(),
            actor,
            shown_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        }))
    }

    async fn ended_session(&self, token: &str) -> Result<Option<SessionId>> {
        Ok((token == "gone").then(Id::new))
    }
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Terms {
    a: i64,
    b: i64,
}

async fn token_page(visit: Visit<Site>) -> Answer {
    Ok(web::bytes("text/html; charset=utf-8", visit.form_token()))
}

async fn echo(_: Visit<Site>, fields: Fields) -> Answer {
    Ok(web::bytes("text/plain", fields.required("name")?.to_string()))
}

async fn size(_: Visit<Site>, mut upload: Upload) -> Answer {
    use futures::StreamExt;
    let mut total = 0;
    while let Some(file) = upload.next_file().await? {
        let mut stream = Box::pin(file.into_stream());
        while let Some(chunk) = stream.next().await {
            total += chunk.map_err(|e| Fault::invalid("web.too_large").caused_by(e))?.len();
        }
    }
    Ok(web::bytes("text/plain", total.to_string()))
}

/// Looks at no file.
async fn names(_: Visit<Site>, mut upload: Upload) -> Answer {
    let mut names = Vec::new();
    while let Some(file) = upload.next_file().await? {
        names.push(file.name);
    }
    Ok(web::bytes("text/plain", names.join(" ")))
}

async fn add(_: Visit<Site>, terms: Terms) -> Result<Sum> {
    terms
        .a
        .checked_add(terms.b)
        .map(|sum| Sum { sum })
        .ok_or_else(|| Fault::invalid("web.bad_json").with("reason", "overflow"))
}

fn routes() -> Routes<Site> {
    Routes::new()
        .get("/", Door::Public, token_page)
        .get("/mine", Door::Citizen, token_page)
        .get("/never", Door::Public, limits::never)
        .get("/desk", Door::Right("dossiers.take_in"), token_page)
        .get("/leader", Door::Right("dossiers.apologise"), token_page)
        .post("/echo", Door::Public, echo)
        .post("/mine/echo", Door::Citizen, echo)
        .upload("/size", Door::Public, 64 << 10, size)
        .upload("/large", Door::Public, 16 << 20, size)
        .upload("/names", Door::Public, 16 << 20, names)
        .api_post(
            "/api/v1/sums",
            Door::Public,
            Doc::new("add", "test", "Adds.").created(),
            add,
        )
        .api_post("/api/v1/mine", Door::Citizen, Doc::new("addMine", "test", "Adds."), add)
        .api_post(
            "/api/v1/program",
            Door::Program,
            Doc::new("addThere", "test", "Adds.")
                .with_headers(&["If-Match"])
                .or_accepted()
                .with_body(2 << 20),
            program,
        )
}

/// Says what came: who, and the version that they have seen.
async fn program(visit: Visit<Site>, _: serde_json::Value) -> Result<serde_json::Value> {
    visit.tag(8);
    if visit.header("x-wait").is_some() {
        visit.accepted();
    }
    Ok(json!({ "actor": visit.actor.key(), "seen": visit.header("if-match"), "cookie": visit.header("cookie") }))
}

struct House {
    scratch: Scratch,
    site: Site,
    router: Router,
}

impl House {
    async fn new() -> Self {
        Self::with(None, None).await
    }

    /// With a rate and a time limit of its own.
    async fn with(rate: Option<NonZeroU32>, time_limit: Option<Duration>) -> Self {
        let scratch = Scratch::new(&[]).await;
        let manifest = r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
        let assets = AssetManifest::from_json(manifest).unwrap();
        let renderer = Arc::new(
            Renderer::builder()
                .templates(web::templates)
                .assets(assets)
                .build()
                .unwrap(),
        );
        let config = SiteConfig {
            secret: [3; 32],
            https: true,
            demo: true,
            province: ProvinceFrame {
                name: "Hậu Giang".into(),
                hotline: "1022".into(),
                emblem: None,
            },
            requests_per_second: rate,
            behind_gateway: false,
        };
        let mut site = Site::new(
            scratch.ops.clone(),
            renderer,
            Arc::new(TwoPeople),
            Arc::new(NoChrome),
            config,
        );
        if let Some(limit) = time_limit {
            site.time_limit = limit;
        }
        Self {
            router: routes().into_router(site.clone()),
            site,
            scratch,
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, header::HeaderMap, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = to_bytes(body, 1 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&text).into_owned())
    }

    async fn get(&self, path: &str, session: Option<&str>) -> (StatusCode, header::HeaderMap, String) {
        let mut request = Request::get(path);
        if let Some(session) = session {
            request = request.header(header::COOKIE, format!("__Host-phien={session}"));
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    async fn refusals(&self, reason: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM op.audit_entry WHERE action = 'web.refused' AND detail::jsonb ->> 'reason' = $1",
        )
        .bind(reason)
        .fetch_one(&self.scratch.pool)
        .await
        .unwrap()
    }

    async fn post(
        &self,
        path: &str,
        cookie: &str,
        body: String,
        more: &[(&str, &str)],
    ) -> (StatusCode, header::HeaderMap, String) {
        let mut request = Request::post(path)
            .header(header::HOST, "here")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::from(body)).unwrap()).await
    }
}

fn cookie_of(headers: &header::HeaderMap) -> String {
    headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_form_needs_the_token_of_its_own_visitor() {
    let house = House::new().await;
    let (_, headers, token) = house.get("/", None).await;
    let mine = cookie_of(&headers);
    let (_, other_headers, _) = house.get("/", None).await;
    let theirs = cookie_of(&other_headers);
    let body = format!("_csrf={token}&name=Lan");
    assert_eq!(house.post("/echo", &mine, body.clone(), &[]).await.0, StatusCode::OK);
    assert_eq!(
        house.post("/echo", &theirs, body.clone(), &[]).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        house.post("/echo", &mine, "name=Lan".into(), &[]).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(house.post("/echo", "", body, &[]).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn requests_from_other_sites_are_refused_even_with_a_good_token() {
    let house = House::new().await;
    let (_, headers, token) = house.get("/", None).await;
    let cookie = cookie_of(&headers);
    let body = format!("_csrf={token}&name=Lan");
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        ("origin", "null"),
    ] {
        let (status, _, _) = house.post("/echo", &cookie, body.clone(), &[(name, value)]).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert_eq!(
        house
            .post("/echo", &cookie, body, &[("origin", "https://here")])
            .await
            .0,
        StatusCode::OK
    );
}

// shows: R028
#[tokio::test]
async fn doors_admit_only_whom_they_name() {
    let house = House::new().await;
    let (status, headers, _) = house.get("/mine?x=1", None).await;
    assert_eq!(
        (status, headers[header::LOCATION].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/dang-nhap?ve=/mine%3Fx%3D1")
    );
    assert_eq!(house.get("/mine", Some("lan")).await.0, StatusCode::OK);
    assert_eq!(house.get("/mine", Some("clerk")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(house.get("/desk", Some("clerk")).await.0, StatusCode::OK);
    assert_eq!(house.get("/desk", Some("lan")).await.0, StatusCode::FORBIDDEN);
    assert_eq!(house.get("/leader", Some("clerk")).await.0, StatusCode::FORBIDDEN);
    let refused: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'web.refused'")
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    assert_eq!(refused, 3, "each refusal of somebody who is known is written down");
}

#[tokio::test]
async fn what_was_typed_survives_the_end_of_the_session() {
    let house = House::new().await;
    let (status, _, page) = house
        .post(
            "/mine/echo",
            "__Host-phien=gone",
            "_csrf=old&name=Nguy%E1%BB%85n+Lan".into(),
            &[],
        )
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.contains("Nguyễn Lan") && page.contains("/mine/echo"), "{page}");
    assert!(!page.contains("old"), "the dead token is not carried along");
    assert_eq!(house.refusals("session_ended").await, 1);
}

#[tokio::test]
async fn a_password_is_not_carried_over_the_end_of_the_session() {
    let house = House::new().await;
    for body in [
        "_csrf=old&mat_khau=bi+mat",
        "_csrf=old&name=Lan&mat_khau_moi=bi+mat",
        "_csrf=old&mat_khau.remove=bi+mat",
    ] {
        let from = [("referer", "http://here/mine/page"), ("sec-fetch-site", "same-origin")];
        let (status, headers, page) = house.post("/mine/echo", "__Host-phien=gone", body.into(), &from).await;
        assert_eq!((status, page.as_str()), (StatusCode::SEE_OTHER, ""), "{body}");
        assert_eq!(headers[header::LOCATION], "/dang-nhap?ve=/mine/page");
    }
}

// shows: R024
#[tokio::test]
async fn forged_tokens_and_requests_of_other_sites_are_written_down() {
    let house = House::new().await;
    let session = "__Host-phien=lan";
    house
        .post("/mine/echo", session, "_csrf=forged&name=Lan".into(), &[])
        .await;
    house.post("/mine/echo", session, "name=Lan".into(), &[]).await;
    let elsewhere = [("sec-fetch-site", "cross-site")];
    house.post("/mine/echo", session, "name=Lan".into(), &elsewhere).await;
    assert_eq!(house.refusals("form_token").await, 2);
    assert_eq!(house.refusals("other_site").await, 1);
}

#[tokio::test]
async fn what_was_typed_on_a_page_of_an_earlier_session_can_be_sent_once_more() {
    let house = House::new().await;
    let (_, _, token) = house.get("/mine", Some("lan")).await;
    let old = "_csrf=0123&name=Nguy%E1%BB%85n+Lan&mat_khau=s3cret";
    let send = async |site: &str| {
        let said = [("sec-fetch-site", site)];
        house.post("/mine/echo", "__Host-phien=lan", old.into(), &said).await
    };
    let (status, _, page) = send("same-origin").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(
        page.contains("Nguyễn Lan") && page.contains(r#"action="/mine/echo""#),
        "{page}"
    );
    assert!(!page.contains("s3cret"), "passwords are typed anew");
    let again = page.split(r#"name="_csrf" value=""#).nth(1).unwrap();
    let fresh = again.split('"').next().unwrap();
    for token in [fresh, token.as_str()] {
        let body = format!("_csrf={token}&name=Lan");
        let (status, _, _) = house.post("/mine/echo", "__Host-phien=lan", body, &[]).await;
        assert_eq!(status, StatusCode::OK);
    }
    let (status, _, page) = send("none").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(!page.contains("Nguyễn Lan"), "only to pages of this site: {page}");
}

#[tokio::test]
async fn what_was_typed_survives_a_lost_database() {
    let house = House::new().await;
    let typed = "_csrf=token&name=Nguy%E1%BB%85n+Lan&mat_khau=s3cret";
    let (status, headers, page) = house
        .post("/mine/echo?x=1", "__Host-phien=away", typed.into(), &[])
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[header::RETRY_AFTER], "5");
    assert!(page.contains(r#"action="/mine/echo?x=1""#), "{page}");
    assert!(
        page.contains("Nguyễn Lan") && page.contains(r#"value="token""#),
        "{page}"
    );
    assert!(!page.contains("s3cret"), "passwords are typed anew");
}

#[tokio::test]
async fn a_lost_database_is_told_and_not_taken_for_a_lost_session() {
    let house = House::new().await;
    let (status, headers, page) = house.get("/mine", Some("away")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[header::RETRY_AFTER], "5");
    assert!(page.contains("<h1>") && page.contains(r#"href="/mine""#), "{page}");
}

#[tokio::test]
async fn the_api_takes_no_cookie_and_answers_problems() {
    let house = House::new().await;
    let json = |path: &str, body: &'static str, extra: (&'static str, &'static str)| {
        Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(extra.0, extra.1)
            .body(Body::from(body))
            .unwrap()
    };
    let (status, _, body) = house.ask(json("/api/v1/sums", r#"{"a":1,"b":2}"#, ("x-a", "b"))).await;
    assert_eq!((status, body.as_str()), (StatusCode::CREATED, r#"{"sum":3}"#));
    let (status, headers, body) = house
        .ask(json("/api/v1/mine", r#"{"a":1,"b":2}"#, ("cookie", "__Host-phien=lan")))
        .await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert!(body.contains(r#""code":"web.sign_in_first""#), "{body}");
    assert_eq!(
        house
            .ask(json(
                "/api/v1/mine",
                r#"{"a":1,"b":2}"#,
                ("authorization", "Bearer lan")
            ))
            .await
            .0,
        StatusCode::OK
    );
    let (status, _, body) = house.ask(json("/api/v1/sums", r#"{"a":1"#, ("x-a", "b"))).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("web.bad_json"), "{body}");
    let (status, headers, _) = house
        .ask(Request::get("/api/v1/nothing").body(Body::empty()).unwrap())
        .await;
    assert_eq!(
        (status, headers[header::CONTENT_TYPE].to_str().unwrap()),
        (StatusCode::NOT_FOUND, "application/problem+json")
    );
}

#[tokio::test]
async fn programs_pass_their_own_door_and_no_other() {
    let house = House::new().await;
    let ask = async |path: &str, headers: &[(&'static str, &str)], size: usize| {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = format!("{{}}{}", " ".repeat(size.saturating_sub(2)));
        let (status, headers, body) = house.ask(request.body(Body::from(body)).unwrap()).await;
        (
            status,
            headers,
            serde_json::from_str::<serde_json::Value>(&body).unwrap(),
        )
    };
    // What is no session gets to the handler as nobody, and there alone.
    let token = ("authorization", "Bearer of.an.application");
    let (status, headers, body) = ask("/api/v1/program", &[token, ("if-match", "\"7\""), ("cookie", "a=b")], 2).await;
    assert_eq!(
        (status, headers[header::ETAG].to_str().unwrap()),
        (StatusCode::OK, "\"8\"")
    );
    assert_eq!(body, json!({ "actor": "anonymous", "seen": "\"7\"", "cookie": null }));
    assert_eq!(ask("/api/v1/mine", &[token], 2).await.0, StatusCode::UNAUTHORIZED);
    // Officials pass, others do not, nor does a session that has ended.
    let (status, _, body) = ask("/api/v1/program", &[("authorization", "Bearer clerk")], 2).await;
    assert!(status == StatusCode::OK && body["actor"].as_str().unwrap().starts_with("official:"));
    for (token, refused) in [("lan", StatusCode::FORBIDDEN), ("gone", StatusCode::UNAUTHORIZED)] {
        let token = format!("Bearer {token}");
        assert_eq!(ask("/api/v1/program", &[("authorization", &token)], 2).await.0, refused);
    }
    assert_eq!(ask("/api/v1/program", &[], 2).await.0, StatusCode::UNAUTHORIZED);
    // What stands there twice is not believed.
    let twice = [token, ("if-match", "\"1\""), ("if-match", "\"2\"")];
    assert_eq!(
        ask("/api/v1/program", &twice, 2).await.2["seen"],
        serde_json::Value::Null
    );
    assert_eq!(
        ask("/api/v1/program", &[token, ("x-wait", "1")], 2).await.0,
        StatusCode::ACCEPTED
    );
    // Larger than usual, and no larger.
    assert_eq!(ask("/api/v1/program", &[token], 2 << 20).await.0, StatusCode::OK);
    assert_eq!(
        ask("/api/v1/program", &[token], (2 << 20) + 1).await.0,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

fn multipart(token: &str, size: usize) -> Body {
    Body::from(format!(
        "--B\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n{}\r\n--B--\r\n",
        "x".repeat(size)
    ))
}

#[tokio::test]
async fn uploads_are_checked_first_and_limited() {
    let house = House::new().await;
    let (_, headers, token) = house.get("/", None).await;
    let cookie = cookie_of(&headers);
    let send = |token: &str, size: usize| {
        Request::post("/size")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
            .body(multipart(token, size))
            .unwrap()
    };
    assert_eq!(house.ask(send(&token, 1000)).await.2, "1000");
    assert_eq!(house.ask(send("wrong", 1000)).await.0, StatusCode::FORBIDDEN);
    assert_eq!(house.ask(send(&token, 100_000)).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_form_with_files_holds_little_beside_them() {
    use futures::StreamExt;
    let house = House::new().await;
    let (_, headers, token) = house.get("/", None).await;
    let cookie = cookie_of(&headers);
    // As the wire brings it: piece by piece, and a head that never ends is not gathered.
    let send_to = |path: &str, start: String, piece: usize, pieces: usize, end: &'static str| {
        let first = futures::stream::iter([Ok::<_, std::io::Error>(start)]);
        let rest = futures::stream::repeat_with(move || Ok("x".repeat(piece))).take(pieces);
        let body = first.chain(rest).chain(futures::stream::iter([Ok(end.to_owned())]));
        Request::post(path)
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=B")
            .body(Body::from_stream(body))
            .unwrap()
    };
    let send = |start, piece, pieces, end| send_to("/large", start, piece, pieces, end);
    let token = format!("--B\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n--B\r\n");
    let file = format!("{token}Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n");
    let (status, _, text) = house.ask(send(file, 100_000, 80, "\r\n--B--\r\n")).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "8000000"));
    // A file that nobody reads takes nothing from what stands behind it.
    let file = format!("{token}Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n");
    let second = "\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.txt\"\r\n\r\nx\r\n--B--\r\n";
    let (status, _, text) = house.ask(send_to("/names", file, 100_000, 80, second)).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "a.txt b.txt"));
    let head = format!("{token}Content-Disposition: form-data; name=\"");
    let (status, ..) = house.ask(send(head, 100_000, 80, "\"\r\n\r\n\r\n--B--\r\n")).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let house = House::new().await;
    for path in ["/", "/nowhere", "/mine", "/api/v1/nothing"] {
        let (_, headers, _) = house.get(path, None).await;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'self'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert!(headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{path}");
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
}

// shows: R018
#[tokio::test]
async fn a_province_that_is_named_anew_is_shown_so_at_once() {
    let house = House::new().await;
    let (_, _, before) = house.get("/nowhere", None).await;
    assert!(before.contains("Hậu Giang") && !before.contains("Cần Thơ"), "{before}");
    assert!(house.site.rename_province("Thành phố Cần Thơ"));
    assert!(!house.site.rename_province("Thành phố Cần Thơ"), "it has this name");
    let (_, _, after) = house.get("/nowhere", None).await;
    assert!(!after.contains("Hậu Giang"), "{after}");
    assert_eq!(house.site.province().hotline, "1022");
    assert!(after.contains("Thành phố Cần Thơ"));
}

#[tokio::test]
async fn the_description_of_the_api_lists_what_is_there() {
    let described = web::openapi(&routes(), "Test", "1");
    assert_eq!(described["openapi"], "3.1.0");
    assert_eq!(described["paths"].as_object().unwrap().len(), 3);
    let program = &described["paths"]["/api/v1/program"]["post"];
    assert_eq!(program["parameters"][0]["in"], "header");
    assert!(program["responses"]["200"].is_object() && program["responses"]["202"].is_object());
    assert_eq!(program["requestBody"]["x-max-bytes"], 2 << 20);
    assert_eq!(program["security"], json!([{ "session": [] }, { "application": [] }]));
    assert_eq!(
        described["paths"]["/api/v1/sums"]["post"]["responses"]["201"]["description"],
        "Success"
    );
    assert!(described["components"]["schemas"]["Terms"]["properties"]["a"].is_object());
    assert!(described["paths"]["/api/v1/mine"]["post"]["security"].is_array());
}
