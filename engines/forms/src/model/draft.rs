//! Drafts: the row, and what others see of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{DraftId, FieldFault, FileId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answers, Applicant, Raw};
use crate::definition::FormDefinition;

/// How a request comes in (kênh tiếp nhận).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Trực tuyến: the person fills it in.
    Online,
    /// Trực tiếp: an official fills it in at the one-stop desk.
    Counter,
    /// Bưu chính: an official fills it in from paper that came by post.
    Post,
}

impl Channel {
    /// The word in the database and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Counter => "counter",
            Self::Post => "post",
        }
    }

    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Online, Self::Counter, Self::Post]
            .into_iter()
            .find(|channel| channel.as_str() == word)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A draft to be begun.
#[derive(Debug, Clone)]
pub struct NewDraft {
    /// Key of the app.
    pub app: String,
    /// Name of the form inside it.
    pub form: String,
    /// How it comes in.
    pub channel: Channel,
    /// What is known of the person whom it is about; shown in fields that ask for it, saved with the page only.
    pub applicant: Applicant,
    /// What the caller wants to find again, an object of at most 16 KiB or `null`. Its key `applicant` is taken.
    pub context: Value,
}

/// A file that stands for a paper (thành phần hồ sơ) of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attachment {
    /// The file.
    #[schemars(with = "String")]
    pub file: FileId,
    /// Key of the paper.
    pub paper: String,
    /// Name of the file.
    pub name: String,
    /// Media type, from the content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// When it was attached.
    pub attached_at: DateTime<Utc>,
}

/// How far one page is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PageState {
    /// Its key.
    pub page: String,
    /// Whether it is asked, with the answers that are there.
    pub applies: bool,
    /// Whether it was sent and nothing is wrong with it.
    pub passed: bool,
    /// Whether it asks for papers.
    pub papers: bool,
}

/// A draft as its holder sees it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DraftView {
    /// The draft.
    #[schemars(with = "String")]
    pub id: DraftId,
    /// Key of the app.
    pub app: String,
    /// Name of the form inside it.
    pub form: String,
    /// The version of the form, SHA-256 as hex.
    pub form_version: String,
    /// How it comes in.
    pub channel: Channel,
    /// What the caller gave, with what is known of the applicant under `applicant`.
    pub context: Value,
    /// Field to typed answer, of the pages that apply.
    pub answers: Value,
    /// Pages that apply and have passed.
    pub passed: BTreeSet<String>,
    /// Grows with every change.
    pub version: i64,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// What it became, `dossier:<uuid>`; none while it is open.
    pub subject: Option<String>,
    /// Files, oldest first.
    pub attachments: Vec<Attachment>,
    /// All pages of the form.
    pub pages: Vec<PageState>,
    /// The first page that applies and has not passed; none when everything is answered.
    pub next: Option<String>,
}

/// A draft in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DraftCard {
    /// The draft.
    #[schemars(with = "String")]
    pub id: DraftId,
    /// Key of the app.
    pub app: String,
    /// Name of the form inside it.
    pub form: String,
    /// How it comes in.
    pub channel: Channel,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Whether anything was saved in it since it was begun.
    pub touched: bool,
    /// The first name of a person that was answered, to tell two drafts of one form apart.
    pub subject_hint: Option<String>,
    /// Pages that apply and have passed.
    pub passed: u32,
    /// Pages that apply.
    pub pages: u32,
}

/// What saving a page gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Saved {
    /// The draft afterwards.
    pub draft: DraftView,
    /// What is wrong with what was typed; it is stored all the same.
    pub faults: Vec<FieldFault>,
    /// Where to go on: the same page if something is wrong, else the first page that has not passed; none when all have.
    pub next: Option<String>,
}

/// What finally counts.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The draft, locked until the end of the operation.
    pub draft: DraftView,
    /// The version of the form with which it began.
    pub form: Arc<FormDefinition>,
    /// Field to typed answer, of the pages that apply.
    pub answers: Value,
    /// Files, oldest first.
    pub files: Vec<Attachment>,
    /// What is wrong, page by page; empty when it may be handed in, as far as the form is concerned.
    pub faults: Vec<PageFault>,
}

/// What is wrong with a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PageFault {
    /// Where it can be mended.
    pub page: String,
    /// The field; empty when it is the page as a whole (`forms.page_unseen`).
    pub field: String,
    /// Key of the words.
    pub code: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
}

/// The row of a draft.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub id: DraftId,
    pub app: String,
    pub form: String,
    pub form_version: String,
    pub holder: String,
    pub channel: Channel,
    pub context: Value,
    pub answers: Answers,
    pub raw: BTreeMap<String, Raw>,
    pub passed: BTreeSet<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub subject: Option<String>,
}

impl Draft {
    /// What is known of the applicant.
    pub fn applicant(&self) -> Option<Applicant> {
        Applicant::deserialize(self.context.get("applicant")?).ok()
    }
}
