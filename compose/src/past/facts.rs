//! What officials enter of a register when they propose a result: the facts that each procedure declares.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use kernel::{code::Sex, format_date};
use serde_json::Value;

use super::answers::Filled;
use super::cast::Someone;
use super::dice::Dice;
use super::plan::{BIRTH, EXTRACT};

/// The facts of a case that is proposed on a day, by field.
pub(super) fn facts(
    app: &str,
    filled: &Filled,
    who: &Someone,
    dice: &mut Dice,
    day: NaiveDate,
) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::new();
    match app {
        EXTRACT => extract(&mut facts, filled, who, dice, day),
        BIRTH => entry(&mut facts, None, day, dice),
        _ => {
            put(
                &mut facts,
                "business_number",
                format!("64B8{:06}", dice.between(1, 999_999)),
            );
            put(&mut facts, "main_line_code", said(filled, "main_line_code"));
        }
    }
    facts
}

fn put(facts: &mut BTreeMap<String, Value>, field: &str, value: String) {
    facts.insert(field.to_owned(), Value::String(value));
}

fn said(filled: &Filled, field: &str) -> String {
    let found = filled.answers.get(field).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Number, book and day of an entry in the register.
fn entry(facts: &mut BTreeMap<String, Value>, number: Option<String>, day: NaiveDate, dice: &mut Dice) {
    let number = number.unwrap_or_else(|| format!("{:02}", dice.between(1, 240)));
    let year = day.year();
    put(facts, "register_number", format!("{number}/{year}"));
    put(facts, "register_book", format!("{:02}/{year}", dice.between(1, 3)));
    put(facts, "register_date", day.to_string());
}

fn extract(facts: &mut BTreeMap<String, Value>, filled: &Filled, who: &Someone, dice: &mut Dice, day: NaiveDate) {
    let year = filled.answers.get("registered_year").and_then(Value::as_i64);
    let year = year
        .and_then(|year| i32::try_from(year).ok())
        .unwrap_or(who.born.year());
    let registered = NaiveDate::from_ymd_opt(year, 1, 1)
        .and_then(|first| first.checked_add_days(Days::new(dice.between(20, 360).unsigned_abs())))
        .unwrap_or(day)
        .min(day);
    let number = said(filled, "record_number");
    entry(
        facts,
        Some(number).filter(|number| !number.is_empty()),
        registered,
        dice,
    );
    let subject = said(filled, "subject_name");
    match said(filled, "extract_kind").as_str() {
        "marriage" => {
            let spouse = said(filled, "spouse_name");
            let (wife, husband) = match who.sex {
                Sex::Female => (who.name.clone(), spouse),
                Sex::Male => (spouse, who.name.clone()),
            };
            put(facts, "wife_name", wife);
            put(facts, "husband_name", husband);
        }
        kind => {
            let own = subject.is_empty();
            put(facts, "register_name", if own { who.name.clone() } else { subject });
            if own && kind == "birth_certificate" {
                put(facts, "register_birth_date", who.born.to_string());
            }
            if kind == "death" {
                put(facts, "register_died_at", format_date(registered));
            }
        }
    }
}
