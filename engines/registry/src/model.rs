//! Nouns and pure decisions: no input, no output, no clock.

pub(crate) mod bulk;
pub(crate) mod column;
pub(crate) mod judge;
pub(crate) mod likeness;
pub(crate) mod notice;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod proposal;
pub(crate) mod quality;
pub(crate) mod reading;
pub(crate) mod story;
pub(crate) mod timeline;
pub(crate) mod twins;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::PersonId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use bulk::{BulkState, settable};
pub use notice::Notice;
pub use plan::{Condition, Plan, Refusal, Step};
pub use profile::{FieldProfile, FrequentValue};
pub use proposal::{FieldChange, ProposalState};
pub use quality::{Figure, Figures, Reason, ReasonCount, Sort};
pub use story::{Chapter, ChapterKind, Passage, story};
pub use timeline::{Change, Period};
pub use twins::{Hint, Likeness};

/// What a record holds: by field, nothing where there is no value.
pub type Values = Map<String, Value>;

/// A record on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its identifier.
    pub id: Uuid,
    /// Rises with every change.
    pub version: i64,
    /// The first day on which it is so.
    pub valid_from: NaiveDate,
    /// The last day on which it is so.
    pub valid_to: Option<NaiveDate>,
    /// Since when it is known.
    pub recorded_at: DateTime<Utc>,
    /// Whoever recorded it; the platform where nobody.
    pub recorded_by: Option<PersonId>,
    /// Its values; sealed ones only where they were asked for.
    pub values: Values,
}

/// One row of the history: what was held true of a stretch of days, from when to when.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// What was known.
    pub record: Record,
    /// Until when it was known so; `None` is what is known now.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Whoever replaced it.
    pub replaced_by: Option<PersonId>,
    /// Why.
    pub reason: String,
}
