//! The town with its doors to the network.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use kernel::{Actor, Result, SessionId};
use openid::{ClientAuth, Grant, Openid, Registered, Registration};
use registry::Registry;
use render::Renderer;
use serde_json::Value;
use tower::ServiceExt;
use vault::Vault;
use web::{Identify, NoChrome, SessionView, Site, SiteConfig};

use crate::town::Town;

#[derive(Clone)]
struct House {
    site: Site,
    registry: Registry,
    openid: Openid,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Registry> for House {
    fn as_ref(&self) -> &Registry {
        &self.registry
    }
}

impl AsRef<Openid> for House {
    fn as_ref(&self) -> &Openid {
        &self.openid
    }
}

/// Sessions by their tokens.
#[derive(Default)]
struct Sessions(Mutex<HashMap<String, Actor>>);

#[async_trait::async_trait]
impl Identify for Sessions {
    async fn session(&self, token: &str) -> Result<Option<SessionView>> {
        let actor = self.0.lock().unwrap().get(token).cloned();
        Ok(actor.map(|actor| SessionView {
            id: SessionId::new(),
            actor,
            shown_at: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        }))
    }
}

pub struct Api {
    pub town: Town,
    pub openid: Openid,
    router: Router,
    sessions: Arc<Sessions>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Reply {
    /// Status and code of a problem.
    pub fn fault(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    pub fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:?}"))
            .to_owned()
    }

    pub fn is_problem(&self) -> bool {
        self.headers["content-type"] == "application/problem+json"
    }
}

/// A request to be sent.
pub struct Ask<'a> {
    api: &'a Api,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl<'a> Ask<'a> {
    pub fn by(self, token: &str) -> Self {
        match token {
            "" => self,
            token => self.header("authorization", &format!("Bearer {token}")),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, json: &Value) -> Self {
        self.body = Some(json.to_string());
        self
    }

    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    pub async fn send(self) -> Reply {
        let mut request = Request::builder().method(self.method).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.body.is_some() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(self.body.unwrap_or_default())).unwrap();
        let response = self.api.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Reply {
            status,
            headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }
}

impl Api {
    pub async fn new() -> Self {
        let town = Town::new().await;
        let vault = Vault::open(&town.scratch.directory().join("keys"), town.scratch.ops.now()).unwrap();
        let openid = Openid::new(town.identity.clone(), vault, openid::Config::at("https://tinh.example"));
        let sessions = Arc::new(Sessions::default());
        let config = SiteConfig {
            secret: [7; 32],
            https: false,
            demo: false,
            province: render::ProvinceFrame {
                name: "Tỉnh Mẫu".into(),
                hotline: String::new(),
                emblem: None,
            },
            requests_per_second: NonZeroU32::new(10_000),
            behind_gateway: false,
        };
        let renderer = Renderer::builder().build().unwrap();
        let site = Site::new(
            town.scratch.ops.clone(),
            Arc::new(renderer),
            sessions.clone(),
            Arc::new(NoChrome),
            config,
        );
        let house = House {
            site,
            registry: town.registry.clone(),
            openid: openid.clone(),
        };
        let routes = registry::http::routes().merge(openid::http::routes());
        Self {
            router: routes.into_router(house),
            town,
            openid,
            sessions,
        }
    }

    /// A session of somebody.
    pub fn session(&self, actor: Actor) -> String {
        let token = format!("session-{}", uuid::Uuid::now_v7());
        self.sessions.0.lock().unwrap().insert(token.clone(), actor);
        token
    }

    /// A session of an official of an agency in a role.
    pub fn official(&self, agency: &str, role: &str) -> String {
        self.session(self.town.official(agency, role))
    }

    pub fn ask(&self, method: &'static str, path: impl Into<String>) -> Ask<'_> {
        Ask {
            api: self,
            method,
            path: path.into(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.ask("GET", path).by(token).send().await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.ask("POST", path).by(token).body(body).send().await
    }

    /// Registers an application with these scopes, and gets it a token.
    pub async fn application(&self, name: &str, scopes: &[&str]) -> (Registered, String) {
        let new = Registration {
            name: name.into(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            auth: ClientAuth::Secret,
            grants: vec![Grant::ClientCredentials],
            ..Registration::default()
        };
        let mut op = self.town.op(&Actor::System("console")).await;
        let registered = self.openid.register_client(&mut op, new).await.unwrap();
        op.commit().await.unwrap();
        let token = self.token(&registered, "").await;
        (registered, token)
    }

    /// A token of an application with a scope; without one with all of its scopes.
    pub async fn token(&self, application: &Registered, scope: &str) -> String {
        let secret = application.secret.as_deref().unwrap();
        let basic = STANDARD.encode(format!("{}:{secret}", application.client.id));
        let ask = self
            .ask("POST", "/openid/token")
            .header("authorization", &format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let body = match scope {
            "" => "grant_type=client_credentials".to_owned(),
            scope => format!("grant_type=client_credentials&scope={scope}"),
        };
        let reply = ask.text(&body).send().await;
        let token = reply.body["access_token"].as_str();
        token.unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }
}
