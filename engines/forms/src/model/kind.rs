//! One answer: from what was typed to a typed value, by the rules of its sort.

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use kernel::text::{clean_line, clean_text};
use kernel::{Money, PersonalNumber, PhoneNumber, TaxNumber, format_date, parse_date};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{Ground, Raw, controls, number, typed};
use crate::catalogue;
use crate::definition::{FieldDefinition, FieldKind, Options, Pattern};

/// The most characters of what stands before the ward.
const LONGEST_DETAIL: u32 = 250;
/// The most characters of a place in another province.
const LONGEST_PLACE: u32 = 200;
/// RFC 5321 allows no more.
const LONGEST_EMAIL: usize = 254;

/// Why one answer was not understood: the rule, and values for its words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub &'static str, pub Vec<(&'static str, String)>);

fn broken<T>(rule: &'static str) -> Result<T, Broken> {
    Err(Broken(rule, Vec::new()))
}

fn broken_with<T>(rule: &'static str, key: &'static str, value: impl ToString) -> Result<T, Broken> {
    Err(Broken(rule, vec![(key, value.to_string())]))
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
        return choices(options, controls::all(raw, name).collect());
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

fn one(kind: &FieldKind, typed: &str, ground: &Ground) -> Result<Value, Broken> {
    match kind {
        FieldKind::Text { max_length, pattern } => {
            within(typed, *max_length)?;
            shaped(pattern, typed)
        }
        FieldKind::LongText { max_length } => within(typed, *max_length).map(|()| typed.into()),
        FieldKind::Name { max_length } => {
            within(typed, *max_length)?;
            if is_name(typed) {
                Ok(typed.into())
            } else {
                broken("name")
            }
        }
        FieldKind::Date { min, max, past, future } => {
            let date = parse_date(typed).or_else(|_| broken("date"))?;
            in_time(date, ground.today(), *past, *future)?;
            in_range(&date, min.as_ref(), max.as_ref(), ["date_from", "date_to"], |date| {
                format_date(*date)
            })?;
            Ok(date.to_string().into())
        }
        FieldKind::Number { min, max, decimals } => {
            let Some(value) = number::parse(typed) else {
                return broken("number");
            };
            if value.normalize().scale() > *decimals {
                return match decimals {
                    0 => broken("whole_number"),
                    places => broken_with("decimals", "decimals", places),
                };
            }
            in_range(&value, min.as_ref(), max.as_ref(), ["min", "max"], |value: &Decimal| {
                number::format(*value)
            })?;
            Ok(number::to_json(value))
        }
        FieldKind::Money { min, max } => {
            let dong = Money::parse(typed).or_else(|_| broken("money"))?.dong();
            in_range(&dong, Some(min), max.as_ref(), ["min", "max"], |dong| {
                Money::from_dong(*dong).format_vi()
            })?;
            Ok(dong.into())
        }
        FieldKind::Phone => match PhoneNumber::parse(typed) {
            Ok(phone) => Ok(phone.as_str().into()),
            Err(_) => broken("phone"),
        },
        FieldKind::Email if is_email(typed) => Ok(typed.into()),
        FieldKind::Email => broken("email"),
        FieldKind::PersonalNumber => match PersonalNumber::parse(typed) {
            Ok(number) if number.is_plausible(ground.today()) => Ok(number.as_str().into()),
            _ => broken("personal_number"),
        },
        FieldKind::TaxNumber => match TaxNumber::parse(typed) {
            Ok(number) => Ok(number.as_str().into()),
            Err(fault) if fault.code == "kernel.tax_number_check" => broken("tax_number_check"),
            Err(_) => broken("tax_number"),
        },
        FieldKind::Choice { options } if is_option(options, typed) => Ok(typed.into()),
        FieldKind::Choice { .. } | FieldKind::Choices { .. } => broken("option"),
        FieldKind::YesNo => match typed {
            "yes" => Ok(true.into()),
            "no" => Ok(false.into()),
            _ => broken("yes_no"),
        },
        FieldKind::Area | FieldKind::Address { .. } => {
            let ward = ground.wards.get(typed).filter(|_| typed::is_ward_code(typed));
            match ward {
                Some(ward) => Ok(json!({ "ward": typed, "ward_name": ward.name, "district": ward.district })),
                None => broken("ward"),
            }
        }
    }
}

fn within(typed: &str, max: u32) -> Result<(), Broken> {
    if typed.chars().count() > max as usize {
        return broken_with("too_long", "max", max);
    }
    Ok(())
}

fn shaped(patterns: &[Pattern], typed: &str) -> Result<Value, Broken> {
    if patterns.is_empty() {
        return Ok(typed.into());
    }
    match patterns.iter().find_map(|pattern| pattern.apply(typed)) {
        Some(shaped) => Ok(shaped.into()),
        None => broken("pattern"),
    }
}

/// Letters with what stands between them in names of all peoples; no digits.
fn is_name(typed: &str) -> bool {
    let mark = |c: char| unicode_normalization::char::is_combining_mark(c);
    typed.chars().any(char::is_alphabetic)
        && typed
            .chars()
            .all(|c| c.is_alphabetic() || mark(c) || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '‐'))
}

/// One sign `@` between two texts without spaces, a dot in the second. More would refuse addresses that work.
fn is_email(typed: &str) -> bool {
    typed.len() <= LONGEST_EMAIL
        && !typed.contains(char::is_whitespace)
        && typed.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.contains('.')
                && !domain.contains('@')
                && !domain.contains("..")
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        })
}

fn in_time(date: NaiveDate, today: NaiveDate, past: bool, future: bool) -> Result<(), Broken> {
    if past && date > today {
        return broken("not_future");
    }
    if future && date < today {
        return broken("not_past");
    }
    Ok(())
}

fn in_range<T: PartialOrd>(
    value: &T,
    min: Option<&T>,
    max: Option<&T>,
    [under, over]: [&'static str; 2],
    shown: impl Fn(&T) -> String,
) -> Result<(), Broken> {
    if let Some(min) = min.filter(|min| value < *min) {
        return broken_with(under, "min", shown(min));
    }
    if let Some(max) = max.filter(|max| value > *max) {
        return broken_with(over, "max", shown(max));
    }
    Ok(())
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

fn is_option(options: &Options, code: &str) -> bool {
    match options {
        Options::Own(own) => own.iter().any(|option| option == code),
        Options::Catalogue(name) => catalogue::label(name, code).is_some(),
    }
}

/// Several codes, each once, in the order of the definition.
fn choices(options: &Options, typed: Vec<&str>) -> Result<Option<Value>, Broken> {
    if typed.is_empty() {
        return Ok(None);
    }
    if !typed.iter().all(|code| is_option(options, code)) {
        return broken("option");
    }
    let all: Vec<&str> = match options {
        Options::Own(own) => own.iter().map(String::as_str).collect(),
        Options::Catalogue(name) => catalogue::entries(name).iter().map(|(code, _)| *code).collect(),
    };
    let chosen: Vec<&str> = all.into_iter().filter(|code| typed.contains(code)).collect();
    Ok(Some(chosen.into()))
}

/// Whether a ward of the province is meant: by the choice where there is one, else by what was filled in.
fn is_inside(name: &str, raw: &Raw) -> Result<bool, Broken> {
    let filled = |part| !controls::part(raw, name, part).is_empty();
    let (inside, outside) = (filled("ward"), filled("province") || filled("place"));
    match controls::part(raw, name, "where") {
        "outside" => Ok(false),
        "inside" if inside || !outside => Ok(true),
        // Everything was written into the other half: neither is thrown away unasked.
        "inside" => broken_with("where", "part", "where"),
        _ if inside && outside => broken_with("where", "part", "where"),
        _ => Ok(!outside),
    }
}

/// A place in another province: the province from the list, the rest in words.
fn elsewhere(name: &str, raw: &Raw, ground: &Ground) -> Result<Option<Value>, Broken> {
    let province = controls::part(raw, name, "province");
    let [place, detail] = ["place", "detail"].map(|part| clean_line(controls::part(raw, name, part)));
    match (province.is_empty(), place.is_empty(), detail.is_empty()) {
        (true, true, true) => return Ok(None),
        (true, ..) => return broken_with("province_missing", "part", "province"),
        (_, true, _) => return broken_with("place_missing", "part", "place"),
        (.., true) => return broken_with("detail_missing", "part", "detail"),
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
        (true, false) => return broken_with("ward_missing", "part", "ward"),
        (false, true) => return broken_with("detail_missing", "part", "detail"),
        (false, false) => {}
    }
    within(&detail, LONGEST_DETAIL)?;
    let mut value = one(&FieldKind::Area, ward, ground)?;
    value["detail"] = detail.into();
    Ok(Some(value))
}
