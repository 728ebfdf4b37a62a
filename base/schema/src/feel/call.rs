//! The built-in functions on values: pure, total. An `Err` is the reason for a `null`.

use std::cmp::Ordering;

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::function::Function;
use super::operate::Outcome;
use super::syntax::Arithmetic;
use super::{Scope, Value, operate, temporal};

pub(super) fn call(function: Function, arguments: &[Value], scope: &Scope) -> Outcome {
    let name = function.name();
    let mismatch = || {
        let found: Vec<&str> = arguments.iter().map(Value::described).collect();
        Err(format!("'{name}' does not work with {}", found.join(", ")))
    };
    match (function, arguments) {
        (Function::Today, _) => Ok(Value::Date(scope.today())),
        (Function::Now, _) => Ok(Value::DateTime(scope.now())),
        (Function::IsDefined, [value]) => Ok(Value::Boolean(*value != Value::Null)),
        (Function::Not, [Value::Boolean(value)]) => Ok(Value::Boolean(!value)),
        (Function::String, [Value::Null]) => Ok(Value::Null),
        (Function::String, [value]) => Ok(Value::Text(value.to_string())),
        (Function::Number, [Value::Number(number)]) => Ok(Value::Number(*number)),
        (Function::Number, [Value::Text(text)]) => number(text),

        (Function::All, _) => Ok(three_valued(items(arguments), false)),
        (Function::Any, _) => Ok(three_valued(items(arguments), true)),
        (Function::Sum, _) => fold(name, items(arguments)),
        (Function::Mean, _) => {
            let items = items(arguments);
            let sum = fold(name, items)?;
            operate::arithmetic(Arithmetic::Divide, &sum, &Value::Number(items.len().into()))
        }
        (Function::Min, _) => extreme(name, items(arguments), Ordering::Less),
        (Function::Max, _) => extreme(name, items(arguments), Ordering::Greater),
        (Function::Count, [Value::List(items)]) => Ok(Value::Number(items.len().into())),
        (Function::ListContains, [Value::List(items), wanted]) => Ok(Value::Boolean(holds(items, wanted))),
        (Function::Append, [Value::List(items), more @ ..]) => {
            Ok(Value::List(items.iter().chain(more).cloned().collect()))
        }
        (Function::Concatenate, lists) => {
            let mut all = Vec::new();
            for list in lists {
                let Value::List(items) = list else { return mismatch() };
                all.extend_from_slice(items);
            }
            Ok(Value::List(all))
        }

        (Function::Contains, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Boolean(text.contains(part.as_str())))
        }
        (Function::StartsWith, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Boolean(text.starts_with(part.as_str())))
        }
        (Function::EndsWith, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Boolean(text.ends_with(part.as_str())))
        }
        (Function::UpperCase, [Value::Text(text)]) => Ok(Value::Text(text.to_uppercase())),
        (Function::LowerCase, [Value::Text(text)]) => Ok(Value::Text(text.to_lowercase())),
        (Function::StringLength, [Value::Text(text)]) => Ok(Value::Number(text.chars().count().into())),
        (Function::Substring, [Value::Text(text), Value::Number(start), length @ ..]) => {
            substring(text, *start, length.first())
        }

        (Function::Abs, [Value::Number(number)]) => Ok(Value::Number(number.abs())),
        (Function::Abs, [Value::DaysAndTime(delta)]) => Ok(Value::DaysAndTime(delta.abs())),
        (Function::Abs, [Value::YearsAndMonths(months)]) => Ok(Value::YearsAndMonths(months.saturating_abs())),
        (Function::Floor, [Value::Number(number), scale @ ..]) => {
            rounded(*number, scale, RoundingStrategy::ToNegativeInfinity)
        }
        (Function::Ceiling, [Value::Number(number), scale @ ..]) => {
            rounded(*number, scale, RoundingStrategy::ToPositiveInfinity)
        }
        (Function::RoundHalfUp, [Value::Number(number), scale @ ..]) => {
            rounded(*number, scale, RoundingStrategy::MidpointAwayFromZero)
        }
        (Function::Modulo, [Value::Number(number), Value::Number(divisor)]) => modulo(*number, *divisor),

        (Function::Date, [Value::Text(text)]) => match crate::node::exact_date(text) {
            Some(date) => Ok(Value::Date(date)),
            None => Err("the text is not a date such as 2026-07-01".to_owned()),
        },
        (Function::Date, [Value::Date(date)]) => Ok(Value::Date(*date)),
        (Function::Date, [Value::DateTime(moment)]) => Ok(Value::Date(moment.date_naive())),
        (Function::Date, [Value::Number(year), Value::Number(month), Value::Number(day)]) => date(*year, *month, *day),
        (Function::DateAndTime, [value]) => {
            let here = *scope.now().offset();
            let moment = match value {
                Value::Text(text) => temporal::moment(text, here),
                Value::Date(date) => temporal::midnight(*date, here),
                Value::DateTime(moment) => Some(*moment),
                _ => return mismatch(),
            };
            moment
                .map(Value::DateTime)
                .ok_or_else(|| "the text is not a date and time such as 2026-07-01T08:00:00+07:00".to_owned())
        }
        (Function::Duration, [Value::Text(text)]) => {
            temporal::duration(text).ok_or_else(|| "the text is not a duration such as P3D, PT8H or P1Y6M".to_owned())
        }
        (Function::YearsAndMonthsDuration, [from, to]) => match (day(from), day(to)) {
            (Some(from), Some(to)) => Ok(Value::YearsAndMonths(temporal::months_between(from, to))),
            _ => mismatch(),
        },
        _ => mismatch(),
    }
}

/// Functions on lists take one list or the items as arguments.
fn items(arguments: &[Value]) -> &[Value] {
    match arguments {
        [Value::List(items)] => items,
        _ => arguments,
    }
}

/// FEEL's membership: equal for certain.
pub(super) fn holds(items: &[Value], wanted: &Value) -> bool {
    items.iter().any(|item| item.equals(wanted) == Some(true))
}

/// `any` (`decisive` true) or `all` (`decisive` false) with unknowns.
fn three_valued(items: &[Value], decisive: bool) -> Value {
    if items.contains(&Value::Boolean(decisive)) {
        Value::Boolean(decisive)
    } else if items.iter().all(|item| *item == Value::Boolean(!decisive)) {
        Value::Boolean(!decisive)
    } else {
        Value::Null
    }
}

fn fold(name: &str, items: &[Value]) -> Outcome {
    let Some((first, rest)) = items.split_first() else {
        return Err(format!("'{name}' of an empty list"));
    };
    if !matches!(
        first,
        Value::Number(_) | Value::DaysAndTime(_) | Value::YearsAndMonths(_)
    ) {
        return Err(format!("'{name}' does not work with {}", first.described()));
    }
    rest.iter().try_fold(first.clone(), |sum, item| {
        operate::arithmetic(Arithmetic::Add, &sum, item)
    })
}

fn extreme(name: &str, items: &[Value], wanted: Ordering) -> Outcome {
    let Some((first, rest)) = items.split_first() else {
        return Err(format!("'{name}' of an empty list"));
    };
    if first.order(first).is_none() {
        return Err(format!("'{name}' does not work with {}", first.described()));
    }
    let mut best = first;
    for item in rest {
        match item.order(best) {
            Some(order) if order == wanted => best = item,
            Some(_) => {}
            None => {
                return Err(format!(
                    "{} and {} cannot be compared",
                    item.described(),
                    best.described()
                ));
            }
        }
    }
    Ok(best.clone())
}

fn number(text: &str) -> Outcome {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let shaped = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match Decimal::from_str_exact(text) {
        Ok(number) if shaped => Ok(Value::Number(number)),
        _ => Err("the text is not a number: digits and one '.' only".to_owned()),
    }
}

/// Positions count from 1, negative ones from the end.
fn substring(text: &str, start: Decimal, length: Option<&Value>) -> Outcome {
    let letters: Vec<char> = text.chars().collect();
    let whole = |number: &Decimal| if number.is_integer() { number.to_i64() } else { None };
    let count = i64::try_from(letters.len()).unwrap_or(i64::MAX);
    let begin = match whole(&start) {
        Some(start) if start > 0 => start - 1,
        Some(start) if start < 0 && start >= -count => count + start,
        _ => return Err("the start of 'substring' is outside the text".to_owned()),
    };
    let take = match length {
        None => count,
        Some(Value::Number(length)) => match whole(length) {
            Some(length) if length >= 0 => length,
            _ => return Err("the length of 'substring' must be a whole number, not negative".to_owned()),
        },
        Some(other) => return Err(format!("the length of 'substring' is {}", other.described())),
    };
    let limit = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(Value::Text(
        letters.into_iter().skip(limit(begin)).take(limit(take)).collect(),
    ))
}

fn rounded(number: Decimal, scale: &[Value], strategy: RoundingStrategy) -> Outcome {
    let places = match scale {
        [] => Some(0),
        [Value::Number(places)] if places.is_integer() => places.to_i32(),
        _ => None,
    };
    let too_far = || "the scale must be a whole number from -28 to 28".to_owned();
    let places = places
        .filter(|places| (-28..=28).contains(places))
        .ok_or_else(too_far)?;
    if places >= 0 {
        return Ok(Value::Number(
            number.round_dp_with_strategy(places.unsigned_abs(), strategy),
        ));
    }
    let unit = (0..places.unsigned_abs())
        .try_fold(Decimal::ONE, |unit, _| unit.checked_mul(Decimal::TEN))
        .ok_or_else(too_far)?;
    // An exact remainder, so that no digit is lost in a division.
    let rest = number.checked_rem(unit).ok_or_else(too_far)?;
    let base = number - rest;
    let share = rest
        .checked_div(unit)
        .ok_or_else(too_far)?
        .round_dp_with_strategy(0, strategy);
    base.checked_add(share * unit)
        .map(Value::Number)
        .ok_or_else(|| "the result is too large".to_owned())
}

/// The remainder with the sign of the divisor.
fn modulo(number: Decimal, divisor: Decimal) -> Outcome {
    if divisor.is_zero() {
        return Err("division by zero".to_owned());
    }
    let rest = number
        .checked_rem(divisor)
        .ok_or_else(|| "the result is too large".to_owned())?;
    let wrapped = !rest.is_zero() && rest.is_sign_negative() != divisor.is_sign_negative();
    Ok(Value::Number(if wrapped { rest + divisor } else { rest }))
}

fn date(year: Decimal, month: Decimal, day: Decimal) -> Outcome {
    let whole = |number: Decimal| if number.is_integer() { number.to_u32() } else { None };
    let parts = (whole(year).filter(|year| *year <= 9_999), whole(month), whole(day));
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err("there is no such date".to_owned());
    };
    let date = i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day));
    date.map(Value::Date).ok_or_else(|| "there is no such date".to_owned())
}

fn day(value: &Value) -> Option<NaiveDate> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(moment) => Some(moment.date_naive()),
        _ => None,
    }
}
