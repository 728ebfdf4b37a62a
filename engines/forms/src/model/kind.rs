//! One answer: from what was typed to a typed value, by the rules of its sort.

#[cfg(test)]
mod tests;

use kernel::text::{clean_line, clean_text};
use schema::field::{Broken, FieldKind, Options, read_choices, read_text, within};
use serde_json::{Value, json};

use super::{Ground, Raw, controls, typed};
use crate::catalogue;
use crate::definition::FieldDefinition;

/// The most characters of what stands before the ward.
const LONGEST_DETAIL: u32 = 250;
/// The most characters of a place in another province.
const LONGEST_PLACE: u32 = 200;

fn broken<T>(rule: &'static str) -> Result<T, Broken> {
    Err(Broken::new(rule))
}

/// The part of an address that is wrong.
fn broken_part<T>(rule: &'static str, part: &str) -> Result<T, Broken> {
    Err(Broken::new(rule).with("part", part))
}

/// One answer; `None` where nothing was typed.
pub(crate) fn read_field(field: &FieldDefinition, raw: &Raw, ground: &Ground) -> Result<Option<Value>, Broken> {
    let name = &field.field;
    if let FieldKind::Address { within_province } = field.kind {
        return match within_province || is_inside(name, raw)? {
            true => address(name, raw, ground),
            false => elsewhere(name, raw, ground),
        };
    }
    if let FieldKind::Choices { options } = &field.kind {
        return choices(options, &controls::all(raw, name).collect::<Vec<_>>());
    }
    let typed = match &field.kind {
        FieldKind::Date { .. } => date_text(name, raw)?,
        FieldKind::Area => {
            let ward = controls::part(raw, name, "ward");
            let ward = if ward.is_empty() {
                controls::first(raw, name)
            } else {
                ward
            };
            ward.to_owned()
        }
        FieldKind::LongText { .. } => clean_text(controls::first(raw, name)),
        _ => clean_line(controls::first(raw, name)),
    };
    if typed.is_empty() {
        return Ok(None);
    }
    one(&field.kind, &typed, ground).map(Some)
}

/// What was typed, clean and not empty. What needs wards or catalogues is read here, all else by the rules of every field.
fn one(kind: &FieldKind, typed: &str, ground: &Ground) -> Result<Value, Broken> {
    match kind {
        FieldKind::Area | FieldKind::Address { .. } => {
            let ward = ground.wards.get(typed).filter(|_| typed::is_ward_code(typed));
            match ward {
                Some(ward) => Ok(json!({ "ward": typed, "ward_name": ward.name, "district": ward.district })),
                None => broken("ward"),
            }
        }
        FieldKind::Choice {
            options: Options::Catalogue(name),
        } => match catalogue::label(name, typed) {
            Some(_) => Ok(typed.into()),
            None => broken("option"),
        },
        _ => read_text(kind, typed, ground.today()),
    }
}

/// A date from its three controls, or from one text.
fn date_text(name: &str, raw: &Raw) -> Result<String, Broken> {
    let parts = ["day", "month", "year"].map(|part| clean_line(controls::part(raw, name, part)));
    if parts.iter().all(String::is_empty) {
        return Ok(clean_line(controls::first(raw, name)));
    }
    if parts.iter().any(String::is_empty) {
        return broken("date_incomplete");
    }
    Ok(parts.join("/"))
}

/// Several codes, each once, in the order of the definition.
fn choices(options: &Options, typed: &[&str]) -> Result<Option<Value>, Broken> {
    if typed.is_empty() {
        return Ok(None);
    }
    let all: Vec<&str> = match options {
        Options::Own(own) => own.iter().map(String::as_str).collect(),
        Options::Catalogue(name) => catalogue::entries(name).iter().map(|(code, _)| *code).collect(),
    };
    read_choices(&all, typed).map(Some)
}

/// Whether a ward of the province is meant: by the choice where there is one, else by what was filled in.
fn is_inside(name: &str, raw: &Raw) -> Result<bool, Broken> {
    let filled = |part| !controls::part(raw, name, part).is_empty();
    let (inside, outside) = (filled("ward"), filled("province") || filled("place"));
    match controls::part(raw, name, "where") {
        "outside" => Ok(false),
        "inside" if inside || !outside => Ok(true),
        // Everything was written into the other half: neither is thrown away unasked.
        "inside" => broken_part("where", "where"),
        _ if inside && outside => broken_part("where", "where"),
        _ => Ok(!outside),
    }
}

/// A place in another province: the province from the list, the rest in words.
fn elsewhere(name: &str, raw: &Raw, ground: &Ground) -> Result<Option<Value>, Broken> {
    let province = controls::part(raw, name, "province");
    let [place, detail] = ["place", "detail"].map(|part| clean_line(controls::part(raw, name, part)));
    match (province.is_empty(), place.is_empty(), detail.is_empty()) {
        (true, true, true) => return Ok(None),
        (true, ..) => return broken_part("province_missing", "province"),
        (_, true, _) => return broken_part("place_missing", "place"),
        (.., true) => return broken_part("detail_missing", "detail"),
        (false, false, false) => {}
    }
    for (text, most) in [(&place, LONGEST_PLACE), (&detail, LONGEST_DETAIL)] {
        within(text, most)?;
    }
    match ground.provinces.get(province) {
        Some(known) => Ok(Some(
            json!({ "province": province, "province_name": known, "place": place, "detail": detail }),
        )),
        None => broken("province"),
    }
}

fn address(name: &str, raw: &Raw, ground: &Ground) -> Result<Option<Value>, Broken> {
    let ward = controls::part(raw, name, "ward");
    let detail = clean_line(controls::part(raw, name, "detail"));
    match (ward.is_empty(), detail.is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => return broken_part("ward_missing", "ward"),
        (false, true) => return broken_part("detail_missing", "detail"),
        (false, false) => {}
    }
    within(&detail, LONGEST_DETAIL)?;
    let mut value = one(&FieldKind::Area, ward, ground)?;
    value["detail"] = detail.into();
    Ok(Some(value))
}
