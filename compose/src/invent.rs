//! Invented records of every register that the systems declare, which hang together: the same people, wards, businesses and parcels wherever they
//! appear. From the declarations alone, and from words of the province (`invented.yaml`); a seed and a moment give the same records
//! whenever they are made again.
//!
//! People come from one pool: those of the demonstration and their families. Registers are filled after those to which they lead. A record is drawn
//! field by field, judged by the engine's own rules and mended until it keeps them; what cannot be mended is drawn again, and in the end
//! left out and told. Scale 2 is scale 1 with as many records again, about other people, and so on: what is there stays as it is.

mod blueprint;
mod codes;
mod dates;
mod declared;
mod draft;
mod figures;
mod fill;
mod keep;
mod land;
mod links;
mod mend;
mod pool;
mod roles;
mod rows;
mod sizes;
mod stock;
mod texts;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use kernel::{Fault, Result, local_date};
use registry::definition::FieldDefinition;
use registry::{Ground, Values, read_row};
use schema::field::Condition;
use sha2::{Digest, Sha256};

use crate::apps::Sources;
use crate::past::dice::Dice;
use blueprint::Blueprint;
use declared::Declared;
use draft::{Bench, Draft, World};
use land::Land;
use pool::Pool;
use stock::{Kept, Slice, Stock};
use words::Words;

pub use write::{Done, Fill, Order, Watch};

/// The largest scale: there are no numbers for more people.
pub const LARGEST_SCALE: usize = 100;
/// With so many records of each register a demonstration begins: every list, page and figure has something to show, and they are there in a minute. They
/// lead to each other alone, so that they are the same where more are made.
const FEW: usize = 40;
/// How often a record is drawn before it is left out.
const ATTEMPTS: usize = 14;

/// A record of a register, by field; links are named by [`Made::links`] where their key is not one plain value.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// What is to be read, nothing of it computed.
    pub fields: Values,
    /// Links to other records of this province: field, register, place in its slice.
    pub links: Vec<(String, String, usize)>,
    /// The first day on which it holds.
    pub from: chrono::NaiveDate,
}

/// What came of one slice of a register.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filled {
    /// The records.
    pub records: Vec<Made>,
    /// How many there were to be.
    pub wanted: usize,
    /// Why some are not there: what was wrong at last, and how often.
    pub left: BTreeMap<String, usize>,
}

/// Everything from which records are made.
pub struct Invention {
    world: World,
    ground: Ground,
    seed: u64,
    /// In the order in which they are filled.
    plans: Vec<Blueprint>,
    pool: Pool,
    slice: usize,
    stock: Stock,
    /// The first [`FEW`] of them.
    few: Stock,
    /// Keys that are there already, by register: hashes, since they are many.
    keys: HashMap<String, HashSet<u64>>,
    /// How many records each register has from earlier slices.
    counts: HashMap<String, usize>,
}

fn broken(reason: impl std::fmt::Display) -> Fault {
    Fault::internal("compose.table_broken").with("reason", reason)
}

/// A number from words: the same in every program.
fn hashed(parts: &[&[u8]]) -> u64 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Invention {
    /// Of the registers that these systems declare, as of a moment. Fails with `compose.table_broken` where a declaration or a table of the province is not
    /// sound.
    pub fn new(sources: &Sources, seed: u64, now: DateTime<Utc>) -> Result<Self> {
        let words = Words::read()?;
        let land = Land::read(&words)?;
        let today = local_date(now);
        let declared: BTreeMap<String, Declared> = declared::read(sources)?
            .into_iter()
            .map(|own| (own.definition.record.clone(), own))
            .collect();
        let mut ground = Ground {
            now,
            areas: land
                .wards
                .iter()
                .map(|ward| (ward.code.clone(), vec![(chrono::NaiveDate::MIN, None)]))
                .collect(),
            ..Ground::default()
        };
        let mut catalogues = BTreeMap::new();
        for (register, own) in &declared {
            if let Some(codes) = own.codes_on(today) {
                let mut sorted: Vec<String> = codes.keys().cloned().collect();
                sorted.sort_unstable();
                catalogues.insert(register.clone(), sorted);
                ground.catalogues.insert(register.clone(), codes);
            }
        }
        let mut stock = Stock::new();
        for (register, own) in declared.iter().filter(|(_, own)| own.own.is_some()) {
            let mut slice = Slice::of(0, false);
            for row in own.rows_on(today) {
                let cell = |name: &String| row.get(name).cloned().unwrap_or_default();
                slice.add(Kept {
                    key: own.definition.key.iter().map(cell).collect(),
                    title: cell(&own.definition.title),
                    ..Kept::default()
                });
            }
            stock.insert(register.clone(), slice);
        }
        let plans = declared::in_order(&declared)
            .into_iter()
            .filter_map(|register| declared.get(&register).filter(|own| own.own.is_none()))
            .map(|own| Blueprint::new(own.definition.clone(), &words))
            .collect();
        let pool = Pool::slice(&words, &land, seed, 0, today)?;
        Ok(Self {
            world: World {
                words,
                land,
                now,
                today,
                catalogues,
            },
            ground,
            seed,
            plans,
            pool,
            slice: 0,
            few: stock.clone(),
            stock,
            keys: HashMap::new(),
            counts: HashMap::new(),
        })
    }

    /// The registers that are filled, each after those to which it leads.
    pub fn registers(&self) -> Vec<String> {
        self.plans.iter().map(|plan| plan.definition.record.clone()).collect()
    }

    /// These registers and all those to which they lead; all where none is named. `compose.register_unknown` for one that is not filled.
    pub fn needed(&self, named: &[String]) -> Result<BTreeSet<String>> {
        let all: BTreeSet<String> = self.registers().into_iter().collect();
        if named.is_empty() {
            return Ok(all);
        }
        let mut needed = BTreeSet::new();
        let mut next: Vec<String> = named.to_vec();
        while let Some(register) = next.pop() {
            if !all.contains(&register) {
                let own = self.stock.contains_key(&register);
                if own && !named.contains(&register) {
                    continue;
                }
                return Err(Fault::not_found("compose.register_unknown").with("register", register));
            }
            if needed.insert(register.clone())
                && let Some(plan) = self.plans.iter().find(|plan| plan.definition.record == register)
            {
                next.extend(declared::targets(&plan.definition).map(|(target, _)| target.to_owned()));
            }
        }
        Ok(needed)
    }

    /// Goes on to other people: the next slice.
    pub fn next_slice(&mut self) -> Result<()> {
        self.slice += 1;
        if self.slice >= LARGEST_SCALE {
            return Err(broken("scale"));
        }
        let world = &self.world;
        self.pool = Pool::slice(&world.words, &world.land, self.seed, self.slice, world.today)?;
        Ok(())
    }

    /// Makes the records of a register for the slice that it stands at, `most` at the most; others may link to them from now on.
    pub fn fill(&mut self, register: &str, most: Option<usize>) -> Result<Filled> {
        let place = self.plans.iter().position(|plan| plan.definition.record == register);
        let place = place.ok_or_else(|| Fault::not_found("compose.register_unknown").with("register", register))?;
        let wanted = sizes::of(&self.plans[place], &self.world, &self.pool, &self.stock);
        let wanted = most.map_or(wanted, |most| wanted.min(most));
        let first = self.counts.get(register).copied().unwrap_or_default();
        let mut filled = Filled {
            wanted,
            ..Filled::default()
        };
        let mut keys = self.keys.remove(register).unwrap_or_default();
        let plan = &self.plans[place];
        let mut own = Slice::of(self.slice, plan.is_of_people && !plan.is_of_households);
        // Its own earlier records may be led to while it is filled.
        let mut stock = std::mem::take(&mut self.stock);
        let mut few = std::mem::take(&mut self.few);
        let before = stock.remove(register);
        let leads_to_itself = declared::targets(&plan.definition).any(|(target, _)| target == register);
        let seed = hashed(&[&self.seed.to_be_bytes(), register.as_bytes()]);
        let eligible = self.eligible(plan);
        let mut waiting: Vec<Kept> = Vec::new();
        let mut at = 0;
        while at < wanted {
            // Doubling steps: what a step made can be led to from the next one on.
            let mut step = if leads_to_itself {
                (at.max(4)).min(wanted - at)
            } else {
                wanted - at
            };
            let among_few = self.slice == 0 && at < FEW;
            if among_few {
                step = step.min(FEW - at);
            }
            let stock = if among_few { &mut few } else { &mut stock };
            if leads_to_itself {
                stock.insert(register.to_owned(), own.clone());
            }
            let bench = Bench {
                world: &self.world,
                pool: &self.pool,
                stock,
                plan,
                slice: self.slice,
                eligible: eligible.clone(),
                seed,
            };
            for place in at..at + step {
                match self.one(&bench, place, first + place, &mut keys) {
                    Ok((made, kept)) => {
                        filled.records.push(made);
                        waiting.push(kept);
                    }
                    Err(why) => *filled.left.entry(why).or_default() += 1,
                }
            }
            waiting.drain(..).for_each(|kept| own.add(kept));
            at += step;
        }
        // A slice for which there was no room leaves those before it to be led to.
        let kept = match before {
            Some(before) if own.kept.is_empty() => before,
            _ => own,
        };
        if self.slice == 0 {
            few.insert(register.to_owned(), kept.first(FEW));
        }
        stock.insert(register.to_owned(), kept);
        self.stock = stock;
        self.few = few;
        self.keys.insert(register.to_owned(), keys);
        self.counts.insert(register.to_owned(), first + wanted);
        self.know(register);
        Ok(filled)
    }

    /// A catalogue that was made is a catalogue of codes from now on.
    fn know(&mut self, register: &str) {
        let plan = self.plans.iter().find(|plan| plan.definition.record == register);
        if plan.is_some_and(|plan| plan.definition.catalogue)
            && let Some(slice) = self.stock.get(register)
        {
            let codes = self.ground.catalogues.entry(register.to_owned()).or_default();
            codes.extend(slice.kept.iter().map(|kept| (kept.called(), kept.title.clone())));
        }
    }

    /// Who may be whom in a register, by role.
    fn eligible(&self, plan: &Blueprint) -> Vec<Vec<usize>> {
        let everybody = self.world.words.file.everybody.contains(&plan.definition.record);
        let households = self.world.words.file.households.contains(&plan.definition.record);
        let all = &self.pool.people;
        (plan.roles.iter().enumerate())
            .map(|(place, role)| match place {
                0 if everybody => (0..all.len()).collect(),
                0 if households || plan.is_of_households => {
                    self.pool.households.iter().map(|home| home.members[0]).collect()
                }
                _ => {
                    let [least, most] = role.ages;
                    let fits = |one: &usize| (least..=most).contains(&all[*one].age(self.world.today));
                    (0..all.len()).filter(fits).collect()
                }
            })
            .collect()
    }

    /// One record; or what was wrong with it at last.
    fn one(
        &self,
        bench: &Bench<'_>,
        place: usize,
        index: usize,
        keys: &mut HashSet<u64>,
    ) -> std::result::Result<(Made, Kept), String> {
        let definition = &bench.plan.definition;
        let mut why = String::new();
        for attempt in 0..ATTEMPTS {
            let number = [bench.seed, index as u64, attempt as u64].map(u64::to_be_bytes);
            let mut dice = Dice::new(hashed(&[&number[0], &number[1], &number[2]]));
            let mut draft = Draft::begin(bench, place, index, &mut dice);
            let judgement = draft.write(&mut dice, attempt);
            let judgement = draft.mend(judgement, &mut dice);
            if let Some(rule) = judgement.broken.first() {
                why = format!("rule {}", definition.rules[*rule].rule);
                continue;
            }
            if let Some(field) = judgement.missing.first() {
                why = format!("missing {}", definition.fields[*field].field);
                continue;
            }
            let mut reading = read_row(definition, &draft.values, &self.ground, draft.start);
            if let Some(fault) = reading.faults.first() {
                why = format!("{} {}", fault.field, fault.code);
                continue;
            }
            // What must be there once and is there already is left empty, or another is drawn.
            let once: Vec<(&FieldDefinition, u64)> = definition
                .fields
                .iter()
                .filter(|field| field.unique && field.links_to().is_none())
                .filter_map(|field| {
                    let value = reading.values.get(&field.field)?.to_string();
                    Some((field, hashed(&[field.field.as_bytes(), value.as_bytes()])))
                })
                .collect();
            let (again, once): (Vec<_>, Vec<_>) = once.into_iter().partition(|(_, mark)| keys.contains(mark));
            if let Some((field, _)) = again.iter().find(|(field, _)| field.required != Condition::Never) {
                why = format!("{} registry.field.unique", field.field);
                continue;
            }
            for (field, _) in again {
                draft.values.remove(&field.field);
                reading.values.remove(&field.field);
            }
            let kept = keep::kept(&draft, &reading.values);
            let parts: Vec<&[u8]> = kept.key.iter().map(|part| part.as_bytes()).collect();
            if !keys.insert(hashed(&parts)) {
                why = "key".to_owned();
                continue;
            }
            keys.extend(once.into_iter().map(|(_, mark)| mark));
            return Ok((keep::made(draft), kept));
        }
        Err(why)
    }

    /// What is declared of a register that is filled.
    fn plan(&self, register: &str) -> Option<&Blueprint> {
        self.plans.iter().find(|plan| plan.definition.record == register)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod written;
