//! [`Value`]: what an expression reads and gives.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use rust_decimal::Decimal;

use super::{print, temporal};

/// A FEEL value. `==` is that of Rust (types must be the same); FEEL's own equality may be `null`.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Unknown, not there, or not computable.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// An exact decimal of at most 28 digits.
    Number(Decimal),
    /// Characters.
    Text(String),
    /// A day.
    Date(NaiveDate),
    /// A moment with its offset; compared as instants.
    DateTime(DateTime<FixedOffset>),
    /// A days-and-time duration.
    DaysAndTime(TimeDelta),
    /// A years-and-months duration, in months.
    YearsAndMonths(i32),
    /// Values in order; the first has index 1.
    List(Vec<Value>),
    /// Values by key.
    Context(BTreeMap<String, Value>),
}

impl Value {
    /// "a text", "a number", …, for notes.
    pub fn described(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Boolean(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::Date(_) => "a date",
            Value::DateTime(_) => "a date and time",
            Value::DaysAndTime(_) => "a days and time duration",
            Value::YearsAndMonths(_) => "a years and months duration",
            Value::List(_) => "a list",
            Value::Context(_) => "a context",
        }
    }

    /// FEEL's `=`: `None` where the types differ; `null` equals only `null`.
    pub fn equals(&self, other: &Value) -> Option<bool> {
        match (self, other) {
            (Value::Null, Value::Null) => Some(true),
            (Value::Null, _) | (_, Value::Null) => Some(false),
            (Value::List(left), Value::List(right)) => {
                if left.len() != right.len() {
                    return Some(false);
                }
                all_equal(left.iter().zip(right))
            }
            (Value::Context(left), Value::Context(right)) => {
                if !left.keys().eq(right.keys()) {
                    return Some(false);
                }
                all_equal(left.values().zip(right.values()))
            }
            _ if std::mem::discriminant(self) == std::mem::discriminant(other) => Some(self == other),
            _ => None,
        }
    }

    /// The order of two values of one ordered type: numbers, texts (by code point), dates, moments, durations.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
            (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
            (Value::DaysAndTime(left), Value::DaysAndTime(right)) => Some(left.cmp(right)),
            (Value::YearsAndMonths(left), Value::YearsAndMonths(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    /// What copying the value costs, in parts of it; long texts count by length.
    pub(super) fn weight(&self) -> usize {
        match self {
            Value::Text(text) => 1 + text.len() / 16,
            Value::List(items) => 1 + items.iter().map(Value::weight).sum::<usize>(),
            Value::Context(entries) => {
                1 + entries
                    .iter()
                    .map(|(key, value)| key.len() / 16 + value.weight())
                    .sum::<usize>()
            }
            _ => 1,
        }
    }

    fn write(&self, inside: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Number(number) => write!(f, "{}", number.normalize()),
            Value::Text(text) if inside => print::quoted(text, f),
            Value::Text(text) => f.write_str(text),
            Value::Date(date) => write!(f, "{date}"),
            Value::DateTime(moment) => f.write_str(&moment.to_rfc3339()),
            Value::DaysAndTime(delta) => f.write_str(&temporal::days_and_time_text(*delta)),
            Value::YearsAndMonths(months) => f.write_str(&temporal::years_and_months_text(*months)),
            Value::List(items) => {
                f.write_str("[")?;
                for (place, item) in items.iter().enumerate() {
                    f.write_str(if place > 0 { ", " } else { "" })?;
                    item.write(true, f)?;
                }
                f.write_str("]")
            }
            Value::Context(entries) => {
                f.write_str("{")?;
                for (place, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if place > 0 { ", " } else { "" })?;
                    print::key_of_context(key, f)?;
                    f.write_str(": ")?;
                    value.write(true, f)?;
                }
                f.write_str("}")
            }
        }
    }
}

fn all_equal<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    let mut known = true;
    for (left, right) in pairs {
        match left.equals(right) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = false,
        }
    }
    known.then_some(true)
}

/// FEEL's `string()`: a text as it is, texts inside lists and contexts in quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(false, f)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number.into())
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Value::Number(number)
    }
}

impl From<NaiveDate> for Value {
    fn from(date: NaiveDate) -> Self {
        Value::Date(date)
    }
}

impl From<DateTime<FixedOffset>> for Value {
    fn from(moment: DateTime<FixedOffset>) -> Self {
        Value::DateTime(moment)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
