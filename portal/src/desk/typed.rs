//! What an official typed on a desk, kept as it was so that nothing is lost, and what it means.

use std::collections::BTreeMap;

use dossiers::{
    definition::SUPPLEMENT,
    model::{Act, PaperCheck, SupplementItem, SupplementKind},
};
use forms::Raw;
use serde::Serialize;
use serde_json::json;
use web::Fields;

/// The controls of the desk and of its two further pages.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Typed {
    /// One of the outcomes of the step.
    pub outcome: String,
    /// A word to whoever comes next.
    pub note: String,
    /// Why there is a second round.
    pub reason: String,
    /// What was seen of each paper: `true`, `false`, or nothing yet.
    pub papers: BTreeMap<String, String>,
    /// What is to be supplied: `paper.<key>` and `answer.<key>`.
    pub ask: BTreeMap<String, bool>,
    /// What is wrong with each, by the same keys.
    pub what: BTreeMap<String, String>,
    /// The reasons ticked.
    pub refusal_reasons: Vec<String>,
    /// What is entered for the result, by the names of the controls without `facts.`.
    pub facts: Raw,
    /// Whether the next task is opened afterwards.
    pub next: bool,
}

impl Typed {
    /// Reads the controls.
    pub(super) fn read(fields: &Fields) -> Self {
        let mut typed = Self {
            outcome: fields.get("outcome").unwrap_or_default().to_owned(),
            note: fields.get("note").unwrap_or_default().to_owned(),
            reason: fields.get("reason").unwrap_or_default().to_owned(),
            refusal_reasons: fields.all("refusal_reasons").map(ToOwned::to_owned).collect(),
            next: fields.filled("tiep").is_some(),
            ..Self::default()
        };
        for (name, value) in fields.iter() {
            if let Some(paper) = name.strip_prefix("papers.") {
                typed.papers.insert(paper.to_owned(), value.to_owned());
            } else if let Some(item) = name.strip_prefix("ask.") {
                typed.ask.insert(item.to_owned(), value == "true");
            } else if let Some(item) = name.strip_prefix("what.") {
                typed.what.insert(item.to_owned(), value.to_owned());
            } else if let Some(fact) = name.strip_prefix("facts.").filter(|fact| !fact.ends_with(".district")) {
                typed.facts.entry(fact.to_owned()).or_default().push(value.to_owned());
            }
        }
        // On the page of supplements a paper that does not fit is asked for by that alone.
        for (paper, value) in &typed.papers {
            if value == "false" {
                typed.ask.insert(format!("paper.{paper}"), true);
            }
        }
        typed
    }

    /// The act that the controls mean.
    pub(super) fn act(&self) -> Act {
        let seen = self
            .papers
            .iter()
            .filter(|(_, value)| matches!(value.as_str(), "true" | "false"));
        let items = if self.outcome == SUPPLEMENT {
            self.items()
        } else {
            Vec::new()
        };
        Act {
            outcome: self.outcome.clone(),
            note: self.note.trim().to_owned(),
            papers: seen
                .map(|(paper, value)| PaperCheck {
                    paper: paper.clone(),
                    fits: value == "true",
                })
                .collect(),
            items,
            reason: self.reason.trim().to_owned(),
            refusal_reasons: self.refusal_reasons.clone(),
            facts: self
                .facts
                .iter()
                .map(|(control, values)| (control.clone(), json!(values)))
                .collect(),
        }
    }

    fn items(&self) -> Vec<SupplementItem> {
        let asked = self.ask.iter().filter(|(_, asked)| **asked);
        asked
            .filter_map(|(item, _)| {
                let (kind, key) = item.split_once('.')?;
                let kind = match kind {
                    "paper" => SupplementKind::Paper,
                    "answer" => SupplementKind::Answer,
                    _ => return None,
                };
                Some(SupplementItem {
                    kind,
                    key: key.to_owned(),
                    what: self
                        .what
                        .get(item)
                        .map(|what| what.trim().to_owned())
                        .unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Everything in own words, to be shown where it cannot be sent any more.
    pub(super) fn own_words(&self) -> Vec<&str> {
        let facts = self.facts.values().flatten();
        let words = [&self.note, &self.reason]
            .into_iter()
            .chain(self.what.values())
            .chain(facts);
        words
            .map(|words| words.trim())
            .filter(|words| !words.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed::read(&Fields::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        ))
    }

    #[test]
    fn a_paper_that_does_not_fit_is_asked_for_and_an_answer_only_when_ticked() {
        let act = typed(&[
            ("outcome", "supplement"),
            ("papers.proof", "false"),
            ("papers.authorisation", "true"),
            ("what.paper.proof", " Ảnh bị mờ "),
            ("what.answer.phone", "Thiếu một số"),
            ("ask.answer.place", "true"),
            ("what.answer.place", "Sai xã"),
        ])
        .act();
        assert_eq!(
            act.papers,
            [("authorisation", true), ("proof", false)].map(|(paper, fits)| PaperCheck {
                paper: paper.into(),
                fits
            })
        );
        let items: Vec<_> = act
            .items
            .iter()
            .map(|item| (item.kind, item.key.as_str(), item.what.as_str()))
            .collect();
        assert_eq!(
            items,
            [
                (SupplementKind::Answer, "place", "Sai xã"),
                (SupplementKind::Paper, "proof", "Ảnh bị mờ")
            ]
        );
    }

    #[test]
    fn other_outcomes_carry_no_items_and_a_paper_not_looked_at_is_not_claimed() {
        let act = typed(&[("outcome", "accept"), ("papers.proof", "false"), ("papers.old", "")]).act();
        assert!(act.items.is_empty());
        assert_eq!(act.papers.len(), 1);
    }

    #[test]
    fn own_words_come_back_where_nothing_can_be_sent() {
        let typed = typed(&[("note", "Đã gọi điện"), ("reason", " "), ("what.paper.proof", "Mờ")]);
        assert_eq!(typed.own_words(), ["Đã gọi điện", "Mờ"]);
    }
}
