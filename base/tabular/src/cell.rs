//! One cell: its value, its text, and how a text that looks like a formula is disarmed.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};
use kernel::text::nfc;
use rust_decimal::Decimal;
use serde_json::Value;

/// What stands in one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing, or only white space.
    #[default]
    Empty,
    /// Text in normal form C, without white space at its ends, lines ended by `\n`.
    Text(String),
    /// A number, exact.
    Number(Decimal),
    /// Yes or no.
    Boolean(bool),
    /// A day.
    Date(NaiveDate),
    /// A day and a time, as on the clock of whoever wrote it.
    Moment(NaiveDateTime),
    /// An array or an object; the geometry of a feature.
    Json(Value),
}

impl Cell {
    /// A cell of the text as it is kept: cleaned, and [`Cell::Empty`] if nothing is left of it.
    pub fn of_text(text: &str) -> Self {
        match clean(text) {
            text if text.is_empty() => Cell::Empty,
            text => Cell::Text(text),
        }
    }

    /// Whether nothing stands here.
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Empty)
    }

    /// The value as text for programs: numbers with a point, days and moments as in ISO 8601, JSON as JSON.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Cell::Empty => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text),
            Cell::Number(number) => Cow::Owned(number.to_string()),
            Cell::Boolean(true) => Cow::Borrowed("true"),
            Cell::Boolean(false) => Cow::Borrowed("false"),
            Cell::Date(date) => Cow::Owned(date.format("%Y-%m-%d").to_string()),
            Cell::Moment(moment) => Cow::Owned(moment.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
            Cell::Json(value) => Cow::Owned(value.to_string()),
        }
    }

    /// How much memory the content takes, roughly, for the limits of rows.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Cell::Text(text) => text.len(),
            _ => 16,
        }
    }
}

/// White space, and what is as invisible at the ends of a text: controls and zero-width marks.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{2060}')
}

/// Normal form C, no controls but line ends and tabs, lines ended by `\n`, nothing blank at the ends.
pub(crate) fn clean(text: &str) -> String {
    let text = text.trim_matches(is_blank);
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let lines = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    if lines.chars().any(is_unwanted) {
        nfc(&lines.chars().filter(|c| !is_unwanted(*c)).collect::<String>())
    } else {
        nfc(&lines)
    }
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

/// The texts of a JSON value as [`clean`] leaves them, but for their ends: inside a value space may mean something.
pub(crate) fn compose(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(nfc(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(compose).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter()
                .map(|(key, value)| (nfc(&key), compose(value)))
                .collect(),
        ),
        other => other,
    }
}

/// What formulas begin with; spreadsheets of East Asia take the full-width ones for the same.
const BEGIN_FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet would take the text for a formula, or would if apostrophes before it were gone.
///
/// Spreadsheets look past blanks, so we do too. Leading apostrophes are looked past so that [`arm`] and [`disarm`]
/// undo each other for every text.
pub(crate) fn is_formula(text: &str) -> bool {
    let bare = text.trim_start_matches('\'');
    bare.starts_with(['\t', '\r']) || bare.trim_start_matches(is_blank).starts_with(BEGIN_FORMULAS)
}

/// The text as it may stand in a file that a spreadsheet opens.
pub(crate) fn disarm(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Takes the apostrophe away that [`disarm`] has set.
pub(crate) fn arm(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// The number exactly as it is written (also `1.5e3`), or nothing if it has more digits than a [`Decimal`] holds.
pub(crate) fn exact(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let number = Decimal::from_str_exact(mantissa).ok()?;
    if number.is_zero() {
        return Some(number);
    }
    if exponent < 0 {
        let mut number = number;
        let scale = number.scale().checked_add(exponent.unsigned_abs())?;
        return number.set_scale(scale).is_ok().then_some(number);
    }
    let mut number = number;
    for _ in 0..exponent {
        // Ends soon, whatever the exponent is: a number that is not zero overflows after 28 steps.
        if number.scale() > 0 {
            number.set_scale(number.scale() - 1).ok()?;
        } else {
            number = number.checked_mul(Decimal::TEN)?;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_composed_and_without_blanks_at_its_ends() {
        assert_eq!(
            Cell::of_text(" Ti\u{1ebf}ng Vie\u{0323}\u{0302}t\u{a0}"),
            Cell::Text("Tiếng Việt".into())
        );
        assert_eq!(Cell::of_text("một\r\nhai\rba\0"), Cell::Text("một\nhai\nba".into()));
        assert_eq!(Cell::of_text(" \t\u{feff}"), Cell::Empty);
    }

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        let number = |text: &str| exact(text).map(|number| number.normalize().to_string());
        assert_eq!(number("0.1").as_deref(), Some("0.1"));
        assert_eq!(number("-1.25e2").as_deref(), Some("-125"));
        assert_eq!(number("1.5E-3").as_deref(), Some("0.0015"));
        assert_eq!(
            number("79228162514264337593543950335").as_deref(),
            Some("79228162514264337593543950335")
        );
        assert_eq!(number("0e999999999").as_deref(), Some("0"));
        for text in ["1e999999999", "1e-40", "0.00000000000000000000000000001", "1e29", "x"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_disarmed() {
        for text in [
            "=1+1", "+84", "-5", "@a", "\tx", "\rx", "  =1", "'=1", "\u{1}=1", "＝1+1", "＋84", " －5", "＠a",
        ] {
            assert!(disarm(text).starts_with('\''), "{text:?}");
        }
        for text in ["a=b", "'tis", "", "0-1"] {
            assert_eq!(disarm(text), text);
        }
    }

    proptest! {
        #[test]
        fn arming_undoes_disarming(text in "['=+@＝＋－＠\\- \ta]{0,6}") {
            let safe = disarm(&text).into_owned();
            prop_assert_eq!(arm(&safe), text.as_str());
            prop_assert!(!safe.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r']));
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
