#![doc = include_str!("../README.md")]

// Reading order: what a province declares (declaration), nouns (model), who may what (access), then the verbs: dormant, review, reports;
// then the store, tables and papers, and the edges (http, jobs).
mod access;
mod declaration;
pub mod documents;
mod dormant;
mod error;
pub mod http;
mod jobs;
mod keeper;
mod model;
mod notices;
mod reports;
mod review;
mod settle;
mod store;
mod tables;
mod uniter;

use std::sync::Arc;

use identity::Identity;
use notify::Notify;
use render::{Documents, Renderer};
use workflow::CalendarSource;

pub use access::ACTIONS;
pub use declaration::{Declaration, Unanswered};
pub use jobs::{register, register_reactions};
pub use model::{AgencyProgress, Answer, Campaign, EmergencySheet, Line, Report, ReportState, Verdict};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] =
    db::migrations!("oversight", ["0001_oversight.sql", "0002_gone_owed_and_wall.sql"]);

/// What the engine is made from.
#[derive(Clone)]
pub struct Parts {
    /// People, positions, accounts.
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
    pub declaration: Declaration,
}

/// The façade. Clones are cheap.
#[derive(Clone)]
pub struct Oversight {
    parts: Arc<Parts>,
}

impl Oversight {
    /// The engine.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// What the province declares.
    pub fn declaration(&self) -> &Declaration {
        &self.parts.declaration
    }
}

impl AsRef<Oversight> for Oversight {
    fn as_ref(&self) -> &Oversight {
        self
    }
}
