//! A province with officials, and applications that look after accounts.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use identity::{
    AgencyLevel, CodeOrigin, Entered, Hashing, Identity, NewAccount, NewAgency, NewPerson, NewPosition,
    SecondFactorRule, SignIn, SignedIn, Source, Validity,
};
use kernel::{Actor, AgencyId, Clock, PersonId, PositionId};
use op::{Op, Ops, Reactions};
use openid::{ClientAuth, Grant, Openid, Registered, Registration};
use render::{AssetManifest, ProvinceFrame, Renderer};
use scim::Scim;
use serde_json::{Value, json};
use testkit::Scratch;
use tower::ServiceExt;
use vault::Vault;
use web::{NoChrome, Site, SiteConfig};

pub const ISSUER: &str = "https://tinh.example";
pub const PASSWORD: &str = "bông súng nở trên rạch";
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

#[derive(Clone)]
struct House {
    site: Site,
    openid: Openid,
    scim: Scim,
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

impl AsRef<Scim> for House {
    fn as_ref(&self) -> &Scim {
        &self.scim
    }
}

pub struct Town {
    pub ops: Ops,
    pub identity: Identity,
    pub openid: Openid,
    pub scim: Scim,
    pub router: Router,
    pub scratch: Scratch,
}

/// What the server has answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// Number of the resource.
    pub fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id in {self:?}"))
            .to_owned()
    }

    /// Status and `scimType` of an error.
    pub fn error(&self) -> (u16, &str) {
        assert_eq!(
            self.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
            "{self:?}"
        );
        assert_eq!(self.body["status"], self.status.to_string());
        (self.status, self.body["scimType"].as_str().unwrap_or_default())
    }
}

/// An application with its token.
pub struct Asker<'a> {
    pub town: &'a Town,
    pub client: String,
    pub token: String,
}

impl Town {
    pub async fn new() -> Self {
        let scratch = Scratch::new(&[identity::MIGRATIONS, openid::MIGRATIONS, scim::MIGRATIONS]).await;
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
        let openid = Openid::new(identity.clone(), vault, openid::Config::at(ISSUER));
        let scim = Scim::new(identity.clone(), openid.clone());
        let mut reactions = Reactions::new();
        openid::register_reactions(&mut reactions, &openid);
        scim::register_reactions(&mut reactions, &scim);
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
        let house = House {
            site,
            openid: openid.clone(),
            scim: scim.clone(),
        };
        let routes = openid::http::routes().merge(scim::http::routes());
        Self {
            ops,
            identity,
            openid,
            scim,
            router: routes.into_router(house),
            scratch,
        }
    }

    pub async fn console(&self) -> Op {
        self.ops.open(Actor::System("console")).await.unwrap()
    }

    /// Registers an application with these scopes.
    pub async fn app(&self, name: &str, scopes: &[&str]) -> Registered {
        let new = Registration {
            name: name.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            auth: ClientAuth::Secret,
            grants: vec![Grant::ClientCredentials],
            ..Registration::default()
        };
        let mut op = self.console().await;
        let registered = self.openid.register_client(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        registered
    }

    /// An access token of an application for itself.
    pub async fn token(&self, app: &Registered, more: &[(&str, &str)]) -> Reply {
        let secret = app.secret.as_deref().unwrap();
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", app.client.id)));
        let mut headers = vec![
            ("authorization", basic.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        headers.extend(more);
        let body = "grant_type=client_credentials".to_owned();
        self.send(Method::POST, "/openid/token", &headers, body).await
    }

    /// A personnel system with a token.
    pub async fn personnel(&self, name: &str) -> Asker<'_> {
        let app = self.app(name, &["scim"]).await;
        let reply = self.token(&app, &[]).await;
        Asker {
            town: self,
            client: app.client.id.clone(),
            token: reply.body["access_token"].as_str().unwrap().to_owned(),
        }
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), 1 << 22).await.unwrap();
        Reply {
            status: status.as_u16(),
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    pub async fn agency(&self) -> AgencyId {
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
            validity: Validity::since("2020-01-01".parse().unwrap()),
        };
        let agency = self.identity.upsert_agency(&mut op, &agency).await.unwrap();
        op.commit().await.unwrap();
        agency
    }

    /// A position of the ward with one role.
    pub async fn position(&self, code: &str, role: &str) -> PositionId {
        let agency = self.agency().await;
        let mut op = self.console().await;
        let position = NewPosition {
            agency,
            unit: None,
            code: code.into(),
            title: format!("Vị trí {code}"),
            roles: vec![role.into()],
            validity: Validity::since("2020-01-01".parse().unwrap()),
        };
        let position = self.identity.upsert_position(&mut op, &position).await.unwrap();
        op.commit().await.unwrap();
        position
    }

    /// Somebody with an account, who came in by no application.
    pub async fn somebody(&self, name: &str, login: &str) -> PersonId {
        let password = self.identity.hash_password(PASSWORD).await.unwrap();
        let mut op = self.console().await;
        let new = NewPerson {
            email: Some("rieng@example.vn".into()),
            birth_date: Some("1980-02-03".parse().unwrap()),
            ..NewPerson::named(name)
        };
        let person = self.identity.register_person(&mut op, &new).await.unwrap();
        let new = NewAccount {
            person,
            login: login.into(),
            password: Some(password),
        };
        self.identity.create_account(&mut op, &new).await.unwrap();
        op.commit().await.unwrap();
        person
    }

    pub async fn hold(&self, person: PersonId, position: PositionId) {
        let mut op = self.console().await;
        let days = Validity::since("2024-01-01".parse().unwrap());
        self.identity
            .hold_position(&mut op, person, position, days)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    /// The codes of what a person holds today.
    pub async fn held(&self, person: PersonId) -> Vec<String> {
        let mut op = self.console().await;
        let today = kernel::local_date(op.now());
        let held = self.identity.positions_of(&mut op, person, today).await.unwrap();
        held.into_iter().map(|held| held.code).collect()
    }

    /// The account behind a resource, and its person.
    pub async fn account(&self, id: &str) -> (identity::Account, identity::Person) {
        let mut op = self.console().await;
        let account = self.identity.account(&mut op, id.parse().unwrap()).await.unwrap();
        let person = self.identity.person(&mut op, account.person, "").await.unwrap();
        (account, person)
    }

    /// Gives an account a password, as the counter would.
    pub async fn let_in(&self, id: &str) {
        let hash = self.identity.hash_password(PASSWORD).await.unwrap();
        let mut op = self.console().await;
        self.identity
            .reset_password(&mut op, id.parse().unwrap(), &hash)
            .await
            .unwrap();
        op.commit().await.unwrap();
    }

    pub async fn enter(&self, login: &str) -> kernel::Result<SignedIn> {
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
        match self.identity.sign_in(&self.ops, attempt).await? {
            Entered::In(signed) => Ok(*signed),
            Entered::Half(_) => panic!("a code is needed"),
        }
    }
}

impl Asker<'_> {
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/scim+json"),
        ];
        all.extend(headers);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let reply = self.town.send(method, &format!("/scim/v2{path}"), &all, body).await;
        if !reply.body.is_null() {
            assert_eq!(
                reply.headers[header::CONTENT_TYPE],
                "application/scim+json",
                "{reply:?}"
            );
            assert_eq!(reply.headers[header::CACHE_CONTROL], "private, no-store");
        }
        reply
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[], Value::Null).await
    }

    /// Opens an account; more attributes may be said.
    pub async fn user(&self, login: &str, more: Value) -> Reply {
        let mut body = json!({ "schemas": [USER], "userName": login });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.ask(Method::POST, "/Users", &[], body).await
    }

    /// The number of a new account.
    pub async fn new_user(&self, login: &str, more: Value) -> String {
        let reply = self.user(login, more).await;
        assert_eq!(reply.status, StatusCode::CREATED.as_u16(), "{reply:?}");
        reply.id()
    }

    /// The number of a new group with these members.
    pub async fn new_group(&self, name: &str, members: &[&str]) -> String {
        let reply = self.ask(Method::POST, "/Groups", &[], group(name, members)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.id()
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Reply {
        let body = json!({ "schemas": [PATCH], "Operations": operations });
        self.ask(Method::PATCH, path, &[], body).await
    }

    /// The user names that a filter finds, in order.
    pub async fn found(&self, query: &[(&str, &str)]) -> Vec<String> {
        let reply = self.get(&format!("/Users?{}", form(query))).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let all = reply.body["Resources"].as_array().unwrap();
        all.iter()
            .map(|one| one["userName"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub fn group(name: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}

pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}
