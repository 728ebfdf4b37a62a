#![doc = include_str!("../README.md")]

// Reading order: nouns (model), pure rules (login, password, throttle, lifetime, access), then the verbs one file each,
// then the store and the edges (http, jobs).
pub mod access;
mod accounts;
mod agencies;
mod areas;
mod config;
mod error;
mod hashing;
pub mod http;
pub mod jobs;
mod lifetime;
pub mod login;
mod model;
mod offices;
pub mod password;
mod people;
mod sessions;
mod sign_in;
mod store;
mod throttle;
mod token;

use std::sync::Arc;

use kernel::{Clock, Result};
use sqlx::PgPool;

pub use accounts::{NewAccount, PasswordChange};
pub use agencies::{AgencyFilter, NewAgency};
pub use config::{Config, Guessing, Hashing, Lifetime};
pub use hashing::PasswordHash;
pub use model::{
    Account, AccountState, Agency, AgencyLevel, Area, AreaLevel, Audience, CodeOrigin, Contact, HeldPosition,
    OfficialView, Person, PersonRow, Residence, SessionRow, Unit, Validity,
};
pub use offices::{NewPosition, NewUnit};
pub use password::PasswordContext;
pub use people::NewPerson;
pub use sign_in::{SignIn, SignedIn, Source};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "identity",
    [
        "0001_identity.sql",
        "0002_area.sql",
        "0003_agency.sql",
        "0004_person.sql",
        "0005_account.sql",
        "0006_session_network.sql"
    ]
);

/// The façade: people, agencies, positions, accounts, sessions. Clones are cheap and share the places for hashing.
#[derive(Clone)]
pub struct Identity {
    pool: PgPool,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
    hasher: hashing::Hasher,
}

impl Identity {
    /// The engine on this database. The pool and the clock serve [`web::Identify`], which comes before any operation;
    /// everything else works in the operation that the caller opens. Computes one password hash. Fails with
    /// `identity.hashing_cost` where the configured cost is none that Argon2 knows.
    pub fn new(pool: PgPool, clock: Arc<dyn Clock>, config: Config) -> Result<Self> {
        let hasher = hashing::Hasher::new(config.hashing)?;
        Ok(Self {
            pool,
            clock,
            config: Arc::new(config),
            hasher,
        })
    }
}

impl AsRef<Identity> for Identity {
    fn as_ref(&self) -> &Identity {
        self
    }
}
