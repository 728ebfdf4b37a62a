//! Agencies: who ends, who begins, where open work goes on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId};
use op::{Move, Moves};
use schema::{Position, Problems};

use super::areas::Areas;
use super::{AgencyBegins, AgencyLink, Before, unknown};
use crate::model::{Agency, AgencyLevel, CodeOrigin};
use crate::reorganise::plan::{AgencyChange, AgencyDraft, Plan};

/// What happens to agencies.
#[derive(Debug)]
pub(super) struct Agencies {
    pub(super) begin: Vec<AgencyBegins>,
    pub(super) links: Vec<AgencyLink>,
    pub(super) moves: Moves,
    /// Where the plan says of an agency that it ends.
    pub(super) at: BTreeMap<AgencyId, Position>,
}

/// An agency that ends.
struct Ending<'p> {
    /// What took a part of it, the home first.
    to: Vec<(AgencyCode, &'p Position)>,
    at: &'p Position,
}

/// An agency that begins, and the first that it comes from.
struct Beginning<'p> {
    draft: AgencyDraft,
    from: Option<&'p Agency>,
    /// Whether the plan makes it of nothing that was.
    is_new: bool,
    at: &'p Position,
}

struct Work<'p> {
    was: BTreeMap<&'p str, &'p Agency>,
    ending: BTreeMap<AgencyId, Ending<'p>>,
    /// In the order in which they are written.
    order: Vec<AgencyId>,
    begin: BTreeMap<String, Beginning<'p>>,
}

pub(super) fn settle(plan: &Plan, on: NaiveDate, before: &Before, areas: &Areas, problems: &mut Problems) -> Agencies {
    let mut work = Work {
        was: before
            .agencies
            .iter()
            .map(|agency| (agency.code.as_str(), agency))
            .collect(),
        ending: BTreeMap::new(),
        order: Vec::new(),
        begin: BTreeMap::new(),
    };
    for step in &plan.agencies {
        match &step.what {
            AgencyChange::Merge { of, into } => {
                let mut first = None;
                for (code, at) in of {
                    let ended = work.end(code, vec![(into.code.clone(), &into.at)], at, problems);
                    first = first.or(ended);
                }
                work.start(into.clone(), first, &into.at, problems);
            }
            AgencyChange::Split { of, into, home } => {
                if !into.iter().any(|new| new.code == *home) {
                    problems
                        .at_position(
                            &step.at,
                            "identity.plan_home",
                            format!("\"{home}\" is none of what \"{of}\" becomes"),
                        )
                        .hint("home is the one at which open work goes on");
                }
                let mut to: Vec<_> = into.iter().map(|new| (new.code.clone(), &new.at)).collect();
                to.sort_by_key(|(code, _)| code != home);
                let first = work.end(of, to, &step.at, problems);
                for new in into {
                    work.start(new.clone(), first, &new.at, problems);
                }
            }
            AgencyChange::Rename { of, code, name } => {
                let code = code.as_ref().unwrap_or(of);
                if let Some(old) = work.end(of, vec![(code.clone(), &step.at)], &step.at, problems) {
                    let mut draft = work.as_before(old, code, &step.at);
                    draft.name.clone_from(name);
                    work.start(draft, Some(old), &step.at, problems);
                }
            }
            AgencyChange::Move { of, code, parent } => {
                let code = code.as_ref().unwrap_or(of);
                if let Some(old) = work.end(of, vec![(code.clone(), &step.at)], &step.at, problems) {
                    let mut draft = work.as_before(old, code, &step.at);
                    draft.parent = Some(parent.clone());
                    work.start(draft, Some(old), &step.at, problems);
                }
            }
            AgencyChange::Abolish { of, home, also } => {
                let mut to = vec![(home.clone(), &step.at)];
                to.extend(also.iter().map(|(code, at)| (code.clone(), at)));
                work.end(of, to, &step.at, problems);
            }
            AgencyChange::New(new) => {
                work.start(new.clone(), None, &new.at, problems);
                if let Some(begun) = work.begin.get_mut(new.code.as_str()) {
                    begun.is_new = true;
                }
            }
        }
    }
    work.finish(plan, on, areas, before, problems)
}

impl<'p> Work<'p> {
    fn end(
        &mut self,
        code: &AgencyCode,
        to: Vec<(AgencyCode, &'p Position)>,
        at: &'p Position,
        problems: &mut Problems,
    ) -> Option<&'p Agency> {
        let Some(old) = self.was.get(code.as_str()).copied() else {
            unknown(
                at,
                "identity.plan_agency_unknown",
                code.as_str(),
                self.was.keys().copied(),
                problems,
            );
            return None;
        };
        if let Some(known) = self.ending.get(&old.id) {
            problems
                .at_position(at, "identity.plan_ended_twice", format!("\"{code}\" ends twice"))
                .hint(format!(
                    "also at line {}; one that goes to several is a split",
                    known.at.line
                ));
            return None;
        }
        self.ending.insert(old.id, Ending { to, at });
        self.order.push(old.id);
        Some(old)
    }

    fn start(&mut self, draft: AgencyDraft, from: Option<&'p Agency>, at: &'p Position, problems: &mut Problems) {
        let code = draft.code.as_str().to_owned();
        if let Some(first) = self.begin.get(&code) {
            problems
                .at_position(at, "identity.plan_begins_twice", format!("\"{code}\" begins twice"))
                .hint(format!("also at line {}", first.at.line));
            return;
        }
        self.begin.insert(
            code,
            Beginning {
                draft,
                from,
                is_new: false,
                at,
            },
        );
    }

    /// The same agency once more, under this code.
    fn as_before(&self, old: &Agency, code: &AgencyCode, at: &Position) -> AgencyDraft {
        let parent = self.was.values().find(|agency| Some(agency.id) == old.parent);
        AgencyDraft {
            code: code.clone(),
            origin: if *code == old.code {
                old.code_origin
            } else {
                CodeOrigin::Local
            },
            name: old.name.clone(),
            level: Some(old.level),
            kind: Some(old.kind.clone()),
            parent: parent.map(|parent| parent.code.clone()),
            area: old.area_code.clone(),
            at: at.clone(),
        }
    }

    fn stays(&self, code: &str) -> Option<&'p Agency> {
        self.was
            .get(code)
            .copied()
            .filter(|agency| !self.ending.contains_key(&agency.id))
    }

    fn finish(self, plan: &Plan, on: NaiveDate, areas: &Areas, before: &Before, problems: &mut Problems) -> Agencies {
        let ids: BTreeMap<&str, AgencyId> = self.begin.keys().map(|code| (code.as_str(), AgencyId::new())).collect();
        let id_of = |code: &str| {
            ids.get(code)
                .copied()
                .or_else(|| self.stays(code).map(|agency| agency.id))
        };
        let all: Vec<&str> = self.was.keys().copied().chain(ids.keys().copied()).collect();
        let vanished: BTreeSet<&str> = plan.levels.iter().map(|(level, ..)| level.as_str()).collect();

        let mut begin = Vec::new();
        for (code, new) in &self.begin {
            if let Some(other) = self.stays(code) {
                problems
                    .at_position(
                        new.at,
                        "identity.plan_code_taken",
                        format!("\"{code}\" is another agency on that day"),
                    )
                    .hint(format!("{} does not end in this plan", other.name));
            }
            self.reused(code, new.at, problems);
            let level = new.draft.level.or(new.from.map(|from| from.level));
            let kind = new.draft.kind.clone().or(new.from.map(|from| from.kind.clone()));
            let (Some(level), Some(kind)) = (level, kind) else {
                if !new.is_new {
                    // What it comes from is not there, which has been told.
                    continue;
                }
                problems
                    .at_position(
                        new.at,
                        "identity.plan_kind",
                        format!("\"{code}\" has no level or no kind"),
                    )
                    .hint("what comes from nothing says both");
                continue;
            };
            if vanished.contains(level.as_str()) {
                problems.at_position(
                    new.at,
                    "identity.plan_level",
                    format!("\"{code}\" begins at a level that vanishes: {}", level.as_str()),
                );
            }
            // A parent that ends has a home; whoever is moved by name alone stays under it.
            let parent = new.draft.parent.as_ref().map(|parent| self.in_place_of(parent));
            let parent_id = parent.as_ref().and_then(|parent| id_of(parent.as_str()));
            if let (Some(parent), None) = (&parent, parent_id) {
                unknown(
                    new.at,
                    "identity.plan_parent_unknown",
                    parent.as_str(),
                    all.iter().copied(),
                    problems,
                );
            }
            if parent.is_none() && level != AgencyLevel::Province {
                problems.at_position(
                    new.at,
                    "identity.plan_parent",
                    format!("nobody stands above \"{code}\""),
                );
            }
            let area = new.draft.area.as_ref().map(|area| match areas.has(area, before) {
                true => area.clone(),
                false => areas.successor(area).unwrap_or_default(),
            });
            if area.as_deref().is_some_and(|area| !areas.has(area, before)) {
                problems.at_position(
                    new.at,
                    "identity.plan_area_unknown",
                    format!("\"{code}\" governs an area that is not there on that day"),
                );
            }
            begin.push(AgencyBegins {
                id: ids[code.as_str()],
                code: new.draft.code.clone(),
                origin: new.draft.origin,
                name: new.draft.name.clone(),
                level,
                kind,
                parent: parent_id,
                area,
                address: new.from.map(|from| from.address.clone()).unwrap_or_default(),
                phone: new.from.map(|from| from.phone.clone()).unwrap_or_default(),
            });
        }

        let (mut links, mut moves) = (Vec::new(), Vec::new());
        for id in &self.order {
            let ending = &self.ending[id];
            let Some(old) = before.agencies.iter().find(|agency| agency.id == *id) else {
                continue;
            };
            for (place, (code, at)) in ending.to.iter().enumerate() {
                let Some(new) = id_of(code.as_str()) else {
                    unknown(
                        at,
                        "identity.plan_agency_unknown",
                        code.as_str(),
                        all.iter().copied(),
                        problems,
                    );
                    continue;
                };
                let whole = ending.to.len() == 1;
                links.push(AgencyLink {
                    old: *id,
                    new,
                    whole,
                    home: place == 0,
                });
                if place == 0 {
                    let name = self.begin.get(code.as_str()).map(|new| new.draft.name.clone());
                    moves.push(Move {
                        from: *id,
                        from_code: old.code.to_string(),
                        from_name: old.name.clone(),
                        to: new,
                        to_code: code.to_string(),
                        to_name: name
                            .or_else(|| self.stays(code.as_str()).map(|agency| agency.name.clone()))
                            .unwrap_or_default(),
                    });
                }
            }
        }
        self.left_behind(plan, areas, before, problems);
        // Those above come first: a row names its parent's.
        let mut sorted = Vec::with_capacity(begin.len());
        let mut there: BTreeSet<AgencyId> = before.agencies.iter().map(|agency| agency.id).collect();
        while !begin.is_empty() {
            let (ready, wait): (Vec<AgencyBegins>, Vec<AgencyBegins>) = begin
                .into_iter()
                .partition(|new| new.parent.is_none_or(|parent| there.contains(&parent)));
            if ready.is_empty() {
                let at = &self.begin[wait[0].code.as_str()].at;
                problems.at_position(
                    at,
                    "identity.plan_circle",
                    format!("\"{}\" stands above itself", wait[0].code),
                );
                break;
            }
            there.extend(ready.iter().map(|new| new.id));
            sorted.extend(ready);
            begin = wait;
        }
        Agencies {
            begin: sorted,
            links,
            moves: Moves { on, agencies: moves },
            at: self
                .ending
                .iter()
                .map(|(id, ending)| (*id, ending.at.clone()))
                .collect(),
        }
    }

    /// Cases are numbered by agency, and their numbers begin with its code: two bearers of one code would give the same number to two
    /// cases of one day, unless the second goes on with the series of the first.
    fn reused(&self, code: &str, at: &Position, problems: &mut Problems) {
        let Some(old) = self.was.get(code) else { return };
        let home = self.ending.get(&old.id).and_then(|ending| ending.to.first());
        if let Some((home, _)) = home.filter(|(home, _)| home.as_str() != code) {
            problems
                .at_position(
                    at,
                    "identity.plan_code_reused",
                    format!(
                        "\"{code}\" is the code of {}, whose work goes on at \"{home}\"",
                        old.name
                    ),
                )
                .hint("a code goes on with the work that was done under it: take another one");
        }
    }

    /// The code of whoever stands in the place of this one on the day.
    fn in_place_of(&self, code: &AgencyCode) -> AgencyCode {
        if self.begin.contains_key(code.as_str()) {
            return code.clone();
        }
        self.was
            .get(code.as_str())
            .and_then(|agency| self.ending.get(&agency.id))
            .and_then(|ending| ending.to.first())
            .map_or_else(|| code.clone(), |(home, _)| home.clone())
    }

    /// Nobody stays under an agency that ends, in an area that ends, or at a level that vanishes.
    fn left_behind(&self, plan: &Plan, areas: &Areas, before: &Before, problems: &mut Problems) {
        for agency in before
            .agencies
            .iter()
            .filter(|agency| !self.ending.contains_key(&agency.id))
        {
            let parent = agency
                .parent
                .and_then(|parent| self.ending.get(&parent))
                .map(|ending| ending.at);
            let area = agency
                .area_code
                .as_deref()
                .is_some_and(|area| areas.is_gone(area))
                .then(|| plan.areas.first().map(|step| &step.at))
                .flatten();
            let level = plan
                .levels
                .iter()
                .find(|(level, ..)| *level == agency.level)
                .map(|(.., at)| at);
            if let Some(at) = parent.or(area).or(level) {
                problems
                    .at_position(
                        at,
                        "identity.plan_left_behind",
                        format!("{} (\"{}\") is left behind", agency.name, agency.code),
                    )
                    .hint("a step for it is missing: merge, move, rename or abolish");
            }
        }
    }
}
