//! Units and positions go along with their agency; those of one code become one.

use std::collections::BTreeMap;

use kernel::{AgencyId, PositionId, UnitId};
use op::{Listed, Move};
use schema::Problems;

use super::agencies::Agencies;
use super::{Before, OfficeKind, PositionBefore};
use crate::model::{Unit, Validity};
use crate::reorganise::plan::{Plan, PositionChange};

/// What happens to units and positions.
#[derive(Debug, Default)]
pub(super) struct Offices {
    pub(super) units: Vec<Unit>,
    pub(super) positions: Vec<PositionBefore>,
    pub(super) links: Vec<(PositionId, PositionId)>,
    pub(super) listed: Vec<Listed>,
}

struct Work<'b> {
    before: &'b Before,
    agencies: &'b Agencies,
    /// The units of an agency after the plan, by code.
    units: BTreeMap<(AgencyId, String), UnitId>,
    /// The positions of an agency after the plan, by code.
    positions: BTreeMap<(AgencyId, String), PositionBefore>,
    found: Offices,
}

pub(super) fn settle(plan: &Plan, before: &Before, agencies: &Agencies, problems: &mut Problems) -> Offices {
    let mut work = Work {
        before,
        agencies,
        units: before
            .units
            .iter()
            .map(|unit| ((unit.agency, unit.code.clone()), unit.id))
            .collect(),
        positions: before
            .positions
            .iter()
            .map(|position| ((position.agency, position.code.clone()), position.clone()))
            .collect(),
        found: Offices::default(),
    };
    // Positions that keep their code come first: they say what a code means in the new agency.
    for keeps_code in [true, false] {
        for one in &agencies.moves.agencies {
            let own = before.positions.iter().filter(|position| position.agency == one.from);
            for position in own {
                let change = plan.positions.get(&position.code);
                if change.is_none() == keeps_code {
                    work.carry(position, change, one, problems);
                }
            }
        }
    }
    work.found
}

impl Work<'_> {
    fn carry(
        &mut self,
        old: &PositionBefore,
        change: Option<&PositionChange>,
        Move {
            from,
            from_code,
            to,
            to_code,
            ..
        }: &Move,
        problems: &mut Problems,
    ) {
        let (code, to) = (change.map_or(&old.code, |change| &change.code), *to);
        let key = (to, code.clone());
        let new = match self.positions.get(&key) {
            Some(known) => known.clone(),
            None => {
                // An agency that stays has a code once, whatever its days.
                if let (true, Some(at)) = (
                    self.elsewhen(to, OfficeKind::Position, code),
                    self.agencies.at.get(from),
                ) {
                    problems
                        .at_position(
                            at,
                            "identity.plan_office_taken",
                            format!("\"{to_code}\" has a position \"{code}\" of other days, which \"{from_code}\" would bring along"),
                        )
                        .hint("say in \"positions\" under which other code it goes on");
                }
                let (title, roles) = change
                    .and_then(|change| change.kind.clone())
                    .unwrap_or_else(|| (old.title.clone(), old.roles.clone()));
                let new = PositionBefore {
                    id: PositionId::new(),
                    agency: to,
                    unit: self.unit(old.unit, to),
                    code: code.clone(),
                    title,
                    roles,
                };
                self.positions.insert(key, new.clone());
                self.found.positions.push(new.clone());
                new
            }
        };
        if new.roles != old.roles {
            self.found.listed.push(Listed {
                why: "roles_differ".to_owned(),
                what: format!("{from_code} {}", old.code),
                detail: format!("{} → {} ({})", old.roles.join(", "), new.roles.join(", "), new.title),
            });
        }
        self.found.links.push((old.id, new.id));
    }

    fn unit(&mut self, old: Option<UnitId>, to: AgencyId) -> Option<UnitId> {
        let old = self.before.units.iter().find(|unit| Some(unit.id) == old)?;
        let key = (to, old.code.clone());
        if let Some(known) = self.units.get(&key) {
            return Some(*known);
        }
        let new = Unit {
            id: UnitId::new(),
            agency: to,
            code: self.free_code(to, &old.code),
            validity: Validity::since(self.agencies.moves.on),
            ..old.clone()
        };
        self.units.insert((to, new.code.clone()), new.id);
        self.units.insert(key, new.id);
        self.found.units.push(new.clone());
        Some(new.id)
    }

    fn elsewhen(&self, agency: AgencyId, kind: OfficeKind, code: &str) -> bool {
        let mut all = self.before.offices_elsewhen.iter();
        all.any(|office| office.agency == agency && office.kind == kind && office.code == code)
    }

    /// A plan says nothing of the codes of units: one that was used on other days gets a number.
    fn free_code(&self, agency: AgencyId, code: &str) -> String {
        if !self.elsewhen(agency, OfficeKind::Unit, code) {
            return code.to_owned();
        }
        let short: String = code.chars().take(50).collect();
        let free = |code: &String| {
            !self.elsewhen(agency, OfficeKind::Unit, code) && !self.units.contains_key(&(agency, code.clone()))
        };
        let mut codes = (2_u32..).map(|number| format!("{short}-{number}"));
        codes.find(free).unwrap_or_else(|| code.to_owned())
    }
}
