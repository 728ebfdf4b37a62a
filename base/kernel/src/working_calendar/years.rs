//! From the years in a data file to days off, by the Labour Code.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::{CalendarPlan, WorkingHours, default_hours, default_weekdays};
use crate::{Fault, Result};

/// What the calendar file of a province holds.
///
/// The lunar dates are given, not computed here; blocks and swaps are entered once they are
/// announced. [`CalendarYears::expand`] does the rest (Bộ luật Lao động 2019, Điều 111 khoản 3 and
/// Điều 112). Names of the days stand in the file, since people read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarYears {
    /// The working intervals of a day; 07:00–11:00 and 13:00–17:00 if left out.
    #[serde(default = "default_hours")]
    pub working_hours: Vec<WorkingHours>,
    /// The days of the week that are worked (`Mon` … `Sun`); Monday to Friday if left out.
    #[serde(default = "default_weekdays")]
    pub working_weekdays: Vec<Weekday>,
    /// The last day for which the holidays are published. If left out: the end of the last year
    /// with an announced Tết (the end of the year before the first, if there is none).
    #[serde(default)]
    pub known_until: Option<NaiveDate>,
    /// The names of the holidays that move.
    pub names: HolidayNames,
    /// The holidays with a fixed date, except National Day.
    pub fixed_holidays: Vec<FixedHoliday>,
    /// The years, in any order, each once.
    pub years: Vec<CalendarYear>,
}

/// The names of the holidays that move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayNames {
    /// Tết Âm lịch.
    pub lunar_new_year: String,
    /// Giỗ Tổ Hùng Vương.
    pub hung_kings_day: String,
    /// Quốc khánh.
    pub national_day: String,
    /// The name of a day off in lieu (nghỉ bù); `{name}` stands for the holiday.
    pub in_lieu: String,
}

/// A holiday with a fixed date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedHoliday {
    /// Its name.
    pub name: String,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month.
    pub day: u32,
    /// The first day on which the rule is in force, e.g. 2026-07-01 for 24 November.
    #[serde(default)]
    pub effective_from: Option<NaiveDate>,
    /// The last day on which the rule is in force.
    #[serde(default)]
    pub effective_until: Option<NaiveDate>,
}

/// One year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarYear {
    /// The year.
    pub year: i32,
    /// The first day of the lunar year (mùng 1 Tết).
    pub lunar_new_year: NaiveDate,
    /// The tenth day of the third lunar month.
    pub hung_kings_day: NaiveDate,
    /// The Tết holiday as announced, weekends and days in lieu included. If left out: the last day
    /// of the old lunar year and the first four of the new, with days in lieu.
    #[serde(default)]
    pub lunar_new_year_block: Option<DateSpan>,
    /// The National Day holiday as announced, weekends and days in lieu included. If left out:
    /// 2 September with 3 September where that makes the longer rest, else with 1 September.
    #[serde(default)]
    pub national_day_block: Option<DateSpan>,
    /// Further days off, e.g. a working day that is swapped.
    #[serde(default)]
    pub days_off: Vec<DayOff>,
    /// Rest days that are worked. They win over every day off.
    #[serde(default)]
    pub make_up_days: Vec<MakeUpDay>,
}

/// Days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateSpan {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
}

/// A day off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayOff {
    /// The day.
    pub date: NaiveDate,
    /// Its name.
    pub name: String,
}

/// A rest day that is worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeUpDay {
    /// The day.
    pub date: NaiveDate,
    /// What it is worked for.
    pub note: String,
}

impl CalendarYears {
    /// The days off of all years.
    ///
    /// A holiday on a weekly rest day is made up for by the next day that would be worked.
    /// Announced blocks are taken as they are. Fails with `kernel.calendar_year` (a year given twice
    /// or not at all, a date that is not in its year) or `kernel.calendar_holiday` (a fixed date
    /// that does not exist).
    pub fn expand(&self) -> Result<CalendarPlan> {
        let mut years: Vec<&CalendarYear> = self.years.iter().collect();
        years.sort_by_key(|year| year.year);
        if let Some(pair) = years.windows(2).find(|pair| pair[0].year == pair[1].year) {
            return Err(wrong_year(pair[0].year));
        }
        let Some(first) = years.first() else {
            return Err(Fault::invalid("kernel.calendar_year"));
        };
        let mut make_up_days = BTreeMap::new();
        let mut days_off = BTreeMap::new();
        let mut statutory = BTreeMap::new();
        for year in &years {
            year.check()?;
            for day in &year.make_up_days {
                make_up_days.insert(day.date, day.note.clone());
            }
            for day in &year.days_off {
                days_off.insert(day.date, day.name.clone());
            }
            self.lunar_new_year(year, &mut days_off, &mut statutory);
            statutory.insert(year.hung_kings_day, self.names.hung_kings_day.clone());
            self.national_day(year, &mut days_off, &mut statutory);
            for holiday in &self.fixed_holidays {
                if let Some(date) = holiday.in_year(year.year)? {
                    statutory.insert(date, holiday.name.clone());
                }
            }
        }
        // All statutory days stand before the first day in lieu is sought, else one of them might be taken for it.
        days_off.extend(statutory.clone());
        for (date, name) in &statutory {
            if !self.working_weekdays.contains(&date.weekday()) && !self.working_weekdays.is_empty() {
                let in_lieu = date
                    .iter_days()
                    .skip(1)
                    .find(|day| self.working_weekdays.contains(&day.weekday()) && !days_off.contains_key(day));
                if let Some(day) = in_lieu {
                    days_off.insert(day, self.names.in_lieu.replace("{name}", name));
                }
            }
        }
        days_off.retain(|date, _| !make_up_days.contains_key(date));
        Ok(CalendarPlan {
            working_hours: self.working_hours.clone(),
            working_weekdays: self.working_weekdays.clone(),
            days_off,
            make_up_days,
            known_until: self.known_until.unwrap_or_else(|| announced_until(first.year, &years)),
        })
    }

    fn lunar_new_year(&self, year: &CalendarYear, days_off: &mut Days, statutory: &mut Days) {
        let name = &self.names.lunar_new_year;
        match year.lunar_new_year_block {
            Some(block) => days_off.extend(block.days().map(|day| (day, name.clone()))),
            None => {
                let first = year.lunar_new_year.pred_opt().unwrap_or(year.lunar_new_year);
                statutory.extend(first.iter_days().take(5).map(|day| (day, name.clone())));
            }
        }
    }

    fn national_day(&self, year: &CalendarYear, days_off: &mut Days, statutory: &mut Days) {
        let name = &self.names.national_day;
        if let Some(block) = year.national_day_block {
            days_off.extend(block.days().map(|day| (day, name.clone())));
            return;
        }
        let Some(day) = NaiveDate::from_ymd_opt(year.year, 9, 2) else {
            return;
        };
        statutory.insert(day, name.clone());
        // The second day came with the Labour Code of 2019, in force since 1 January 2021.
        if year.year >= 2021 {
            let second = match day.weekday() {
                Weekday::Mon | Weekday::Thu | Weekday::Sun => day.succ_opt(),
                _ => day.pred_opt(),
            };
            statutory.extend(second.map(|day| (day, name.clone())));
        }
    }
}

type Days = BTreeMap<NaiveDate, String>;

impl CalendarYear {
    fn check(&self) -> Result<()> {
        let blocks = [self.lunar_new_year_block, self.national_day_block];
        let dates = [self.lunar_new_year, self.hung_kings_day]
            .into_iter()
            .chain(blocks.iter().flatten().flat_map(|block| [block.from, block.to]))
            .chain(self.days_off.iter().map(|day| day.date))
            .chain(self.make_up_days.iter().map(|day| day.date));
        let in_year = dates.into_iter().all(|date| date.year() == self.year);
        let in_order = blocks.iter().flatten().all(|block| block.from <= block.to);
        let around = self
            .lunar_new_year_block
            .is_none_or(|block| (block.from..=block.to).contains(&self.lunar_new_year));
        if in_year && in_order && around {
            Ok(())
        } else {
            Err(wrong_year(self.year))
        }
    }
}

impl FixedHoliday {
    fn in_year(&self, year: i32) -> Result<Option<NaiveDate>> {
        let date = NaiveDate::from_ymd_opt(year, self.month, self.day)
            .ok_or_else(|| Fault::invalid("kernel.calendar_holiday").with("name", &self.name))?;
        let in_force = self.effective_from.is_none_or(|from| from <= date)
            && self.effective_until.is_none_or(|until| date <= until);
        Ok(in_force.then_some(date))
    }
}

impl DateSpan {
    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.from.iter_days().take_while(move |day| *day <= self.to)
    }
}

/// The end of the last year with an announced Tết.
fn announced_until(first: i32, years: &[&CalendarYear]) -> NaiveDate {
    let last_announced = years
        .iter()
        .rfind(|year| year.lunar_new_year_block.is_some())
        .map_or(first - 1, |year| year.year);
    NaiveDate::from_ymd_opt(last_announced, 12, 31).unwrap_or_default()
}

fn wrong_year(year: i32) -> Fault {
    Fault::invalid("kernel.calendar_year").with("year", year)
}
