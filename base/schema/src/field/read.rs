//! Reading what sort of value a field takes.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{FieldKind, Options, Pattern};
use crate::{Map, Node, Problems};

/// Keys that would collide in the texts: `<field>.label`.
const RESERVED_OPTIONS: [&str; 3] = ["label", "hint", "title"];
/// The longest text that may be asked for, in characters.
const LONGEST_TEXT: u32 = 20_000;
/// The most decimal places: with them every answer is exact as a JSON number.
const MOST_DECIMALS: u32 = 6;
const TYPES: [&str; 16] = [
    "text",
    "long_text",
    "name",
    "date",
    "number",
    "money",
    "phone",
    "email",
    "personal_number",
    "tax_number",
    "choice",
    "choices",
    "yes_no",
    "address",
    "area",
    "catalogue",
];

/// The keys of a field that say what sort of value it takes: `type` and what belongs to it. Whoever declares fields reads its own keys
/// (`field`, `class`, `required`, …) from the same mapping and finishes it.
pub fn read_kind(map: &mut Map, problems: &mut Problems) -> Option<FieldKind> {
    let node = map.required("type", problems)?;
    let words: Vec<(&str, &str)> = TYPES.iter().map(|word| (*word, *word)).collect();
    let kind = match node.choice(&words, problems)? {
        "text" => FieldKind::Text {
            max_length: length(map, 250, problems),
            pattern: patterns(map, problems),
        },
        "long_text" => FieldKind::LongText {
            max_length: length(map, 5_000, problems),
        },
        "name" => FieldKind::Name {
            max_length: length(map, 100, problems),
        },
        "date" => date(map, problems),
        "number" => number(map, problems),
        "money" => {
            let min = map.optional("min").and_then(|min| min.integer(problems)).unwrap_or(0);
            let max = map.optional("max").map(|max| (max.integer(problems), max));
            if let Some((Some(most), node)) = &max {
                in_order(&min, most, node, problems);
            }
            FieldKind::Money {
                min,
                max: max.and_then(|(max, _)| max),
            }
        }
        "phone" => FieldKind::Phone,
        "email" => FieldKind::Email,
        "personal_number" => FieldKind::PersonalNumber,
        "tax_number" => FieldKind::TaxNumber,
        "choice" => FieldKind::Choice {
            options: options(map, &node, problems)?,
        },
        "choices" => FieldKind::Choices {
            options: options(map, &node, problems)?,
        },
        "catalogue" => {
            let name = map
                .required("catalogue", problems)
                .and_then(|name| name.key(problems))?;
            FieldKind::Choice {
                options: Options::Catalogue(name),
            }
        }
        "yes_no" => FieldKind::YesNo,
        "address" => FieldKind::Address {
            within_province: map
                .optional("within")
                .and_then(|within| within.choice(&[("province", true), ("country", false)], problems))
                .unwrap_or(false),
        },
        "area" => FieldKind::Area,
        // No other word is in the list.
        _ => return None,
    };
    Some(kind)
}

fn length(map: &mut Map, usual: u32, problems: &mut Problems) -> u32 {
    let Some(node) = map.optional("max_length") else {
        return usual;
    };
    match node.count(problems) {
        Some(length) if (1..=LONGEST_TEXT).contains(&length) => length,
        Some(length) => {
            problems.at(
                &node,
                "schema.range",
                format!("{length} is not between 1 and {LONGEST_TEXT} characters"),
            );
            usual
        }
        None => usual,
    }
}

fn patterns(map: &mut Map, problems: &mut Problems) -> Vec<Pattern> {
    let Some(node) = map.optional("pattern") else {
        return Vec::new();
    };
    let items = if node.is_list() {
        node.list(problems)
    } else {
        vec![node]
    };
    let mut patterns = Vec::new();
    for item in &items {
        if let Some(text) = item.string(problems) {
            match Pattern::new(&text) {
                Some(pattern) => patterns.push(pattern),
                None => {
                    problems
                        .at(item, "schema.pattern", "this is no pattern")
                        .hint("9 is a digit, A a letter, \\9 and \\A stand for themselves");
                }
            }
        }
    }
    patterns
}

fn date(map: &mut Map, problems: &mut Problems) -> FieldKind {
    let past = map
        .optional("past")
        .and_then(|past| past.boolean(problems))
        .unwrap_or(false);
    let future = map
        .optional("future")
        .map(|future| (future.boolean(problems).unwrap_or(false), future));
    let min: Option<NaiveDate> = map.optional("min").and_then(|min| min.date(problems));
    let max = map.optional("max").map(|max| (max.date(problems), max));
    if let Some((true, node)) = &future
        && past
    {
        problems.at(node, "schema.range", "a day cannot be asked for as past and as future");
    }
    if let (Some(min), Some((Some(max), node))) = (&min, &max) {
        in_order(min, max, node, problems);
    }
    FieldKind::Date {
        min,
        max: max.and_then(|(max, _)| max),
        past,
        future: future.is_some_and(|(future, _)| future),
    }
}

fn number(map: &mut Map, problems: &mut Problems) -> FieldKind {
    let decimals = match map.optional("decimals") {
        None => 0,
        Some(node) => match node.count(problems) {
            Some(places) if places <= MOST_DECIMALS => places,
            Some(places) => {
                problems.at(
                    &node,
                    "schema.range",
                    format!("{places} decimal places; at most {MOST_DECIMALS} are kept exactly"),
                );
                0
            }
            None => 0,
        },
    };
    let min: Option<Decimal> = map.optional("min").and_then(|min| min.decimal(problems));
    let max = map.optional("max").map(|max| (max.decimal(problems), max));
    if let (Some(min), Some((Some(max), node))) = (&min, &max) {
        in_order(min, max, node, problems);
    }
    FieldKind::Number {
        min,
        max: max.and_then(|(max, _)| max),
        decimals,
    }
}

fn in_order<T: PartialOrd>(min: &T, max: &T, node: &Node, problems: &mut Problems) {
    if min > max {
        problems.at(node, "schema.range", "max is less than min");
    }
}

fn options(map: &mut Map, kind: &Node, problems: &mut Problems) -> Option<Options> {
    match (map.optional("options"), map.optional("catalogue")) {
        (Some(list), None) => {
            let options = list.keys(problems);
            if list.is_list() && options.len() < 2 {
                problems.at(&list, "schema.options", "a choice needs at least two options");
            }
            for option in options
                .iter()
                .filter(|own| RESERVED_OPTIONS.contains(&own.as_str()) || own.starts_with("error_"))
            {
                problems.at(
                    &list,
                    "schema.options",
                    format!("\"{option}\" has another meaning in the texts"),
                );
            }
            Some(Options::Own(options))
        }
        (None, Some(name)) => name.key(problems).map(Options::Catalogue),
        _ => {
            problems.at(
                kind,
                "schema.options",
                "a choice needs options: […] or catalogue: <name>, one of them",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Document;

    fn read(yaml: &str) -> (Option<FieldKind>, Vec<String>) {
        let mut problems = Problems::new();
        let node = Document::yaml("x.yaml", yaml, &mut problems).unwrap();
        let mut map = node.as_map(&mut problems).unwrap();
        let kind = read_kind(&mut map, &mut problems);
        map.finish(&mut problems);
        (kind, problems.codes().into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn every_word_of_the_list_is_a_kind() {
        for word in TYPES {
            let more = match word {
                "choice" | "choices" => ", options: [a, b]",
                "catalogue" => ", catalogue: planets",
                _ => "",
            };
            let (kind, codes) = read(&format!("{{ type: {word}{more} }}"));
            assert_eq!((kind.map(|kind| kind.word()), codes), (Some(word), Vec::new()));
        }
    }

    #[test]
    fn limits_that_make_no_sense_are_problems() {
        for (yaml, code) in [
            ("{ type: papers }", "schema.unknown_choice"),
            ("{ max_length: 5 }", "schema.missing_key"),
            ("{ type: text, max_length: 0 }", "schema.range"),
            ("{ type: date, past: true, future: true }", "schema.range"),
            ("{ type: date, min: 2026-01-02, max: 2026-01-01 }", "schema.range"),
            ("{ type: number, decimals: 7 }", "schema.range"),
            ("{ type: money, min: 2, max: 1 }", "schema.range"),
            ("{ type: text, pattern: '9\\' }", "schema.pattern"),
            ("{ type: choice }", "schema.options"),
            ("{ type: choice, options: [a] }", "schema.options"),
            ("{ type: choices, options: [a, label] }", "schema.options"),
            ("{ type: yes_no, options: [a, b] }", "schema.unknown_key"),
        ] {
            assert!(read(yaml).1.iter().any(|found| found == code), "{yaml}");
        }
    }
}
