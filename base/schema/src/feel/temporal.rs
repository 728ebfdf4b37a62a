//! Dates, moments and durations: reading, printing, arithmetic.

use chrono::{DateTime, Datelike, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::Value;

/// A moment with its offset; without one it is a moment in Việt Nam, so `here` is its offset.
pub(super) fn moment(text: &str, here: FixedOffset) -> Option<DateTime<FixedOffset>> {
    crate::node::exact_date(text.get(..10)?)?;
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment);
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .ok()?;
    at_offset(local, here)
}

/// Midnight of a day in Việt Nam.
pub(super) fn midnight(date: NaiveDate, here: FixedOffset) -> Option<DateTime<FixedOffset>> {
    at_offset(date.and_time(NaiveTime::MIN), here)
}

fn at_offset(local: NaiveDateTime, here: FixedOffset) -> Option<DateTime<FixedOffset>> {
    local.and_local_timezone(here).single()
}

/// `P1Y2M` or `P3DT4H5M6S`, either with a leading minus. Years and months never mix with days and time.
pub(super) fn duration(text: &str) -> Option<Value> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (days_part, time_part) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    if days_part.is_empty() && time_part.is_empty() {
        return None;
    }
    let [years, months, days] = amounts(days_part, ['Y', 'M', 'D'])?;
    let [hours, minutes, seconds] = amounts(time_part, ['H', 'M', 'S'])?;
    let sign = if negative { -1 } else { 1 };
    if years.is_some() || months.is_some() {
        if days.is_some() || !time_part.is_empty() {
            return None;
        }
        let total = years.unwrap_or(0).checked_mul(12)?.checked_add(months.unwrap_or(0))?;
        return Some(Value::YearsAndMonths(i32::try_from(total.checked_mul(sign)?).ok()?));
    }
    let total = [(days, 86_400), (hours, 3_600), (minutes, 60), (seconds, 1)]
        .into_iter()
        .try_fold(0_i64, |sum, (amount, unit)| {
            sum.checked_add(amount.unwrap_or(0).checked_mul(unit)?)
        })?;
    TimeDelta::try_seconds(total.checked_mul(sign)?).map(Value::DaysAndTime)
}

/// Whole amounts before their unit letters, each at most once, in this order.
fn amounts(part: &str, units: [char; 3]) -> Option<[Option<i64>; 3]> {
    let mut found = [None; 3];
    let mut rest = part;
    for (place, unit) in units.into_iter().enumerate() {
        if let Some((digits, after)) = rest.split_once(unit)
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
        {
            found[place] = Some(digits.parse().ok()?);
            rest = after;
        }
    }
    rest.is_empty().then_some(found)
}

pub(super) fn days_and_time_text(delta: TimeDelta) -> String {
    let milliseconds = delta.num_milliseconds();
    let sign = if milliseconds < 0 { "-" } else { "" };
    let total = milliseconds.unsigned_abs();
    let (seconds, fraction) = (total / 1000, total % 1000);
    let mut text = format!("{sign}P");
    let mut put = |amount: u64, unit: &str| {
        if amount > 0 {
            text += &format!("{amount}{unit}");
        }
    };
    put(seconds / 86_400, "D");
    if total == 0 || seconds % 86_400 > 0 || fraction > 0 {
        text.push('T');
        let mut put = |amount: u64, unit: &str| {
            if amount > 0 {
                text += &format!("{amount}{unit}");
            }
        };
        put(seconds / 3600 % 24, "H");
        put(seconds / 60 % 60, "M");
        if fraction > 0 {
            let decimals = format!("{fraction:03}");
            text += &format!("{}.{}S", seconds % 60, decimals.trim_end_matches('0'));
        } else if seconds % 60 > 0 || total == 0 {
            text += &format!("{}S", seconds % 60);
        }
    }
    text
}

pub(super) fn years_and_months_text(months: i32) -> String {
    let sign = if months < 0 { "-" } else { "" };
    let (years, rest) = (months.unsigned_abs() / 12, months.unsigned_abs() % 12);
    match (years, rest) {
        (0, rest) => format!("{sign}P{rest}M"),
        (years, 0) => format!("{sign}P{years}Y"),
        (years, rest) => format!("{sign}P{years}Y{rest}M"),
    }
}

/// Moves a day or moment by months; the day of the month is clamped to the last one.
pub(super) fn add_months(value: &Value, months: i32) -> Option<Value> {
    let distance = Months::new(months.unsigned_abs());
    let moved = match value {
        Value::Date(date) if months < 0 => Value::Date(date.checked_sub_months(distance)?),
        Value::Date(date) => Value::Date(date.checked_add_months(distance)?),
        Value::DateTime(moment) if months < 0 => Value::DateTime(moment.checked_sub_months(distance)?),
        Value::DateTime(moment) => Value::DateTime(moment.checked_add_months(distance)?),
        _ => return None,
    };
    in_calendar(moved)
}

/// Moves a day or moment by a time; a day counts as its midnight and stays a day.
pub(super) fn add_delta(value: &Value, delta: TimeDelta) -> Option<Value> {
    let moved = match value {
        Value::Date(date) => Value::Date(date.and_time(NaiveTime::MIN).checked_add_signed(delta)?.date()),
        Value::DateTime(moment) => Value::DateTime(moment.checked_add_signed(delta)?),
        _ => return None,
    };
    in_calendar(moved)
}

/// Years have four digits: what can be computed can be written and read again.
fn in_calendar(value: Value) -> Option<Value> {
    let year = match &value {
        Value::Date(date) => date.year(),
        Value::DateTime(moment) => moment.naive_utc().year(),
        _ => return None,
    };
    (0..=9_999).contains(&year).then_some(value)
}

/// Whole months from one day to another, towards zero.
pub(super) fn months_between(from: NaiveDate, to: NaiveDate) -> i32 {
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    if months > 0 && to.day() < from.day() {
        months - 1
    } else if months < 0 && to.day() > from.day() {
        months + 1
    } else {
        months
    }
}
