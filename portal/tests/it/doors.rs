//! Words and doors of every page.

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use web::Door;

use crate::town::{PASSWORD, Town, cookies, escaped, renderer, token};

#[test]
fn every_text_that_a_page_names_exists_in_both_languages() {
    let renderer = renderer(&compose::apps::embedded().unwrap());
    let missing = renderer.missing_texts();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let texts = renderer.texts();
    let (vi, en): (BTreeSet<_>, BTreeSet<_>) = (texts.keys(render::Locale::Vi), texts.keys(render::Locale::En));
    let one_sided: Vec<_> = vi.symmetric_difference(&en).collect();
    assert!(one_sided.is_empty(), "{one_sided:?}");
}

#[tokio::test]
async fn every_route_but_the_public_ones_refuses_strangers() {
    let town = Town::new().await;
    let mut checked = 0;
    for view in portal::routes()
        .views()
        .into_iter()
        .filter(|view| view.door != Door::Public)
    {
        let path = view
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let request = Request::builder()
            .method(view.method.as_str())
            .uri(&path)
            .header(header::CONTENT_TYPE, "application/json");
        let reply = town.ask(request.body(Body::empty()).unwrap()).await;
        let status = reply.status;
        let turned_away = status == StatusCode::UNAUTHORIZED
            || status == StatusCode::SEE_OTHER
                && reply.headers[header::LOCATION]
                    .to_str()
                    .unwrap()
                    .starts_with("/dang-nhap?ve=");
        assert!(turned_away, "{} {}: {status}", view.method, view.path);
        checked += 1;
    }
    assert!(checked >= 8, "{checked}");
}

// shows: R061
#[tokio::test]
async fn every_public_page_opens_without_an_account() {
    let town = Town::new().await;
    for path in [
        "/",
        "/thu-tuc",
        "/thu-tuc?q=khai+sinh&cap=commune&sau=",
        "/thu-tuc/2.000635",
        "/dang-nhap",
        "/tra-cuu",
        "/kiem-chung",
        "/dia-danh",
        "/co-so-du-lieu",
        "/tro-giup",
        "/kha-nang-tiep-can",
        "/quyen-rieng-tu",
        "/niem-phong-nhat-ky",
        "/ngoai-tuyen",
    ] {
        let page = town.get(path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        page.shows("<h1");
        let english = town.get(path, "ngon_ngu=en").await;
        english.shows("<html lang=\"en\">");
    }
    town.get("/thu-tuc/1.000000", "").await.is(StatusCode::NOT_FOUND);
    town.get("/thu-tuc?sau=%27;DROP", "")
        .await
        .is(StatusCode::UNPROCESSABLE_ENTITY);
    let page = town.get("/thu-tuc?q=%3Cscript%3Ealert(1)%3C/script%3E", "").await;
    page.hides("<script>alert");
}

// shows: R040
#[tokio::test]
async fn a_citizen_signs_in_goes_on_where_they_were_and_signs_out() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    let page = town.get("/dang-nhap?ve=/hop-thu", "").await;
    let visitor = cookies(&page.headers);
    let csrf = token(&page.text);
    let attempt = |password: &str| format!("_csrf={csrf}&ten=LAN&ve=/hop-thu&mat_khau={}", escaped(password));
    let wrong = town.send("/dang-nhap", &visitor, attempt("sai mật khẩu")).await;
    assert!(wrong.status.is_client_error(), "{}", wrong.status);
    wrong.shows("nb-error");
    let right = town.send("/dang-nhap", &visitor, attempt(PASSWORD)).await;
    assert_eq!(right.location(), "/hop-thu");
    let session = cookies(&right.headers);
    let page = town.get("/hop-thu", &session).await;
    page.is(StatusCode::OK).shows("Nguyễn Thị Lan");
    town.get("/can-bo", &session).await.is(StatusCode::FORBIDDEN);
    let out = town
        .send("/dang-xuat", &session, format!("_csrf={}", token(&page.text)))
        .await;
    out.is(StatusCode::SEE_OTHER);
    // The old cookie opens nothing.
    town.get("/hop-thu", &session).await.is(StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sign_in_never_leads_to_another_site() {
    let town = Town::new().await;
    town.citizen("Nguyễn Thị Lan", "lan").await;
    let page = town.get("/dang-nhap", "").await;
    let body = format!(
        "_csrf={}&ten=lan&ve=//evil.example&mat_khau={}",
        token(&page.text),
        escaped(PASSWORD)
    );
    let reply = town.send("/dang-nhap", &cookies(&page.headers), body).await;
    assert_eq!(reply.location(), "/");
}
