//! The past of a record in words: what was written when, by whom, why, and what it changed from what to what.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{PersonId, Result};
use op::Op;
use registry::{Chapter, ChapterKind, Passage};
use serde_json::{Value, json};
use web::{Visit, address};

use super::show::Show;
use super::{Shown, Side, days};
use crate::House;

/// What a story is told with.
pub(super) struct History<'a> {
    pub visit: &'a Visit<House>,
    pub shown: &'a Shown,
    pub show: &'a Show<'a>,
    /// The page of the record.
    pub href: &'a str,
}

impl History<'_> {
    /// The chapters as the page draws them. Visitors are not told who, nor why: a reason may name people.
    pub async fn chapters(&self, op: &mut Op, story: &[Chapter]) -> Result<Vec<Value>> {
        let names = self.names(op, story.iter().filter_map(|chapter| chapter.by)).await?;
        let desk = self.shown.side == Side::Desk;
        let record = story.iter().flat_map(|chapter| &chapter.passages).next();
        let registry = &self.visit.state.registry;
        let sealed = match record {
            Some(passage) => registry.sealed_changes(op, self.shown.key(), passage.after.id).await?,
            None => BTreeSet::new(),
        };
        let passage = |chapter: &Chapter, passage: &Passage| {
            let sealed = sealed.contains(&(chapter.version, passage.after.valid_from));
            self.passage(chapter.kind, passage, sealed)
        };
        let one = |chapter: &Chapter| {
            let who = match chapter.by {
                Some(person) => names.get(&person).cloned().unwrap_or_default(),
                None => self.shown.words.say("registers.past.platform", []),
            };
            let kind = json!(chapter.kind);
            let moment = chapter.at.to_rfc3339();
            json!({
                "kind": kind, "title": self.shown.words.say(&format!("registers.past.{}", super::show::text(&kind)), []),
                "at": chapter.at, "who": if desk { who } else { String::new() },
                "reason": if desk { chapter.reason.as_str() } else { "" }, "version": chapter.version,
                "passages": chapter.passages.iter().map(|own| passage(chapter, own)).collect::<Vec<_>>(),
                "href": address(self.href, [("known_at", moment.as_str())]),
            })
        };
        Ok(story.iter().map(one).collect())
    }

    /// The name of whoever wrote something; officials read it.
    pub async fn name(&self, op: &mut Op, person: Option<PersonId>) -> Result<String> {
        let names = self.names(op, person.into_iter()).await?;
        Ok(names.into_values().next().unwrap_or_default())
    }

    async fn names(&self, op: &mut Op, people: impl Iterator<Item = PersonId>) -> Result<BTreeMap<PersonId, String>> {
        let mut people: Vec<PersonId> = people.collect();
        people.sort();
        people.dedup();
        if people.is_empty() || self.shown.side != Side::Desk {
            return Ok(BTreeMap::new());
        }
        self.visit.state.identity.names(op, &people).await
    }

    /// What changed within some days; of what is sealed only that it did.
    fn passage(&self, kind: ChapterKind, passage: &Passage, sealed: bool) -> Value {
        let words = &self.shown.words;
        let after = &passage.after;
        let mut changes = Vec::new();
        if let Some(before) = &passage.before {
            for field in &self.shown.published.definition.fields {
                let (old, new) = (before.values.get(&field.field), after.values.get(&field.field));
                if old == new {
                    continue;
                }
                let said = |value: Option<&Value>| match value {
                    Some(value) => self.show.line(field, value),
                    None => words.say("layout.not_given", []),
                };
                let (from, to) = (said(old), said(new));
                changes.push(json!({
                    "label": field.words.in_language(words.language()),
                    // Outlines and tables may differ in what a line does not say.
                    "from": from, "to": if from == to { words.say("registers.past.other_details", []) } else { to },
                }));
            }
        }
        let moved = kind == ChapterKind::Corrected && passage.moves_days();
        let old_days = passage.before.as_ref().filter(|_| moved);
        json!({
            "days": days(words, after.valid_from, after.valid_to), "from": after.valid_from, "to": after.valid_to, "changes": changes,
            "old_days": old_days.map(|before| days(words, before.valid_from, before.valid_to)),
            "sealed": sealed,
        })
    }
}
