//! The JSON API, asked as an integrator asks.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use identity::{AgencyLevel, Area, AreaLevel, Identity, Validity};
use render::{AssetManifest, ProvinceFrame, Renderer};
use serde_json::{Value, json};
use tower::ServiceExt;
use web::{NoChrome, Site, SiteConfig};

use crate::town::{PASSWORD, Town, day};

#[derive(Clone)]
struct House {
    site: Site,
    identity: Identity,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Identity> for House {
    fn as_ref(&self) -> &Identity {
        &self.identity
    }
}

pub(crate) fn router(town: &Town) -> Router {
    let manifest =
        r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
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
    let identity = town.identity.clone();
    let site = Site::new(
        town.scratch.ops.clone(),
        Arc::new(renderer),
        Arc::new(identity.clone()),
        Arc::new(NoChrome),
        config,
    );
    identity::http::routes().into_router(House { site, identity })
}

pub(crate) async fn ask(router: &Router, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

// shows: R038
#[tokio::test]
async fn an_application_signs_in_acts_and_signs_out() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let router = router(&town);
    let wrong = json!({ "login": "anh.lua", "password": "sai" });
    let (status, problem) = ask(&router, Method::POST, "/api/v1/sessions", "", wrong).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("identity.wrong_credentials"))
    );
    let (status, _) = ask(
        &router,
        Method::POST,
        "/api/v1/sessions",
        "",
        json!({ "login": "anh.lua" }),
    )
    .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    let right = json!({ "login": "Anh.Lúa", "password": PASSWORD });
    let (status, answer) = ask(&router, Method::POST, "/api/v1/sessions", "", right).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(answer["actor"]["kind"], "official");
    assert_eq!(answer["actor"]["position"]["agency_code"], "H30.29.01");
    assert_eq!(answer["actor"]["position"]["roles"], json!(["clerk"]));
    assert!(answer["expires_at"].is_string());
    let token = answer["token"].as_str().unwrap();
    let (status, me) = ask(&router, Method::GET, "/api/v1/me", token, Value::Null).await;
    assert_eq!((status, &me), (StatusCode::OK, &answer["actor"]));

    let (status, _) = ask(&router, Method::DELETE, "/api/v1/sessions/current", token, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    for (method, path) in [
        (Method::GET, "/api/v1/me"),
        (Method::DELETE, "/api/v1/sessions/current"),
    ] {
        let (status, _) = ask(&router, method, path, token, Value::Null).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

// shows: R027
#[tokio::test]
async fn areas_and_agencies_are_public() {
    let town = Town::new().await;
    town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let mut op = town.loader().await;
    for (code, level, parent, name) in [
        ("93", AreaLevel::Province, None, "Tỉnh Hậu Giang"),
        ("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy"),
        ("31340", AreaLevel::Ward, Some("931"), "Phường Ngã Bảy"),
    ] {
        let area = Area {
            code: code.into(),
            level,
            parent: parent.map(str::to_owned),
            name: name.into(),
            validity: Validity::since(day("2004-01-01")),
        };
        town.identity.upsert_area(&mut op, &area).await.unwrap();
    }
    op.commit().await.unwrap();
    let router = router(&town);
    for (path, code) in [
        ("/api/v1/areas", "93"),
        ("/api/v1/areas?parent=93", "931"),
        ("/api/v1/areas?parent=93&wards=1", "31340"),
    ] {
        let (status, areas) = ask(&router, Method::GET, path, "", Value::Null).await;
        assert_eq!((status, &areas[0]["code"]), (StatusCode::OK, &json!(code)), "{path}");
    }
    let (_, agencies) = ask(&router, Method::GET, "/api/v1/agencies?level=commune", "", Value::Null).await;
    assert_eq!(agencies[0]["code"], "H30.29.01");
    assert_eq!(agencies[0]["level"], json!(AgencyLevel::Commune));
    let (_, none) = ask(&router, Method::GET, "/api/v1/agencies?level=province", "", Value::Null).await;
    assert_eq!(none, json!([]));
    let (status, problem) = ask(&router, Method::GET, "/api/v1/agencies?level=galaxy", "", Value::Null).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("identity.malformed"))
    );
}

// shows: R038, R379
#[tokio::test]
async fn an_application_makes_and_shows_a_passkey() {
    use crate::authenticator::Authenticator;
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Sen", "chi.sen").await;
    let router = router(&town);
    let right = json!({ "login": "chi.sen", "password": PASSWORD });
    let (_, answer) = ask(&router, Method::POST, "/api/v1/sessions", "", right.clone()).await;
    let token = answer["token"].as_str().unwrap();
    let wish = json!({ "name": "Khóa", "password": PASSWORD });
    let (status, options) = ask(&router, Method::POST, "/api/v1/me/passkeys/offer", token, wish).await;
    assert_eq!((status, &options["rp"]["id"]), (StatusCode::OK, &json!("localhost")));
    let mut phone = Authenticator::p256(1);
    let new = json!({ "credential": phone.make(&options) });
    let (status, added) = ask(&router, Method::POST, "/api/v1/me/passkeys", token, new).await;
    assert_eq!(status, StatusCode::CREATED);
    let token = added["token"].as_str().unwrap();
    let (_, list) = ask(&router, Method::GET, "/api/v1/me/passkeys", token, Value::Null).await;
    assert_eq!(list[0]["name"], "Khóa");
    // The password alone tells with what to go on.
    let (status, problem) = ask(&router, Method::POST, "/api/v1/sessions", "", right).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("identity.code_needed"))
    );
    for half in [Value::Null, problem["params"]["half"].clone()] {
        let path = "/api/v1/sign-in/passkey-question";
        let (status, options) = ask(&router, Method::POST, path, "", json!({ "half": half })).await;
        assert_eq!(status, StatusCode::OK);
        let shown = json!({ "credential": phone.show(&options), "half": half });
        let (status, answer) = ask(&router, Method::POST, "/api/v1/sign-in/passkey", "", shown).await;
        assert_eq!(
            (status, &answer["actor"]["name"]),
            (StatusCode::CREATED, &json!("Nguyễn Thị Sen"))
        );
    }
    let (_, ways) = ask(&router, Method::GET, "/api/v1/me/step-up", token, Value::Null).await;
    assert_eq!(ways, json!({ "password": false, "code": true, "passkey": true }));
    let question = "/api/v1/me/step-up/passkey-question";
    let (_, options) = ask(&router, Method::POST, question, token, Value::Null).await;
    let shown = json!({ "credential": phone.show(&options) });
    let (status, answer) = ask(&router, Method::POST, "/api/v1/me/step-up", token, shown).await;
    assert_eq!((status, answer), (StatusCode::OK, json!({ "shown": true })));
    let one = format!("/api/v1/me/passkeys/{}", list[0]["id"].as_str().unwrap());
    let (status, _) = ask(&router, Method::DELETE, &one, token, json!({ "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
}

// shows: R027, R048
#[tokio::test]
async fn what_a_code_meant_on_a_day_is_public() {
    let town = Town::new().await;
    let mut op = town.loader().await;
    for (name, from, to) in [
        ("Phường III", "2004-01-01", Some("2025-06-30")),
        ("Phường Vị Thanh", "2025-07-01", None),
    ] {
        let area = Area {
            code: "31321".into(),
            level: AreaLevel::Ward,
            parent: Some("93".into()),
            name: name.into(),
            validity: Validity {
                from: day(from),
                to: to.map(day),
            },
        };
        town.identity.upsert_area(&mut op, &area).await.unwrap();
    }
    op.commit().await.unwrap();
    town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let router = router(&town);
    for (path, name) in [
        ("/api/v1/areas/31321?on=2025-06-30", "Phường III"),
        ("/api/v1/areas/31321", "Phường Vị Thanh"),
    ] {
        let (status, found) = ask(&router, Method::GET, path, "", Value::Null).await;
        assert_eq!(
            (status, &found["area"]["name"]),
            (StatusCode::OK, &json!(name)),
            "{path}"
        );
        assert_eq!(found["meanings"].as_array().unwrap().len(), 2);
    }
    let (status, found) = ask(&router, Method::GET, "/api/v1/agencies/000.01.29.H30", "", Value::Null).await;
    assert_eq!(
        (status, &found["in_charge"]["code"]),
        (StatusCode::OK, &json!("H30.29.01"))
    );
    let (_, none) = ask(&router, Method::GET, "/api/v1/agencies?on=2019-12-31", "", Value::Null).await;
    assert_eq!(none, json!([]), "the tree of that day");
    for (path, code) in [
        ("/api/v1/areas/99999", "identity.area_not_found"),
        ("/api/v1/areas/31321?on=yesterday", "identity.malformed"),
        ("/api/v1/agencies/Z99", "identity.agency_not_found"),
    ] {
        let (_, problem) = ask(&router, Method::GET, path, "", Value::Null).await;
        assert_eq!(problem["code"], code, "{path}");
    }
    let (status, carried_out) = ask(&router, Method::GET, "/api/v1/reorganisations", "", Value::Null).await;
    assert_eq!((status, carried_out), (StatusCode::OK, json!([])));
}

// shows: R036
#[tokio::test]
async fn an_administrator_looks_after_accounts_and_an_owner_starts_one() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    let (admin, clerk) = (town.enter("anh.quan").await.token, town.enter("anh.lua").await.token);
    let router = router(&town);
    let get = |path: &'static str, token: &'static str| ask(&router, Method::GET, path, token, Value::Null);
    let (admin, clerk): (&'static str, &'static str) = (admin.leak(), clerk.leak());
    assert_eq!(get("/api/v1/accounts", clerk).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        get("/api/v1/accounts?show=nothing", admin).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let (status, page) = get("/api/v1/accounts?q=lua", admin).await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (StatusCode::OK, 1));
    let id = page["items"][0]["id"].as_str().unwrap();
    let at = |part: &str| format!("/api/v1/accounts/{id}{part}");
    let why = json!({ "reason": "nghỉ không phép" });
    let send = |method: Method, path: String, body: Value| {
        let router = router.clone();
        async move { ask(&router, method, &path, admin, body).await }
    };
    let (status, problem) = send(Method::POST, at("/suspension"), json!({ "reason": "" })).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("identity.required"))
    );
    assert!(send(Method::POST, at("/suspension"), why.clone()).await.0.is_success());
    assert_eq!(get("/api/v1/me", clerk).await.0, StatusCode::UNAUTHORIZED);
    assert!(
        send(Method::DELETE, at("/suspension"), why.clone())
            .await
            .0
            .is_success()
    );
    assert!(send(Method::DELETE, at("/sessions"), why.clone()).await.0.is_success());
    let (status, given) = send(Method::POST, at("/entry-code"), why).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, sheet) = send(Method::GET, at(""), Value::Null).await;
    assert_eq!(sheet["history"].as_array().unwrap().len(), 4);
    assert!(sheet["changeable"].as_bool().unwrap() && !sheet["code_until"].is_null());
    assert!(
        !sheet.to_string().contains(given["code"].as_str().unwrap()),
        "a code is told once"
    );
    let start = json!({ "login": "anh.lua", "code": given["code"], "password": "một câu khác hẳn, dễ nhớ" });
    let (status, _) = ask(&router, Method::POST, "/api/v1/account-start", "", start.clone()).await;
    assert!(status.is_success());
    let (status, problem) = ask(&router, Method::POST, "/api/v1/account-start", "", start).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("identity.entry_code_wrong"))
    );
}

// shows: R033, R034
#[tokio::test]
async fn a_program_registers_somebody_and_the_desk_decides() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let router = router(&town);
    let body = json!({
        "personal_number": "999192000017", "full_name": "Lê Thị Thu Ngân", "birth_date": "1992-04-17", "email": "ngan@example.vn",
        "password": PASSWORD, "agency": "H30.29.01",
    });
    let (status, asked) = ask(&router, Method::POST, "/api/v1/registrations", "", body.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{asked}");
    let receipt = asked["receipt"].as_str().unwrap();
    let mut unknown = body.clone();
    unknown["agency"] = json!("H30.29.77");
    let (status, _) = ask(&router, Method::POST, "/api/v1/registrations", "", unknown).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let at = format!("/api/v1/registrations/{receipt}");
    let (_, state) = ask(&router, Method::GET, &at, "", Value::Null).await;
    assert_eq!((&state["state"], state.get("full_name")), (&json!("waiting"), None));

    let login = json!({ "login": "anh.lua", "password": PASSWORD });
    let (_, session) = ask(&router, Method::POST, "/api/v1/sessions", "", login).await;
    let clerk = session["token"].as_str().unwrap();
    let (_, list) = ask(&router, Method::GET, "/api/v1/registration-desk", clerk, Value::Null).await;
    let id = list["items"][0]["id"].as_str().unwrap();
    assert_eq!(list["items"][0]["number_masked"], "********0017");
    let number = json!({ "number": "999192000017" });
    let (_, found) = ask(&router, Method::POST, "/api/v1/registration-desk/search", clerk, number).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let one = format!("/api/v1/registration-desk/{id}");
    let (_, shown) = ask(&router, Method::GET, &one, clerk, Value::Null).await;
    assert_eq!(shown["email"], "ngan@example.vn");
    let (status, _) = ask(&router, Method::GET, &one, "", Value::Null).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let approval = format!("{one}/approval");
    let paper = json!({ "paper": "Thẻ căn cước" });
    let (status, answer) = ask(&router, Method::POST, &approval, clerk, paper).await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "without the number of the receipt: {answer}"
    );
    let paper = json!({ "paper": "Thẻ căn cước", "check": state["check"] });
    let (status, answer) = ask(&router, Method::POST, &approval, clerk, paper).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let right = json!({ "login": "999192000017", "password": PASSWORD });
    let (status, session) = ask(&router, Method::POST, "/api/v1/sessions", "", right).await;
    assert_eq!(status, StatusCode::CREATED);
    // What an account holds: number, login, name, identifier and contact details.
    assert_eq!(session["actor"]["name"], "Lê Thị Thu Ngân");
    let token = session["token"].as_str().unwrap();
    let (_, acting) = ask(&router, Method::GET, "/api/v1/me/representations", token, Value::Null).await;
    assert_eq!(
        acting,
        json!({ "received": [], "given": [], "questions": [], "more_questions": null })
    );
    let voice = format!("/api/v1/me/standings/{id}/voice");
    let (status, _) = ask(&router, Method::PUT, &voice, token, json!({ "agrees": true })).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "nobody has asked this one");
    let nobody = json!({ "representation": uuid::Uuid::nil() });
    let (status, _) = ask(&router, Method::PUT, "/api/v1/me/acting", token, nobody).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
