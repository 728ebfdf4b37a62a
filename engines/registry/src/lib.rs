#![doc = include_str!("../README.md")]

// Reading order: what is declared (definition), nouns and decisions (model), who may what (access), then the verbs: publish, enter, propose,
// approve, bulk, take_over, show, list, quality, duplicates, merge; then the tables (store).
mod access;
mod amend;
mod application;
mod approve;
mod bulk;
mod bulk_run;
mod changes;
pub mod definition;
mod drafts;
mod duplicates;
mod enter;
mod error;
pub mod events;
mod export;
mod find;
mod ground;
pub mod held;
pub mod http;
mod ids;
pub mod import;
pub mod jobs;
mod keeper;
mod list;
mod may;
mod merge;
mod model;
mod move_house;
mod once;
mod proposals;
mod propose;
mod publish;
mod publish_many;
mod published;
mod quality;
mod registers;
mod reseal;
mod retention;
mod show;
mod store;
mod take_over;
pub mod transfer;
mod uniter;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

use files::Files;
use identity::Identity;
use tokio::sync::Semaphore;
use uuid::Uuid;

pub use access::ACTIONS;
pub use amend::{Keep, Spot};
pub use application::Application;
pub use bulk::{Bulk, BulkChange, BulkPreview, MOST_RECORDS, RecordChange, RecordFault};
pub use bulk_run::BULK_JOB;
pub use changes::{Feed, Followed, Since};
pub use drafts::{Draft, DraftLine, OWN_APP, Organisation};
pub use duplicates::{LikelyTwin, Pair, Twin, TwinState};
pub use enter::{Command, Written};
pub use error::{CODES, COLUMN_RULES, FIELD_RULES};
pub use export::{Export, Exportable, Wish, format_of};
pub use list::{COUNTED, Condition as Asked, Filter, Listing, Order, Query};
pub use may::{May, Overview};
pub use merge::{Merge, MergedRecord, UNDONE_WITHIN_DAYS};
pub use model::judge::{Judgement, judge};
pub use model::reading::{Ground, Reading, read as read_row};
pub use model::{
    BulkState, Change, Chapter, ChapterKind, Condition, FieldChange, FieldProfile, Figure, Figures, FrequentValue,
    Hint, Likeness, Notice, Passage, Past, Period, Plan, ProposalState, Reason, ReasonCount, Record, Refusal, Sort,
    Step, Values, settable, story,
};
pub use move_house::register_movers;
pub use proposals::{Proposal, ProposalBox, ProposalDetail};
pub use propose::Outcome;
pub use publish::Rehearsal;
pub use publish_many::{Compared, Declared, Difference, Left};
pub use published::Published;
pub use quality::{Failing, FailingQuery, Quality, QualityLine};
pub use registers::{Card, Described, Wanted};
pub use show::AsOf;
pub use take_over::{BadRow, Given, Taken, TakenRow, What};

use definition::RecordDefinition;
use published::Seen;

/// The tables of this engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "registry",
    ["0001_registry.sql", "0002_import_approval.sql", "0003_wall_once.sql"]
);

/// The engine. One a program; clones are cheap and share everything.
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
    /// The application that uses it for itself, if one does.
    application: Option<Arc<Application>>,
}

struct Inner {
    identity: Identity,
    /// Where files that are imported lie.
    files: Option<Files>,
    /// Files that are open between two pieces of an import, each with the next one.
    read_ahead: Mutex<Vec<(Uuid, import::Ahead)>>,
    /// Turns for files of records on their way out.
    exports: Arc<Semaphore>,
    /// Turns for workbooks that are opened.
    workbooks: Arc<Semaphore>,
    /// Published declarations by register and digest, read once in this program: rows never change.
    definitions: RwLock<HashMap<(String, String), Arc<RecordDefinition>>>,
    /// The organisations that declarations made in the browser may name.
    organisations: Vec<Organisation>,
}

impl Registry {
    /// The engine over the agencies, wards and people of `identity`.
    pub fn new(identity: Identity) -> Self {
        Self::made(identity, None, Vec::new())
    }

    /// The same with a place for the files that are imported. Only at the beginning: clones made before know nothing of it.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        let organisations = self.inner.organisations.clone();
        Self::made(self.inner.identity.clone(), Some(files), organisations)
    }

    /// The same, with the organisations that declarations made in the browser may name. Only at the beginning, too.
    #[must_use]
    pub fn knowing(self, organisations: Vec<Organisation>) -> Self {
        Self::made(self.inner.identity.clone(), self.inner.files.clone(), organisations)
    }

    fn made(identity: Identity, files: Option<Files>, organisations: Vec<Organisation>) -> Self {
        Self {
            inner: Arc::new(Inner {
                identity,
                files,
                read_ahead: Mutex::default(),
                exports: Arc::new(Semaphore::new(export::AT_ONCE)),
                workbooks: Arc::new(Semaphore::new(import::AT_ONCE)),
                definitions: RwLock::new(HashMap::new()),
                organisations,
            }),
            application: None,
        }
    }

    /// The organisations that a declaration made in the browser may name.
    pub fn organisations(&self) -> &[Organisation] {
        &self.inner.organisations
    }

    fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    fn vault(&self) -> &vault::Vault {
        self.inner.identity.vault()
    }

    fn file_store(&self) -> Option<&Files> {
        self.inner.files.as_ref()
    }

    fn read_ahead(&self) -> &Mutex<Vec<(Uuid, import::Ahead)>> {
        &self.inner.read_ahead
    }

    fn exports(&self) -> Arc<Semaphore> {
        self.inner.exports.clone()
    }

    fn workbooks(&self) -> Arc<Semaphore> {
        self.inner.workbooks.clone()
    }

    fn cache(&self) -> &RwLock<HashMap<(String, String), Arc<RecordDefinition>>> {
        &self.inner.definitions
    }
}

impl AsRef<Registry> for Registry {
    fn as_ref(&self) -> &Registry {
        self
    }
}
