#![doc = include_str!("../README.md")]

// Reading order: what a province declares (declaration), nouns and deadlines (model), who may what (access), then the verbs: ask,
// handle, read, extract; then the store and the edges (http, jobs).
mod access;
mod ask;
mod bounds;
mod consents;
mod declaration;
pub mod documents;
mod error;
mod extract;
mod handle;
pub mod http;
mod incidents;
mod jobs;
mod keeper;
mod model;
mod notices;
mod read;
mod reseal;
mod store;
mod uniter;

use std::sync::Arc;

use identity::Identity;
use notify::Notify;
use op::Keepers;
use render::{Documents, Renderer};
use workflow::CalendarSource;

pub use access::ACTIONS;
pub use ask::NewRequest;
pub use bounds::{Bound, register_bounds};
pub use consents::{Consent, PurposeView};
pub use declaration::{Confidence, Declaration, Law, Purpose, Term};
pub use extract::{Extract, FORMAT};
pub use handle::{Answered, Verdict};
pub use incidents::{Facts, Incident, IncidentState, MOST_PEOPLE, ToldPeople};
pub use jobs::register;
pub use model::{Kind, Line, Outcome, Request, State};
pub use read::{DeskBox, DeskRow, Detail};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "privacy",
    [
        "0001_request.sql",
        "0002_consent.sql",
        "0003_incident.sql",
        "0004_bound.sql",
        "0005_sealed.sql",
        "0006_keys.sql",
        "0007_bounds_of_before.sql",
        "0008_joined.sql"
    ]
);

/// What the engine is made from.
#[derive(Clone)]
pub struct Parts {
    /// People and accounts.
    pub identity: Identity,
    /// Messages.
    pub notify: Notify,
    /// The working calendar.
    pub calendar: Arc<dyn CalendarSource>,
    /// Words of papers.
    pub renderer: Arc<Renderer>,
    /// Templates of papers; see [`documents::templates`].
    pub documents: Arc<Documents>,
    /// What the province declares.
    pub declaration: Arc<Declaration>,
    /// Every engine that keeps something about people.
    pub keepers: Keepers,
}

/// The façade. Clones are cheap.
#[derive(Clone)]
pub struct Privacy {
    parts: Arc<Parts>,
}

impl Privacy {
    /// The engine; what it keeps itself is told after everything that the other engines keep.
    pub fn new(mut parts: Parts) -> Self {
        let vault = parts.identity.vault().clone();
        parts.keepers.add(keeper::Own { vault });
        Self { parts: Arc::new(parts) }
    }

    fn vault(&self) -> &vault::Vault {
        self.parts.identity.vault()
    }

    /// What the province declares.
    pub fn declaration(&self) -> &Declaration {
        &self.parts.declaration
    }
}

impl AsRef<Privacy> for Privacy {
    fn as_ref(&self) -> &Privacy {
        self
    }
}

/// The subject of events and audit entries.
pub(crate) fn subject(id: uuid::Uuid) -> String {
    format!("data_request:{id}")
}
