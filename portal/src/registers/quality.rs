//! How good registers are (đúng, đủ, sạch, sống), which records fail, which are there twice, and making one of two (R264, R266, R280, R281).

mod failing;
mod merges;
mod overview;
mod pair;
mod register;
mod twins;

use op::Op;
use registry::definition::RecordDefinition;
use registry::{Figure, Figures, Hint, Likeness, Reason, Sort};
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Routes, Visit};

use super::Shown;
use crate::House;
use crate::words::Words;

/// Where the quality of all registers stands.
const OVERVIEW: &str = "/can-bo/chat-luong-du-lieu";

pub(super) fn routes() -> Routes<House> {
    overview::routes()
        .merge(register::routes())
        .merge(failing::routes())
        .merge(twins::routes())
        .merge(pair::routes())
        .merge(merges::routes())
}

/// A number as people of the language read it.
fn count(words: &Words, number: u64) -> String {
    let grouped = super::numbers::shown(words, &json!(number), None);
    match (1_000..10_000).contains(&number) {
        // These stand as counts, never as years.
        true => {
            let mark = if words.language() == "en" { ',' } else { '.' };
            let plain = number.to_string();
            let (thousands, rest) = plain.split_at(1);
            format!("{thousands}{mark}{rest}")
        }
        false => grouped,
    }
}

/// Thousandths as hundredths with one decimal place.
fn percent(words: &Words, thousandths: u64) -> String {
    let mark = if words.language() == "en" { '.' } else { ',' };
    match thousandths {
        1_000.. => "100%".to_owned(),
        0 => "0%".to_owned(),
        other => format!("{}{mark}{}%", other / 10, other % 10),
    }
}

/// A part of a whole in hundredths.
fn part(words: &Words, part: u64, whole: u64) -> String {
    percent(words, (part * 1_000).checked_div(whole).unwrap_or_default())
}

/// The tone of a share.
fn tone(thousandths: u64) -> &'static str {
    match thousandths {
        950.. => "success",
        800..950 => "warning",
        _ => "error",
    }
}

/// One of the four figures; a word where it is not measured.
fn share(words: &Words, figures: &Figures, figure: Figure) -> String {
    match figures.share(figure) {
        Some(share) => percent(words, share),
        None => words.say("registers_quality.not_measured", []),
    }
}

/// A reason in words: those of the rule where the declaration has some, else the general ones.
fn reason(words: &Words, definition: &RecordDefinition, reason: &Reason) -> String {
    match reason.sort {
        Sort::Rule => definition
            .rules
            .iter()
            .find(|rule| rule.rule == reason.rule)
            .map(|rule| rule.words.in_language(words.language()).to_owned())
            .unwrap_or_else(|| words.say("registers_quality.sort_one.rule", [])),
        Sort::Wrong | Sort::Missing => words.say(&format!("registers_quality.rule.{}", reason.rule), []),
        Sort::Old | Sort::Outlier => words.say(&format!("registers_quality.sort_one.{}", reason.sort.as_str()), []),
    }
}

/// What a field is called; the whole record where it is none.
fn field_label(words: &Words, definition: &RecordDefinition, field: &str) -> String {
    match definition.field(field) {
        Some(own) => own.words.in_language(words.language()).to_owned(),
        None => words.say("registers_quality.whole_record", []),
    }
}

/// Why two records are likely one, in one line.
pub(super) fn why(words: &Words, definition: &RecordDefinition, hints: &[Hint]) -> String {
    let each = hints.iter().map(|hint| {
        let field = field_label(words, definition, &hint.field);
        let key = match hint.likeness {
            Likeness::Same => "same",
            // Letters are the same, tones or capitals are not.
            Likeness::Alike if hint.score >= 100 => "tones",
            Likeness::Alike => "alike",
            Likeness::Near => "near",
            Likeness::Differs => "differs",
        };
        words.say(
            &format!("registers_quality.hint.{key}"),
            [("field", field), ("score", hint.score.to_string())],
        )
    });
    each.collect::<Vec<_>>().join("; ")
}

/// What a record is called, and where it stands.
fn titled(shown: &Shown, titles: &std::collections::BTreeMap<Uuid, String>, record: Uuid) -> Value {
    let title = titles.get(&record).filter(|title| !title.is_empty());
    let text = title
        .cloned()
        .unwrap_or_else(|| shown.words.say("registers.show.untitled", []));
    json!({ "text": text, "href": shown.side.record(shown.key(), record) })
}

/// The titles of records, as far as whoever visits sees them.
async fn titles(
    visit: &Visit<House>,
    op: &mut Op,
    shown: &Shown,
    ids: &[Uuid],
) -> kernel::Result<std::collections::BTreeMap<Uuid, String>> {
    visit.state.registry.titles(op, shown.key(), ids).await
}
