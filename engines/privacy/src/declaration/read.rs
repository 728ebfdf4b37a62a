//! The reader of the declaration: reports everything that is wrong at once.

use std::collections::BTreeMap;

use kernel::text;
use schema::{Document, Map, Node, Problems, envelope};

use super::{Confidence, Declaration, Law, Purpose, Term};
use crate::model::Kind;

/// The newest grammar that is read.
const FORMAT: u32 = 1;
/// More days or hours than any law gives.
const MOST: u32 = 366;
const CONFIDENCE: [(&str, Confidence); 3] = [
    ("high", Confidence::High),
    ("medium", Confidence::Medium),
    ("low", Confidence::Low),
];

/// For how many days an extract is open to officials where nothing is declared.
const EXTRACT_DAYS: u32 = 15;

impl Declaration {
    /// Reads a declaration; `None` if anything is wrong, and every problem is reported.
    pub fn read(label: &str, source: &str, problems: &mut Problems) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, source, &mut own).and_then(|root| declaration(&root, &mut own));
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn declaration(root: &Node, problems: &mut Problems) -> Option<Declaration> {
    let mut map = envelope(root, FORMAT, problems)?.map;
    let found = map.required("laws", problems)?;
    let places = found.list(problems);
    let laws: Vec<Option<Law>> = places.iter().map(|node| law(node, problems)).collect();
    let purposes = purposes(&mut map, problems);
    let extract_days = match map.optional("extract") {
        Some(node) => {
            let mut map = node.as_map(problems)?;
            let days = number(&mut map, "days", problems);
            map.finish(problems);
            days?
        }
        None => EXTRACT_DAYS,
    };
    map.finish(problems);
    if places.is_empty() && problems.is_empty() {
        problems.at(root, "privacy.no_law", "there must be at least one law");
    }
    for (index, one) in laws.iter().enumerate() {
        let Some(one) = one else { continue };
        let clash = laws[..index].iter().flatten().find(|other| one.clashes(other));
        if let (Some(other), Some(place)) = (clash, places.get(index)) {
            let said = format!(
                "\"{}\" and \"{}\" have one key or count on the same day",
                other.key, one.key
            );
            problems.at(place, "privacy.laws_overlap", said);
        }
    }
    Some(Declaration {
        laws: laws.into_iter().flatten().collect(),
        purposes,
        extract_days,
    })
}

/// The purposes, each key once.
fn purposes(map: &mut Map, problems: &mut Problems) -> Vec<Purpose> {
    let mut all: Vec<Purpose> = Vec::new();
    for node in map
        .optional("purposes")
        .map_or_else(Vec::new, |node| node.list(problems))
    {
        let Some(purpose) = purpose(&node, problems) else {
            continue;
        };
        if all.iter().any(|known| known.key == purpose.key) {
            let said = format!("the purpose \"{}\" is declared twice", purpose.key);
            problems.at(&node, "privacy.purpose_twice", said);
        }
        all.push(purpose);
    }
    all
}

fn purpose(node: &Node, problems: &mut Problems) -> Option<Purpose> {
    let mut map = node.as_map(problems)?;
    let key = map.required("key", problems).and_then(|node| node.key(problems));
    let version = number(&mut map, "version", problems);
    let text = line(&mut map, "text", problems);
    let basis = line(&mut map, "basis", problems);
    let data = map.required("data", problems).map(|node| node.keys(problems));
    let optional = map
        .required("optional", problems)
        .and_then(|node| node.boolean(problems));
    let needed = match map.optional("needed") {
        Some(said) => said.boolean(problems)?,
        None => false,
    };
    if needed && optional == Some(true) {
        let said = "what serving people needs is not asked for: optional and needed exclude each other";
        problems.at(node, "privacy.purpose_needed", said);
    }
    map.finish(problems);
    Some(Purpose {
        key: key?,
        version: version?,
        text: text?,
        basis: basis?,
        data: data?,
        optional: optional?,
        needed,
    })
}

impl Law {
    fn clashes(&self, other: &Self) -> bool {
        let begins_in = |a: &Self, b: &Self| b.valid_to.is_none_or(|last| a.valid_from <= last);
        self.key == other.key || begins_in(self, other) && begins_in(other, self)
    }
}

fn law(node: &Node, problems: &mut Problems) -> Option<Law> {
    let mut map = node.as_map(problems)?;
    let key = map.required("key", problems).and_then(|node| node.key(problems));
    let name = line(&mut map, "name", problems);
    let article = line(&mut map, "article", problems);
    let valid_from = map
        .required("valid_from", problems)
        .and_then(|node| node.date(problems));
    let valid_to = map.optional("valid_to").map(|node| node.date(problems));
    let confidence = map
        .required("confidence", problems)
        .and_then(|node| node.choice(&CONFIDENCE, problems));
    let acknowledge = map.optional("acknowledge").map(|node| {
        let mut map = node.as_map(problems)?;
        let days = number(&mut map, "working_days", problems);
        map.finish(problems);
        days
    });
    let answer = map.required("answer", problems).map(|node| terms(&node, problems));
    let breach = map
        .required("breach", problems)
        .and_then(|node| breach(&node, problems));
    map.finish(problems);
    let (valid_from, (breach_hours, breach_warn, breach_article)) = (valid_from?, breach?);
    let valid_to = valid_to.flatten();
    if valid_to.is_some_and(|last| last < valid_from) {
        problems.at(node, "privacy.days_reversed", "valid_to lies before valid_from");
        return None;
    }
    Some(Law {
        key: key?,
        name: name?,
        article: article?,
        valid_from,
        valid_to,
        confidence: confidence?,
        acknowledge: acknowledge.flatten(),
        answer: answer?,
        breach_hours,
        breach_warn,
        breach_article,
    })
}

/// Hours to the notice, hours after which officials are reminded, and where it stands.
fn breach(node: &Node, problems: &mut Problems) -> Option<(u32, Vec<u32>, String)> {
    let mut map = node.as_map(problems)?;
    let hours = number(&mut map, "hours", problems);
    let article = line(&mut map, "article", problems);
    let reminders = map.optional("warn");
    let warn = reminders
        .as_ref()
        .map_or_else(Vec::new, |node| node.each(problems, Node::count));
    map.finish(problems);
    let ordered = warn.windows(2).all(|pair| pair[0] < pair[1]) && warn.first() != Some(&0);
    if let (Some(hours), Some(node)) = (hours, reminders)
        && (!ordered || warn.last().is_some_and(|last| *last >= hours))
    {
        problems.at(
            &node,
            "privacy.warn",
            "reminders come in order, before the hours have passed",
        );
    }
    Some((hours?, warn, article?))
}

/// A term for every kind; one that is missing or unknown is a problem.
fn terms(node: &Node, problems: &mut Problems) -> BTreeMap<Kind, Term> {
    let Some(mut map) = node.as_map(problems) else {
        return BTreeMap::new();
    };
    let mut all = BTreeMap::new();
    for kind in Kind::ALL {
        let found = map.required(kind.as_str(), problems);
        if let Some(term) = found.and_then(|node| term(&node, problems)) {
            all.insert(*kind, term);
        }
    }
    map.finish(problems);
    all
}

fn term(node: &Node, problems: &mut Problems) -> Option<Term> {
    let mut map = node.as_map(problems)?;
    let term = if map.has("hours") {
        number(&mut map, "hours", problems).map(Term::Hours)
    } else {
        let days = number(&mut map, "days", problems);
        let extension = more(&mut map, "extension", problems);
        let third_party = more(&mut map, "third_party", problems);
        days.map(|days| Term::Days {
            days,
            extension: extension.unwrap_or(0),
            third_party,
        })
    };
    map.finish(problems);
    term
}

/// A number that may be left out.
fn more(map: &mut Map, key: &str, problems: &mut Problems) -> Option<u32> {
    map.has(key).then(|| number(map, key, problems)).flatten()
}

fn line(map: &mut Map, key: &str, problems: &mut Problems) -> Option<String> {
    map.required(key, problems)
        .and_then(|node| node.non_empty_string(problems))
        .map(|text| text::clean_line(&text))
}

fn number(map: &mut Map, key: &str, problems: &mut Problems) -> Option<u32> {
    let node = map.required(key, problems)?;
    let count = node.count(problems)?;
    if (1..=MOST).contains(&count) {
        return Some(count);
    }
    problems.at(&node, "privacy.term", format!("{count} is not between 1 and {MOST}"));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(source: &str) -> Vec<String> {
        let mut problems = Problems::new();
        let read = Declaration::read("personal_data.yaml", source, &mut problems);
        assert_eq!(read.is_some(), problems.is_empty());
        problems.iter().map(|problem| problem.code.clone()).collect()
    }

    fn law(key: &str, from: &str, more: &str) -> String {
        let answers: String = Kind::ALL
            .iter()
            .map(|kind| match kind {
                Kind::Protect => "      protect: { days: 15, extension: 15 }\n".to_owned(),
                kind => format!("      {}: {{ hours: 72 }}\n", kind.as_str()),
            })
            .collect();
        format!(
            "  - key: {key}\n    name: Luật\n    article: Điều 5\n    valid_from: '{from}'\n    confidence: low\n    answer:\n{answers}    breach: {{ hours: 72, article: Điều 23 }}\n{more}"
        )
    }

    #[test]
    fn a_sound_declaration_is_read() {
        let source = format!("format: 1\nlaws:\n{}", law("one", "2026-01-01", ""));
        let mut problems = Problems::new();
        let read = Declaration::read("x.yaml", &source, &mut problems).unwrap();
        let law = read.law_on("2026-01-01".parse().unwrap()).unwrap();
        assert_eq!(law.answer[&Kind::See], Term::Hours(72));
        assert!(law.answer[&Kind::Protect].can_be_extended());
        assert!(read.law_on("2025-12-31".parse().unwrap()).is_none());
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_once() {
        let source = "format: 1\nlaws:\n  - key: A B\n    name: ''\n    valid_from: '2026-13-01'\n    confidence: sure\n    acknowledge: { working_days: 0 }\n    answer: { see: { days: 10, extra: 1 }, talk: { days: 1 } }\n    breach: { hours: 1000, article: x }\n";
        let found = codes(source);
        for code in [
            "schema.bad_key",
            "schema.empty_text",
            "schema.missing_key",
            "schema.expected_date",
            "schema.unknown_choice",
            "privacy.term",
            "schema.unknown_key",
        ] {
            assert!(found.iter().any(|known| known == code), "{code}: {found:?}");
        }
    }

    #[test]
    fn purposes_are_read_and_none_is_declared_twice() {
        let one = "  - { key: reminders, version: 2, text: privacy.purpose.reminders, basis: Điều 9, data: [contact], optional: true }\n";
        let source = |purposes: &str| {
            format!(
                "format: 1\nlaws:\n{}purposes:\n{purposes}",
                law("one", "2026-01-01", "")
            )
        };
        let mut problems = Problems::new();
        let read = Declaration::read("x.yaml", &source(one), &mut problems).unwrap();
        assert_eq!(read.purpose("reminders").map(|purpose| purpose.version), Some(2));
        assert!(read.purpose("other").is_none());
        assert!(!read.purpose("reminders").unwrap().needed);
        assert_eq!(read.extract_days, 15);
        assert_eq!(codes(&source(&format!("{one}{one}"))), ["privacy.purpose_twice"]);
        let both = one.replace("optional: true", "optional: true, needed: true");
        assert_eq!(codes(&source(&both)), ["privacy.purpose_needed"]);
        assert_eq!(
            codes(&source(
                "  - { key: a, version: 0, text: x, basis: y, data: [], optional: 1 }\n"
            ))
            .len(),
            2
        );
    }

    #[test]
    fn reminders_come_in_order_and_before_the_end() {
        let with = |warn: &str| {
            let source = format!("format: 1\nlaws:\n{}", law("one", "2026-01-01", ""));
            codes(&source.replace(
                "hours: 72, article: Điều 23",
                &format!("hours: 72, warn: {warn}, article: Điều 23"),
            ))
        };
        assert_eq!(with("[24, 60]"), Vec::<String>::new());
        for wrong in ["[60, 24]", "[0, 24]", "[24, 72]"] {
            assert_eq!(with(wrong), ["privacy.warn"], "{wrong}");
        }
    }

    #[test]
    fn two_laws_never_count_on_one_day() {
        let both = |end: &str| {
            let (new, old) = (law("one", "2026-01-01", ""), law("two", "2023-07-01", end));
            format!("format: 1\nlaws:\n{new}{old}")
        };
        assert_eq!(codes(&both("    valid_to: '2025-12-31'\n")), Vec::<String>::new());
        assert_eq!(codes(&both("    valid_to: '2026-01-01'\n")), ["privacy.laws_overlap"]);
        assert_eq!(codes(&both("")), ["privacy.laws_overlap"]);
        assert_eq!(codes(&both("    valid_to: '2022-01-01'\n")), ["privacy.days_reversed"]);
    }
}
