#![doc = include_str!("../README.md")]

// Reading order: the attributes (schema, path), what is said with them (document, filter, patch, answer), then the verbs
// (users, groups, search, administer), what is heard (events), and the store and the edge (http).
mod access;
mod administer;
mod answer;
mod document;
mod error;
mod events;
mod filter;
mod groups;
pub mod http;
mod keeper;
mod patch;
mod path;
mod schema;
mod search;
mod store;
mod uniter;
mod users;

use identity::Identity;
use openid::Openid;

pub use access::ACTIONS;
pub use events::register_reactions;
pub use groups::GroupView;

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!("scim", ["0001_scim.sql", "0002_handed_over.sql"]);

/// The scope that an application needs.
pub const SCOPE: &str = "scim";

/// The façade. Clones are cheap.
#[derive(Clone)]
pub struct Scim {
    identity: Identity,
    openid: Openid,
}

impl Scim {
    /// The engine on these accounts, for the applications that this provider knows.
    pub fn new(identity: Identity, openid: Openid) -> Self {
        Self { identity, openid }
    }

    /// The accounts.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where everything is, as applications see it.
    pub(crate) fn base(&self) -> String {
        format!("{}{}", self.openid.issuer(), http::BASE)
    }
}

impl AsRef<Scim> for Scim {
    fn as_ref(&self) -> &Scim {
        self
    }
}

/// The application that asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// `client_id`: what it has made belongs to it.
    pub(crate) id: String,
    /// What people know it by.
    pub(crate) name: String,
}

impl Caller {
    /// Why it reads and writes data of people, as they see it.
    pub(crate) fn purpose(&self) -> String {
        format!("SCIM {}", self.name)
    }
}

/// How a resource becomes another one.
pub(crate) enum Change {
    /// It is said anew.
    Whole(document::Document),
    /// It is changed in pieces.
    Pieces(Vec<patch::Operation>),
}

impl Change {
    /// What it becomes.
    fn of(self, resource: schema::Resource, before: &document::Document) -> kernel::Result<document::Document> {
        match self {
            Self::Whole(document) => Ok(document),
            Self::Pieces(operations) => patch::apply(resource, before, &operations),
        }
    }
}

/// What the application believes to be the newest version (`If-Match`).
pub(crate) struct Expected(pub(crate) Option<String>);

impl Expected {
    /// Fails with `scim.version` where it is another one.
    pub(crate) fn check(&self, version: &str) -> kernel::Result<()> {
        match &self.0 {
            Some(wanted) if !mentions(wanted, version) => Err(error::version()),
            _ => Ok(()),
        }
    }
}

/// Whether a header of versions names this one (RFC 9110, 13.1; compared weakly, for there are only weak ones).
pub(crate) fn mentions(header: &str, version: &str) -> bool {
    let strong = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    header
        .split(',')
        .any(|one| one.trim() == "*" || strong(one) == strong(version))
}
