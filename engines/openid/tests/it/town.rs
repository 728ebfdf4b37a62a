//! A citizen, an official, and applications that sign them in.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use identity::{
    AgencyLevel, CodeOrigin, Entered, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    SecondFactorRule, SignIn, SignedIn, Source, Validity,
};
use kernel::{Actor, Clock};
use op::{Jobs, Op, Ops, Reactions};
use openid::{Openid, Registered, Registration, SigningAlgorithm, Step, Visitor};
use render::{AssetManifest, ProvinceFrame, Renderer};
use serde_json::Value;
use testkit::Scratch;
use tower::ServiceExt;
use vault::Vault;
use web::{NoChrome, Site, SiteConfig};

pub const ISSUER: &str = "https://tinh.example";
pub const BACK: &str = "https://app.example/cb";
pub const PASSWORD: &str = "bông súng nở trên rạch";
/// What an application keeps to itself until it fetches its tokens, and what it shows before.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[derive(Clone)]
struct House {
    site: Site,
    openid: Openid,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Openid> for House {
    fn as_ref(&self) -> &Openid {
        &self.openid
    }
}

#[derive(Clone)]
pub struct Town {
    pub scratch: Arc<Scratch>,
    pub ops: Ops,
    pub identity: Identity,
    pub openid: Openid,
    pub vault: Vault,
    pub jobs: Jobs,
    pub router: Router,
}

/// What an endpoint has answered.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The error of an answer.
    pub fn error(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["error"].as_str().unwrap_or_default())
    }

    pub fn text(&self, name: &str) -> &str {
        self.body[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

impl Town {
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[identity::MIGRATIONS, openid::MIGRATIONS]).await;
        Self::on(Arc::new(scratch), false, false)
    }

    /// The same behind a gateway that says with which certificates applications come.
    pub fn believing_certificates(&self) -> Self {
        Self::on(self.scratch.clone(), true, false)
    }

    /// The same as a demonstration, which asks applications on this machine for their keys.
    pub fn demonstrating(&self) -> Self {
        Self::on(self.scratch.clone(), true, true)
    }

    /// Another process on the same database.
    pub fn again(&self) -> Self {
        Self::on(self.scratch.clone(), false, false)
    }

    fn on(scratch: Arc<Scratch>, certificates: bool, own_machine: bool) -> Self {
        let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
        let clock = scratch.clock.clone() as Arc<dyn Clock>;
        let config = identity::Config {
            hashing: Hashing {
                memory_kib: 64,
                passes: 1,
                lanes: 1,
                at_once: 4,
            },
            second_factor: SecondFactorRule::Offered,
            policy: testkit::policy(),
            ..identity::Config::default()
        };
        let identity = Identity::new(scratch.pool.clone(), clock.clone(), vault.clone(), config).unwrap();
        let mut config = openid::Config::at(&format!("{ISSUER}/"));
        config.certificates = certificates;
        config.own_machine = own_machine;
        let openid = Openid::new(identity.clone(), vault.clone(), config);
        let mut reactions = Reactions::new();
        openid::register_reactions(&mut reactions, &openid);
        let mut jobs = Jobs::new();
        openid::register(&mut jobs, &openid);
        let ops = Ops::new(scratch.pool.clone(), clock, reactions, testkit::policy());
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
        let site = Site::new(
            ops.clone(),
            Arc::new(renderer),
            Arc::new(identity.clone()),
            Arc::new(NoChrome),
            config,
        );
        let router = openid::http::routes().into_router(House {
            site,
            openid: openid.clone(),
        });
        Self {
            scratch,
            ops,
            identity,
            openid,
            vault,
            jobs,
            router,
        }
    }

    pub fn advance(&self, span: Duration) {
        self.scratch.clock.advance(span);
    }

    pub fn at(&self) -> i64 {
        self.ops.now().timestamp()
    }

    pub async fn console(&self) -> Op {
        self.ops.open(Actor::System("console")).await.unwrap()
    }

    /// A citizen with an account, signed in.
    pub async fn citizen(&self, name: &str, login: &str) -> SignedIn {
        let mut op = self.console().await;
        let new = NewPerson {
            email: Some("sen@example.vn".into()),
            ..NewPerson::named(name)
        };
        let person = self.identity.register_person(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        self.account(person, login).await;
        self.enter(login).await
    }

    async fn account(&self, person: kernel::PersonId, login: &str) {
        let password = Some(self.identity.hash_password(PASSWORD).await.unwrap());
        let mut op = self.console().await;
        let new = NewAccount {
            person,
            login: login.into(),
            password,
        };
        self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
    }

    /// An official of a ward, signed in.
    pub async fn official(&self, name: &str, login: &str) -> SignedIn {
        let since = Validity::since("2020-01-01".parse().unwrap());
        let mut op = self.console().await;
        let agency = NewAgency {
            code: "H30.29.01".parse().unwrap(),
            origin: CodeOrigin::Local,
            name: "UBND phường Ngã Bảy".into(),
            level: AgencyLevel::Commune,
            kind: "peoples_committee".into(),
            parent: None,
            area_code: None,
            address: String::new(),
            phone: String::new(),
            validity: since,
        };
        let agency = self.identity.upsert_agency(&mut op, &agency).await.unwrap();
        let position = NewPosition {
            agency,
            unit: None,
            code: "van-phong".into(),
            title: "Công chức Văn phòng".into(),
            roles: vec!["specialist".into()],
            validity: since,
        };
        let position = self.identity.upsert_position(&mut op, &position).await.unwrap();
        let person = self
            .identity
            .register_person(&mut op, &NewPerson::named(name))
            .await
            .unwrap();
        self.identity
            .hold_position(&mut op, person, position, since)
            .await
            .unwrap();
        op.commit().await.unwrap();
        self.account(person, login).await;
        self.enter(login).await
    }

    pub async fn enter(&self, login: &str) -> SignedIn {
        let source = Source {
            device: None,
            ip: "203.0.113.7",
            user_agent: "Mozilla/5.0",
        };
        let attempt = SignIn {
            login,
            password: PASSWORD,
            source,
        };
        match self.identity.sign_in(&self.ops, attempt).await.unwrap() {
            Entered::In(signed) => *signed,
            Entered::Half(_) => panic!("a code is needed"),
        }
    }

    /// Registers an application that nobody is asked about.
    pub async fn app(&self, new: Registration) -> Registered {
        let new = Registration {
            name: "Sổ tay".into(),
            redirect_uris: if new.redirect_uris.is_empty() {
                vec![BACK.into()]
            } else {
                new.redirect_uris.clone()
            },
            // Keys for RS256 take long to make: who does not ask for one gets by without.
            id_token_signed_response_alg: new.id_token_signed_response_alg.or(Some(SigningAlgorithm::Es256)),
            ..new
        };
        let mut op = self.console().await;
        let registered = self.openid.register_client(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        registered
    }

    /// A trusted application with a secret.
    pub async fn trusted(&self) -> Registered {
        self.app(Registration {
            trusted: true,
            ..Registration::default()
        })
        .await
    }

    pub async fn authorise(&self, signed: &SignedIn, query: &str) -> kernel::Result<Step> {
        self.openid.authorise(&self.ops, visitor(signed), query).await
    }

    /// A code for an application that asks for no consent.
    pub async fn code(&self, signed: &SignedIn, client: &str, more: &str) -> String {
        match self.authorise(signed, &link(client, more)).await.unwrap() {
            Step::Back(address) => value(&address, "code").unwrap_or_else(|| panic!("{address}")),
            step => panic!("{step:?}"),
        }
    }

    /// The tokens of a new sign-in.
    pub async fn tokens(&self, signed: &SignedIn, app: &Registered, more: &str) -> Reply {
        let code = self.code(signed, &app.client.id, more).await;
        let reply = self.post_as(app, "/openid/token", &fetch(&code)).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body)).unwrap())
            .await
            .unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Reply {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        self.ask(Method::GET, path, &[("authorization", &bearer)], String::new())
            .await
    }

    pub async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
        let mut all = vec![(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        all.extend(headers);
        self.ask(Method::POST, path, &all, form(fields)).await
    }

    /// With the secret of the application in the header.
    pub async fn post_as(&self, app: &Registered, path: &str, fields: &[(&str, &str)]) -> Reply {
        self.post(path, &[("authorization", &basic(app))], fields).await
    }
}

pub fn basic(app: &Registered) -> String {
    let secret = app.secret.as_deref().unwrap_or_default();
    format!("Basic {}", STANDARD.encode(format!("{}:{secret}", app.client.id)))
}

pub fn visitor(signed: &SignedIn) -> Visitor<'_> {
    Visitor {
        actor: &signed.actor,
        session: Some(signed.session),
    }
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The query of an application's link.
pub fn link(client: &str, more: &str) -> String {
    let query = form(&[
        ("client_id", client),
        ("response_type", "code"),
        ("scope", "openid profile"),
        ("redirect_uri", BACK),
        ("state", "s t"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    format!("{query}{more}")
}

/// What an application sends with a code.
pub fn fetch(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ]
}

/// A parameter of an address.
pub fn value(address: &str, name: &str) -> Option<String> {
    let url = url::Url::parse(address).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
