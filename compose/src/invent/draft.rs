//! One record that is being made: whom it is about, where it is, when it begins; then field by field.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Days, NaiveDate, Utc};
use registry::definition::{Kind, LinkTarget};
use registry::{Judgement, Values, judge};
use schema::field::Condition;
use serde_json::Value;

use super::blueprint::Blueprint;
use super::land::Land;
use super::pool::{Person, Pool};
use super::stock::{Kept, Stock};
use super::words::{Attribute, Kinship, Words};
use crate::past::dice::Dice;
use kernel::Sex;

/// How far back records begin, in days.
const YEARS_BACK: i64 = 6 * 365;
/// How often what is missing is filled in, for what then is missing.
const PASSES: usize = 4;

/// Everything that is the same for all records.
pub(super) struct World {
    pub(super) words: Words,
    pub(super) land: Land,
    /// The moment as of which everything is invented.
    pub(super) now: DateTime<Utc>,
    pub(super) today: NaiveDate,
    /// Codes of catalogues, in order.
    pub(super) catalogues: BTreeMap<String, Vec<String>>,
}

/// What is the same for the records of one register and one slice.
pub(super) struct Bench<'b> {
    pub(super) world: &'b World,
    pub(super) pool: &'b Pool,
    pub(super) stock: &'b Stock,
    pub(super) plan: &'b Blueprint,
    pub(super) slice: usize,
    /// Who may be whom, by role.
    pub(super) eligible: Vec<Vec<usize>>,
    /// What is drawn for this register.
    pub(super) seed: u64,
}

/// Somebody of a record: their place in the pool, unless they are nobody of the province.
#[derive(Debug, Clone)]
pub(super) struct Who {
    pub(super) at: Option<usize>,
    pub(super) person: Person,
}

/// A record that is being made.
#[derive(Clone)]
pub(super) struct Draft<'b> {
    pub(super) bench: &'b Bench<'b>,
    /// The place among the records of the slice.
    pub(super) place: usize,
    /// The place among all records of the register.
    pub(super) index: usize,
    pub(super) values: Values,
    pub(super) who: Vec<Option<Who>>,
    pub(super) ward: usize,
    /// The day on which it begins, and the last day that was told so far.
    pub(super) start: NaiveDate,
    pub(super) latest: NaiveDate,
    /// The records to which its links lead, by place of the field.
    pub(super) links: HashMap<usize, usize>,
    /// Fields that are left empty, whatever is usual.
    pub(super) spared: BTreeSet<usize>,
}

impl<'b> Draft<'b> {
    pub(super) fn begin(bench: &'b Bench<'b>, place: usize, index: usize, dice: &mut Dice) -> Self {
        let world = bench.world;
        let back = dice.between(20, YEARS_BACK) as u64;
        let start = world.today.checked_sub_days(Days::new(back)).unwrap_or(world.today);
        Self {
            bench,
            place,
            index,
            values: Values::new(),
            who: vec![None; bench.plan.roles.len()],
            ward: dice.between(0, world.land.wards.len() as i64 - 1) as usize,
            start,
            latest: start,
            links: HashMap::new(),
            spared: BTreeSet::new(),
        }
    }

    pub(super) fn plan(&self) -> &'b Blueprint {
        self.bench.plan
    }

    pub(super) fn world(&self) -> &'b World {
        self.bench.world
    }

    /// Fills everything that is usual, then what is demanded.
    pub(super) fn write(&mut self, dice: &mut Dice, attempt: usize) -> Judgement {
        self.people(dice, attempt);
        self.whereabouts(dice);
        for at in 0..self.plan().plans.len() {
            if !self.links.contains_key(&at) && dice.chance(self.plan().plans[at].percent) && !self.has(at) {
                self.fill(at, dice);
            }
        }
        self.complete(dice)
    }

    /// Fills what is demanded, until nothing is, or nothing can be; and what is to be said of it then.
    pub(super) fn complete(&mut self, dice: &mut Dice) -> Judgement {
        let mut judgement = self.judged();
        for _ in 0..PASSES {
            if judgement.missing.is_empty() {
                break;
            }
            for at in judgement.missing {
                self.fill(at, dice);
            }
            judgement = self.judged();
        }
        judgement
    }

    pub(super) fn judged(&self) -> Judgement {
        judge(&self.plan().definition, &self.values, self.world().now)
    }

    pub(super) fn name(&self, at: usize) -> &'b str {
        &self.plan().definition.fields[at].field
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.values.contains_key(self.name(at))
    }

    pub(super) fn get(&self, at: usize) -> Option<&Value> {
        self.values.get(self.name(at))
    }

    pub(super) fn set(&mut self, at: usize, value: Option<Value>) {
        let name = self.name(at).to_owned();
        match value {
            Some(value) => self.values.insert(name, value),
            None => {
                self.links.remove(&at);
                self.values.remove(&name)
            }
        };
    }

    /// Whom it is about: from a link, or drawn; then the others, as they stand to them.
    pub(super) fn people(&mut self, dice: &mut Dice, attempt: usize) {
        for role in 0..self.plan().roles.len() {
            let who = match role {
                0 => self.main(dice, attempt),
                _ => self.other(role, dice),
            };
            self.be(role, who);
        }
    }

    fn main(&mut self, dice: &mut Dice, attempt: usize) -> Option<Who> {
        if let Some(link) = self.plan().person_from
            && let Some(who) = self.who_is_linked(link, attempt)
        {
            return Some(who);
        }
        self.drawn(0, dice, attempt)
    }

    /// The one whom the record is about to which a link leads.
    fn who_is_linked(&mut self, link: usize, attempt: usize) -> Option<Who> {
        let register = match &self.plan().definition.fields[link].kind {
            Kind::Link(LinkTarget::Register(register)) => register,
            _ => return None,
        };
        let slice = self
            .bench
            .stock
            .get(register)
            .filter(|own| own.slice == self.bench.slice)?;
        let count = slice.kept.len().max(1);
        let at = (self.bench.seed as usize % count + (self.place + attempt * 131) * stride(count)) % count;
        let person = slice.kept.get(at)?.person?;
        self.link(link, at);
        Some(self.resident(person))
    }

    pub(super) fn resident(&self, at: usize) -> Who {
        Who {
            at: Some(at),
            person: self.bench.pool.people[at].clone(),
        }
    }

    /// Somebody who may be in a role: each once before anybody twice.
    pub(super) fn drawn(&self, role: usize, dice: &mut Dice, attempt: usize) -> Option<Who> {
        if self.plan().roles[role].is_foreign {
            return Some(self.foreigner(role, dice));
        }
        let eligible = self.bench.eligible.get(role).filter(|all| !all.is_empty())?;
        let count = eligible.len();
        let at = match role {
            0 => (self.bench.seed as usize % count + (self.place + attempt * 131) * stride(count)) % count,
            _ => dice.between(0, count as i64 - 1) as usize,
        };
        Some(self.resident(eligible[at]))
    }

    fn foreigner(&self, role: usize, dice: &mut Dice) -> Who {
        let [least, most] = self.plan().roles[role].ages;
        let days = dice.between(i64::from(least) * 366, i64::from(most) * 365) as u64;
        Who {
            at: None,
            person: Person {
                number: String::new(),
                name: dice.pick(&self.world().words.file.foreign_names).clone(),
                sex: if dice.chance(40) { Sex::Female } else { Sex::Male },
                born: self.world().today.checked_sub_days(Days::new(days)).unwrap_or_default(),
                household: 0,
                father: None,
                mother: None,
                spouse: None,
            },
        }
    }

    pub(super) fn other(&self, role: usize, dice: &mut Dice) -> Option<Who> {
        let plan = &self.plan().roles[role];
        let kinship = plan
            .relation
            .as_ref()
            .map_or(Kinship::Other, |relation| relation.kinship);
        let of = self.who.get(plan.of).and_then(Option::as_ref)?;
        let pool = self.bench.pool;
        let kin = match (kinship, of.at) {
            (Kinship::Father, _) => of.person.father,
            (Kinship::Mother, _) => of.person.mother,
            (Kinship::Spouse, _) => of.person.spouse,
            (Kinship::Child, Some(at)) => {
                let members = &pool.home(&of.person).members;
                let child =
                    |one: &&usize| pool.people[**one].father == Some(at) || pool.people[**one].mother == Some(at);
                members.iter().find(child).copied()
            }
            (Kinship::Kin, Some(at)) => {
                let members = &pool.home(&of.person).members;
                let grown = |one: &&usize| **one != at && pool.people[**one].age(self.world().today) >= 18;
                members.iter().find(grown).copied()
            }
            _ => None,
        };
        match kin {
            Some(at) => Some(self.resident(at)),
            // Nobody's father, mother or spouse is made up; whom a record must name is somebody.
            None if plan.is_needed || plan.relation.is_none() || kinship == Kinship::Other => {
                let drawn = self.drawn(role, dice, 0)?;
                (drawn.at != of.at || drawn.at.is_none()).then_some(drawn)
            }
            None => None,
        }
    }

    /// Puts somebody into a role: what the record says of them is theirs.
    pub(super) fn be(&mut self, role: usize, who: Option<Who>) {
        self.who[role] = who;
        if role == 0
            && self.plan().roles[0].is_known
            && let Some(who) = &self.who[0]
            && who.at.is_some()
        {
            self.ward = self.bench.pool.home(&who.person).ward;
        }
        self.begin_after_birth();
        for at in 0..self.plan().plans.len() {
            if self.plan().plans[at].about.is_some_and(|(own, _)| own == role) && self.has(at) {
                let value = self.of_person(at);
                self.set(at, value);
            }
        }
    }

    /// Nothing is recorded of somebody before they are born.
    fn begin_after_birth(&mut self) {
        let born = self.who.first().and_then(Option::as_ref).map(|who| who.person.born);
        let Some(born) = born.filter(|born| self.start <= *born) else {
            return;
        };
        let lived = (self.world().today - born).num_days().max(1) as u64;
        let days = 1 + self.index as u64 * 37 % lived;
        self.start = born
            .checked_add_days(Days::new(days))
            .unwrap_or(born)
            .min(self.world().today);
        self.latest = self.start;
    }

    /// Where it is: with whom it is about, or with what it must belong to.
    fn whereabouts(&mut self, dice: &mut Dice) {
        let known = self
            .who
            .first()
            .and_then(Option::as_ref)
            .is_some_and(|who| who.at.is_some());
        let lives = known && self.plan().roles.first().is_some_and(|role| role.is_known);
        for at in 0..self.plan().plans.len() {
            let field = &self.plan().definition.fields[at];
            if field.required == Condition::Always && field.links_to().is_some() && !self.links.contains_key(&at) {
                self.fill(at, dice);
            }
        }
        if lives {
            return;
        }
        let wards = (0..self.plan().plans.len()).filter_map(|at| self.target(at)?.ward);
        if let Some(ward) = wards.into_iter().next() {
            self.ward = ward;
        }
    }

    /// The record to which a link leads.
    pub(super) fn target(&self, at: usize) -> Option<&'b Kept> {
        let register = self.plan().definition.fields[at].links_to()?;
        let place = self.links.get(&at)?;
        self.bench.stock.get(register)?.kept.get(*place)
    }

    /// Lets a link lead to a record.
    pub(super) fn link(&mut self, at: usize, place: usize) {
        self.links.insert(at, place);
        if let Some(target) = self.target(at) {
            let called = target.called();
            self.set(at, Some(called.into()));
        }
    }

    /// What a field holds of somebody.
    pub(super) fn about(&self, at: usize) -> Option<(Attribute, &Who)> {
        let (role, has) = self.plan().plans[at].about?;
        Some((has, self.who.get(role)?.as_ref()?))
    }
}

/// A step that goes through so many places before it comes back to the first.
pub(super) fn stride(count: usize) -> usize {
    let primes = [7_919, 104_729, 1_299_709, 15_485_863];
    primes
        .into_iter()
        .find(|prime| !count.is_multiple_of(*prime))
        .unwrap_or(1)
}
