//! The working calendar by the JSON API.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use workflow::CalendarSource;

use crate::{office::Office, town::PASSWORD};

async fn ask(office: &Office, method: Method, path: &str, token: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let answer = office.ask(request).await;
    (answer.status, serde_json::from_str(&answer.text).unwrap())
}

async fn token(office: &Office, login: &str) -> String {
    let body = json!({ "login": login, "password": PASSWORD });
    let (status, answer) = ask(office, Method::POST, "/api/v1/sessions", "", body).await;
    assert_eq!(status, StatusCode::CREATED);
    answer["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_calendar_is_read_by_officials_and_changed_by_administrators() {
    let office = Office::new().await;
    let (clerk, admin) = (token(&office, "lua").await, token(&office, "quan").await);
    let path = "/api/v1/working-calendar";
    let (status, calendar) = ask(&office, Method::GET, path, &clerk, json!({})).await;
    assert_eq!(
        (status, &calendar["known_until"]),
        (StatusCode::OK, &json!("2026-12-31"))
    );
    assert_eq!(calendar["hours"][0], json!({ "from": "07:00", "to": "11:00" }));

    let days = json!({ "kind": "off", "from": "2027-12-13", "to": "2027-12-17", "name": "Tuần lễ thử" });
    let add = format!("{path}/days");
    assert_eq!(
        ask(&office, Method::POST, &add, &clerk, days.clone()).await.0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        ask(&office, Method::POST, &add, &admin, days.clone()).await.0,
        StatusCode::CREATED
    );
    let (status, problem) = ask(&office, Method::POST, &add, &admin, days).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["code"], "workflow.calendar_bad");

    let one = format!("{path}/days/off/2027-12-15");
    assert_eq!(
        ask(&office, Method::DELETE, &one, &admin, json!({})).await.0,
        StatusCode::OK
    );
    let year = format!("{path}/years/2027/announcement");
    let notice = json!({ "notice": "Thông báo số 12/TB-BNV" });
    let (status, calendar) = ask(&office, Method::PUT, &year, &admin, notice).await;
    assert_eq!(
        (status, &calendar["known_until"]),
        (StatusCode::OK, &json!("2027-12-31"))
    );
    let of_2027 = calendar["years"]
        .as_array()
        .unwrap()
        .iter()
        .find(|year| year["declaration"]["year"] == 2027)
        .unwrap();
    assert_eq!(of_2027["declaration"]["notice"], "Thông báo số 12/TB-BNV");

    let reckoned = office.engines.calendar.calendar();
    assert!(!reckoned.is_working_day("2027-12-14".parse().unwrap()));
    assert!(
        reckoned.is_working_day("2027-12-15".parse().unwrap()),
        "deadlines reckon with it at once"
    );
}

#[test]
fn the_api_says_how_the_calendar_is_read_and_changed() {
    let described = web::openapi(&portal::routes(), "test", "1");
    for (path, method, id) in [
        ("/api/v1/working-calendar", "get", "getWorkingCalendar"),
        ("/api/v1/working-calendar/days", "post", "addCalendarDays"),
        (
            "/api/v1/working-calendar/days/{kind}/{day}",
            "delete",
            "removeCalendarDay",
        ),
        (
            "/api/v1/working-calendar/years/{year}/announcement",
            "put",
            "announceCalendarYear",
        ),
    ] {
        assert_eq!(described["paths"][path][method]["operationId"], id);
    }
    let new = &described["components"]["schemas"]["NewDaysRequest"]["properties"];
    assert!(new["kind"].is_object() && new["from"].is_object(), "{new}");
}
