#![doc = include_str!("../README.md")]

// Reading order: the catalogue; what is declared (definition), what is decided (model); the façade below and its verbs, one a
// file; what follows from the process (reactions, issue) and from time (jobs); the tables (store).
mod access;
mod act;
mod apologise;
mod case;
pub mod catalogue;
mod claim;
pub mod definition;
pub mod documents;
mod enter;
pub mod http;
mod issue;
mod jobs;
mod keeper;
pub mod model;
mod move_house;
mod notices;
mod online;
mod payment;
mod preview;
mod publish;
mod rate;
mod reactions;
mod read;
mod reseal;
mod store;
mod submit;
mod submit_whole;
mod supply;
mod take_in;
mod uniter;
mod views;
mod withdraw;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use files::Files;
use forms::Forms;
use identity::Identity;
use kernel::{DossierId, WorkingCalendar};
use notify::Notify;
use render::{Documents, Renderer};
use uuid::Uuid;
use workflow::{CalendarSource, Workflow};

pub use access::ACTIONS;
pub use act::Acted;
pub use issue::register_actions;
pub use jobs::{FIND_LATE, SEAL, register_jobs};
pub use move_house::register_movers;
pub use online::OnlineProcedure;
pub use preview::{PaperNeed, Preview};
pub use publish::AppProcedure;
pub use reactions::register_reactions;
pub use submit::Submitted;
pub use submit_whole::{Whole, WholePaper};
pub use supply::{Supply, SupplyItem, SupplyState};
pub use views::*;

/// The purpose for which lists and exports of an office use names, as `privacy` declares it: serving people does not need it.
pub const OFFICE_LISTS: &str = "office_lists";

/// The tables of this engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "dossiers",
    [
        "0001_procedure.sql",
        "0002_definition.sql",
        "0003_dossier.sql",
        "0004_paper.sql",
        "0005_history.sql",
        "0006_work.sql",
        "0007_lists.sql",
        "0008_overdue.sql",
        "0009_supplement_typed.sql",
        "0010_order_of_work.sql",
        "0011_wall.sql",
        "0012_sealed.sql",
        "0013_represented.sql",
        "0014_keys.sql",
        "0015_unit.sql",
        "0016_reach_of_work.sql"
    ]
);

/// What the engine works with.
pub struct Parts {
    /// Forms and drafts.
    pub forms: Forms,
    /// The file store.
    pub files: Files,
    /// People and agencies.
    pub identity: Identity,
    /// Messages.
    pub notify: Notify,
    /// Processes.
    pub workflow: Workflow,
    /// The working calendar of the province, the same source as that of the processes.
    pub calendar: Arc<dyn CalendarSource>,
    /// Gives the texts of the systems and of the platform.
    pub renderer: Arc<Renderer>,
    /// The typst templates of this engine and of the systems, as `<app>/<name>`.
    pub documents: Arc<Documents>,
    /// Where people reach the portal, without a slash at the end: `https://dichvucong.example.vn`.
    pub public_address: String,
}

/// The case (hồ sơ). One a program; clones are cheap and share everything.
#[derive(Clone)]
pub struct Dossiers {
    parts: Arc<Parts>,
    /// Versions of declarations never change, so each is parsed once.
    definitions: Arc<RwLock<HashMap<Uuid, Arc<OnlineProcedure>>>>,
}

impl Dossiers {
    /// The engine. What it needs from processes comes by [`register_actions`] and [`register_reactions`], from time by
    /// [`register_jobs`].
    pub fn new(parts: Parts) -> Self {
        Self {
            parts: Arc::new(parts),
            definitions: Arc::default(),
        }
    }

    /// Where people reach the portal, without a slash at the end.
    pub fn public_address(&self) -> &str {
        &self.parts.public_address
    }

    fn vault(&self) -> &vault::Vault {
        self.parts.identity.vault()
    }

    fn calendar(&self) -> Arc<WorkingCalendar> {
        self.parts.calendar.calendar()
    }
}

/// How a dossier is called as the subject of processes, files, audit entries and messages.
pub fn subject(dossier: DossierId) -> String {
    format!("dossier:{dossier}")
}
