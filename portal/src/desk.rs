//! Where officials work: the inbox, the desk of one step, the case, the counter, the ledger, the calendar (R075 to R090).

mod accounts;
mod calendar;
mod case;
mod counter_codes;
mod data_requests;
mod emergencies;
mod inbox;
mod incidents;
mod intake;
mod ledger;
mod merges;
mod registrations;
mod reviews;
mod rights;
mod search;
mod show;
mod typed;
mod work;

pub(crate) use show::systems;

use chrono::NaiveDate;
use serde_json::{Value, json};
use web::{Fields, Routes};

use crate::House;
use crate::told::{called, errors_of, faults_of, is_told_in_place, status_of};

pub(crate) fn routes() -> Routes<House> {
    inbox::routes()
        .merge(work::routes())
        .merge(case::routes())
        .merge(intake::routes())
        .merge(search::routes())
        .merge(ledger::routes())
        .merge(calendar::routes())
        .merge(rights::routes())
        .merge(accounts::routes())
        .merge(merges::routes())
        .merge(reviews::routes())
        .merge(emergencies::routes())
        .merge(registrations::routes())
        .merge(counter_codes::routes())
        .merge(data_requests::routes())
        .merge(incidents::routes())
}

/// A day typed into three boxes. `None` if it is no day.
pub(crate) fn day_of(fields: &Fields, name: &str) -> Option<NaiveDate> {
    let part = |part: &str| fields.filled(&format!("{name}.{part}")).map(ToOwned::to_owned);
    let (day, month, year) = (part("day")?, part("month")?, part("year")?);
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The three boxes as they were filled.
pub(crate) fn typed_day(fields: &Fields, name: &str) -> Value {
    let part = |part: &str| fields.get(&format!("{name}.{part}")).unwrap_or_default().to_owned();
    json!({ "day": part("day"), "month": part("month"), "year": part("year") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_three_boxes_is_read_or_refused() {
        let fields = |day: &str, month: &str, year: &str| {
            Fields::new(
                [("ngay.day", day), ("ngay.month", month), ("ngay.year", year)].map(|(n, v)| (n.into(), v.into())),
            )
        };
        assert_eq!(
            day_of(&fields("5", "03", "2026"), "ngay"),
            NaiveDate::from_ymd_opt(2026, 3, 5)
        );
        assert_eq!(day_of(&fields("31", "2", "2026"), "ngay"), None);
        assert_eq!(day_of(&fields("", "2", "2026"), "ngay"), None);
        assert_eq!(
            typed_day(&fields("31", "x", ""), "ngay"),
            json!({ "day": "31", "month": "x", "year": "" })
        );
    }
}
