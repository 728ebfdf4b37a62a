//! What was typed, before anybody has read it: which controls a field has, and how much of them is kept.

use kernel::text::nfc;
use schema::field::FieldKind;
use serde_json::Value;

use super::{Answers, Raw};
use crate::definition::FieldDefinition;

/// More than any field allows; what is longer is cut, and the field says that it is too long.
const MOST_CHARACTERS: usize = 20_001;
/// The most values of a control that takes several; no form has so many choices.
const MOST_VALUES: usize = 200;
/// The most characters of one of several values, which are codes.
const LONGEST_CODE: usize = 100;

/// The parts of a field of this kind, without the control named as the field itself.
fn parts(kind: &FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::Date { .. } => &["day", "month", "year"],
        FieldKind::Address { within_province: true } => &["ward", "detail"],
        FieldKind::Address { within_province: false } => &["where", "ward", "province", "place", "detail"],
        FieldKind::Area => &["ward"],
        _ => &[],
    }
}

/// The names of the controls of a field.
fn names(field: &FieldDefinition) -> impl Iterator<Item = String> {
    let parts = parts(&field.kind);
    std::iter::once(field.field.clone()).chain(parts.iter().map(move |part| format!("{}.{part}", field.field)))
}

/// The controls of these fields, cleaned: NFC, without control characters (which no database keeps), cut where nothing
/// sensible can be so long. Everything else that was sent is dropped.
pub(crate) fn keep_controls<'f>(fields: impl IntoIterator<Item = &'f FieldDefinition>, raw: &Raw) -> Raw {
    let mut kept = Raw::new();
    for field in fields {
        let several = matches!(field.kind, FieldKind::Choices { .. });
        let (most, longest) = if several {
            (MOST_VALUES, LONGEST_CODE)
        } else {
            (1, MOST_CHARACTERS)
        };
        for name in names(field) {
            if let Some(values) = raw.get(&name) {
                let values = values.iter().take(most).map(|value| clean(value, longest)).collect();
                kept.insert(name, values);
            }
        }
    }
    kept
}

/// Whether something was sent for the field.
pub(crate) fn is_typed(field: &FieldDefinition, raw: &Raw) -> bool {
    names(field).any(|name| raw.contains_key(&name))
}

/// Names that belong to none of the fields.
pub(crate) fn unknown_controls<'r, 'f>(
    fields: impl IntoIterator<Item = &'f FieldDefinition>,
    raw: &'r Raw,
) -> Vec<&'r str> {
    let known: Vec<String> = fields.into_iter().flat_map(names).collect();
    raw.keys()
        .filter(|name| !known.contains(name))
        .map(String::as_str)
        .collect()
}

fn clean(value: &str, longest: usize) -> String {
    let visible: String = value
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .take(longest)
        .collect();
    nfc(&visible)
}

/// The first value of a control, without white space around it; empty if nothing was typed.
pub(crate) fn first<'r>(raw: &'r Raw, name: &str) -> &'r str {
    raw.get(name)
        .and_then(|values| values.first())
        .map_or("", |value| value.trim())
}

/// All values of a control that are not blank.
pub(crate) fn all<'r>(raw: &'r Raw, name: &str) -> impl Iterator<Item = &'r str> {
    raw.get(name)
        .into_iter()
        .flatten()
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
}

/// A part of a field: `first(raw, "field.part")`.
pub(crate) fn part<'r>(raw: &'r Raw, field: &str, part: &str) -> &'r str {
    first(raw, &format!("{field}.{part}"))
}

/// From a JSON object of answers, as programs send them: texts, numbers, booleans, lists of texts, and objects for fields of
/// several parts (`{"ward": "31340", "detail": "ấp 1"}`). What has no such shape becomes its JSON text, which no field takes.
pub fn raw_of_json(answers: &Answers) -> Raw {
    let mut raw = Raw::new();
    for (name, value) in answers {
        match value {
            Value::Object(parts) => {
                for (part, value) in parts {
                    raw.insert(format!("{name}.{part}"), texts(value));
                }
            }
            value => {
                raw.insert(name.clone(), texts(value));
            }
        }
    }
    raw
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        // A JSON number has a decimal point; what is read here is written as Vietnamese people do.
        Value::Number(number) => vec![number.to_string().replace('.', ",")],
        Value::Bool(yes) => vec![if *yes { "yes" } else { "no" }.to_owned()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(_) => vec![value.to_string()],
    }
}
