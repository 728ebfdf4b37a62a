//! Numbers as people read them, and as they stand in a control to be changed.

use kernel::Money;
use schema::field::number;
use serde_json::Value;

use crate::words::Words;

/// A number without a unit below this may be a year: it stands without marks between thousands.
const SURELY_NO_YEAR: usize = 5;

/// A number with its unit.
pub(super) fn shown(words: &Words, value: &Value, unit: Option<&str>) -> String {
    let Some(plain) = number::from_json(value).map(number::format) else {
        return String::new();
    };
    let digits = plain
        .split(',')
        .next()
        .unwrap_or_default()
        .trim_start_matches('-')
        .len();
    let text = match unit.is_some() || digits >= SURELY_NO_YEAR {
        true => grouped(&plain),
        false => plain,
    };
    let text = in_language(words, text);
    match unit {
        Some(unit) => format!("{text} {}", unit_shown(unit)),
        None => text,
    }
}

/// Tenths and points for English readers.
fn in_language(words: &Words, text: String) -> String {
    if words.language() != "en" {
        return text;
    }
    let swap = |letter| match letter {
        '.' => ',',
        ',' => '.',
        other => other,
    };
    text.chars().map(swap).collect()
}

/// An amount.
pub(super) fn money(words: &Words, value: &Value) -> String {
    let amount = Money::from_dong(value.as_i64().unwrap_or_default());
    match words.language() {
        "en" => amount.format_en(),
        _ => amount.format_vi(),
    }
}

/// As it is typed.
pub(super) fn typed(value: &Value) -> String {
    number::from_json(value).map(number::format).unwrap_or_default()
}

/// As an amount is typed.
pub(super) fn typed_money(value: &Value) -> String {
    value
        .as_i64()
        .map(|dong| grouped(&dong.to_string()))
        .unwrap_or_default()
}

/// `1234567,5` as `1.234.567,5`.
fn grouped(plain: &str) -> String {
    let (whole, fraction) = plain
        .split_once(',')
        .map_or((plain, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut text = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('.');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(',');
        text.push_str(fraction);
    }
    text
}

/// `m2` as people write it, in `m3/h` too.
pub(super) fn unit_shown(unit: &str) -> String {
    let raised = |digit: &str| match digit {
        "2" => "²",
        _ => "³",
    };
    let one = |unit: &str| {
        for ending in ["2", "3"] {
            let letters = unit.strip_suffix(ending).unwrap_or_default();
            if letters.ends_with('m') {
                return format!("{letters}{}", raised(ending));
            }
        }
        unit.to_owned()
    };
    unit.split('/').map(one).collect::<Vec<_>>().join("/")
}

/// A coordinate with so many places as a step of a metre needs.
pub(super) fn coordinate(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_people_write_them() {
        for (plain, shown) in [
            ("1", "1"),
            ("1234", "1.234"),
            ("-1234567,5", "-1.234.567,5"),
            ("100000", "100.000"),
        ] {
            assert_eq!(grouped(plain), shown);
        }
        assert_eq!(unit_shown("m2"), "m²");
        assert_eq!(unit_shown("km2"), "km²");
        assert_eq!(unit_shown("m3"), "m³");
        assert_eq!(unit_shown("kg"), "kg");
        assert_eq!(unit_shown("m3/ha"), "m³/ha");
        assert_eq!(coordinate(9.7825), "9,7825");
        assert_eq!(coordinate(105.0), "105");
    }
}
