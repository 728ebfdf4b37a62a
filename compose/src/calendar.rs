//! The working calendar of the State: the province's file fills the table once, then the table counts.

use chrono::NaiveDate;
use kernel::{Actor, Fault, Result};
use op::Ops;
use serde::Deserialize;
use workflow::PublishedCalendar;
use workflow::calendar::{self, DaysOff, WorkedDay, YearDeclaration};

use crate::province::tables;

const FILE: &str = "hau-giang/calendar.yaml";

#[derive(Deserialize)]
struct CalendarFile {
    years: Vec<YearRow>,
}

#[derive(Deserialize)]
struct YearRow {
    year: i32,
    status: Status,
    holidays: Vec<HolidayRow>,
    make_up: Vec<MakeUpRow>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Announced,
    Computed,
}

#[derive(Deserialize)]
struct HolidayRow {
    from: NaiveDate,
    to: NaiveDate,
    name_vi: String,
}

#[derive(Deserialize)]
struct MakeUpRow {
    date: NaiveDate,
    #[serde(rename = "for")]
    instead_of: NaiveDate,
}

impl YearRow {
    fn declaration(self) -> YearDeclaration {
        let days_off = self.holidays.into_iter().map(|row| DaysOff {
            from: row.from,
            to: row.to,
            name: row.name_vi,
        });
        // The day for which it is worked says everything; no sentence is needed, and dates read alike in both languages.
        let make_up_days = self.make_up.into_iter().map(|row| WorkedDay {
            day: row.date,
            note: row.instead_of.format("%d/%m/%Y").to_string(),
        });
        YearDeclaration {
            year: self.year,
            announced: self.status == Status::Announced,
            notice: String::new(),
            days_off: days_off.collect(),
            make_up_days: make_up_days.collect(),
        }
    }
}

/// The years in the province's file.
pub fn declarations() -> Result<Vec<YearDeclaration>> {
    let file: CalendarFile = tables::yaml(FILE)?;
    Ok(file.years.into_iter().map(YearRow::declaration).collect())
}

/// The calendar of the province's file, to begin with: a program can be put together before its database answers.
pub fn of_the_file() -> Result<PublishedCalendar> {
    let years = declarations()?;
    let calendar = calendar::expand(&years)?.ok_or_else(|| {
        Fault::internal("compose.table_broken")
            .with("file", FILE)
            .with("reason", "no years")
    })?;
    Ok(PublishedCalendar::new(calendar))
}

/// Fills the table from the province's file if it is empty, then takes over what the table holds.
pub async fn settle(ops: &Ops, calendar: &PublishedCalendar) -> Result<()> {
    let mut op = ops.open(Actor::System("compose")).await?;
    if calendar::seed(&mut op, &declarations()?).await? {
        op.commit().await?;
    }
    calendar.refresh(ops).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use kernel::{Deadline, IntakeRule, from_local};
    use workflow::CalendarSource;

    use super::*;

    #[test]
    fn the_provinces_years_are_sound_and_reckon_with_holidays() {
        for year in declarations().unwrap() {
            year.check()
                .unwrap_or_else(|fault| panic!("{}: {fault} {:?}", year.year, fault.fields));
        }
        let calendar = of_the_file().unwrap().calendar();
        assert_eq!(calendar.known_until().to_string(), "2026-12-31");
        // Friday before Tết 2026: the next working day comes after the holiday.
        let friday = NaiveDate::from_ymd_opt(2026, 2, 13)
            .unwrap()
            .and_hms_opt(8, 0, 0)
            .unwrap();
        let due = calendar.due(from_local(friday), Deadline::WorkingDays(1), &IntakeRule::default());
        assert_eq!(kernel::local_date(due.at).to_string(), "2026-02-23");
        assert!(!calendar.is_working_day(NaiveDate::from_ymd_opt(2026, 9, 2).unwrap()));
    }
}
