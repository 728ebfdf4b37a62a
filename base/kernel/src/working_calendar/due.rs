//! Deadlines: from "so long" and "received then" to "due at".

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{LAST_DAY, WorkingCalendar};
use crate::{local, local_date};

/// How long a piece of work may take (thời hạn giải quyết).
///
/// In JSON `{"working_hours": 4}`, `{"working_days": 5}`, `{"calendar_days": 30}` or `"immediate"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// So many hours of working time (giờ làm việc).
    WorkingHours(u32),
    /// To the end of work on the n-th working day after the day that counts (ngày làm việc).
    WorkingDays(u32),
    /// To the end of work on the n-th day after the day that counts, or on the next working day
    /// if that one is a day off (ngày).
    CalendarDays(u32),
    /// To the end of work on the day that counts (giải quyết ngay trong ngày).
    Immediate,
}

/// When something received still counts for the same day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntakeRule {
    /// What is received later than this local time counts from the beginning of the next working
    /// day. At this very minute it still counts. `None`: everything up to the end of work counts.
    #[serde(default)]
    pub late_after: Option<NaiveTime>,
}

impl IntakeRule {
    /// The rule of civil status (hộ tịch), as the procedures in the national database state it:
    /// what comes after 15:00 is answered on the next working day.
    pub fn civil_status() -> Self {
        Self {
            late_after: NaiveTime::from_hms_opt(15, 0, 0),
        }
    }
}

/// When something is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The last instant in time.
    pub at: DateTime<Utc>,
    /// The instant from which the time counts, always in working time; its local date is the day
    /// that counts.
    pub counts_from: DateTime<Utc>,
    /// Whether `at` lies beyond the published holidays and may still move.
    pub provisional: bool,
}

impl WorkingCalendar {
    /// From when something received at the instant counts: at once in working time, else from the
    /// next beginning of work; from that of the next working day if it came late.
    pub fn counts_from(&self, received: DateTime<Utc>, rule: &IntakeRule) -> DateTime<Utc> {
        let wall = local(received).naive_local();
        let late = rule.late_after.is_some_and(|limit| wall.time() > limit);
        if late && self.is_working_day(wall.date()) {
            return self.opening(self.add_working_days(wall.date(), 1));
        }
        self.next_working_moment(received)
    }

    /// When something received at the instant is due.
    ///
    /// What comes outside working time, or late by the rule, is as received at the beginning of the
    /// next working day; that day is then "the day that counts" and is itself not counted (day 0).
    pub fn due(&self, received: DateTime<Utc>, deadline: Deadline, rule: &IntakeRule) -> Due {
        let counts_from = self.counts_from(received, rule);
        let day = local_date(counts_from);
        let at = match deadline {
            Deadline::WorkingHours(hours) => self.add_working_minutes(counts_from, i64::from(hours) * 60),
            Deadline::WorkingDays(days) => self.closing(self.add_working_days(day, i64::from(days))),
            Deadline::CalendarDays(days) => {
                let end = day
                    .checked_add_signed(TimeDelta::days(i64::from(days)))
                    .map_or(LAST_DAY, |end| end.min(LAST_DAY));
                self.closing(self.working_day_from(end))
            }
            Deadline::Immediate => self.closing(day),
        };
        Due {
            at,
            counts_from,
            provisional: self.is_provisional(at),
        }
    }
}
