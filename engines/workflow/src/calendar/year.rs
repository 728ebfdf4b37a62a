//! One year of the calendar as it is announced, and how the years become a calendar.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use kernel::working_calendar::{CalendarPlan, default_hours, default_weekdays};
use kernel::{Fault, FieldFault, Result, WorkingCalendar};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first and the last year that is taken, as in the table.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;
/// The longest name of a holiday or of an announcement, in characters.
pub const LONGEST_NAME: usize = 200;

/// The days of one year on which the State does not work, or works instead. A year is complete: what is not listed follows the
/// week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct YearDeclaration {
    /// The year.
    pub year: i32,
    /// Whether the yearly announcement (thông báo nghỉ Tết, nghỉ lễ) has come. Deadlines beyond the last announced year are
    /// provisional.
    pub announced: bool,
    /// The announcement: its number, its day, who made it; empty where that is not written down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// Days off (ngày nghỉ lễ, Tết, nghỉ bù, nghỉ hoán đổi).
    #[serde(default)]
    pub days_off: Vec<DaysOff>,
    /// Rest days that are worked (ngày làm bù).
    #[serde(default)]
    pub make_up_days: Vec<WorkedDay>,
}

/// Days off from one day to another, both included, both in the year of the declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaysOff {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// What they are called, in Vietnamese.
    pub name: String,
}

/// A rest day that is worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkedDay {
    /// The day, a Saturday or Sunday.
    pub day: NaiveDate,
    /// What it is worked for.
    pub note: String,
}

/// What a day of the calendar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayKind {
    /// A day on which the State does not work (ngày nghỉ).
    Off,
    /// A rest day that is worked (ngày làm bù).
    MakeUp,
}

/// A year in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StoredYear {
    /// What is declared.
    pub declaration: YearDeclaration,
    /// When it was saved last.
    pub updated_at: DateTime<Utc>,
    /// Who saved it, as in the audit trail.
    pub updated_by: String,
}

impl YearDeclaration {
    /// A year of which nothing is known yet: it follows the week.
    pub fn unknown(year: i32) -> Self {
        Self {
            year,
            announced: false,
            notice: String::new(),
            days_off: Vec::new(),
            make_up_days: Vec::new(),
        }
    }

    /// The year without this day. A day inside a longer rest leaves the days before and after it.
    #[must_use]
    pub fn without(mut self, kind: DayKind, day: NaiveDate) -> Self {
        match kind {
            DayKind::Off => self.days_off = self.days_off.into_iter().flat_map(|days| days.without(day)).collect(),
            DayKind::MakeUp => self.make_up_days.retain(|worked| worked.day != day),
        }
        self
    }

    /// Everything that is wrong, each at its field: `year`, `days_off.<index>`, `make_up_days.<index>` (from 0).
    ///
    /// `workflow.calendar_bad` with the fields' codes `workflow.calendar_year`, `calendar_outside` {day}, `calendar_order`,
    /// `calendar_name`, `calendar_twice` {day}, `calendar_no_rest_day` {day}.
    pub fn check(&self) -> Result<()> {
        let mut faults = Vec::new();
        if !YEARS.contains(&self.year) {
            faults.push(FieldFault::new("year", "workflow.calendar_year"));
        }
        let mut off: BTreeMap<NaiveDate, ()> = BTreeMap::new();
        for (index, days) in self.days_off.iter().enumerate() {
            let field = format!("days_off.{index}");
            let mut wrong = self.check_name(&field, &days.name);
            wrong.extend(self.check_day(&field, days.from));
            wrong.extend(self.check_day(&field, days.to));
            if days.from > days.to {
                wrong.push(FieldFault::new(&field, "workflow.calendar_order"));
            }
            if wrong.is_empty() {
                for day in days.days() {
                    if off.insert(day, ()).is_some() {
                        wrong.push(FieldFault::new(&field, "workflow.calendar_twice").with("day", shown(day)));
                        break;
                    }
                }
            }
            faults.extend(wrong);
        }
        let mut worked: BTreeMap<NaiveDate, ()> = BTreeMap::new();
        for (index, made_up) in self.make_up_days.iter().enumerate() {
            let field = format!("make_up_days.{index}");
            faults.extend(self.check_name(&field, &made_up.note));
            faults.extend(self.check_day(&field, made_up.day));
            if default_weekdays().contains(&made_up.day.weekday()) {
                faults.push(FieldFault::new(&field, "workflow.calendar_no_rest_day").with("day", shown(made_up.day)));
            }
            if off.contains_key(&made_up.day) || worked.insert(made_up.day, ()).is_some() {
                faults.push(FieldFault::new(&field, "workflow.calendar_twice").with("day", shown(made_up.day)));
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(faults
            .into_iter()
            .fold(Fault::invalid("workflow.calendar_bad"), Fault::field_fault))
    }

    fn check_name(&self, field: &str, name: &str) -> Vec<FieldFault> {
        let length = name.trim().chars().count();
        if (1..=LONGEST_NAME).contains(&length) {
            Vec::new()
        } else {
            vec![FieldFault::new(field, "workflow.calendar_name").with("most", LONGEST_NAME)]
        }
    }

    fn check_day(&self, field: &str, day: NaiveDate) -> Option<FieldFault> {
        (day.year() != self.year).then(|| {
            FieldFault::new(field, "workflow.calendar_outside")
                .with("day", shown(day))
                .with("year", self.year)
        })
    }
}

impl DaysOff {
    /// The days one by one.
    pub fn days(&self) -> impl Iterator<Item = NaiveDate> + use<> {
        let last = self.to;
        self.from.iter_days().take_while(move |day| *day <= last)
    }

    fn without(self, day: NaiveDate) -> Vec<DaysOff> {
        if day < self.from || day > self.to {
            return vec![self];
        }
        let part = |from: Option<NaiveDate>, to: Option<NaiveDate>| {
            let (from, to) = (from?, to?);
            (from <= to).then(|| DaysOff {
                from,
                to,
                name: self.name.clone(),
            })
        };
        let before = part(Some(self.from), day.pred_opt());
        let after = part(day.succ_opt(), Some(self.to));
        before.into_iter().chain(after).collect()
    }
}

fn shown(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}

/// The calendar of these years, the earliest first, with the hours and the week of the State; `None` if there is no year. Holidays
/// are known until the end of the last announced year.
pub fn expand<'a>(years: impl IntoIterator<Item = &'a YearDeclaration>) -> Result<Option<WorkingCalendar>> {
    let mut days_off = BTreeMap::new();
    let mut make_up_days = BTreeMap::new();
    let mut first = None;
    let mut announced = None;
    for year in years {
        year.check()?;
        for days in &year.days_off {
            days_off.extend(days.days().map(|day| (day, days.name.clone())));
        }
        make_up_days.extend(year.make_up_days.iter().map(|worked| (worked.day, worked.note.clone())));
        first = Some(first.map_or(year.year, |first: i32| first.min(year.year)));
        if year.announced {
            announced = announced.max(Some(year.year));
        }
    }
    let Some(first) = first else { return Ok(None) };
    let known_until = NaiveDate::from_ymd_opt(announced.unwrap_or(first - 1), 12, 31).unwrap_or_default();
    WorkingCalendar::new(CalendarPlan {
        working_hours: default_hours(),
        working_weekdays: default_weekdays(),
        days_off,
        make_up_days,
        known_until,
    })
    .map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 2, day).unwrap()
    }

    #[test]
    fn a_day_inside_a_rest_leaves_what_lies_around_it() {
        let rest = |from, to| DaysOff {
            from: day(from),
            to: day(to),
            name: "Tết".into(),
        };
        let without = |rest: DaysOff, day| {
            let mut year = YearDeclaration::unknown(2026);
            year.days_off.push(rest);
            year.without(DayKind::Off, day).days_off
        };
        assert_eq!(without(rest(14, 22), day(18)), [rest(14, 17), rest(19, 22)]);
        assert_eq!(without(rest(14, 22), day(14)), [rest(15, 22)]);
        assert_eq!(without(rest(14, 14), day(14)), []);
        assert_eq!(without(rest(14, 15), day(20)), [rest(14, 15)]);
    }
}
