//! A small town: one ward with its office, the three systems in force, a few people; reached through the router only.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use compose::{
    Engines, Materials,
    apps::App,
    scenarios::{Case, Player},
};
use dossiers::catalogue::{Catalogue, FactRow};
use federation::Federation;
use files::{Files, Limits};
use identity::{
    AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    Residence, SecondFactorRule, Validity,
};
use kernel::{AccountId, Actor, AgencyId, Clock};
use notify::Notify;
use op::Ops;
use openid::Openid;
use portal::{House, UnreadCount};
use render::{AssetManifest, ProvinceFrame, Renderer};
use serde_json::Value;
use testkit::Scratch;
use tower::ServiceExt;
use vault::Vault;
use web::{Site, SiteConfig};

/// A password that all rules accept, also for officials.
pub const PASSWORD: &str = "bông súng nở trên rạch";

/// A picture that decodes.
pub const PICTURE: &[u8] = include_bytes!("../../../compose/src/scenarios/paper.png");

pub fn renderer(apps: &[App]) -> Renderer {
    let manifest =
        r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
    let builder = Renderer::builder()
        .templates(web::templates)
        .templates(portal::templates)
        .assets(AssetManifest::from_json(manifest).unwrap());
    compose::apps::texts(builder, apps).build().unwrap()
}

pub struct Town {
    pub router: Router,
    /// Database and folder live as long as the town.
    pub scratch: Scratch,
    pub ops: Ops,
    pub engines: Engines,
    pub apps: Vec<App>,
    /// The ward's People's Committee.
    pub office: AgencyId,
    hash: identity::PasswordHash,
}

/// What came back.
pub struct Reply {
    pub status: StatusCode,
    pub headers: header::HeaderMap,
    pub text: String,
}

impl Reply {
    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.words());
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// The form token of the page.
    pub fn token(&self) -> String {
        token(&self.text)
    }

    /// The value of a hidden control.
    pub fn hidden(&self, name: &str) -> String {
        between(&self.text, &format!("name=\"{name}\" value=\""), "\"")
    }

    /// The page without its markup, for messages of tests.
    pub fn words(&self) -> String {
        let main = self.text.split("<main").nth(1).unwrap_or(&self.text);
        let parts = main
            .split('<')
            .filter_map(|part| part.split_once('>').map(|(_, text)| text.trim()));
        parts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | ")
    }

    /// Says what is missing, with the page.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(
            self.text.contains(text),
            "{text:?} is not in {}: {}",
            self.status,
            self.words()
        );
        self
    }

    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.text.contains(text), "{text:?} is in {}", self.words());
        self
    }

    #[track_caller]
    pub fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.words());
        self
    }
}

/// Somebody's browser.
pub struct Browser<'t> {
    town: &'t Town,
    cookie: String,
}

impl Browser<'_> {
    /// The same person, reading English.
    pub fn in_english(mut self) -> Self {
        self.cookie.push_str("; ngon_ngu=en");
        self
    }

    /// Sends a form from a page that is open; the token is that of the page.
    pub async fn send(&self, from: &Reply, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post_with(&from.token(), path, fields).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.town.get(path, &self.cookie).await
    }

    /// Sends a form as the page at `from` would: with its token.
    pub async fn post(&self, from: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let token = token(&self.get(from).await.text);
        self.post_with(&token, path, fields).await
    }

    pub async fn post_with(&self, token: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
        let pairs = [("_csrf", token)].into_iter().chain(fields.iter().copied());
        let body: Vec<String> = pairs
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        self.town.send(path, &self.cookie, body.join("&")).await
    }

    /// Sends files as the page at `from` would, all in one field.
    pub async fn upload(&self, from: &str, path: &str, files: &[(&str, &[u8])]) -> Reply {
        self.multipart(from, path, "f", files, &[]).await
    }

    /// Sends a form with files in one field, and what was typed beside them.
    pub async fn multipart(
        &self,
        from: &str,
        path: &str,
        field: &str,
        files: &[(&str, &[u8])],
        typed: &[(&str, &str)],
    ) -> Reply {
        let token = token(&self.get(from).await.text);
        let mut body = Vec::new();
        let file = |name: &str| format!("; filename=\"{name}\"\r\ncontent-type: application/octet-stream");
        let mut part = |name: &str, more: String, content: &[u8]| {
            body.extend(format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n").into_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        };
        part("_csrf", String::new(), token.as_bytes());
        for (name, content) in files {
            part(field, file(name), content);
        }
        for (name, value) in typed {
            part(name, String::new(), value.as_bytes());
        }
        body.extend_from_slice(b"--b--\r\n");
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from(body))
            .unwrap();
        self.town.ask(request).await
    }
}

impl Town {
    pub async fn new() -> Self {
        let scratch = Scratch::new(compose::MIGRATIONS).await;
        let hashing = Hashing {
            memory_kib: 64,
            passes: 1,
            lanes: 1,
            at_once: 2,
        };
        let config = Config {
            hashing,
            second_factor: SecondFactorRule::Offered,
            policy: testkit::policy(),
            ..Config::default()
        };
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let identity = Identity::new(
            scratch.pool.clone(),
            scratch.clock.clone() as Arc<dyn Clock>,
            vault.clone(),
            config,
        )
        .unwrap();
        let notify = Notify::new(identity.vault().clone());
        let apps = compose::apps::embedded_procedures().unwrap();
        let renderer = Arc::new(renderer(&apps));
        let federation = Federation::new(
            identity.clone(),
            vault.clone(),
            federation::Config::at("https://dichvucong.example"),
        );
        let openid = Openid::new(
            identity.clone(),
            vault,
            openid::Config::at("https://dichvucong.example"),
        );
        let engines = Engines::new(Materials {
            federation: federation.clone(),
            openid: openid.clone(),
            identity: identity.clone(),
            notify: notify.clone(),
            files: Files::new(scratch.directory().join("files"), Limits::default()),
            calendar: compose::calendar::of_the_file().unwrap(),
            renderer: renderer.clone(),
            apps: &apps,
            public_address: "https://dichvucong.example".into(),
        })
        .unwrap();
        let ops = Ops::new(
            scratch.pool.clone(),
            scratch.clock.clone() as Arc<dyn Clock>,
            engines.reactions(),
            compose::rights::policy().unwrap(),
        );
        let chrome = UnreadCount {
            ops: ops.clone(),
            notify: notify.clone(),
            federation: federation.clone(),
        };
        let site = Site::new(
            ops.clone(),
            renderer,
            Arc::new(identity.clone()),
            Arc::new(chrome),
            site_config(),
        );
        let house = House {
            site,
            identity: identity.clone(),
            federation,
            openid,
            scim: engines.scim.clone(),
            notify,
            forms: engines.forms.clone(),
            files: engines.files.clone(),
            registry: engines.registry.clone(),
            dossiers: engines.dossiers.clone(),
            privacy: engines.privacy.clone(),
            oversight: engines.oversight.clone(),
            workflow: engines.workflow.clone(),
            calendar: Arc::new(engines.calendar.clone()),
            front_page_fields: Vec::new(),
        };
        let hash = identity.hash_password(PASSWORD).await.unwrap();
        let office = found(&ops, &identity).await;
        compose::apps::publish(&ops, &engines, &apps).await.unwrap();
        Self {
            router: portal::routes().into_router(house),
            scratch,
            ops,
            engines,
            apps,
            office,
            hash,
        }
    }

    pub async fn ask(&self, request: Request<Body>) -> Reply {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = to_bytes(body, 4 << 20).await.unwrap();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    pub async fn get(&self, path: &str, cookie: &str) -> Reply {
        let path = path.split('#').next().unwrap();
        self.ask(
            Request::get(path)
                .header(header::COOKIE, cookie)
                .body(Body::empty())
                .unwrap(),
        )
        .await
    }

    pub async fn send(&self, path: &str, cookie: &str, body: String) -> Reply {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    /// A citizen of the ward with an account.
    pub async fn citizen(&self, name: &str, login: &str) -> AccountId {
        let person = NewPerson {
            residence: Some(Residence {
                ward_code: "31340".into(),
                detail: "Khu vực Bông Súng".into(),
            }),
            ..NewPerson::named(name)
        };
        self.account(&person, login, None).await
    }

    /// An official of the ward's office with these roles.
    pub async fn official(&self, name: &str, login: &str, roles: &[&str]) -> AccountId {
        self.official_of(self.office, name, login, roles).await
    }

    pub async fn official_of(&self, agency: AgencyId, name: &str, login: &str, roles: &[&str]) -> AccountId {
        self.account(&NewPerson::named(name), login, Some((agency, roles)))
            .await
    }

    /// A person with an account; an official with a seat in an agency.
    pub async fn account(&self, person: &NewPerson, login: &str, seat: Option<(AgencyId, &[&str])>) -> AccountId {
        let identity = &self.engines.identity;
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let person = identity.register_person(&mut op, person).await.unwrap();
        if let Some((agency, roles)) = seat {
            let position = NewPosition {
                agency,
                unit: None,
                code: login.replace('.', "-"),
                title: "Công chức".into(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                validity: since("2020-01-01"),
            };
            let position = identity.upsert_position(&mut op, &position).await.unwrap();
            identity
                .hold_position(&mut op, person, position, since("2024-01-01"))
                .await
                .unwrap();
        }
        let account = NewAccount {
            person,
            login: login.into(),
            password: Some(self.hash.clone()),
        };
        let account = identity.create_account(&mut op, &account).await.unwrap();
        op.commit().await.unwrap();
        account
    }

    /// Signs in through the page.
    pub async fn sign_in(&self, login: &str) -> Browser<'_> {
        let page = self.get("/dang-nhap", "").await;
        let body = format!(
            "_csrf={}&ten={}&mat_khau={}",
            token(&page.text),
            escaped(login),
            escaped(PASSWORD)
        );
        let reply = self.send("/dang-nhap", &cookies(&page.headers), body).await;
        reply.is(StatusCode::SEE_OTHER);
        Browser {
            town: self,
            cookie: cookies(&reply.headers),
        }
    }

    /// Somebody without an account.
    pub async fn stranger(&self) -> Browser<'_> {
        let page = self.get("/", "").await;
        Browser {
            town: self,
            cookie: cookies(&page.headers),
        }
    }

    pub fn app(&self, key: &str) -> &App {
        self.apps.iter().find(|app| app.key == key).unwrap()
    }

    pub fn player(&self) -> Player {
        Player {
            ops: self.ops.clone(),
            engines: self.engines.clone(),
        }
    }

    /// A case handed in without the pages.
    pub async fn handed_in(
        &self,
        by: AccountId,
        app: &str,
        answers: &BTreeMap<String, Value>,
        papers: &BTreeMap<String, u32>,
    ) -> kernel::DossierId {
        let player = self.player();
        let actor = player.actor(by).await.unwrap();
        let case = Case {
            app: self.app(app),
            answers,
            papers,
        };
        player.hand_in(&actor, case).await.unwrap()
    }
}

fn site_config() -> SiteConfig {
    SiteConfig {
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
    }
}

fn since(day: &str) -> Validity {
    Validity::since(day.parse().unwrap())
}

/// Areas, offices and the catalogue rows of the three procedures.
async fn found(ops: &Ops, identity: &Identity) -> AgencyId {
    let mut op = ops.open(Actor::System("province")).await.unwrap();
    for (code, level, parent, name) in [
        ("93", AreaLevel::Province, None, "Tỉnh Hậu Giang"),
        ("92", AreaLevel::Province, None, "Thành phố Cần Thơ"),
        ("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy"),
        ("31340", AreaLevel::Ward, Some("931"), "Phường Ngã Bảy"),
        ("31341", AreaLevel::Ward, Some("931"), "Phường Lái Hiếu"),
    ] {
        let area = Area {
            code: code.into(),
            level,
            parent: parent.map(Into::into),
            name: name.into(),
            validity: since("2004-01-01"),
        };
        identity.upsert_area(&mut op, &area).await.unwrap();
    }
    let district = agency(
        "H30.31",
        AgencyLevel::District,
        "Ủy ban nhân dân thành phố Ngã Bảy",
        "931",
    );
    identity.upsert_agency(&mut op, &district).await.unwrap();
    let ward = agency(
        "H30.31.01",
        AgencyLevel::Commune,
        "Ủy ban nhân dân phường Ngã Bảy",
        "31340",
    );
    let office = identity.upsert_agency(&mut op, &ward).await.unwrap();
    let facts = [
        ("2.000635", "Cấp bản sao trích lục hộ tịch"),
        ("1.001193", "Đăng ký khai sinh"),
        ("1.001612", "Đăng ký hộ kinh doanh"),
    ]
    .map(|(code, name)| FactRow {
        code: code.into(),
        name: name.into(),
        field: "Hộ tịch".into(),
        levels: vec!["commune".into()],
        kind: String::new(),
        decision: "1872/QĐ-BTP".into(),
        result_codes: Vec::new(),
        result_names: Vec::new(),
        audiences: vec!["citizen".into()],
        link: String::new(),
        deadline: None,
        fee: None,
        channels: vec!["online".into()],
    });
    Catalogue.load_facts(&mut op, &facts, &BTreeMap::new()).await.unwrap();
    op.commit().await.unwrap();
    office
}

pub fn agency(code: &str, level: AgencyLevel, name: &str, area: &str) -> NewAgency {
    NewAgency {
        code: code.parse().unwrap(),
        origin: CodeOrigin::Local,
        name: name.into(),
        level,
        kind: "peoples_committee".into(),
        parent: None,
        area_code: Some(area.into()),
        address: String::new(),
        phone: String::new(),
        validity: since("2020-01-01"),
    }
}

#[track_caller]
pub fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{before:?} is not in:\n{text}"))
        .1;
    rest.split(after).next().unwrap().to_owned()
}

pub fn cookies(headers: &header::HeaderMap) -> String {
    let pairs: Vec<&str> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().split(';').next().unwrap())
        .collect();
    pairs.join("; ")
}

pub fn token(page: &str) -> String {
    page.split("name=\"_csrf\" value=\"")
        .nth(1)
        .unwrap_or_else(|| panic!("no form on this page: {page}"))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

pub fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
