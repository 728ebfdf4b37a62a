//! From the cells of a row to what a record is given. Pure.

use chrono::{NaiveDate, NaiveTime};
use kernel::FieldFault;
use rust_decimal::Decimal;
use schema::field::FieldKind;
use serde_json::{Map, Value, json};
use tabular::Cell;

use super::mapping::Target;
use crate::definition::{FieldDefinition, Gives, Kind, RecordDefinition};
use crate::take_over::Given;

/// What a row gives, or everything that keeps it from being asked.
pub(crate) fn given(
    definition: &RecordDefinition,
    targets: &[Target],
    (number, cells): (u64, &[Cell]),
    from: NaiveDate,
) -> Result<Given, Vec<FieldFault>> {
    let mut faults = Vec::new();
    let mut fields = Map::new();
    let mut given = Given {
        number,
        from: Some(from),
        ..Given::default()
    };
    for (target, cell) in targets.iter().zip(cells) {
        match target {
            Target::Nothing => {}
            Target::Field(name) => {
                if let Some(field) = definition.field(name) {
                    fields.insert(name.clone(), value(field, cell));
                }
            }
            Target::From(name) => part(&mut fields, name, "from", cell),
            Target::To(name) => part(&mut fields, name, "to", cell),
            Target::ValidFrom if cell.is_empty() => {}
            Target::ValidFrom => match day(cell) {
                Some(day) => given.from = Some(day),
                None => faults.push(FieldFault::new("valid_from", "registry.field.date")),
            },
            Target::ValidTo if cell.is_empty() => {}
            Target::ValidTo => match day(cell) {
                Some(day) => given.to = Some(day),
                None => faults.push(FieldFault::new("valid_to", "registry.field.date")),
            },
        }
    }
    given.fields = fields;
    match faults.is_empty() {
        true => Ok(given),
        false => Err(faults),
    }
}

/// One end of a period that stands in two columns. A period of two empty ends is none.
fn part(fields: &mut Map<String, Value>, name: &str, end: &str, cell: &Cell) {
    let period = fields.entry(name).or_insert(Value::Null);
    if cell.is_empty() {
        return;
    }
    if period.is_null() {
        *period = json!({});
    }
    period[end] = match day(cell) {
        Some(day) => day.to_string().into(),
        None => cell.text().into(),
    };
}

/// A day, as people write it or as a spreadsheet keeps it.
fn day(cell: &Cell) -> Option<NaiveDate> {
    match cell {
        Cell::Date(day) => Some(*day),
        Cell::Moment(moment) if moment.time() == NaiveTime::MIN => Some(moment.date()),
        Cell::Text(text) => kernel::parse_date(text).ok(),
        _ => None,
    }
}

/// What a cell says to a field, as a person would have typed it.
pub(crate) fn value(field: &FieldDefinition, cell: &Cell) -> Value {
    match (cell, &field.kind) {
        (Cell::Empty, _) => Value::Null,
        (Cell::Text(text), _) => text.as_str().into(),
        (Cell::Json(value), _) => value.clone(),
        (Cell::Boolean(yes), Kind::Plain(FieldKind::YesNo)) => (*yes).into(),
        (Cell::Number(number), _) => number_of(field, *number),
        (Cell::Date(_) | Cell::Moment(_), _) if is_day(field) => match day(cell) {
            Some(day) => day.to_string().into(),
            None => cell.text().into(),
        },
        (_, Kind::Moment) => cell.text().into(),
        // A spreadsheet has taken a text for a day: back to how people write one.
        (Cell::Date(day), _) => kernel::format_date(*day).into(),
        (Cell::Boolean(_) | Cell::Moment(_), _) => cell.text().into(),
    }
}

fn is_day(field: &FieldDefinition) -> bool {
    matches!(
        field.kind,
        Kind::Plain(FieldKind::Date { .. }) | Kind::Period | Kind::Computed { gives: Gives::Date, .. }
    )
}

/// Numbers stay numbers where one is asked for. Elsewhere they are digits: a spreadsheet has taken a code for a number, and zeros before it are
/// gone; they come back where it is known how many digits there must be.
fn number_of(field: &FieldDefinition, number: Decimal) -> Value {
    let digits = number.normalize().to_string();
    let whole = !digits.contains(['.', '-']);
    let filled = |length: usize| match whole && digits.len() < length {
        true => format!("{digits:0>length$}").into(),
        false => Value::from(digits.clone()),
    };
    match &field.kind {
        Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. }) => schema::field::number::to_json(number),
        Kind::Plain(FieldKind::YesNo) => digits.into(),
        Kind::Person | Kind::Plain(FieldKind::PersonalNumber) => filled(12),
        Kind::Plain(FieldKind::TaxNumber) => filled(10),
        Kind::Plain(FieldKind::Area) => filled(5),
        // A mobile number without its zero.
        Kind::Plain(FieldKind::Phone) if digits.len() == 9 => filled(10),
        _ => digits.into(),
    }
}

/// What stands in a cell, for keeping: short for the usual ones.
pub(crate) fn kept(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => text.as_str().into(),
        Cell::Boolean(yes) => (*yes).into(),
        Cell::Number(number) => json!({ "n": number.to_string() }),
        Cell::Date(day) => json!({ "d": day.to_string() }),
        Cell::Moment(moment) => json!({ "m": moment.format("%Y-%m-%dT%H:%M:%S%.f").to_string() }),
        Cell::Json(value) => json!({ "j": value }),
    }
}

/// A cell that was kept.
pub(crate) fn given_back(kept: &Value) -> Cell {
    let part = |key: &str| kept.get(key).and_then(Value::as_str);
    match kept {
        Value::Null => Cell::Empty,
        Value::String(text) => Cell::Text(text.clone()),
        Value::Bool(yes) => Cell::Boolean(*yes),
        _ => {
            if let Some(value) = kept.get("j") {
                return Cell::Json(value.clone());
            }
            let number = part("n").and_then(|text| text.parse().ok()).map(Cell::Number);
            let day = || part("d").and_then(|text| text.parse().ok()).map(Cell::Date);
            let moment = || part("m").and_then(|text| text.parse().ok()).map(Cell::Moment);
            number.or_else(day).or_else(moment).unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests;
