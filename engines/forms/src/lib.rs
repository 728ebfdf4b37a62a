#![doc = include_str!("../README.md")]

// Reading order: what may be declared (definition), what follows from it (model), then the verbs, one a file, and the tables
// (store).
mod access;
mod applicant;
mod attach;
mod catalogue;
mod close;
pub mod definition;
mod discard;
mod draft;
mod error;
pub mod events;
mod fields;
pub mod http;
mod jobs;
mod keeper;
mod model;
mod page;
mod publish;
mod reseal;
mod save;
mod start;
mod store;
mod submission;
mod uniter;
mod whole;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use files::Files;
use identity::Identity;

pub use access::{ACTIONS, holder};
pub use catalogue::Catalogues;
pub use error::{CODES, FIELD_RULES};
pub use fields::keep_typed;
pub use jobs::{EXPIRE, SEAL, UNTOUCHED_DAYS, register};
pub use model::{
    Answers, Applicant, Attachment, Channel, Display, DraftCard, DraftView, FieldView, NewDraft, OptionView, PageFault,
    PageState, PageView, Raw, Residence, Saved, Submission, SummaryPage, SummaryRow, prune, raw_of_json, summary,
};

use definition::FormDefinition;

/// The tables of this engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "forms",
    [
        "0001_definition.sql",
        "0002_draft.sql",
        "0003_attachment.sql",
        "0004_attachment_content.sql",
        "0005_wall.sql",
        "0006_sealed.sql",
        "0007_keys.sql"
    ]
);

/// The engine. One a program; clones are cheap and share everything.
#[derive(Clone)]
pub struct Forms {
    inner: Arc<Inner>,
}

struct Inner {
    files: Files,
    identity: Identity,
    /// Published versions by their SHA-256, read once in this program: rows never change.
    definitions: RwLock<HashMap<String, Arc<FormDefinition>>>,
}

impl Forms {
    /// The engine over the stored files of papers, and over the wards and people of `identity`.
    pub fn new(files: Files, identity: Identity) -> Self {
        Self {
            inner: Arc::new(Inner {
                files,
                identity,
                definitions: RwLock::new(HashMap::new()),
            }),
        }
    }

    fn files(&self) -> &Files {
        &self.inner.files
    }

    fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    fn vault(&self) -> &vault::Vault {
        self.inner.identity.vault()
    }

    fn cache(&self) -> &RwLock<HashMap<String, Arc<FormDefinition>>> {
        &self.inner.definitions
    }
}

impl AsRef<Forms> for Forms {
    fn as_ref(&self) -> &Forms {
        self
    }
}
