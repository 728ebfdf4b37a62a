//! Where links lead: records that belong together, agencies of the right level, codes of catalogues.

use std::collections::BTreeSet;

use schema::field::Condition;
use serde_json::Value;

use super::draft::Draft;
use super::words::Level;
use crate::past::dice::Dice;

/// No more records near by are looked at.
const NEAR: usize = 64;

impl Draft<'_> {
    /// A code of a catalogue: one of its own, or one that was made.
    pub(super) fn code(&self, at: usize, catalogue: &str, dice: &mut Dice) -> Option<Value> {
        if let Some(codes) = self.world().catalogues.get(catalogue).filter(|codes| !codes.is_empty()) {
            let usual = self.world().words.file.usual_codes.get(catalogue);
            let usual = usual.filter(|usual| !self.plan().in_key(at) && dice.chance(usual.percent));
            return Some(
                usual
                    .map_or_else(|| dice.pick(codes), |usual| &usual.code)
                    .clone()
                    .into(),
            );
        }
        let made = self.bench.stock.get(catalogue).filter(|slice| !slice.kept.is_empty())?;
        Some(dice.pick(&made.kept).called().into())
    }

    /// An agency of the level that the field speaks of.
    pub(super) fn agency(&self, at: usize, dice: &mut Dice) -> Option<String> {
        let land = &self.world().land;
        let definition = &self.plan().definition;
        let level = self.plan().plans[at].agency.unwrap_or_else(|| {
            let enters = |level| definition.enters.is_empty() || definition.enters.contains(&level);
            match dice.between(0, 99) {
                0..50 => Level::Province,
                50..85 if enters(registry::definition::Level::District) => Level::District,
                85.. if enters(registry::definition::Level::Commune) => Level::Commune,
                _ => Level::Province,
            }
        });
        let own = land.offices.iter().find(|office| office.code == definition.owner);
        if level == Level::Province
            && let Some(own) = own.filter(|_| dice.chance(45))
        {
            return Some(own.identifier.clone());
        }
        let found = land.offices_of(level, self.ward);
        (!found.is_empty()).then(|| dice.pick(&found).identifier.clone())
    }

    /// A record to which a link may lead: of the same person, household or ward, if there is one.
    pub(super) fn linked(&self, at: usize, register: &str, dice: &mut Dice) -> Option<usize> {
        let slice = self.bench.stock.get(register).filter(|slice| !slice.kept.is_empty())?;
        let field = &self.plan().definition.fields[at];
        let is_needed = field.required == Condition::Always;
        let main = self.who.first().and_then(Option::as_ref);
        let of_people = slice.kept[0].person.is_some();
        let staff = self.world().words.file.staff.contains(register);
        if of_people
            && !staff
            && let Some(person) = main.and_then(|who| who.at)
        {
            let household = self.bench.pool.people[person].household;
            let same = [
                slice.of_person(self.bench.slice, person),
                slice.of_household(self.bench.slice, household),
            ];
            if let Some(found) = same.into_iter().find(|found| !found.is_empty()) {
                return Some(*dice.pick(found));
            }
            let individual = slice.is_of_people;
            if individual && !is_needed {
                return None;
            }
        }
        // A record may lead to one of its own register only after that one was written.
        let own = register == self.plan().definition.record;
        let most = if own { slice.kept.len() / 2 } else { slice.kept.len() };
        if most == 0 {
            return None;
        }
        // What is linked already says more than the ward: of the classes of the world those of the school.
        for other in self
            .links
            .keys()
            .copied()
            .filter(|other| *other != at)
            .collect::<BTreeSet<_>>()
        {
            let Some((to, target)) = self.plan().definition.fields[other].links_to().zip(self.target(other)) else {
                continue;
            };
            if self.bench.stock.get(to).is_none_or(|of| of.slice != slice.slice) {
                continue;
            }
            if let Some((_, place)) = target
                .leads
                .iter()
                .find(|(lead, place)| lead == register && *place < most)
            {
                return Some(*place);
            }
            let beside = slice.that_lead(to, self.links[&other]);
            let beside: Vec<usize> = beside
                .iter()
                .copied()
                .filter(|place| *place < most)
                .take(NEAR)
                .collect();
            match beside.is_empty() {
                false => return Some(*dice.pick(&beside)),
                true if slice.belongs(to) && !is_needed => return None,
                true => {}
            }
        }
        let near = slice.of_ward(self.ward).iter().copied().filter(|place| *place < most);
        let near: Vec<usize> = near.take(NEAR).collect();
        match near.is_empty() {
            false => Some(*dice.pick(&near)),
            true => Some(dice.between(0, most as i64 - 1) as usize),
        }
    }
}
