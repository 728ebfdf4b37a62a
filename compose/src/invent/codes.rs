//! Numbers of papers and things, after the examples of a declaration: `124/GPXD` goes on with `125/GPXD`.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use schema::field::Pattern;

use crate::past::dice::Dice;

/// Stands for the ward of the record.
const WARD: char = '\u{1}';
/// Stands for its year.
const YEAR: char = '\u{2}';
/// Stands for the running number.
const NUMBER: char = '\u{3}';

/// One shape: what stands around the running number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    text: String,
    width: usize,
    largest: u64,
    /// Whether zeros stand before small numbers.
    is_padded: bool,
}

/// The shapes of the examples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Codes {
    /// The examples themselves, with where ward and year stand.
    examples: Vec<String>,
    shapes: Vec<Shape>,
    is_numbered: bool,
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// Wards have five digits, and those of the province begin so.
fn is_ward(digits: &str) -> bool {
    digits.len() == 5 && (digits.starts_with("313") || digits.starts_with("314"))
}

/// The runs of digits of a text: from where to where.
fn runs(text: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, letter) in text.char_indices().filter(|(_, letter)| letter.is_ascii_digit()) {
        match runs.last_mut() {
            Some((_, end)) if *end == at => *end = at + letter.len_utf8(),
            _ => runs.push((at, at + letter.len_utf8())),
        }
    }
    runs
}

impl Codes {
    /// After examples; none where there are none, or where they have no digits and need none. `once`: each must be another one.
    pub(super) fn of(examples: &[String], once: bool) -> Option<Self> {
        let with_digits = examples
            .iter()
            .filter(|one| one.contains(|letter: char| letter.is_ascii_digit()));
        let is_numbered = with_digits.count() * 2 > examples.len();
        if examples.is_empty() || !(is_numbered || once) {
            return None;
        }
        let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
        let mut kept = Vec::new();
        for example in examples {
            let (text, digits) = take_apart(example);
            let number = digits.parse().unwrap_or_default();
            let shape = shapes.entry(text.clone()).or_insert_with(|| Shape {
                text: text.clone(),
                width: 0,
                largest: 0,
                is_padded: false,
            });
            shape.width = shape.width.max(digits.len());
            shape.largest = shape.largest.max(number);
            shape.is_padded |= digits.starts_with('0');
            kept.push(put_together(&text, digits.len(), number));
        }
        Some(Self {
            examples: kept,
            shapes: shapes.into_values().collect(),
            is_numbered,
        })
    }

    /// Whether most of the examples have digits.
    pub(super) fn is_numbered(&self) -> bool {
        self.is_numbered
    }

    /// The code of a record by its place among all: the examples first, then numbers that go on after them.
    pub(super) fn nth(&self, index: usize, ward: &str, year: i32) -> String {
        let text = match self.examples.get(index) {
            Some(example) => example.clone(),
            None => {
                let after = index - self.examples.len();
                let shape = &self.shapes[after % self.shapes.len()];
                let number = shape.largest + 1 + (after / self.shapes.len()) as u64;
                put_together(&shape.text, shape.width, number)
            }
        };
        placed(&text, ward, year)
    }

    /// A code of one of the shapes, whatever its number.
    pub(super) fn any(&self, dice: &mut Dice, ward: &str, year: i32) -> String {
        let shape = dice.pick(&self.shapes);
        let most = 10_i64.saturating_pow(shape.width.clamp(1, 9) as u32) - 1;
        let least = if shape.is_padded { 1 } else { most / 10 + 1 };
        let number = dice.between(least, most) as u64;
        let text = match shape.width {
            0 => shape.text.clone(),
            width => put_together(&shape.text, width, number),
        };
        placed(&text, ward, year)
    }
}

/// The text with signs for ward, year and number, and the digits of the number.
fn take_apart(example: &str) -> (String, &str) {
    let runs = runs(example);
    let of = |(from, to): (usize, usize)| &example[from..to];
    let mut free: Vec<(usize, usize)> = runs.clone();
    free.retain(|run| !is_year(of(*run)) && !is_ward(of(*run)));
    // Of nothing but years, as in `2045/QĐ-UBND`, the last is the number.
    if free.is_empty() {
        free.extend(runs.iter().copied().rfind(|run| !is_ward(of(*run))));
    }
    // The last one that does not belong to a word such as `QL61`; else the last one.
    let after_letter = |run: &(usize, usize)| example[..run.0].chars().next_back().is_some_and(char::is_alphabetic);
    let number = free
        .iter()
        .rev()
        .find(|run| !after_letter(run))
        .or(free.last())
        .copied();
    let mut text = String::new();
    let mut done = 0;
    for run in runs {
        text.push_str(&example[done..run.0]);
        done = run.1;
        match of(run) {
            _ if Some(run) == number => text.push(NUMBER),
            digits if is_year(digits) => text.push(YEAR),
            digits if is_ward(digits) => text.push(WARD),
            digits => text.push_str(digits),
        }
    }
    text.push_str(&example[done..]);
    let digits = number.map(of).unwrap_or_default();
    (text, digits)
}

fn put_together(text: &str, width: usize, number: u64) -> String {
    if text.contains(NUMBER) {
        return text.replace(NUMBER, &format!("{number:0width$}"));
    }
    if number == 0 {
        return text.to_owned();
    }
    // A name of the net is numbered in its first part.
    match text.split_once('.') {
        Some((first, rest)) if !text.contains(' ') => format!("{first}{number}.{rest}"),
        _ => format!("{text}-{number}"),
    }
}

fn placed(text: &str, ward: &str, year: i32) -> String {
    text.replace(WARD, ward).replace(YEAR, &year.to_string())
}

/// A number as it stands in the open places of a pattern: in the last ones. What lies before is the year or the day of the record, by its length.
pub(super) fn filled(pattern: &Pattern, running: Option<u64>, day: NaiveDate, dice: &mut Dice) -> String {
    const OPEN: char = '\u{1}';
    let marked = pattern.fill(|_| OPEN, |_| 'A');
    let mut lengths: Vec<usize> = Vec::new();
    let mut before = None;
    for letter in marked.chars() {
        match (letter == OPEN, before == Some(OPEN)) {
            (true, true) => *lengths.last_mut().unwrap_or(&mut 0) += 1,
            (true, false) => lengths.push(1),
            _ => {}
        }
        before = Some(letter);
    }
    let mut drawn = String::new();
    let starts_with_place = pattern.source().starts_with("93");
    for (place, length) in lengths.iter().copied().enumerate() {
        let is_last = place + 1 == lengths.len();
        let any = 10_i64.saturating_pow(length.min(9) as u32) - 1;
        let part = match (running, length) {
            (Some(running), length) if is_last => format!("{running:0length$}"),
            _ if place == 0 && length == 1 && starts_with_place => "9".to_owned(),
            (_, 4) => day.year().to_string(),
            (_, 6) => day.format("%y%m%d").to_string(),
            (_, length) => format!("{:0length$}", dice.between(any / 10 + 1, any)),
        };
        // A number that has grown too long keeps its end.
        let from = part.len().saturating_sub(length);
        drawn.push_str(&format!("{:0>length$}", &part[from..]));
    }
    let drawn: Vec<char> = drawn.chars().collect();
    let mut letters = || char::from(b'A' + dice.between(0, 7) as u8);
    pattern.fill(|place| drawn.get(place).copied().unwrap_or('0'), |_| letters())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(examples: &[&str]) -> Codes {
        let examples: Vec<String> = examples.iter().map(|one| (*one).to_owned()).collect();
        Codes::of(&examples, true).unwrap()
    }

    #[test]
    fn numbers_go_on_after_the_examples() {
        let permits = codes(&["124/GPXD", "35/GPXD-SXD", "208/GPXD"]);
        let all: Vec<String> = (0..6).map(|index| permits.nth(index, "31340", 2026)).collect();
        assert_eq!(
            all,
            [
                "124/GPXD",
                "35/GPXD-SXD",
                "208/GPXD",
                "209/GPXD",
                "36/GPXD-SXD",
                "210/GPXD"
            ]
        );
    }

    #[test]
    fn wards_and_years_are_those_of_the_record() {
        let children = codes(&["TE-31408-00045"]);
        assert_eq!(children.nth(0, "31340", 2026), "TE-31340-00045");
        assert_eq!(children.nth(1, "31341", 2026), "TE-31341-00046");
        let roads = codes(&["BT-2026-DT925-01"]);
        assert_eq!(roads.nth(3, "31340", 2024), "BT-2024-DT925-04");
        let decisions = codes(&["2045/QĐ-UBND"]);
        assert_eq!(decisions.nth(1, "31340", 2024), "2046/QĐ-UBND");
    }

    #[test]
    fn what_has_no_digits_is_numbered_all_the_same() {
        let towns = codes(&["DT-VT", "DT-NB"]);
        assert_eq!(towns.nth(1, "", 2026), "DT-NB");
        assert_eq!(towns.nth(2, "", 2026), "DT-NB-1");
        let sites = codes(&["tinxano.example"]);
        assert_eq!(sites.nth(1, "", 2026), "tinxano1.example");
        assert!(Codes::of(&["Lúa".to_owned(), "Khóm".to_owned()], false).is_none());
    }

    #[test]
    fn a_pattern_is_filled_from_its_end() {
        let pattern = Pattern::new("93A99999999").unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 11, 30).unwrap();
        let filled = filled(&pattern, Some(42), day, &mut Dice::new(1));
        assert!(pattern.apply(&filled).is_some(), "{filled}");
        assert!(filled.starts_with("93") && filled.ends_with("0000042"), "{filled}");
        let pattern = Pattern::new("PK-999999-9999").unwrap();
        assert_eq!(
            super::filled(&pattern, Some(7), day, &mut Dice::new(1)),
            "PK-261130-0007"
        );
    }
}
