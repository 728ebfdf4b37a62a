//! Operators and properties on values: pure, total. An `Err` is the reason for a `null`.

use std::cmp::Ordering;

use chrono::{Datelike, TimeDelta, Timelike};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::Value;
use super::syntax::{Arithmetic, Comparison};
use super::temporal;

pub(super) type Outcome = Result<Value, String>;

const OVERFLOW: &str = "the result is too large";

pub(super) fn arithmetic(operator: Arithmetic, left: &Value, right: &Value) -> Outcome {
    let result = match operator {
        Arithmetic::Add => add(left, right),
        Arithmetic::Subtract => subtract(left, right),
        Arithmetic::Multiply => multiply(left, right),
        Arithmetic::Divide => divide(left, right)?,
        Arithmetic::Power => power(left, right)?,
    };
    match result {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(OVERFLOW.to_owned()),
        None => Err(format!(
            "'{}' does not work with {} and {}",
            operator.sign(),
            left.described(),
            right.described()
        )),
    }
}

/// `None`: the types do not fit. `Some(None)`: the result does not fit.
type Fit = Option<Option<Value>>;

fn add(left: &Value, right: &Value) -> Fit {
    Some(match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.checked_add(*right).map(Value::Number),
        (Value::Text(left), Value::Text(right)) => Some(Value::Text(format!("{left}{right}"))),
        (Value::DaysAndTime(left), Value::DaysAndTime(right)) => left.checked_add(right).map(Value::DaysAndTime),
        (Value::YearsAndMonths(left), Value::YearsAndMonths(right)) => {
            left.checked_add(*right).map(Value::YearsAndMonths)
        }
        (day @ (Value::Date(_) | Value::DateTime(_)), Value::DaysAndTime(delta))
        | (Value::DaysAndTime(delta), day @ (Value::Date(_) | Value::DateTime(_))) => temporal::add_delta(day, *delta),
        (day @ (Value::Date(_) | Value::DateTime(_)), Value::YearsAndMonths(months))
        | (Value::YearsAndMonths(months), day @ (Value::Date(_) | Value::DateTime(_))) => {
            temporal::add_months(day, *months)
        }
        _ => return None,
    })
}

fn subtract(left: &Value, right: &Value) -> Fit {
    Some(match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.checked_sub(*right).map(Value::Number),
        (Value::DaysAndTime(left), Value::DaysAndTime(right)) => left.checked_sub(right).map(Value::DaysAndTime),
        (Value::YearsAndMonths(left), Value::YearsAndMonths(right)) => {
            left.checked_sub(*right).map(Value::YearsAndMonths)
        }
        (Value::Date(left), Value::Date(right)) => Some(Value::DaysAndTime(left.signed_duration_since(*right))),
        (Value::DateTime(left), Value::DateTime(right)) => Some(Value::DaysAndTime(left.signed_duration_since(right))),
        (day @ (Value::Date(_) | Value::DateTime(_)), Value::DaysAndTime(delta)) => temporal::add_delta(day, -*delta),
        (day @ (Value::Date(_) | Value::DateTime(_)), Value::YearsAndMonths(months)) => months
            .checked_neg()
            .and_then(|months| temporal::add_months(day, months)),
        _ => return None,
    })
}

fn multiply(left: &Value, right: &Value) -> Fit {
    Some(match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.checked_mul(*right).map(Value::Number),
        (duration, Value::Number(factor)) | (Value::Number(factor), duration) => {
            return scale(duration, |amount| amount.checked_mul(*factor));
        }
        _ => return None,
    })
}

fn divide(left: &Value, right: &Value) -> Result<Fit, String> {
    let quotient = |left: Decimal, right: Decimal| match left.checked_div(right) {
        Some(number) => Ok(Some(Some(Value::Number(number)))),
        None if right.is_zero() => Err("division by zero".to_owned()),
        None => Ok(Some(None)),
    };
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => quotient(*left, *right),
        (Value::DaysAndTime(left), Value::DaysAndTime(right)) => {
            quotient(left.num_milliseconds().into(), right.num_milliseconds().into())
        }
        (Value::YearsAndMonths(left), Value::YearsAndMonths(right)) => quotient((*left).into(), (*right).into()),
        (Value::DaysAndTime(_) | Value::YearsAndMonths(_), Value::Number(divisor)) if divisor.is_zero() => {
            Err("division by zero".to_owned())
        }
        (duration, Value::Number(divisor)) => Ok(scale(duration, |amount| amount.checked_div(*divisor))),
        _ => Ok(None),
    }
}

/// A duration times or through a number, cut to milliseconds or months.
fn scale(duration: &Value, by: impl Fn(Decimal) -> Option<Decimal>) -> Fit {
    match duration {
        Value::DaysAndTime(delta) => {
            let amount = by(delta.num_milliseconds().into()).and_then(|amount| amount.trunc().to_i64());
            Some(amount.and_then(TimeDelta::try_milliseconds).map(Value::DaysAndTime))
        }
        Value::YearsAndMonths(months) => Some(
            by((*months).into())
                .and_then(|amount| amount.trunc().to_i32())
                .map(Value::YearsAndMonths),
        ),
        _ => None,
    }
}

/// Whole exponents only: anything else has no exact decimal.
fn power(left: &Value, right: &Value) -> Result<Fit, String> {
    let (Value::Number(base), Value::Number(exponent)) = (left, right) else {
        return Ok(None);
    };
    let whole = if exponent.is_integer() { exponent.to_i64() } else { None };
    let Some(whole) = whole.filter(|whole| whole.abs() <= 1_000) else {
        return Err("the exponent must be a whole number from -1000 to 1000".to_owned());
    };
    let mut result = Decimal::ONE;
    for _ in 0..whole.abs() {
        match result.checked_mul(*base) {
            Some(next) => result = next,
            None => return Ok(Some(None)),
        }
    }
    if whole >= 0 {
        return Ok(Some(Some(Value::Number(result))));
    }
    if result.is_zero() {
        return Err("division by zero".to_owned());
    }
    Ok(Some(Decimal::ONE.checked_div(result).map(Value::Number)))
}

pub(super) fn negate(value: &Value) -> Outcome {
    match value {
        Value::Number(number) => Ok(Value::Number(-*number)),
        Value::DaysAndTime(delta) => Ok(Value::DaysAndTime(-*delta)),
        Value::YearsAndMonths(months) => months
            .checked_neg()
            .map(Value::YearsAndMonths)
            .ok_or_else(|| OVERFLOW.to_owned()),
        other => Err(format!("'-' does not work with {}", other.described())),
    }
}

pub(super) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Outcome {
    let mismatch = || format!("{} and {} cannot be compared", left.described(), right.described());
    match comparison {
        Comparison::Equal => left.equals(right).map(Value::Boolean).ok_or_else(mismatch),
        Comparison::NotEqual => left
            .equals(right)
            .map(|same| Value::Boolean(!same))
            .ok_or_else(mismatch),
        ordered => {
            let order = left.order(right).ok_or_else(mismatch)?;
            Ok(Value::Boolean(match ordered {
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
    }
}

/// `value.name` for values with properties: dates, moments, durations.
pub(super) fn property(value: &Value, name: &str) -> Outcome {
    let number = |number: i64| Ok(Value::Number(number.into()));
    let found = match (value, name) {
        (Value::Date(date), _) => day_property(date, name),
        (Value::DateTime(moment), "hour") => Some(moment.hour().into()),
        (Value::DateTime(moment), "minute") => Some(moment.minute().into()),
        (Value::DateTime(moment), "second") => Some(moment.second().into()),
        (Value::DateTime(moment), _) => day_property(&moment.date_naive(), name),
        (Value::YearsAndMonths(months), "years") => Some((months / 12).into()),
        (Value::YearsAndMonths(months), "months") => Some((months % 12).into()),
        (Value::DaysAndTime(delta), "days") => Some(delta.num_days()),
        (Value::DaysAndTime(delta), "hours") => Some(delta.num_hours() % 24),
        (Value::DaysAndTime(delta), "minutes") => Some(delta.num_minutes() % 60),
        (Value::DaysAndTime(delta), "seconds") => Some(delta.num_seconds() % 60),
        _ => None,
    };
    match found {
        Some(value) => number(value),
        None => Err(format!("{} has no '{name}'", value.described())),
    }
}

fn day_property(date: &impl Datelike, name: &str) -> Option<i64> {
    Some(match name {
        "year" => date.year().into(),
        "month" => date.month().into(),
        "day" => date.day().into(),
        // Monday is 1, Sunday 7.
        "weekday" => date.weekday().number_from_monday().into(),
        _ => return None,
    })
}
