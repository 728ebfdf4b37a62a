//! The published calendar of working time: which days and hours count for deadlines.
//!
//! Pure data: somebody else knows which days are announced, here is the arithmetic on dates. All times of day are local in Vietnam.

mod due;
mod span;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};

pub use due::{Deadline, Due, IntakeRule};

use crate::{Fault, Result, from_local, local_date};

/// Working time of an agency (lịch làm việc): hours of the day, days of the week, days off, and
/// rest days that are worked instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CalendarPlan", into = "CalendarPlan")]
pub struct WorkingCalendar {
    plan: CalendarPlan,
}

/// What a calendar is made of. As JSON it is the form in which a calendar is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarPlan {
    /// The working intervals of every working day, in order, not overlapping.
    #[serde(default = "default_hours")]
    pub working_hours: Vec<WorkingHours>,
    /// The days of the week that are worked.
    #[serde(default = "default_weekdays")]
    pub working_weekdays: Vec<Weekday>,
    /// Days off and their names (ngày nghỉ lễ, Tết, nghỉ bù).
    #[serde(default)]
    pub days_off: BTreeMap<NaiveDate, String>,
    /// Rest days that are worked, with a note (ngày làm bù).
    #[serde(default)]
    pub make_up_days: BTreeMap<NaiveDate, String>,
    /// The last day for which the holidays are published. Later deadlines are provisional.
    pub known_until: NaiveDate,
}

/// One working interval of a day; the end does not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// The first minute, local time.
    pub from: NaiveTime,
    /// The minute at which work ends, local time.
    pub to: NaiveTime,
}

/// 07:00–11:00 and 13:00–17:00, as the agencies of the province work.
pub fn default_hours() -> Vec<WorkingHours> {
    let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour of the day");
    [(7, 11), (13, 17)]
        .map(|(from, to)| WorkingHours {
            from: at(from),
            to: at(to),
        })
        .to_vec()
}

/// Monday to Friday.
pub fn default_weekdays() -> Vec<Weekday> {
    use Weekday::*;
    vec![Mon, Tue, Wed, Thu, Fri]
}

/// Counting stops at these days, so that an absurd figure ends in an absurd date and not in a hang.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("the first day of year 1");
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 30).expect("a day of year 9999");

/// Gives the calendar by which deadlines and timers are reckoned now.
pub trait CalendarSource: Debug + Send + Sync {
    /// The present calendar.
    fn calendar(&self) -> Arc<WorkingCalendar>;
}

/// A calendar that never changes.
impl CalendarSource for WorkingCalendar {
    fn calendar(&self) -> Arc<WorkingCalendar> {
        Arc::new(self.clone())
    }
}

impl WorkingCalendar {
    /// Checks a plan and makes it a calendar.
    ///
    /// Fails with `kernel.calendar_hours` (no hours, or not in order), `kernel.calendar_week` (no
    /// working day in the week) or `kernel.calendar_conflict` (a day both off and worked).
    pub fn new(plan: CalendarPlan) -> Result<Self> {
        let hours = &plan.working_hours;
        let in_order =
            hours.iter().all(|hours| hours.from < hours.to) && hours.windows(2).all(|pair| pair[0].to <= pair[1].from);
        if hours.is_empty() || !in_order {
            return Err(Fault::invalid("kernel.calendar_hours"));
        }
        if plan.working_weekdays.is_empty() {
            return Err(Fault::invalid("kernel.calendar_week"));
        }
        if let Some(date) = plan.make_up_days.keys().find(|date| plan.days_off.contains_key(date)) {
            return Err(Fault::invalid("kernel.calendar_conflict").with("date", date));
        }
        Ok(Self { plan })
    }

    /// What the calendar is made of.
    pub fn plan(&self) -> &CalendarPlan {
        &self.plan
    }

    /// The last day for which the holidays are published.
    pub fn known_until(&self) -> NaiveDate {
        self.plan.known_until
    }

    /// Whether the day is worked.
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        self.plan.make_up_days.contains_key(&date)
            || (self.plan.working_weekdays.contains(&date.weekday()) && !self.plan.days_off.contains_key(&date))
    }

    /// The name of a day off, `None` for working days and plain weekends.
    pub fn day_off_name(&self, date: NaiveDate) -> Option<&str> {
        self.plan.days_off.get(&date).map(String::as_str)
    }

    /// Whether somebody works at the instant.
    pub fn is_working_time(&self, instant: DateTime<Utc>) -> bool {
        let wall = crate::local(instant).naive_local();
        let time = wall.time();
        self.is_working_day(wall.date())
            && self
                .plan
                .working_hours
                .iter()
                .any(|hours| (hours.from..hours.to).contains(&time))
    }

    /// The instant itself in working time, else the next beginning of work.
    pub fn next_working_moment(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let wall = crate::local(instant).naive_local();
        let date = wall.date();
        if self.is_working_day(date)
            && let Some(hours) = self.plan.working_hours.iter().find(|hours| wall.time() < hours.to)
        {
            return if hours.from <= wall.time() {
                instant
            } else {
                from_local(date.and_time(hours.from))
            };
        }
        self.opening(self.working_day_after(date))
    }

    /// The beginning of work on the day (as if it were worked).
    pub fn opening(&self, date: NaiveDate) -> DateTime<Utc> {
        from_local(date.and_time(self.plan.working_hours[0].from))
    }

    /// The end of work on the day (as if it were worked).
    pub fn closing(&self, date: NaiveDate) -> DateTime<Utc> {
        let last = self.plan.working_hours.len() - 1;
        from_local(date.and_time(self.plan.working_hours[last].to))
    }

    /// The day itself if it is worked, else the next working day.
    pub fn working_day_from(&self, date: NaiveDate) -> NaiveDate {
        if self.is_working_day(date) {
            date
        } else {
            self.working_day_after(date)
        }
    }

    /// The `count`-th working day after the date; before it, if negative; the date itself for 0,
    /// worked or not. Counting stops in the years 1 and 9999.
    pub fn add_working_days(&self, date: NaiveDate, count: i64) -> NaiveDate {
        let mut day = date;
        for _ in 0..count.unsigned_abs() {
            let next = if count > 0 {
                self.working_day_after(day)
            } else {
                self.working_day_before(day)
            };
            if next == day {
                break;
            }
            day = next;
        }
        day
    }

    /// How many working days lie after `from` up to and with `to`; negative if `to` is earlier.
    pub fn working_days_between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        let (earlier, later) = (from.min(to), from.max(to));
        let days = earlier.iter_days().skip(1).take_while(|day| *day <= later);
        let count = days.filter(|day| self.is_working_day(*day)).count() as i64;
        if from <= to { count } else { -count }
    }

    fn working_day_after(&self, date: NaiveDate) -> NaiveDate {
        date.iter_days()
            .skip(1)
            .take_while(|day| *day <= LAST_DAY)
            .find(|day| self.is_working_day(*day))
            .unwrap_or(date)
    }

    fn working_day_before(&self, date: NaiveDate) -> NaiveDate {
        date.iter_days()
            .rev()
            .skip(1)
            .take_while(|day| *day >= FIRST_DAY)
            .find(|day| self.is_working_day(*day))
            .unwrap_or(date)
    }

    fn is_provisional(&self, at: DateTime<Utc>) -> bool {
        local_date(at) > self.plan.known_until
    }
}

impl TryFrom<CalendarPlan> for WorkingCalendar {
    type Error = Fault;

    fn try_from(plan: CalendarPlan) -> Result<Self> {
        Self::new(plan)
    }
}

impl From<WorkingCalendar> for CalendarPlan {
    fn from(calendar: WorkingCalendar) -> CalendarPlan {
        calendar.plan
    }
}

#[cfg(test)]
mod tests;
