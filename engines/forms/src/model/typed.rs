//! Typed answers: to FEEL, back to what would have been typed, and to what the controls of a page show.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use kernel::Money;
use schema::feel::Value as Feel;
use schema::field::{FieldKind, number};
use serde_json::{Value, json};

use super::{Answers, Ground, Raw, Ward, controls};
use crate::definition::{FieldDefinition, FormDefinition};

/// What FEEL sees of an answer.
pub(crate) fn feel(kind: &FieldKind, value: &Value) -> Feel {
    match (kind, value) {
        (FieldKind::Date { .. }, Value::String(text)) => text.parse().map_or(Feel::Null, Feel::Date),
        _ => Feel::from(value),
    }
}

/// What a person would have typed to give this answer: so that a stored answer can be read again by the rules of today.
pub(crate) fn to_raw(field: &FieldDefinition, value: &Value, raw: &mut Raw) {
    let name = &field.field;
    let text = |value: &Value| value.as_str().map(str::to_owned).into_iter().collect::<Vec<_>>();
    match &field.kind {
        FieldKind::Number { .. } => {
            let shown = number::from_json(value).map(number::format);
            raw.insert(name.clone(), shown.into_iter().collect());
        }
        FieldKind::Money { .. } => {
            let shown = value.as_i64().map(|dong| dong.to_string());
            raw.insert(name.clone(), shown.into_iter().collect());
        }
        FieldKind::YesNo => {
            let word = value.as_bool().map(|yes| if yes { "yes" } else { "no" }.to_owned());
            raw.insert(name.clone(), word.into_iter().collect());
        }
        FieldKind::Choices { .. } => {
            let codes = value.as_array().into_iter().flatten().flat_map(text).collect();
            raw.insert(name.clone(), codes);
        }
        FieldKind::Address { .. } | FieldKind::Area => {
            for part in ["ward", "province", "place", "detail"] {
                if let Some(value) = value.get(part) {
                    raw.insert(format!("{name}.{part}"), text(value));
                }
            }
        }
        _ => {
            raw.insert(name.clone(), text(value));
        }
    }
}

/// What the controls of a field show of an answer: a text for one control, a list of codes for several choices,
/// `{day, month, year}`, `{ward, ward_name, district, detail}` or `{province, province_name, place, detail}`.
pub(crate) fn control_value(field: &FieldDefinition, value: &Value) -> Value {
    match &field.kind {
        FieldKind::Date { .. } => match value.as_str().map(|text| text.splitn(3, '-').collect::<Vec<_>>()) {
            Some(parts) if parts.len() == 3 => {
                let short = |text: &str| text.trim_start_matches('0').to_owned();
                json!({ "day": short(parts[2]), "month": short(parts[1]), "year": parts[0] })
            }
            _ => Value::Null,
        },
        FieldKind::Number { .. } => {
            number::from_json(value).map_or(Value::Null, |number| number::format(number).into())
        }
        FieldKind::Money { .. } => value.as_i64().map_or(Value::Null, |dong| grouped(dong).into()),
        FieldKind::YesNo => value
            .as_bool()
            .map_or(Value::Null, |yes| if yes { "yes" } else { "no" }.into()),
        _ => value.clone(),
    }
}

/// `8.000`, without the sign of the đồng.
fn grouped(dong: i64) -> String {
    let text = Money::from_dong(dong).format_vi();
    text.trim_end_matches(|c: char| !c.is_ascii_digit()).to_owned()
}

/// What the controls of a field show of what was typed and not understood.
pub(crate) fn raw_value(field: &FieldDefinition, raw: &Raw) -> Value {
    let name = &field.field;
    let part = |part: &str| controls::part(raw, name, part).to_owned();
    let whole = controls::first(raw, name);
    match &field.kind {
        FieldKind::Choices { .. } => controls::all(raw, name).collect::<Vec<_>>().into(),
        FieldKind::Date { .. } if whole.is_empty() => {
            json!({ "day": part("day"), "month": part("month"), "year": part("year") })
        }
        FieldKind::Address { within_province: true } => json!({ "ward": part("ward"), "detail": part("detail") }),
        FieldKind::Address { within_province: false } => json!({
            "where": part("where"),
            "ward": part("ward"),
            "province": part("province"),
            "place": part("place"),
            "detail": part("detail"),
        }),
        FieldKind::Area => {
            let ward = part("ward");
            json!({ "ward": if ward.is_empty() { whole.to_owned() } else { ward } })
        }
        // A date that was sent as one text is shown as one text: it is what was typed.
        _ => whole.into(),
    }
}

/// The codes of wards and provinces that stand in answers and in what was typed, as far as they look like codes.
pub(crate) fn place_codes<'f>(
    fields: impl IntoIterator<Item = &'f FieldDefinition>,
    answers: &Answers,
    raw: &Raw,
) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for field in fields {
        if !matches!(field.kind, FieldKind::Address { .. } | FieldKind::Area) {
            continue;
        }
        let name = &field.field;
        let stored = answers.get(name);
        let stored = ["ward", "province"].map(|part| stored.and_then(|value| value.get(part)?.as_str()));
        let typed = [
            controls::first(raw, name),
            controls::part(raw, name, "ward"),
            controls::part(raw, name, "province"),
        ];
        codes.extend(
            stored
                .into_iter()
                .flatten()
                .chain(typed)
                .filter(|code| is_ward_code(code) || is_province_code(code))
                .map(str::to_owned),
        );
    }
    codes
}

/// Five digits (mã đơn vị hành chính cấp xã).
pub(crate) fn is_ward_code(code: &str) -> bool {
    code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit())
}

/// Two digits (mã đơn vị hành chính cấp tỉnh).
pub(crate) fn is_province_code(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_digit())
}

/// The wards and provinces that answers name, as they name them: for decisions that need not ask whether they still exist.
pub(crate) fn answered_places(form: &FormDefinition, answers: &Answers, now: DateTime<Utc>) -> Ground {
    let mut ground = Ground::at(now);
    for field in form.fields() {
        let (FieldKind::Address { .. } | FieldKind::Area, Some(value)) = (&field.kind, answers.get(&field.field))
        else {
            continue;
        };
        let part = |part: &str| value.get(part).and_then(Value::as_str).unwrap_or_default().to_owned();
        if value.get("province").is_some() {
            ground.provinces.insert(part("province"), part("province_name"));
        } else {
            let ward = Ward {
                name: part("ward_name"),
                district: part("district"),
            };
            ground.wards.insert(part("ward"), ward);
        }
    }
    ground
}
