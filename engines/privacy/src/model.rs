//! Nouns and pure decisions: no input, no output, no clock.

use chrono::{DateTime, TimeDelta, Utc};
use identity::PersonField;
use kernel::{AccountId, Deadline, IntakeRule, PersonId, WorkingCalendar};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::declaration::{Law, Term};

/// An enumeration whose values are words in the database, in JSON and in declarations.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $word)] $value),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$value),+];

            /// The word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a person may ask for (quyền của chủ thể dữ liệu).
    Kind {
        /// Xem dữ liệu.
        See = "see",
        /// Được cung cấp bản sao.
        Provide = "provide",
        /// Chỉnh sửa.
        Correct = "correct",
        /// Xóa.
        Delete = "delete",
        /// Hạn chế xử lý.
        Restrict = "restrict",
        /// Phản đối xử lý.
        Object = "object",
        /// Rút lại sự đồng ý.
        WithdrawConsent = "withdraw_consent",
        /// Yêu cầu áp dụng biện pháp bảo vệ.
        Protect = "protect",
    }
}

words! {
    /// How far a request is.
    State {
        /// It has come.
        Received = "received",
        /// An official has told that it is being worked on.
        Acknowledged = "acknowledged",
        /// It has its answer.
        Answered = "answered",
        /// The person took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// What the answer says.
    Outcome {
        /// All of it.
        Granted = "granted",
        /// A part of it.
        Partly = "partly",
        /// Nothing of it.
        Refused = "refused",
    }
}

impl State {
    /// Whether somebody still waits.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Acknowledged)
    }
}

/// A request of a person about their data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Request {
    /// The request.
    pub id: Uuid,
    /// What people quote.
    pub number: i64,
    /// Whose.
    pub person: PersonId,
    /// The account from which it came.
    pub account: AccountId,
    /// What is asked.
    pub kind: Kind,
    /// In the person's words.
    pub details: String,
    /// Of a correction: the fields and what is to stand there.
    pub wishes: Vec<(PersonField, String)>,
    /// Of an objection: the purposes; none named: all to which one can object.
    pub purposes: Vec<String>,
    /// How far it is.
    pub state: State,
    /// Key of the law by which it is measured.
    pub law: String,
    /// How that law is quoted.
    pub article: String,
    /// What it allows.
    pub term: Term,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Until when it is to be acknowledged, where the law asks for that.
    pub acknowledge_due: Option<DateTime<Utc>>,
    /// Until when it is to be answered.
    pub due_at: DateTime<Utc>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Whether somebody outside must act too.
    pub third_party: bool,
    /// When the time was extended.
    pub extended_at: Option<DateTime<Utc>>,
    /// Why.
    pub extension_reason: Option<String>,
    /// When it was answered or withdrawn.
    pub ended_at: Option<DateTime<Utc>>,
    /// What the answer says.
    pub outcome: Option<Outcome>,
    /// The answer.
    pub answer: Option<String>,
    /// The legal ground of a refusal.
    pub ground: Option<String>,
}

impl Request {
    /// What is due next, while anything is.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        match self.state {
            State::Received => Some(self.acknowledge_due.map_or(self.due_at, |due| due.min(self.due_at))),
            State::Acknowledged => Some(self.due_at),
            State::Answered | State::Withdrawn => None,
        }
    }

    /// Whether what is due next is past.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.next_due().is_some_and(|due| due < now)
    }
}

/// A line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Line {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `received`, `acknowledged`, `extended`, `answered`, `withdrawn`, `late`, `lifted`.
    pub action: String,
    /// The official, with position and agency; empty where the person acted, or the platform.
    pub actor_name: String,
    /// What belongs to it.
    pub detail: serde_json::Value,
}

/// Until when a request that came at the moment is to be acknowledged and answered.
pub fn dues(
    law: &Law,
    term: &Term,
    calendar: &WorkingCalendar,
    received: DateTime<Utc>,
) -> (Option<DateTime<Utc>>, DateTime<Utc>) {
    let by = |deadline| calendar.due(received, deadline, &IntakeRule::default()).at;
    let acknowledge = law.acknowledge.map(|days| by(Deadline::WorkingDays(days)));
    (acknowledge, due(term, calendar, received, false, false))
}

/// Until when it is to be answered, with what has happened since.
pub fn due(
    term: &Term,
    calendar: &WorkingCalendar,
    received: DateTime<Utc>,
    third_party: bool,
    extended: bool,
) -> DateTime<Utc> {
    match *term {
        Term::Hours(hours) => received + TimeDelta::hours(i64::from(hours)),
        Term::Days {
            days,
            extension,
            third_party: outside,
        } => {
            let own = if third_party { outside.unwrap_or(days) } else { days };
            let more = if extended { extension } else { 0 };
            let deadline = Deadline::CalendarDays(own + more);
            calendar.due(received, deadline, &IntakeRule::default()).at
        }
    }
}

/// A moment as people in Vietnam write it.
pub(crate) fn moment_words(at: DateTime<Utc>) -> String {
    kernel::local(at).format("%H:%M %d/%m/%Y").to_string()
}
