#![doc = include_str!("../README.md")]

// Reading order: what an application is (model), what it sends (params, request, dpop), who it is (client_auth), then the verbs
// one file each, then the store and the edges (http, jobs).
mod access;
mod access_token;
mod authorise;
mod certificate;
mod client_auth;
mod clients;
mod config;
mod consents;
mod dpop;
mod elsewhere;
mod error;
pub mod http;
mod jobs;
mod jose;
mod keeper;
mod keys;
mod logout;
mod model;
mod params;
mod request;
mod reseal;
mod rsa;
mod secret;
mod store;
mod token;
mod uniter;
mod userinfo;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use chrono::{DateTime, Utc};
use identity::Identity;
use vault::Vault;

pub use access::ACTIONS;
pub use access_token::Shown;
pub use authorise::{Asked, Step, Visitor};
pub use certificate::jwks_of_certificates;
pub use clients::Registered;
pub use config::Config;
pub use jobs::{register, register_reactions};
pub use keys::NewKeys;
pub use logout::Farewell;
pub use model::{AppLink, Client, ClientAudience, ClientAuth, ConsentView, Grant, Registration, SigningAlgorithm};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "openid",
    [
        "0001_openid.sql",
        "0002_signing_key.sql",
        "0003_authorisation.sql",
        "0004_consent.sql",
        "0005_assurance.sql",
        "0006_consent_past.sql",
        "0007_certificate.sql",
        "0008_signing_algorithm.sql",
        "0009_jwks_uri.sql"
    ]
);

/// Applications as they were read, and when.
type KeptClients = HashMap<String, (Arc<Client>, DateTime<Utc>)>;

/// The façade. Clones are cheap and share what is kept in memory.
#[derive(Clone)]
pub struct Openid {
    identity: Identity,
    vault: Vault,
    config: Arc<Config>,
    keys: Arc<RwLock<Option<Arc<keys::KeyRing>>>>,
    clients: Arc<RwLock<KeptClients>>,
    elsewhere: Arc<elsewhere::Elsewhere>,
    revoked: Arc<RwLock<access_token::Revoked>>,
    /// The hour in which the audit trail last heard of an application that got tokens for itself.
    noted: Arc<Mutex<HashMap<String, i64>>>,
}

impl Openid {
    /// The engine on these accounts. The vault keeps the keys that sign.
    pub fn new(identity: Identity, vault: Vault, config: Config) -> Self {
        jose::install();
        Self {
            identity,
            vault,
            config: Arc::new(config),
            keys: Arc::default(),
            clients: Arc::default(),
            elsewhere: Arc::default(),
            revoked: Arc::default(),
            noted: Arc::default(),
        }
    }

    /// The accounts.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The issuer of all tokens: the address of the platform.
    pub fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Whether a gateway says with which certificates applications come.
    pub(crate) fn believes_certificates(&self) -> bool {
        self.config.certificates
    }

    /// The whole address of an endpoint.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.config.issuer)
    }
}

impl AsRef<Openid> for Openid {
    fn as_ref(&self) -> &Openid {
        self
    }
}
