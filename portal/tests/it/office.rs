//! A ward with its committee, on a real database, with every engine and every page: what journeys walk through.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use chrono::NaiveDate;
use dossiers::{
    AppProcedure, Dossiers, Parts, Submitted,
    catalogue::{Catalogue, FactRow},
};
use files::{Accept, Files, Limits, NewFile};
use forms::{Applicant, Channel, Forms, NewDraft, Raw};
use identity::{
    AccountState, AgencyLevel, Area, AreaLevel, CodeOrigin, Config, Hashing, Identity, NewAccount, NewAgency,
    NewPerson, NewPosition, Residence, Validity,
};
use kernel::{Actor, Citizen, Clock, PersonId, PersonalNumber};
use notify::Notify;
use op::{Ops, Reactions};
use portal::{House, UnreadCount};
use render::{AssetManifest, Documents, ProvinceFrame, Renderer};
use testkit::Scratch;
use tower::ServiceExt;
use web::{Site, SiteConfig};
use workflow::{Actions, Workflow};

pub const PASSWORD: &str = "bông súng nở trên rạch";
pub const WARD: &str = "31340";
/// The personal number of Nguyễn Thị Lan, invented.
pub const NUMBER: &str = "093190012345";
pub const APP: &str = "civil-extract";
const CODE: &str = "2.000635";

/// A picture that decodes.
const PICTURE: &[u8] = include_bytes!("../../../compose/src/scenarios/paper.png");

pub struct Office {
    pub router: Router,
    pub house: House,
    /// Its directory goes away with it.
    _scratch: Scratch,
    pub ops: Ops,
    /// The citizen Nguyễn Thị Lan.
    pub lan: Actor,
}

/// An answer of the site.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.headers
            .get(header::LOCATION)
            .unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.text))
            .to_str()
            .unwrap()
    }

    /// The form token of the page.
    pub fn token(&self) -> String {
        between(&self.text, "name=\"_csrf\" value=\"", "\"")
    }

    /// The value of a hidden control.
    pub fn hidden(&self, name: &str) -> String {
        between(&self.text, &format!("name=\"{name}\" value=\""), "\"")
    }

    #[track_caller]
    pub fn shows(&self, words: &str) {
        assert!(
            self.text.contains(words),
            "{words:?} is not on the page:\n{}",
            self.text
        );
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

/// Somebody with a session.
pub struct Person<'a> {
    office: &'a Office,
    cookie: String,
}

impl Person<'_> {
    /// The same person, reading English.
    pub fn in_english(mut self) -> Self {
        self.cookie.push_str("; ngon_ngu=en");
        self
    }

    pub async fn get(&self, path: &str) -> Page {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        self.office.ask(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form from a page; the token is that of the page.
    pub async fn send(&self, from: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = from.token();
        let pairs = std::iter::once(("_csrf", token.as_str())).chain(fields.iter().copied());
        let body: Vec<String> = pairs
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let request = Request::post(path)
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.office.ask(request.body(Body::from(body.join("&"))).unwrap()).await
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn since() -> Validity {
    Validity::since(NaiveDate::from_ymd_opt(2020, 1, 1).unwrap())
}

impl Office {
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[
            files::MIGRATIONS,
            identity::MIGRATIONS,
            notify::MIGRATIONS,
            workflow::MIGRATIONS,
            forms::MIGRATIONS,
            dossiers::MIGRATIONS,
        ])
        .await;
        let apps = compose::apps::embedded().unwrap();
        let manifest = r#"{"citizen.css":"c.css","citizen.js":"c.js","officer.css":"o.css","officer.js":"o.js","emblem.svg":"e.svg"}"#;
        let renderer = Renderer::builder()
            .templates(web::templates)
            .templates(portal::templates)
            .assets(AssetManifest::from_json(manifest).unwrap());
        let renderer = Arc::new(compose::apps::texts(renderer, &apps).build().unwrap());
        let documents = dossiers::documents::templates()
            .into_iter()
            .chain(compose::apps::documents(&apps));
        let documents = Arc::new(Documents::new(documents).unwrap());
        let config = Config {
            hashing: Hashing {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
                at_once: 2,
            },
            ..Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), scratch.clock.clone() as Arc<dyn Clock>, config).unwrap();
        let notify = Notify::new();
        let files = Files::new(scratch.directory().join("files"), Limits::default());
        let forms = Forms::new(files.clone(), identity.clone());
        let calendar = compose::calendar::of_the_file().unwrap();
        let workflow = Workflow::new(Actions::new(), Arc::new(calendar.clone()));
        let dossiers = Dossiers::new(Parts {
            forms: forms.clone(),
            files: files.clone(),
            identity: identity.clone(),
            notify: notify.clone(),
            workflow: workflow.clone(),
            calendar: Arc::new(calendar.clone()),
            renderer: renderer.clone(),
            documents,
            public_address: "https://dichvucong.example.vn".into(),
        });
        dossiers::register_actions(workflow.actions(), &dossiers);
        let mut reactions = Reactions::new();
        dossiers::register_reactions(&mut reactions, &dossiers);
        let ops = Ops::new(scratch.pool.clone(), scratch.clock.clone() as Arc<dyn Clock>, reactions);
        let chrome = UnreadCount {
            ops: ops.clone(),
            notify: notify.clone(),
        };
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
        let site = Site::new(
            ops.clone(),
            renderer,
            Arc::new(identity.clone()),
            Arc::new(chrome),
            config,
        );
        let house = House {
            site,
            identity,
            notify,
            forms,
            files,
            dossiers,
            workflow,
            calendar: Arc::new(calendar),
            front_page_fields: Vec::new(),
        };
        compose::calendar::settle(&ops, &house.calendar).await.unwrap();
        let mut office = Self {
            router: portal::routes().into_router(house.clone()),
            house,
            _scratch: scratch,
            ops,
            lan: Actor::Anonymous,
        };
        office.publish(&apps).await;
        office.settle().await;
        office
    }

    /// The one procedure of the ward, with its form and process.
    async fn publish(&self, apps: &[compose::apps::App]) {
        let app = apps.iter().find(|app| app.key == APP).unwrap();
        let mut op = self.ops.open(Actor::System("compose")).await.unwrap();
        let row = FactRow {
            code: CODE.into(),
            name: "Cấp bản sao trích lục hộ tịch".into(),
            field: "Hộ tịch".into(),
            levels: vec!["commune".into()],
            kind: "detailed_by_law".into(),
            decision: "1".into(),
            result_codes: vec!["KQ.G15.000342".into()],
            result_names: vec!["Bản sao trích lục hộ tịch".into()],
            audiences: vec!["citizen".into()],
            link: String::new(),
            deadline: None,
            fee: None,
            channels: vec!["online".into()],
        };
        Catalogue.load_facts(&mut op, &[row], &BTreeMap::new()).await.unwrap();
        self.house
            .workflow
            .publish(&mut op, APP, app.process().unwrap())
            .await
            .unwrap();
        let new = AppProcedure {
            app: APP,
            procedure: &app.procedure,
            form: app.form().unwrap(),
            refusal_reasons: app.refusal_reasons.clone(),
        };
        self.house.dossiers.publish(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
    }

    /// Ward, agencies and people.
    async fn settle(&mut self) {
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let identity = &self.house.identity;
        for (code, level, parent, name) in [
            ("93", AreaLevel::Province, None, "Tỉnh Hậu Giang"),
            ("931", AreaLevel::District, Some("93"), "Thành phố Ngã Bảy"),
            (WARD, AreaLevel::Ward, Some("931"), "Phường Ngã Bảy"),
            ("31341", AreaLevel::Ward, Some("931"), "Phường Lái Hiếu"),
        ] {
            let area = Area {
                code: code.into(),
                level,
                parent: parent.map(Into::into),
                name: name.into(),
                validity: since(),
            };
            identity.upsert_area(&mut op, &area).await.unwrap();
        }
        op.commit().await.unwrap();
        for (code, ward, name) in [
            ("H30.29.22", WARD, "UBND phường Ngã Bảy"),
            ("H30.29.23", "31341", "UBND phường Lái Hiếu"),
        ] {
            let mut op = self.ops.open(Actor::System("province")).await.unwrap();
            let agency = NewAgency {
                code: code.parse().unwrap(),
                origin: CodeOrigin::Local,
                name: name.into(),
                level: AgencyLevel::Commune,
                kind: "peoples_committee".into(),
                parent: None,
                area_code: Some(ward.into()),
                address: "Số 1, khu vực 1".into(),
                phone: "1022".into(),
                validity: since(),
            };
            self.house.identity.upsert_agency(&mut op, &agency).await.unwrap();
            op.commit().await.unwrap();
        }
        for (agency, name, login, roles) in [
            ("H30.29.22", "Trần Văn Lúa", "lua", ["clerk"].as_slice()),
            ("H30.29.22", "Phan Thị Mận", "man", &["clerk"]),
            ("H30.29.22", "Lê Thị Sen", "sen", &["specialist"]),
            ("H30.29.22", "Võ Văn Tràm", "tram", &["leader"]),
            ("H30.29.22", "Đỗ Văn Quản", "quan", &["admin"]),
            ("H30.29.23", "Hồ Văn Xa", "xanh", &["clerk", "specialist", "leader"]),
        ] {
            self.official(agency, name, login, roles).await;
        }
        let mut lan = NewPerson::named("Nguyễn Thị Lan");
        lan.personal_number = Some(PersonalNumber::parse(NUMBER).unwrap());
        lan.birth_date = NaiveDate::from_ymd_opt(1990, 5, 2);
        lan.residence = Some(Residence {
            ward_code: WARD.into(),
            detail: "Số 12, khu vực 3".into(),
        });
        let person = self.person(&lan).await;
        let account = self.account(person, "lan").await;
        self.lan = Actor::Citizen(Citizen {
            account,
            person,
            name: lan.full_name,
        });
    }

    async fn person(&self, new: &NewPerson) -> PersonId {
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let person = self.house.identity.register_person(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        person
    }

    async fn account(&self, person: PersonId, login: &str) -> kernel::AccountId {
        let hash = self.house.identity.hash_password(PASSWORD).await.unwrap();
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let account = NewAccount {
            person,
            login: login.into(),
            password: Some(hash),
        };
        let account = self.house.identity.create_account(&mut op, &account).await.unwrap();
        let active = AccountState::Active;
        self.house
            .identity
            .set_account_state(&mut op, account, active)
            .await
            .unwrap();
        op.commit().await.unwrap();
        account
    }

    async fn official(&self, agency: &str, name: &str, login: &str, roles: &[&str]) {
        let person = self.person(&NewPerson::named(name)).await;
        let mut op = self.ops.open(Actor::System("province")).await.unwrap();
        let identity = &self.house.identity;
        let agency = identity.agency_by_code(&mut op, agency).await.unwrap().id;
        let position = NewPosition {
            agency,
            unit: None,
            code: login.into(),
            title: "Công chức".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            validity: since(),
        };
        let position = identity.upsert_position(&mut op, &position).await.unwrap();
        identity
            .hold_position(&mut op, person, position, since())
            .await
            .unwrap();
        op.commit().await.unwrap();
        self.account(person, login).await;
    }

    pub async fn ask(&self, request: Request<Body>) -> Page {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Signs somebody in by the page.
    pub async fn sign_in(&self, login: &str) -> Person<'_> {
        let request = Request::get("/dang-nhap").body(Body::empty()).unwrap();
        let page = self.ask(request).await;
        let visitor = Person {
            office: self,
            cookie: cookies(&page.headers),
        };
        let fields = [("ten", login), ("mat_khau", PASSWORD)];
        let answer = visitor.send(&page, "/dang-nhap", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        Person {
            office: self,
            cookie: cookies(&answer.headers),
        }
    }

    /// Lan's dossier for a copy of her own birth certificate, with a picture of the old one.
    pub async fn submit(&self) -> Submitted {
        let mut op = self.ops.open(self.lan.clone()).await.unwrap();
        let new = NewDraft {
            app: APP.into(),
            form: "apply".into(),
            channel: Channel::Online,
            applicant: Applicant::default(),
            context: serde_json::json!({}),
        };
        let draft = self.house.forms.start_draft(&mut op, new).await.unwrap().id;
        for (page, fields) in ANSWERS {
            let mut raw = Raw::new();
            for (name, value) in *fields {
                raw.entry((*name).to_owned()).or_default().push((*value).to_owned());
            }
            let saved = self.house.forms.save_page(&mut op, draft, page, &raw).await.unwrap();
            assert!(saved.faults.is_empty(), "{page}: {:?}", saved.faults);
        }
        let new = NewFile {
            name: "giay-khai-sinh-cu.png".into(),
            purpose: "paper:old_copy",
            holder: forms::holder(draft),
            accept: Accept::papers(),
        };
        let bytes = futures::stream::iter([Ok::<_, std::io::Error>(PICTURE.into())]);
        let received = self.house.files.receive(new, bytes).await.unwrap();
        let file = self.house.files.keep(&mut op, received).await.unwrap();
        self.house
            .forms
            .attach(&mut op, draft, "old_copy", 2, &file)
            .await
            .unwrap();
        self.house
            .forms
            .save_page(&mut op, draft, "papers", &Raw::new())
            .await
            .unwrap();
        let submitted = self.house.dossiers.submit(&mut op, draft, true).await.unwrap();
        op.commit().await.unwrap();
        submitted
    }
}

/// The form as it is filled in, page by page: names of controls and what is typed.
pub const ANSWERS: &[(&str, &[(&str, &str)])] = &[
    ("kind", &[("extract_kind", "birth_certificate")]),
    ("belongs_to", &[("whose", "mine")]),
    ("place", &[("registered_at.ward", WARD)]),
    ("record", &[("registered_year", "1990")]),
    ("how_many", &[("copies", "2")]),
    (
        "requester",
        &[
            ("requester_name", "Nguyễn Thị Lan"),
            ("requester_number", NUMBER),
            ("requester_residence.ward", WARD),
            ("requester_residence.detail", "Số 12, khu vực 3"),
        ],
    ),
    ("contact", &[("phone", "0912345678")]),
];

pub fn cookies(headers: &HeaderMap) -> String {
    let pairs: Vec<&str> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().split(';').next().unwrap())
        .collect();
    pairs.join("; ")
}
