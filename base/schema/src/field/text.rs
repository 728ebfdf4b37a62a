//! From one text to a typed value, by the rules of its kind.

#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use kernel::{Money, PersonalNumber, PhoneNumber, TaxNumber, format_date, parse_date};
use rust_decimal::Decimal;
use serde_json::Value;

use super::{FieldKind, Pattern, number};

/// RFC 5321 allows no more.
const LONGEST_EMAIL: usize = 254;

/// Every rule that [`read_text`], [`read_choices`] and [`within`] know: whoever calls them has words for each.
pub const RULES: [&str; 22] = [
    "date",
    "date_from",
    "date_to",
    "decimals",
    "email",
    "max",
    "min",
    "money",
    "name",
    "not_future",
    "not_past",
    "number",
    "option",
    "pattern",
    "personal_number",
    "phone",
    "tax_number",
    "tax_number_check",
    "too_long",
    "ward",
    "whole_number",
    "yes_no",
];

/// Why a text was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule, see [`RULES`] and [`FieldKind::rules`].
    pub rule: &'static str,
    /// Values for its words.
    pub params: Vec<(&'static str, String)>,
}

impl Broken {
    /// A rule whose words need no values.
    pub fn new(rule: &'static str) -> Self {
        Self {
            rule,
            params: Vec::new(),
        }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.params.push((key, value.to_string()));
        self
    }
}

fn broken<T>(rule: &'static str) -> Result<T, Broken> {
    Err(Broken::new(rule))
}

fn broken_with<T>(rule: &'static str, key: &'static str, value: impl ToString) -> Result<T, Broken> {
    Err(Broken::new(rule).with(key, value))
}

/// Reads one text, cleaned ([`kernel::text`]) and not empty, into the value of a field: text, a day `2026-11-23`, a number, a code,
/// yes or no, a list with the one choice. `today` is the day there. What needs more than the day is refused here and read by who
/// holds the rest: a ward (`ward`), the code of a catalogue (`option`).
pub fn read_text(kind: &FieldKind, typed: &str, today: NaiveDate) -> Result<Value, Broken> {
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
            in_time(date, today, *past, *future)?;
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
            Ok(number) if number.is_plausible(today) => Ok(number.as_str().into()),
            _ => broken("personal_number"),
        },
        FieldKind::TaxNumber => match TaxNumber::parse(typed) {
            Ok(number) => Ok(number.as_str().into()),
            Err(fault) if fault.code == "kernel.tax_number_check" => broken("tax_number_check"),
            Err(_) => broken("tax_number"),
        },
        FieldKind::Choice { .. } if kind.own_options().iter().any(|own| own == typed) => Ok(typed.into()),
        FieldKind::Choice { .. } => broken("option"),
        FieldKind::Choices { .. } => {
            let own: Vec<&str> = kind.own_options().iter().map(String::as_str).collect();
            read_choices(&own, &[typed])
        }
        FieldKind::YesNo => match typed {
            "yes" => Ok(true.into()),
            "no" => Ok(false.into()),
            _ => broken("yes_no"),
        },
        FieldKind::Area | FieldKind::Address { .. } => broken("ward"),
    }
}

/// Several codes out of `all`, each once, in the order of `all`.
pub fn read_choices(all: &[&str], typed: &[&str]) -> Result<Value, Broken> {
    if !typed.iter().all(|code| all.contains(code)) {
        return broken("option");
    }
    let chosen: Vec<&str> = all.iter().copied().filter(|code| typed.contains(code)).collect();
    Ok(chosen.into())
}

/// No more characters than that.
pub fn within(typed: &str, max: u32) -> Result<(), Broken> {
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
pub fn is_name(typed: &str) -> bool {
    let mark = |c: char| unicode_normalization::char::is_combining_mark(c);
    typed.chars().any(char::is_alphabetic)
        && typed
            .chars()
            .all(|c| c.is_alphabetic() || mark(c) || matches!(c, ' ' | '-' | '\'' | '’' | '.' | '‐'))
}

/// One sign `@` between two texts without spaces, a dot in the second. More would refuse addresses that work.
pub fn is_email(typed: &str) -> bool {
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
