//! Areas: each step says who ends and what stands there afterwards.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schema::{Position, Problems};

use super::{AreaLink, Before, unknown};
use crate::model::{Area, AreaLevel, Validity};
use crate::reorganise::plan::{AreaChange, AreaDraft, Plan};

/// What happens to areas.
#[derive(Debug, Default)]
pub(super) struct Areas {
    pub(super) end: Vec<(String, NaiveDate)>,
    pub(super) begin: Vec<Area>,
    pub(super) links: Vec<AreaLink>,
}

impl Areas {
    /// Whether the code means something on the day of the plan.
    pub(super) fn has(&self, code: &str, before: &Before) -> bool {
        self.begin.iter().any(|area| area.code == code)
            || (before.areas.iter().any(|area| area.code == code) && !self.ends(code))
    }

    /// Whether the code meant something before, and nothing on the day of the plan.
    pub(super) fn is_gone(&self, code: &str) -> bool {
        self.ends(code) && !self.begin.iter().any(|area| area.code == code)
    }

    /// Whether an area of this code ends.
    pub(super) fn ends(&self, code: &str) -> bool {
        self.end.iter().any(|(ended, _)| ended == code)
    }

    /// The one area that all of this one became; the area itself where it stays.
    pub(super) fn successor(&self, code: &str) -> Option<String> {
        if !self.ends(code) {
            return Some(code.to_owned());
        }
        let mut found = self.links.iter().filter(|link| link.old.0 == code);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only.new.0.clone()),
            _ => None,
        }
    }
}

/// An ending area: what it becomes, and whether wholly.
struct Ending<'p> {
    to: Vec<(String, bool, &'p Position)>,
    at: &'p Position,
    /// Whether the areas below say what it becomes.
    by_those_below: bool,
}

pub(super) fn settle(plan: &Plan, on: NaiveDate, before: &Before, problems: &mut Problems) -> Areas {
    let was: BTreeMap<&str, &Area> = before.areas.iter().map(|area| (area.code.as_str(), area)).collect();
    let mut ending: BTreeMap<&str, Ending<'_>> = BTreeMap::new();
    let mut begin: BTreeMap<String, (Area, &Position)> = BTreeMap::new();
    let known = |code: &str, at: &Position, problems: &mut Problems| {
        let known = was.contains_key(code);
        if !known {
            unknown(at, "identity.plan_area_unknown", code, was.keys().copied(), problems);
        }
        known
    };
    for step in &plan.areas {
        match &step.what {
            AreaChange::Merge { of, into } => {
                for (code, part, at) in of {
                    if known(code, at, problems) {
                        add(&mut ending, code, Some((&into.code, !part)), at, problems);
                    }
                }
                start(&mut begin, draft(into, on), &into.at, problems);
            }
            AreaChange::Split { of, into } => {
                let whole = into.len() == 1;
                if known(of, &step.at, problems) {
                    add(&mut ending, of, None, &step.at, problems);
                    if let Some(ending) = ending.get_mut(of.as_str()) {
                        ending
                            .to
                            .extend(into.iter().map(|new| (new.code.clone(), whole, &new.at)));
                    }
                }
                for new in into {
                    start(&mut begin, draft(new, on), &new.at, problems);
                }
            }
            AreaChange::Rename { of, code, name } => {
                if known(of, &step.at, problems) {
                    let mut area = (*was[of.as_str()]).clone();
                    area.code = code.clone().unwrap_or(area.code);
                    area.name.clone_from(name);
                    area.validity = Validity::since(on);
                    add(&mut ending, of, Some((&area.code, true)), &step.at, problems);
                    start(&mut begin, area, &step.at, problems);
                }
            }
            AreaChange::Move { of, parent } => {
                if known(of, &step.at, problems) {
                    let mut area = (*was[of.as_str()]).clone();
                    area.parent = Some(parent.clone());
                    area.validity = Validity::since(on);
                    add(&mut ending, of, Some((of, true)), &step.at, problems);
                    start(&mut begin, area, &step.at, problems);
                }
            }
            AreaChange::Abolish { of, to } => {
                if known(of, &step.at, problems) {
                    add(&mut ending, of, None, &step.at, problems);
                    if let Some(ending) = ending.get_mut(of.as_str()) {
                        ending.by_those_below = to.is_empty();
                        let whole = to.len() == 1;
                        ending.to.extend(to.iter().map(|(code, at)| (code.clone(), whole, at)));
                    }
                }
            }
            AreaChange::New(new) => start(&mut begin, draft(new, on), &new.at, problems),
        }
    }
    take_from_below(&mut ending, before);
    finish(ending, begin, &was, problems)
}

fn draft(new: &AreaDraft, on: NaiveDate) -> Area {
    Area {
        code: new.code.clone(),
        level: match new.code.len() {
            2 => AreaLevel::Province,
            3 => AreaLevel::District,
            _ => AreaLevel::Ward,
        },
        parent: new.parent.clone(),
        name: new.name.clone(),
        validity: Validity::since(on),
    }
}

fn add<'p>(
    ending: &mut BTreeMap<&'p str, Ending<'p>>,
    code: &'p str,
    to: Option<(&str, bool)>,
    at: &'p Position,
    problems: &mut Problems,
) {
    let target = to.map(|(to, whole)| (to.to_owned(), whole, at));
    match ending.get_mut(code) {
        None => {
            ending.insert(
                code,
                Ending {
                    to: target.into_iter().collect(),
                    at,
                    by_those_below: false,
                },
            );
        }
        // Several parts make a whole; anything else ends the same area twice.
        Some(known) => match target {
            Some(part) if !part.1 && !known.to.is_empty() && known.to.iter().all(|(_, whole, _)| !whole) => {
                known.to.push(part);
            }
            _ => {
                problems
                    .at_position(at, "identity.plan_ended_twice", format!("\"{code}\" ends twice"))
                    .hint(format!(
                        "also at line {}; a part is written {{ part: \"{code}\" }}",
                        known.at.line
                    ));
            }
        },
    }
}

fn start<'p>(
    begin: &mut BTreeMap<String, (Area, &'p Position)>,
    area: Area,
    at: &'p Position,
    problems: &mut Problems,
) {
    if let Some((_, first)) = begin.get(&area.code) {
        problems
            .at_position(
                at,
                "identity.plan_begins_twice",
                format!("\"{}\" begins twice", area.code),
            )
            .hint(format!("also at line {}", first.line));
        return;
    }
    begin.insert(area.code.clone(), (area, at));
}

/// A level that vanishes leaves the areas below it: they say what covers the ground.
fn take_from_below(ending: &mut BTreeMap<&str, Ending<'_>>, before: &Before) {
    let mut below: Vec<(String, BTreeSet<String>)> = Vec::new();
    for (code, _) in ending.iter().filter(|(_, ending)| ending.by_those_below) {
        let targets = before
            .areas
            .iter()
            .filter(|area| area.parent.as_deref() == Some(*code))
            .flat_map(|area| match ending.get(area.code.as_str()) {
                Some(ended) => ended.to.iter().map(|(to, ..)| to.clone()).collect(),
                None => vec![area.code.clone()],
            })
            .collect();
        below.push(((*code).to_owned(), targets));
    }
    for (code, targets) in below {
        if let Some(ending) = ending.get_mut(code.as_str()) {
            let (whole, at) = (targets.len() == 1, ending.at);
            ending.to = targets.into_iter().map(|to| (to, whole, at)).collect();
        }
    }
}

fn finish(
    ending: BTreeMap<&str, Ending<'_>>,
    begin: BTreeMap<String, (Area, &Position)>,
    was: &BTreeMap<&str, &Area>,
    problems: &mut Problems,
) -> Areas {
    let stays = |code: &str| was.contains_key(code) && !ending.contains_key(code);
    let there = |code: &str| begin.contains_key(code) || stays(code);
    for (code, (area, at)) in &begin {
        if stays(code) {
            problems
                .at_position(
                    at,
                    "identity.plan_code_taken",
                    format!("\"{code}\" means another area on that day"),
                )
                .hint(format!("{} does not end in this plan", was[code.as_str()].name));
        }
        if let Some(parent) = area.parent.as_deref().filter(|parent| !there(parent)) {
            unknown(
                at,
                "identity.plan_parent_unknown",
                parent,
                was.keys().copied(),
                problems,
            );
        }
    }
    let mut found = Areas::default();
    for (code, ending) in &ending {
        if ending.to.is_empty() {
            problems
                .at_position(
                    ending.at,
                    "identity.plan_homeless",
                    format!("nothing stands where \"{code}\" was"),
                )
                .hint("every old code must lead somewhere: say to what, in \"to\"");
        }
        if let [(_, false, at)] = ending.to.as_slice() {
            problems.at_position(
                at,
                "identity.plan_rest",
                format!("only a part of \"{code}\" has a place: where is the rest?"),
            );
        }
        let old = (ending_area(was, code), *code);
        for (to, whole, at) in &ending.to {
            let new_from = match begin.get(to) {
                Some((area, _)) => area.validity.from,
                None if stays(to) => was[to.as_str()].validity.from,
                None => {
                    unknown(at, "identity.plan_area_unknown", to, was.keys().copied(), problems);
                    continue;
                }
            };
            found.links.push(AreaLink {
                old: (old.1.to_owned(), old.0),
                new: (to.clone(), new_from),
                whole: *whole,
            });
        }
        found.end.push(((*code).to_owned(), old.0));
    }
    for area in was.values().filter(|area| stays(&area.code)) {
        if let Some(parent) = area.parent.as_deref().filter(|parent| !there(parent)) {
            let at = ending.get(parent).map(|ending| ending.at);
            if let Some(at) = at {
                problems
                    .at_position(
                        at,
                        "identity.plan_left_behind",
                        format!("{} (\"{}\") is left behind", area.name, area.code),
                    )
                    .hint("a step for it is missing");
            }
        }
    }
    found.begin = begin.into_values().map(|(area, _)| area).collect();
    // Those above come first.
    found.begin.sort_by_key(|area| area.code.len());
    found
}

fn ending_area(was: &BTreeMap<&str, &Area>, code: &str) -> NaiveDate {
    was.get(code).map(|area| area.validity.from).unwrap_or_default()
}
