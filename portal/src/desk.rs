//! Where officials work: the inbox, the desk of one step, the case, the counter, the ledger, the calendar (R075 to R090).

mod calendar;
mod case;
mod inbox;
mod intake;
mod ledger;
mod search;
mod show;
mod typed;
mod work;

use chrono::NaiveDate;
use kernel::{Fault, FaultKind};
use serde_json::{Value, json};
use web::{Fields, Routes, StatusCode};

use crate::{House, words::Words};

pub(crate) fn routes() -> Routes<House> {
    inbox::routes()
        .merge(work::routes())
        .merge(case::routes())
        .merge(intake::routes())
        .merge(search::routes())
        .merge(ledger::routes())
        .merge(calendar::routes())
}

/// Whether a fault is told on the page it came from, with all that was typed, instead of on a page of its own.
fn is_told_in_place(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Invalid | FaultKind::Conflict | FaultKind::Forbidden
    )
}

fn status_of(fault: &Fault) -> StatusCode {
    StatusCode::from_u16(fault.kind.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The lines of the error summary: one a field, or the fault itself. `control` gives the control of a field to which the line
/// leads; a field without one gives nothing.
fn errors_of(words: &Words, fault: &Fault, control: impl Fn(&str) -> Option<String>) -> Vec<Value> {
    if fault.fields.is_empty() {
        return vec![json!({ "field": "", "text": words.fault(fault) })];
    }
    fault
        .fields
        .iter()
        .map(|field| {
            json!({ "field": control(&field.field).unwrap_or_default(), "text": words.code(&field.code, &field.params) })
        })
        .collect()
}

/// For pages whose controls are called as the fields: these of them.
fn called<const N: usize>(names: [&'static str; N]) -> impl Fn(&str) -> Option<String> {
    move |field| names.contains(&field).then(|| field.to_owned())
}

/// The faults by their fields, for the questions themselves.
fn faults_of(words: &Words, fault: &Fault) -> Value {
    let by_field = fault.fields.iter().map(|field| {
        let text = words.code(&field.code, &field.params);
        (field.field.clone(), Value::String(text))
    });
    Value::Object(by_field.collect())
}

/// A day typed into three boxes. `None` if it is no day.
fn day_of(fields: &Fields, name: &str) -> Option<NaiveDate> {
    let part = |part: &str| fields.filled(&format!("{name}.{part}")).map(ToOwned::to_owned);
    let (day, month, year) = (part("day")?, part("month")?, part("year")?);
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The three boxes as they were filled.
fn typed_day(fields: &Fields, name: &str) -> Value {
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
