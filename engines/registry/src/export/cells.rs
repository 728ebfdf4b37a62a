//! From values to the cells of a file, and the heads of its columns. Pure.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate};
use schema::field::{FieldKind, number};
use serde_json::Value;
use tabular::{Cell, Format, Heading, Kind as Cells};

use super::{Column, pipe};
use crate::definition::{FieldDefinition, Gives, Kind, OptionWords, Shape};

/// What cells are made with.
#[derive(Debug)]
pub(crate) struct Lookup {
    pub format: Format,
    pub language: &'static str,
    /// Words for people in place of codes.
    pub words: bool,
    pub yes: String,
    pub no: String,
    /// What stands in place of a text that no cell of a workbook holds.
    pub too_long: String,
    pub valid_from: String,
    pub valid_to: String,
    pub catalogues: BTreeMap<String, HashMap<String, String>>,
    pub areas: HashMap<String, String>,
}

impl Default for Lookup {
    fn default() -> Self {
        Self {
            format: Format::Csv,
            language: "vi",
            words: false,
            yes: String::new(),
            no: String::new(),
            too_long: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
            catalogues: BTreeMap::new(),
            areas: HashMap::new(),
        }
    }
}

impl Lookup {
    /// Whether people open it in a spreadsheet: then lists and periods are texts as people write them.
    fn is_sheet(&self) -> bool {
        matches!(self.format, Format::Csv | Format::Xlsx)
    }
}

/// The head of a column: the key for programs, the words for people.
pub(crate) fn heading(column: &Column, lookup: &Lookup) -> Heading {
    match column {
        Column::ValidFrom => Heading::new("valid_from", &lookup.valid_from, Cells::Date),
        Column::ValidTo => Heading::new("valid_to", &lookup.valid_to, Cells::Date),
        Column::Field(field) => {
            let words = field.words.in_language(lookup.language);
            let title = match &field.unit {
                Some(unit) => format!("{words} ({unit})"),
                None => words.to_owned(),
            };
            Heading::new(&field.field, title, kind(field, lookup))
        }
    }
}

fn kind(field: &FieldDefinition, lookup: &Lookup) -> Cells {
    let sheet = lookup.is_sheet();
    match &field.kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Computed { gives: Gives::Date, .. } => Cells::Date,
        Kind::Plain(FieldKind::Number { decimals: 0, .. }) | Kind::Plain(FieldKind::Money { .. }) => Cells::Integer,
        Kind::Plain(FieldKind::Number { decimals, .. }) => Cells::Decimal {
            scale: u8::try_from(*decimals).unwrap_or(6),
        },
        Kind::Computed {
            gives: Gives::Number, ..
        } => Cells::Number,
        Kind::Plain(FieldKind::YesNo)
        | Kind::Computed {
            gives: Gives::YesNo, ..
        } if !lookup.words => Cells::Boolean,
        Kind::Moment => Cells::Moment,
        Kind::Plain(FieldKind::Choices { .. }) | Kind::Period | Kind::Rows { .. } | Kind::File { .. } if !sheet => {
            Cells::Json
        }
        Kind::Geometry(_) if !sheet => Cells::Geometry,
        _ => Cells::Text,
    }
}

/// The cell of a value.
pub(crate) fn cell(field: &FieldDefinition, value: &Value, lookup: &Lookup) -> Cell {
    if value.is_null() {
        return Cell::Empty;
    }
    match made(field, value, lookup) {
        Cell::Text(text) if pipe::too_long_for(lookup.format, &text) => Cell::of_text(&lookup.too_long),
        cell => for_people(cell, lookup),
    }
}

/// The cell of a day.
pub(crate) fn day(day: NaiveDate, lookup: &Lookup) -> Cell {
    for_people(Cell::Date(day), lookup)
}

/// Text has no kinds of cells: days and numbers are written as people write them. Both are read again when the file comes in.
fn for_people(cell: Cell, lookup: &Lookup) -> Cell {
    if !lookup.words || lookup.format != Format::Csv {
        return cell;
    }
    match cell {
        Cell::Date(day) => Cell::Text(kernel::format_date(day)),
        Cell::Number(number) if !number.is_integer() => Cell::Text(number::format(number)),
        Cell::Moment(moment) => Cell::Text(moment.format("%d/%m/%Y %H:%M").to_string()),
        other => other,
    }
}

fn made(field: &FieldDefinition, value: &Value, lookup: &Lookup) -> Cell {
    let text = || match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let day = |value: &Value| value.as_str().and_then(|text| text.parse::<NaiveDate>().ok());
    let yes = |yes: bool| match lookup.words {
        true => Cell::of_text(if yes { &lookup.yes } else { &lookup.no }),
        false => Cell::Boolean(yes),
    };
    match &field.kind {
        Kind::Plain(FieldKind::Date { .. }) | Kind::Computed { gives: Gives::Date, .. } => {
            day(value).map_or_else(|| Cell::of_text(&text()), Cell::Date)
        }
        Kind::Plain(FieldKind::Number { .. } | FieldKind::Money { .. })
        | Kind::Computed {
            gives: Gives::Number, ..
        } => number::from_json(value).map_or_else(|| Cell::of_text(&text()), Cell::Number),
        Kind::Plain(FieldKind::YesNo)
        | Kind::Computed {
            gives: Gives::YesNo, ..
        } => value.as_bool().map_or_else(|| Cell::of_text(&text()), yes),
        Kind::Moment => moment(value, lookup).unwrap_or_else(|| Cell::of_text(&text())),
        Kind::Plain(FieldKind::Choices { .. }) => list(value, lookup, |code| option(field, code, lookup)),
        Kind::File { .. } => list(value, lookup, |id| id.to_owned()),
        Kind::Plain(FieldKind::Choice { .. }) => Cell::of_text(&option(field, &text(), lookup)),
        Kind::Plain(FieldKind::Area) => {
            let code = text();
            let name = lookup.areas.get(&code).unwrap_or(&code);
            Cell::of_text(name)
        }
        Kind::Period => period(value, lookup, day),
        Kind::Geometry(shape) => geometry(*shape, value, lookup),
        Kind::Rows { .. } if !lookup.is_sheet() => Cell::Json(value.clone()),
        _ => Cell::of_text(&text()),
    }
}

/// The words of a code, or the code.
fn option(field: &FieldDefinition, code: &str, lookup: &Lookup) -> String {
    if !lookup.words {
        return code.to_owned();
    }
    if let Some(catalogue) = field.catalogue() {
        let known = lookup.catalogues.get(catalogue).and_then(|codes| codes.get(code));
        return known.map_or_else(|| code.to_owned(), Clone::clone);
    }
    // The newest words of a code that has had several.
    let own: Option<&OptionWords> = field.options.iter().rev().find(|option| option.code == code);
    own.map_or_else(
        || code.to_owned(),
        |own| own.words.in_language(lookup.language).to_owned(),
    )
}

fn list(value: &Value, lookup: &Lookup, say: impl Fn(&str) -> String) -> Cell {
    let items: Vec<String> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(say)
        .collect();
    match lookup.is_sheet() {
        true => Cell::of_text(&items.join(if lookup.words { "; " } else { "|" })),
        false => Cell::Json(items.into()),
    }
}

/// In a sheet as on the clock of Vietnam, elsewhere with its offset.
fn moment(value: &Value, lookup: &Lookup) -> Option<Cell> {
    let text = value.as_str()?;
    match lookup.format {
        Format::Json | Format::JsonLines | Format::GeoJson => Some(Cell::of_text(text)),
        _ => {
            let moment = DateTime::parse_from_rfc3339(text).ok()?;
            Some(Cell::Moment(kernel::local(moment.to_utc()).naive_local()))
        }
    }
}

/// In a sheet `01/01/2026 - 31/12/2026`, or the first day alone.
fn period(value: &Value, lookup: &Lookup, day: impl Fn(&Value) -> Option<NaiveDate>) -> Cell {
    if !lookup.is_sheet() {
        return Cell::Json(value.clone());
    }
    let end = |name: &str| value.get(name).and_then(&day).map(kernel::format_date);
    match (end("from"), end("to")) {
        (Some(from), Some(to)) => Cell::Text(format!("{from} - {to}")),
        (Some(from), None) => Cell::Text(from),
        _ => Cell::Empty,
    }
}

/// In a sheet a point is latitude and longitude, as people and their telephones write it.
fn geometry(shape: Shape, value: &Value, lookup: &Lookup) -> Cell {
    if !lookup.is_sheet() {
        return Cell::Json(value.clone());
    }
    let place = |index: usize| value["coordinates"].get(index).and_then(Value::as_f64);
    match (shape, place(0), place(1)) {
        (Shape::Point, Some(longitude), Some(latitude)) if value["coordinates"].get(2).is_none() => {
            Cell::Text(format!("{latitude}; {longitude}"))
        }
        _ => Cell::Text(value.to_string()),
    }
}

#[cfg(test)]
mod tests;
