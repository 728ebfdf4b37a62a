//! All pages together: words, doors, addresses.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use identity::{Config, Hashing, Identity, NewAccount, NewPerson};
use kernel::{Actor, Clock};
use notify::Notify;
use portal::{House, UnreadCount};
use render::{AssetManifest, ProvinceFrame, Renderer};
use testkit::Scratch;
use tower::ServiceExt;
use web::{Door, Site, SiteConfig};

fn renderer() -> Renderer {
    let manifest =
        r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
    let assets = AssetManifest::from_json(manifest).unwrap();
    Renderer::builder()
        .templates(web::templates)
        .templates(portal::templates)
        .assets(assets)
        .build()
        .unwrap()
}

struct Town {
    router: Router,
    scratch: Scratch,
    identity: Identity,
}

impl Town {
    async fn new() -> Self {
        let scratch = Scratch::new(&[identity::MIGRATIONS, notify::MIGRATIONS, dossiers::MIGRATIONS]).await;
        let hashing = Hashing {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: 2,
        };
        let config = Config {
            hashing,
            ..Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), scratch.clock.clone() as Arc<dyn Clock>, config).unwrap();
        let notify = Notify::new();
        let config = SiteConfig {
            secret: [5; 32],
            https: false,
            demo: true,
            province: ProvinceFrame {
                name: "Tỉnh Hậu Giang".into(),
                hotline: "1022".into(),
                emblem: None,
            },
            requests_per_second: None,
            behind_gateway: false,
        };
        let chrome = UnreadCount {
            ops: scratch.ops.clone(),
            notify: notify.clone(),
        };
        let site = Site::new(
            scratch.ops.clone(),
            Arc::new(renderer()),
            Arc::new(identity.clone()),
            Arc::new(chrome),
            config,
        );
        let house = House {
            site,
            identity: identity.clone(),
            notify,
        };
        Self {
            router: portal::routes().into_router(house),
            scratch,
            identity,
        }
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, header::HeaderMap, String) {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = to_bytes(body, 4 << 20).await.unwrap();
        (parts.status, parts.headers, String::from_utf8_lossy(&text).into_owned())
    }

    async fn get(&self, path: &str, cookie: &str) -> (StatusCode, header::HeaderMap, String) {
        self.ask(
            Request::get(path)
                .header(header::COOKIE, cookie)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    async fn citizen(&self) {
        let hash = self.identity.hash_password("bông súng nở trên rạch").await.unwrap();
        let mut op = self.scratch.ops.open(Actor::System("province")).await.unwrap();
        let person = self
            .identity
            .register_person(&mut op, &NewPerson::named("Nguyễn Thị Lan"))
            .await
            .unwrap();
        let account = NewAccount {
            person,
            login: "lan".into(),
            password: Some(hash),
        };
        let account = self.identity.create_account(&mut op, &account).await.unwrap();
        self.identity
            .set_account_state(&mut op, account, identity::AccountState::Active)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    async fn send(&self, path: &str, cookie: &str, body: String) -> (StatusCode, header::HeaderMap, String) {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }
}

fn cookies(headers: &header::HeaderMap) -> String {
    let pairs: Vec<&str> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().split(';').next().unwrap())
        .collect();
    pairs.join("; ")
}

fn token(page: &str) -> String {
    page.split("name=\"_csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn every_text_that_a_page_names_exists_in_both_languages() {
    let missing = renderer().missing_texts();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let texts = renderer().texts();
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
        let (status, headers, _) = town.ask(request.body(Body::empty()).unwrap()).await;
        let turned_away = status == StatusCode::UNAUTHORIZED
            || status == StatusCode::SEE_OTHER
                && headers[header::LOCATION]
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
        "/dang-nhap",
        "/tro-giup",
        "/kha-nang-tiep-can",
        "/quyen-rieng-tu",
        "/ngoai-tuyen",
    ] {
        let (status, _, page) = town.get(path, "").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains("<h1"), "{path}");
        let (_, _, english) = town.get(path, "ngon_ngu=en").await;
        assert!(english.contains("<html lang=\"en\">"), "{path}");
    }
    assert_eq!(town.get("/thu-tuc/1.000000", "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        town.get("/thu-tuc?sau=%27;DROP", "").await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(town.get("/tra-cuu", "").await.0, StatusCode::NOT_IMPLEMENTED);
    let (_, _, page) = town.get("/thu-tuc?q=%3Cscript%3Ealert(1)%3C/script%3E", "").await;
    assert!(!page.contains("<script>alert"), "what is asked comes back as text");
}

// shows: R036, R040
#[tokio::test]
async fn a_citizen_signs_in_goes_on_where_they_were_and_signs_out() {
    let town = Town::new().await;
    town.citizen().await;
    let (_, headers, page) = town.get("/dang-nhap?ve=/hop-thu", "").await;
    let visitor = cookies(&headers);
    let csrf = token(&page);
    let attempt = |password: &str| {
        format!(
            "_csrf={csrf}&ten=LAN&ve=/hop-thu&mat_khau={}",
            password.replace(' ', "+")
        )
    };
    let (status, _, page) = town.send("/dang-nhap", &visitor, attempt("sai mật khẩu")).await;
    assert!(status.is_client_error() && page.contains("nb-error"), "{status}");
    let (status, headers, _) = town
        .send("/dang-nhap", &visitor, attempt("bông súng nở trên rạch"))
        .await;
    assert_eq!(
        (status, headers[header::LOCATION].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/hop-thu")
    );
    let session = cookies(&headers);
    let (status, _, page) = town.get("/hop-thu", &session).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Nguyễn Thị Lan"));
    assert_eq!(town.get("/can-bo", &session).await.0, StatusCode::FORBIDDEN);
    let (status, _, _) = town
        .send("/dang-xuat", &session, format!("_csrf={}", token(&page)))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        town.get("/hop-thu", &session).await.0,
        StatusCode::SEE_OTHER,
        "the old cookie opens nothing"
    );
}

#[tokio::test]
async fn a_sign_in_never_leads_to_another_site() {
    let town = Town::new().await;
    town.citizen().await;
    let (_, headers, page) = town.get("/dang-nhap", "").await;
    let body = format!(
        "_csrf={}&ten=lan&ve=//evil.example&mat_khau=bông+súng+nở+trên+rạch",
        token(&page)
    );
    let (_, headers, _) = town.send("/dang-nhap", &cookies(&headers), body).await;
    assert_eq!(headers[header::LOCATION], "/");
}
