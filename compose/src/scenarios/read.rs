//! The reader of `scenarios/<name>.yaml`: reports everything that is wrong at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use dossiers::definition::{REFUSE, SUPPLEMENT};
use dossiers::model::SupplementKind;
use schema::{Document, Map, Node, Problems, envelope};
use serde_json::Value;

use super::{Act, Ask, Expect, Named, Scenario, Step, Submit, Supply, What};
use crate::apps::is_requirement;

/// The newest grammar that is read.
const FORMAT: u32 = 1;
/// The kinds of steps.
const STEPS: [&str; 11] = [
    "submit",
    "take_in",
    "claim",
    "act",
    "supply",
    "withdraw",
    "apologise",
    "pay",
    "rate",
    "wait",
    "expect",
];

impl Scenario {
    /// Reads a scenario against the system to which it belongs; `None` if anything is wrong, and every problem is reported.
    pub(crate) fn read(
        name: &str,
        label: &str,
        text: &str,
        named: &Named<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut own = Problems::new();
        let read = Document::yaml(label, text, &mut own).and_then(|root| scenario(name, &root, named, &mut own));
        let sound = own.is_empty();
        problems.append(own);
        read.filter(|_| sound)
    }
}

fn scenario(name: &str, root: &Node, named: &Named<'_>, problems: &mut Problems) -> Option<Scenario> {
    let mut map = envelope(root, FORMAT, problems)?.map;
    let shows = map
        .optional("shows")
        .map_or_else(Vec::new, |node| node.strings(problems));
    for id in shows.iter().filter(|id| !is_requirement(id)) {
        problems.at(
            root,
            "compose.requirement_id",
            format!("\"{id}\" is not the id of a requirement, such as R078"),
        );
    }
    let begins = map
        .required("begins", problems)
        .and_then(|node| moment(&node, problems));
    let people = people(&mut map, problems);
    let reader = Reader { named, people: &people };
    let steps = map
        .required("steps", problems)
        .map(|node| node.each(problems, |item, problems| reader.step(item, problems)));
    map.finish(problems);
    Some(Scenario {
        name: name.to_owned(),
        shows,
        begins: begins?,
        steps: steps?,
        people,
    })
}

fn people(map: &mut Map, problems: &mut Problems) -> BTreeMap<String, String> {
    let known = crate::province::demo_names().unwrap_or_default();
    let mut people = BTreeMap::new();
    let Some(mut entries) = map.required("people", problems).and_then(|node| node.as_map(problems)) else {
        return people;
    };
    for (key, node) in entries.entries() {
        if let (Some(key), Some(account)) = (key.key(problems), node.non_empty_string(problems)) {
            if !known.contains(&account) {
                problems.at(
                    &node,
                    "compose.person_unknown",
                    format!("\"{account}\" is not a sign-in name of the demonstration"),
                );
            }
            people.insert(key, account);
        }
    }
    people
}

/// `2026-03-02 08:00`, local time.
fn moment(node: &Node, problems: &mut Problems) -> Option<NaiveDateTime> {
    let text = node.non_empty_string(problems)?;
    let read = NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M").ok();
    if read.is_none() {
        problems.at(node, "compose.moment", "a moment is written \"2026-03-02 08:00\"");
    }
    read
}

fn words(map: &mut Map, key: &str, problems: &mut Problems) -> String {
    map.optional(key)
        .and_then(|node| node.string(problems))
        .unwrap_or_default()
}

/// Takes one of a set of names.
fn one_of<'n>(
    node: &Node,
    known: impl IntoIterator<Item = &'n str>,
    what: &str,
    problems: &mut Problems,
) -> Option<String> {
    let name = node.non_empty_string(problems)?;
    let known: Vec<&str> = known.into_iter().collect();
    if known.contains(&name.as_str()) {
        return Some(name);
    }
    let problem = problems.at(node, "compose.not_declared", format!("there is no {what} \"{name}\""));
    if let Some(near) = schema::nearest(&name, known) {
        problem.hint(format!("did you mean \"{near}\"?"));
    }
    None
}

struct Reader<'a> {
    named: &'a Named<'a>,
    people: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    /// One entry: the kind of step as its key, and perhaps `fails` beside it.
    fn step(&self, node: &Node, problems: &mut Problems) -> Option<Step> {
        let mut map = node.as_map(problems)?;
        let fails = map.optional("fails").and_then(|node| node.non_empty_string(problems));
        let kinds: Vec<&str> = STEPS.into_iter().filter(|kind| map.has(kind)).collect();
        let (&[kind], true) = (kinds.as_slice(), kinds.len() == 1) else {
            problems.at(
                node,
                "compose.step_kind",
                format!("a step is one of {}", STEPS.join(", ")),
            );
            return None;
        };
        let body = map.required(kind, problems)?;
        map.finish(problems);
        Some(Step {
            place: format!("{}", node.position()),
            what: self.what(kind, &body, problems)?,
            fails,
        })
    }

    fn what(&self, kind: &str, node: &Node, problems: &mut Problems) -> Option<What> {
        if kind == "wait" {
            return moment(node, problems).map(What::Wait);
        }
        let mut map = node.as_map(problems)?;
        let what = if kind == "expect" {
            Some(What::Expect(self.expect(&mut map, problems)))
        } else {
            let by = map
                .required("by", problems)
                .and_then(|node| self.person(&node, problems));
            self.deed(kind, by.unwrap_or_default(), &mut map, problems)
        };
        map.finish(problems);
        what
    }

    fn deed(&self, kind: &str, by: String, map: &mut Map, problems: &mut Problems) -> Option<What> {
        Some(match kind {
            "submit" | "take_in" => {
                let submit = Submit {
                    by,
                    answers: self.answers(map, problems),
                    papers: self.papers(map, problems),
                };
                if kind == "submit" {
                    What::Submit(submit)
                } else {
                    What::TakeIn(submit)
                }
            }
            "claim" => {
                let tasks = self.named.process.binding().tasks.keys().map(String::as_str);
                What::Claim {
                    by,
                    task: one_of(&map.required("task", problems)?, tasks, "step", problems)?,
                }
            }
            "act" => What::Act(self.act(by, map, problems)?),
            "supply" => What::Supply(Supply {
                by,
                answers: self.answers(map, problems),
                papers: self.papers(map, problems),
                note: words(map, "note", problems),
            }),
            "withdraw" => What::Withdraw {
                by,
                reason: words(map, "reason", problems),
            },
            "apologise" => What::Apologise {
                by,
                reason: words(map, "reason", problems),
                new_day: map.required("new_day", problems)?.date(problems)?,
            },
            "pay" => {
                let fees = self.named.procedure.fees.iter().map(|rule| rule.fee.as_str());
                What::Pay {
                    by,
                    fee: one_of(&map.required("fee", problems)?, fees, "fee", problems)?,
                    receipt: map.optional("receipt").and_then(|node| node.non_empty_string(problems)),
                }
            }
            _ => What::Rate {
                by,
                score: i16::try_from(map.required("score", problems)?.count(problems)?).unwrap_or(i16::MAX),
                comment: words(map, "comment", problems),
            },
        })
    }

    fn act(&self, by: String, map: &mut Map, problems: &mut Problems) -> Option<Act> {
        let tasks = &self.named.process.binding().tasks;
        let task = map
            .required("task", problems)
            .and_then(|node| one_of(&node, tasks.keys().map(String::as_str), "step", problems));
        let outcomes = task
            .as_ref()
            .and_then(|task| tasks.get(task))
            .map(|task| task.outcomes.clone());
        let outcome = map.required("outcome", problems).and_then(|node| match &outcomes {
            Some(outcomes) => one_of(
                &node,
                outcomes.iter().map(String::as_str),
                "outcome of this step",
                problems,
            ),
            None => None,
        });
        let unfit = map.optional("unfit").map_or_else(Vec::new, |node| {
            node.each(problems, |item, problems| self.paper(item, problems))
        });
        let ask = map.optional("ask").map_or_else(Vec::new, |node| {
            node.each(problems, |item, problems| self.ask(item, problems))
        });
        let reasons = self.named.refusal_reasons;
        let refusal_reasons = map.optional("refusal_reasons").map_or_else(Vec::new, |node| {
            node.each(problems, |item, problems| {
                one_of(
                    item,
                    reasons.iter().map(String::as_str),
                    "reason for a refusal",
                    problems,
                )
            })
        });
        let facts = task
            .as_ref()
            .map_or_else(BTreeMap::new, |task| self.facts(task, map, problems));
        if let Some(outcome) = &outcome {
            let needless = [
                (SUPPLEMENT, "ask", ask.is_empty()),
                (REFUSE, "refusal_reasons", refusal_reasons.is_empty()),
            ];
            for (only, key, empty) in needless {
                if !empty && outcome != only {
                    problems.at(
                        map.node(),
                        "compose.needless",
                        format!("\"{key}\" belongs to the outcome \"{only}\""),
                    );
                }
            }
        }
        Some(Act {
            by,
            task: task?,
            outcome: outcome?,
            note: words(map, "note", problems),
            unfit,
            ask,
            reason: words(map, "reason", problems),
            refusal_reasons,
            facts,
        })
    }

    /// `facts: { register_number: "45/2015", … }`, at steps that enter something.
    fn facts(&self, task: &str, map: &mut Map, problems: &mut Problems) -> BTreeMap<String, Value> {
        let mut facts = BTreeMap::new();
        let Some(mut entries) = map.optional("facts").and_then(|node| node.as_map(problems)) else {
            return facts;
        };
        let form = self.named.procedure.facts_at(task).map(|rule| &rule.form);
        let known: Vec<&str> = form
            .into_iter()
            .flat_map(|form| form.fields())
            .map(|field| field.field.as_str())
            .collect();
        for (field, node) in entries.entries() {
            if let Some(field) = one_of(&field, known.iter().copied(), "field that this step enters", problems) {
                facts.insert(field, node.to_json());
            }
        }
        facts
    }

    /// `{ paper: birth_proof, what: "…" }` or `{ answer: phone, what: "…" }`.
    fn ask(&self, node: &Node, problems: &mut Problems) -> Option<Ask> {
        let mut map = node.as_map(problems)?;
        let paper = map.optional("paper").and_then(|node| self.paper(&node, problems));
        let answer = map.optional("answer").and_then(|node| self.field(&node, problems));
        let what = map
            .required("what", problems)
            .and_then(|node| node.non_empty_string(problems));
        map.finish(problems);
        let (kind, key) = match (paper, answer) {
            (Some(paper), None) => (SupplementKind::Paper, paper),
            (None, Some(answer)) => (SupplementKind::Answer, answer),
            _ => {
                problems.at(node, "compose.ask", "a supplement names either a paper or an answer");
                return None;
            }
        };
        Some(Ask { kind, key, what: what? })
    }

    fn expect(&self, map: &mut Map, problems: &mut Problems) -> Expect {
        let expect = Expect {
            status: map
                .optional("status")
                .and_then(|node| node.count(problems))
                .and_then(|status| i16::try_from(status).ok()),
            plain: map.optional("plain").and_then(|node| node.key(problems)),
            due: map.optional("due").and_then(|node| moment(&node, problems)),
            late: map.optional("late").and_then(|node| node.boolean(problems)),
            inbox: self.by_person(map, "inbox", problems),
            notices: self.by_person(map, "notices", problems),
            documents: map
                .optional("documents")
                .map(|node| node.strings(problems).into_iter().collect()),
        };
        let steps: Vec<&str> = self.named.process.binding().tasks.keys().map(String::as_str).collect();
        for step in expect
            .inbox
            .values()
            .flatten()
            .filter(|step| !steps.contains(&step.as_str()))
        {
            problems.at(
                map.node(),
                "compose.not_declared",
                format!("there is no step \"{step}\""),
            );
        }
        expect
    }

    fn by_person(&self, map: &mut Map, key: &str, problems: &mut Problems) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = BTreeMap::new();
        if let Some(mut entries) = map.optional(key).and_then(|node| node.as_map(problems)) {
            for (person, node) in entries.entries() {
                if let Some(person) = self.person(&person, problems) {
                    found.insert(person, node.strings(problems).into_iter().collect());
                }
            }
        }
        found
    }

    fn answers(&self, map: &mut Map, problems: &mut Problems) -> BTreeMap<String, Value> {
        let mut answers = BTreeMap::new();
        if let Some(mut entries) = map.optional("answers").and_then(|node| node.as_map(problems)) {
            for (field, node) in entries.entries() {
                if let Some(field) = self.field(&field, problems) {
                    answers.insert(field, node.to_json());
                }
            }
        }
        answers
    }

    fn papers(&self, map: &mut Map, problems: &mut Problems) -> BTreeMap<String, u32> {
        let mut papers = BTreeMap::new();
        if let Some(mut entries) = map.optional("papers").and_then(|node| node.as_map(problems)) {
            for (paper, node) in entries.entries() {
                if let (Some(paper), Some(count)) = (self.paper(&paper, problems), node.count(problems)) {
                    papers.insert(paper, count);
                }
            }
        }
        papers
    }

    fn person(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        one_of(
            node,
            self.people.keys().map(String::as_str),
            "person in this scenario",
            problems,
        )
    }

    fn field(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        one_of(
            node,
            self.named.form.fields().map(|field| field.field.as_str()),
            "field in the form",
            problems,
        )
    }

    fn paper(&self, node: &Node, problems: &mut Problems) -> Option<String> {
        let papers = self.named.procedure.papers.iter().map(|rule| rule.paper.as_str());
        one_of(node, papers, "paper of the procedure", problems)
    }
}
