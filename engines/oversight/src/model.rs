//! Nouns: campaigns, their lines, reports. No input, no output, no clock.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use db::Page;
use identity::Emergency;
use kernel::{AgencyId, PersonId, PositionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was said of one role of one official.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is still needed.
    Kept,
    /// It ended at once.
    TakenBack,
    /// Nobody answered, and the rule ended it.
    Ended,
    /// Nobody answered, and the rule left it.
    Left,
    /// It was to end, and whoever had it had it no more.
    Gone,
}

impl Verdict {
    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::TakenBack => "taken_back",
            Self::Ended => "ended",
            Self::Left => "left",
            Self::Gone => "gone",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Kept, Self::TakenBack, Self::Ended, Self::Left, Self::Gone]
            .into_iter()
            .find(|one| one.as_str() == word)
    }
}

/// What somebody answers about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The line.
    pub line: Uuid,
    /// Whether the role stays.
    pub keep: bool,
    /// Why; needed where it does not stay.
    pub reason: String,
}

/// A review of all rights, with how far it is in the reader's reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Campaign {
    /// The campaign.
    pub id: Uuid,
    /// `2026-Q1`.
    pub quarter: String,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// Who began it; empty: the platform by itself.
    pub opened_by: String,
    /// Until when heads of agencies answer.
    pub due_at: DateTime<Utc>,
    /// Whether its lines stand.
    pub filled: bool,
    /// When those above were told.
    pub escalated_at: Option<DateTime<Utc>>,
    /// When the rule settles the rest.
    pub final_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Lines in the reader's reach.
    pub lines: i64,
    /// Those that nobody has answered.
    pub open: i64,
    /// Roles that ended, by an answer or by the rule.
    pub ended: i64,
}

impl Campaign {
    /// Until when the reader's answer counts.
    pub fn until(&self) -> DateTime<Utc> {
        self.final_at.unwrap_or(self.due_at)
    }
}

/// How far one agency is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AgencyProgress {
    /// The agency.
    pub agency: Uuid,
    /// Its name.
    pub name: String,
    /// All lines.
    pub lines: i64,
    /// Those that nobody has answered.
    pub open: i64,
    /// Roles that stay.
    pub kept: i64,
    /// Roles that ended.
    pub ended: i64,
}

/// One official, one position, one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The line.
    pub id: Uuid,
    /// Its campaign.
    pub campaign: Uuid,
    /// The agency of the position.
    pub agency: AgencyId,
    /// Its name.
    pub agency_name: String,
    /// Who.
    pub person: PersonId,
    /// Full name.
    pub name: String,
    /// The position.
    pub position: PositionId,
    /// Its title.
    pub title: String,
    /// The role.
    pub role: String,
    /// Whether it is watched more closely.
    pub privileged: bool,
    /// What was said of it.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: String,
    /// Who said it; empty: the rule.
    pub answered_name: String,
    /// When.
    pub answered_at: Option<DateTime<Utc>>,
}

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportState {
    /// Nothing is written yet.
    Due,
    /// Written; somebody else looks at it next.
    Written,
    /// Found in order.
    Accepted,
    /// Something is unclear: it is to be written anew.
    Questioned,
}

/// What is reported of a right taken for an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The emergency.
    pub emergency: Uuid,
    /// Until when it is to be written.
    pub due_at: DateTime<Utc>,
    /// What is reported.
    pub text: String,
    /// When it was written.
    pub written_at: Option<DateTime<Utc>>,
    /// How far it is.
    pub state: ReportState,
    /// What the other one says of it.
    pub note: String,
    /// Who that is.
    pub reviewed_by: String,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
}

impl Report {
    /// Whether it should be there and is not.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, ReportState::Due | ReportState::Questioned) && self.due_at < now
    }
}

/// A right that was taken, its report, and what was done under it.
#[derive(Clone, Debug, Serialize)]
pub struct EmergencySheet {
    /// The right.
    pub emergency: Emergency,
    /// Its report.
    pub report: Report,
    /// What the audit trail says was done under it, the newest first.
    pub done: Page<op::audit::Deed>,
    /// How many deeds there are altogether.
    pub deeds: i64,
    /// Whether the reader took it.
    pub own: bool,
    /// Whether the reader may write the report now.
    pub writes: bool,
    /// Whether the reader may look at the report, once it is written.
    pub reviews: bool,
}

/// The quarter of a day: `2026-Q1`.
pub(crate) fn quarter(day: NaiveDate) -> String {
    format!("{}-Q{}", day.year(), day.month0() / 3 + 1)
}

/// How many days of the quarter have begun: 1 on its first day.
pub(crate) fn day_of_quarter(day: NaiveDate) -> i64 {
    let first = NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day);
    (day - first).num_days() + 1
}

/// A moment, as messages say it.
pub(crate) fn moment_words(at: DateTime<Utc>) -> String {
    kernel::local(at).format("%H:%M %d/%m/%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_begin_in_january_april_july_and_october() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (text, name, number) in [
            ("2026-01-01", "2026-Q1", 1),
            ("2026-03-31", "2026-Q1", 90),
            ("2026-04-10", "2026-Q2", 10),
            ("2026-09-30", "2026-Q3", 92),
            ("2026-12-31", "2026-Q4", 92),
        ] {
            assert_eq!(
                (quarter(day(text)).as_str(), day_of_quarter(day(text))),
                (name, number),
                "{text}"
            );
        }
    }

    #[test]
    fn words_round_trip() {
        for verdict in [
            Verdict::Kept,
            Verdict::TakenBack,
            Verdict::Ended,
            Verdict::Left,
            Verdict::Gone,
        ] {
            assert_eq!(Verdict::parse(verdict.as_str()), Some(verdict));
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
        }
        assert_eq!(Verdict::parse("forgotten"), None);
    }
}
