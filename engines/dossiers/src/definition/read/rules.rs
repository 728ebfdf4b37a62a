//! Deadlines, papers, fees and facts.

use std::collections::BTreeSet;

use forms::definition::FormDefinition;
use kernel::Deadline;
use schema::feel::Type;
use schema::{Map, Node, Problems};

use super::{Reader, choices};
use crate::definition::{Collect, DeadlineRule, FactsRule, FeeRule, FileKind, PaperRule};

/// The longest deadline, in hours or days.
const LONGEST: u32 = 1_000;
/// The most files of one paper.
const MOST_FILES: u32 = 50;

/// Makes a length of time from a number of its unit.
type MakeLength = fn(u32) -> Deadline;

impl Reader<'_> {
    /// One length, or a list of lengths of which all but the last have a condition.
    pub(super) fn deadlines(&self, node: &Node, problems: &mut Problems) -> Vec<DeadlineRule> {
        if !node.is_list() {
            return length(node, problems)
                .map(|length| DeadlineRule { when: None, length })
                .into_iter()
                .collect();
        }
        let items = node.list(problems);
        if items.is_empty() {
            problems.at(node, "dossiers.bad_deadline", "a procedure needs a deadline");
        }
        let mut rules = Vec::new();
        for (place, item) in items.iter().enumerate() {
            let Some(mut map) = item.as_map(problems) else { continue };
            let when = map.optional("when").map(|node| self.condition(&node, problems));
            let length = map
                .required("length", problems)
                .and_then(|node| length(&node, problems));
            map.finish(problems);
            if when.is_none() != (place + 1 == items.len()) {
                problems.at(
                    item,
                    "dossiers.bad_deadline",
                    "every deadline but the last has a condition, the last has none",
                );
            }
            if let Some(length) = length {
                rules.push(DeadlineRule {
                    when: when.flatten(),
                    length,
                });
            }
        }
        rules
    }

    pub(super) fn papers(&self, node: &Node, problems: &mut Problems) -> Vec<PaperRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let paper = unique(&mut map, "paper", &mut seen, problems);
            let required = map
                .required("required", problems)
                .and_then(|node| self.condition(&node, problems));
            let most_files = map.optional("most_files").map_or(Some(1), |node| {
                let count = node.count(problems)?;
                if !(1..=MOST_FILES).contains(&count) {
                    problems.at(
                        &node,
                        "schema.out_of_range",
                        format!("{count} is not between 1 and {MOST_FILES}"),
                    );
                }
                Some(count)
            });
            let kinds = [
                ("jpeg", FileKind::Jpeg),
                ("png", FileKind::Png),
                ("pdf", FileKind::Pdf),
                ("docx", FileKind::Docx),
                ("xlsx", FileKind::Xlsx),
            ];
            let accept = choices(&mut map, "accept", &kinds, problems);
            map.finish(problems);
            Some(PaperRule {
                paper: paper?,
                required: required?,
                most_files: most_files?,
                accept,
            })
        })
    }

    /// The form asks for exactly the papers that are declared.
    pub(super) fn papers_agree(&self, whole: &Node, papers: &[PaperRule], problems: &mut Problems) {
        let asked: BTreeSet<&str> = self.form.papers().collect();
        let declared: BTreeSet<&str> = papers.iter().map(|rule| rule.paper.as_str()).collect();
        for paper in asked.difference(&declared) {
            problems.at(
                whole,
                "dossiers.paper_undeclared",
                format!("the form asks for the paper \"{paper}\""),
            );
        }
        for paper in declared.difference(&asked) {
            problems.at(
                whole,
                "dossiers.paper_not_asked",
                format!("no page of the form asks for the paper \"{paper}\""),
            );
        }
    }

    pub(super) fn fees(&self, node: &Node, problems: &mut Problems) -> Vec<FeeRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let fee = unique(&mut map, "fee", &mut seen, problems);
            let amount = map
                .required("amount", problems)
                .and_then(|node| self.expression(&node, &Type::Number, "a number", problems));
            let when = map.optional("when").map(|node| self.condition(&node, problems));
            let moments = [("at_intake", Collect::AtIntake), ("at_return", Collect::AtReturn)];
            let collect = map
                .required("collect", problems)
                .and_then(|node| node.choice(&moments, problems));
            map.finish(problems);
            Some(FeeRule {
                fee: fee?,
                amount: amount?,
                when: when.flatten(),
                collect: collect?,
            })
        })
    }

    /// `- { tasks: [check], form: register, outcomes: [propose] }`
    pub(super) fn facts(&self, node: &Node, problems: &mut Problems) -> Vec<FactsRule> {
        let mut seen = BTreeSet::new();
        node.each(problems, |item, problems| {
            let mut map = item.as_map(problems)?;
            let tasks = map.required("tasks", problems).map(|node| {
                node.each(problems, |item, problems| {
                    let task = self.task(item, problems)?;
                    if !seen.insert(task.clone()) {
                        problems.at(item, "schema.duplicate_item", format!("\"{task}\" is declared twice"));
                    }
                    Some(task)
                })
            });
            let form = map
                .required("form", problems)
                .and_then(|node| self.step_form(&node, problems));
            let outcomes = map.required("outcomes", problems).map(|node| {
                node.each(problems, |item, problems| {
                    self.outcome(item, tasks.as_deref()?, problems)
                })
            });
            map.finish(problems);
            Some(FactsRule {
                tasks: tasks?,
                outcomes: outcomes?,
                form: form?,
            })
        })
    }

    fn step_form(&self, node: &Node, problems: &mut Problems) -> Option<FormDefinition> {
        let name = node.key(problems)?;
        let form = self.steps.get(&name).cloned();
        if form.is_none() {
            problems
                .at(
                    node,
                    "dossiers.unknown_form",
                    format!("there is no form \"{name}\" for a step"),
                )
                .hint(format!("forms/{name}.form.yaml must say over: {}", self.form.form));
        }
        form
    }

    fn outcome(&self, node: &Node, tasks: &[String], problems: &mut Problems) -> Option<String> {
        let name = node.key(problems)?;
        let declared = &self.process.binding().tasks;
        let without = tasks
            .iter()
            .find(|task| declared.get(*task).is_some_and(|task| !task.outcomes.contains(&name)));
        if let Some(task) = without {
            let message = format!("the task \"{task}\" has no outcome \"{name}\"");
            problems.at(node, "dossiers.unknown_outcome", message);
        }
        Some(name)
    }
}

/// A key that no other entry of the list has.
fn unique(map: &mut Map, key: &str, seen: &mut BTreeSet<String>, problems: &mut Problems) -> Option<String> {
    let node = map.required(key, problems)?;
    let name = node.key(problems)?;
    if !seen.insert(name.clone()) {
        problems.at(&node, "schema.duplicate_item", format!("\"{name}\" is declared twice"));
    }
    Some(name)
}

/// `immediate`, or a mapping with exactly one unit.
fn length(node: &Node, problems: &mut Problems) -> Option<Deadline> {
    if node.text() == Some("immediate") {
        return Some(Deadline::Immediate);
    }
    let mut map = node.as_map(problems)?;
    let units: [(&str, MakeLength); 3] = [
        ("working_hours", Deadline::WorkingHours),
        ("working_days", Deadline::WorkingDays),
        ("calendar_days", Deadline::CalendarDays),
    ];
    let said: Vec<(Node, MakeLength)> = units
        .iter()
        .filter_map(|(key, make)| map.optional(key).map(|node| (node, *make)))
        .collect();
    map.finish(problems);
    let [(count, make)] = said.as_slice() else {
        problems
            .at(
                node,
                "dossiers.bad_deadline",
                "a deadline has exactly one of working_hours, working_days and calendar_days",
            )
            .hint("such as { working_days: 3 }, or the word immediate");
        return None;
    };
    let number = count.count(problems)?;
    if !(1..=LONGEST).contains(&number) {
        problems.at(
            count,
            "dossiers.bad_deadline",
            format!("{number} is not between 1 and {LONGEST}"),
        );
        return None;
    }
    Some(make(number))
}
