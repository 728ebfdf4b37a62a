//! Lines of lists, and what narrows a list.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{DossierId, PersonId, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::Channel;
use crate::model::{PlainStatus, Status};

/// Which tasks of an official's agency and roles a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxBox {
    /// What the official can do now: ready, and nobody's or their own.
    #[default]
    Open,
    /// What the official has taken or was given, and can do now.
    Mine,
    /// Everything that is ready, colleagues' too.
    All,
    /// What sleeps until a supplement or a payment has come.
    Waiting,
}

impl InboxBox {
    /// All boxes, in the order of the page.
    pub const ALL: [InboxBox; 4] = [Self::Open, Self::Mine, Self::All, Self::Waiting];

    /// The word in addresses and texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mine => "mine",
            Self::All => "all",
            Self::Waiting => "waiting",
        }
    }

    /// The box of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.word() == word)
    }
}

/// What an official looks for among the tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InboxFilter {
    /// The box.
    pub list: InboxBox,
    /// Only this system's.
    pub app: Option<String>,
    /// Only this step of the process.
    pub node: Option<String>,
    /// Words of the code, the title or the owner's name, with or without tones.
    pub q: Option<String>,
    /// Only what is late: the step or the dossier.
    pub late: bool,
}

/// One task in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxRow {
    /// The task.
    #[schemars(with = "Uuid")]
    pub task: TaskId,
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub dossier: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// Whose it is.
    pub owner_name: String,
    /// The step.
    pub node: String,
    /// The role that does it.
    pub role: String,
    /// The name of who has it.
    pub assignee_name: Option<String>,
    /// The reader has it.
    pub mine: bool,
    /// When the step is due.
    pub task_due_at: Option<DateTime<Utc>>,
    /// When the dossier is due.
    pub due_at: Option<DateTime<Utc>>,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// The step or the dossier is late.
    pub late: bool,
}

/// How much there is in the boxes of an official: among the most urgent [`InboxCounts::MOST`] of the agency and the roles, but for
/// [`InboxBox::Mine`], which is counted to its end. Where there are more, nobody reads the number as one to work off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InboxCounts {
    /// In [`InboxBox::Open`].
    pub open: i64,
    /// In [`InboxBox::Mine`].
    pub mine: i64,
    /// In [`InboxBox::All`].
    pub all: i64,
    /// In [`InboxBox::Waiting`].
    pub waiting: i64,
    /// Late ones in [`InboxBox::Open`].
    pub late: i64,
}

impl InboxCounts {
    /// So far is counted.
    pub const MOST: i64 = 1_000;
}

/// A case in the list of its applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MyRow {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// It waits for the applicant: a supplement or a payment.
    pub needs_me: bool,
}

/// A case that an official found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FoundRow {
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about.
    pub title: String,
    /// Whose it is.
    pub owner_name: String,
    /// The status of the norm.
    pub status: Status,
    /// In plain words.
    pub plain: PlainStatus,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it is due.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether it is late now, or was when officials were done with it.
    pub late: bool,
}

/// A line of the ledger of dossiers (sổ theo dõi hồ sơ, form 07).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LedgerRow {
    /// Running number in the period asked for, from 1.
    pub number: i64,
    /// The dossier.
    #[schemars(with = "Uuid")]
    pub id: DossierId,
    /// Its code.
    pub code: String,
    /// Whose it is; empty where it is withheld.
    pub owner_name: String,
    /// Whether the owner has been granted that lists do not show them (hạn chế, phản đối xử lý): the line stays, the name does not.
    pub withheld: bool,
    /// Whose it is.
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) owner: Option<PersonId>,
    /// Code of the procedure.
    pub procedure_code: String,
    /// The system that serves the procedure.
    pub app: String,
    /// What it is about; empty where it is withheld.
    pub title: String,
    /// How it was handed in.
    pub channel: Channel,
    /// The status of the norm.
    pub status: Status,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// When it was taken in.
    pub received_at: DateTime<Utc>,
    /// The promised day: apologies do not move it.
    pub promised_at: DateTime<Utc>,
    /// When it is due by what the applicant was told last.
    pub due_at: DateTime<Utc>,
    /// When officials were done with it.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the result was handed over.
    pub returned_at: Option<DateTime<Utc>>,
    /// Whether officials were done by the promised moment; nothing while work goes on and there is still time, and for
    /// withdrawn dossiers.
    pub on_time: Option<bool>,
}

/// The period of a ledger, both days included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}
