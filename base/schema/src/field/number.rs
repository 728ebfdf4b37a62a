//! Numbers as Vietnamese people write them: `1.234,5`.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::feel;

/// More digits than a JSON number keeps exactly are a slip of the finger.
const MOST_DIGITS: usize = 15;

/// Reads `1.500` (grouped), `1,5`, `1.234,56`, `1 500`, `-3`. A point that cannot be a group mark is taken for a comma, since
/// telephones offer it: `1.5`, `0.125`. Anything else is no number.
pub fn parse(text: &str) -> Option<Decimal> {
    let plain = kernel::text::clean_line(text);
    let (negative, digits) = match plain.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, plain.as_str()),
    };
    let (whole, fraction) = split(digits)?;
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() + fraction.len() > MOST_DIGITS || !is_digits(&whole) || !is_digits(&fraction) {
        return None;
    }
    let number = if fraction.is_empty() {
        whole
    } else {
        format!("{whole}.{fraction}")
    };
    let value: Decimal = number.parse().ok()?;
    Some(if negative { -value } else { value })
}

fn split(digits: &str) -> Option<(String, String)> {
    if let Some((whole, fraction)) = digits.split_once(',') {
        return (!fraction.is_empty()).then_some((ungroup(whole)?, fraction.to_owned()));
    }
    match ungroup(digits) {
        Some(whole) => Some((whole, String::new())),
        None => {
            let (whole, fraction) = digits.split_once('.')?;
            (!fraction.is_empty()).then(|| (whole.to_owned(), fraction.to_owned()))
        }
    }
}

/// Takes group marks away; `None` where they do not stand after every three digits of a number that begins with another
/// digit than 0.
fn ungroup(whole: &str) -> Option<String> {
    let Some(mark) = whole.chars().find(|c| matches!(c, '.' | ' ')) else {
        return Some(whole.to_owned());
    };
    let groups: Vec<&str> = whole.split(mark).collect();
    let sound = (1..=3).contains(&groups[0].len())
        && !groups[0].starts_with('0')
        && groups[1..].iter().all(|group| group.len() == 3);
    sound.then(|| groups.concat())
}

/// Writes `1234,5`: without group marks, since a number may be a year.
pub fn format(number: Decimal) -> String {
    number.normalize().to_string().replace('.', ",")
}

/// A JSON number; with at most 15 digits it is exact.
pub fn to_json(number: Decimal) -> Value {
    Value::from(feel::Value::Number(number))
}

/// The decimal of a JSON number, by its digits.
pub fn from_json(value: &Value) -> Option<Decimal> {
    match feel::Value::from(value) {
        feel::Value::Number(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (typed, shown) in [
            ("0", "0"),
            ("1500", "1500"),
            ("1.500", "1500"),
            ("1 500", "1500"),
            ("1,5", "1,5"),
            ("1.5", "1,5"),
            ("1,50", "1,5"),
            ("0.125", "0,125"),
            ("1.234.567,89", "1234567,89"),
            ("-3", "-3"),
            ("0,0000001", "0,0000001"),
            ("007", "7"),
        ] {
            let number = parse(typed).unwrap_or_else(|| panic!("{typed}"));
            assert_eq!(format(number), shown, "{typed}");
            assert_eq!(parse(shown), Some(number), "{typed}");
            assert_eq!(from_json(&to_json(number)), Some(number), "{typed}");
        }
    }

    #[test]
    fn refuses() {
        for typed in [
            "",
            "-",
            ",5",
            "1,",
            "1.",
            "1,5,5",
            "1.50.0",
            "1,500.25",
            "12.34.567",
            "một",
            "1e3",
            "٣",
            "1234567890123456",
            "--1",
            "+1",
            "½",
        ] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }
}
