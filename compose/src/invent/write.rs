//! Writing invented records: register by register, in batches, each once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use identity::Identity;
use kernel::{Actor, Fault, Result};
use op::{Op, Ops};
use registry::definition::{Kind, LinkTarget};
use registry::{Given, Registry};
use serde_json::Value;
use uuid::Uuid;

use super::{FEW, Filled, Invention, LARGEST_SCALE, Made};
use crate::apps::Sources;
use crate::province::tables::{self, DemoFile};

/// Rows of one operation.
const BATCH: usize = 1_000;
/// That somebody loaded the people of the demonstration.
const DEMONSTRATION: &str = "province.loaded.people";
/// As of which moment records are invented, and by which seed: kept, so that they are the same whenever they are made again.
const AS_OF: &str = "invent.as_of";
const SEED: &str = "invent.seed";
/// How far the registers that a demonstration begins with have come: `begun` or `there`.
const DEMONSTRATED: &str = "invent.demonstrated";
const ACTOR: Actor = Actor::System("invent");

/// What is to be invented.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// How many times as many records as usual; 1 is usual.
    pub scale: usize,
    /// In place of the seed of the demonstration.
    pub seed: Option<u64>,
    /// These registers and those to which they lead; all where none is named.
    pub registers: Vec<String>,
    /// No more records than these of one register and slice.
    pub most: Option<usize>,
}

/// What became of one slice of a register.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The register.
    pub register: String,
    /// Its slice, from 1.
    pub slice: usize,
    /// Records that were invented.
    pub made: usize,
    /// Of these: new ones.
    pub created: u64,
    /// Of these: those that were there otherwise.
    pub changed: u64,
    /// Of these: those that were there.
    pub unchanged: u64,
    /// Those that the engine handed back, with what was wrong.
    pub refused: Vec<String>,
    /// Those that could not be invented, by what was wrong.
    pub left: BTreeMap<String, usize>,
}

/// Told after each slice of a register: what became of it, how many are done, and how many there are; whether to go on.
pub type Watch<'a> = &'a (dyn Fn(&Done, usize, usize) -> bool + Send + Sync);

/// Fills the registers of a demonstration.
pub struct Fill<'a> {
    ops: &'a Ops,
    registry: Registry,
    identity: Identity,
    /// Identifiers of agencies.
    agencies: HashMap<String, Uuid>,
    /// Identifiers of the records of the last slice, of registers whose records are not found by one plain value.
    ids: HashMap<String, Vec<Option<Uuid>>>,
}

impl<'a> Fill<'a> {
    /// Through these operations, which nobody need listen to.
    pub fn new(ops: &'a Ops, identity: Identity) -> Self {
        Self {
            ops,
            registry: Registry::new(identity.clone()),
            identity,
            agencies: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    /// Fills what is not filled yet; interrupted, the next time goes on. The registers must be published.
    ///
    /// # Errors
    /// `compose.no_demonstration` and `compose.was_reorganised` on any other database, `compose.other_seed` {seed}, `compose.register_unknown` {register},
    /// `compose.scale` {most}.
    pub async fn run(&mut self, sources: &Sources, order: &Order, watch: Watch<'_>) -> Result<Vec<Done>> {
        if !(1..=LARGEST_SCALE).contains(&order.scale) {
            return Err(Fault::invalid("compose.scale").with("most", LARGEST_SCALE));
        }
        let begun = self.begin(order, false).await?;
        self.go_on(sources, order, begun, watch).await
    }

    async fn go_on(
        &mut self,
        sources: &Sources,
        order: &Order,
        (seed, as_of): (u64, DateTime<Utc>),
        watch: Watch<'_>,
    ) -> Result<Vec<Done>> {
        let mut invention = Invention::new(sources, seed, as_of)?;
        let needed = invention.needed(&order.registers)?;
        let looked_up = self.looked_up(&invention, &needed);
        let order_of: Vec<String> = invention
            .registers()
            .into_iter()
            .filter(|one| needed.contains(one))
            .collect();
        let all = order_of.len() * order.scale;
        let mut done = Vec::with_capacity(all);
        for slice in 0..order.scale {
            if slice > 0 {
                invention.next_slice()?;
            }
            for register in &order_of {
                let filled = invention.fill(register, order.most)?;
                let one = self
                    .register(&invention, register, slice, filled, looked_up.contains(register))
                    .await?;
                done.push(one);
                if let Some(last) = done.last()
                    && !watch(last, done.len(), all)
                {
                    return Ok(done);
                }
            }
        }
        Ok(done)
    }

    /// Fills every register with a few records, once in the life of a demonstration: not where somebody has filled them otherwise, nor where nothing may be
    /// invented. Whether something was done.
    ///
    /// # Errors
    /// Those of the engine and of its database.
    pub async fn demonstrate(&mut self, sources: &Sources, watch: Watch<'_>) -> Result<bool> {
        let mut op = self.ops.open(ACTOR).await?;
        let is_open = match op.mark(DEMONSTRATED).await?.as_deref() {
            Some(state) => state == "begun",
            None => op.mark(SEED).await?.is_none(),
        };
        drop(op);
        if !is_open {
            return Ok(false);
        }
        let order = Order {
            scale: 1,
            most: Some(FEW),
            ..Order::default()
        };
        let begun = match self.begin(&order, true).await {
            Err(fault) if matches!(fault.code, "compose.no_demonstration" | "compose.was_reorganised") => {
                return Ok(false);
            }
            begun => begun?,
        };
        let whole = AtomicBool::new(true);
        let watch = |done: &Done, number: usize, of: usize| {
            let on = watch(done, number, of);
            whole.fetch_and(on || number == of, Ordering::Relaxed);
            on
        };
        let done = self.go_on(sources, &order, begun, &watch).await?;
        if whole.into_inner() {
            let mut op = self.ops.open(ACTOR).await?;
            // Not only at night.
            for one in done.iter().filter(|one| one.made > 0) {
                self.registry.measure(&mut op, &one.register).await?;
            }
            op.set_mark(DEMONSTRATED, "there").await?;
            op.commit().await?;
        }
        Ok(true)
    }

    /// The seed and the moment of this database; the first time they are set, with whether it is for what a demonstration begins with.
    async fn begin(&self, order: &Order, demonstrates: bool) -> Result<(u64, DateTime<Utc>)> {
        let broken = |what: &str| Fault::internal("compose.table_broken").with("reason", what);
        let mut op = self.ops.open(ACTOR).await?;
        if op.mark(DEMONSTRATION).await?.is_none() {
            return Err(Fault::conflict("compose.no_demonstration"));
        }
        // Whoever lived in a ward that is no more would live nowhere.
        if self.identity.is_reorganised(&mut op).await? {
            return Err(Fault::conflict("compose.was_reorganised"));
        }
        let demo: DemoFile = tables::yaml("hau-giang/demo.yaml")?;
        let wanted = order.seed;
        let kept = op.mark(SEED).await?;
        if let Some(kept) = &kept {
            let seed: u64 = kept.parse().map_err(|_| broken(SEED))?;
            if wanted.is_some_and(|wanted| wanted != seed) {
                return Err(Fault::conflict("compose.other_seed").with("seed", seed));
            }
            let as_of = op.mark(AS_OF).await?.ok_or_else(|| broken(AS_OF))?;
            return Ok((seed, as_of.parse().map_err(|_| broken(AS_OF))?));
        }
        let seed = wanted.unwrap_or(demo.seed);
        let as_of = op.now();
        op.set_mark(SEED, &seed.to_string()).await?;
        op.set_mark(AS_OF, &as_of.to_rfc3339()).await?;
        if demonstrates {
            op.set_mark(DEMONSTRATED, "begun").await?;
        }
        op.commit().await?;
        Ok((seed, as_of))
    }

    /// The registers of which identifiers are needed: others link to them, and their key is not one plain value.
    fn looked_up(&self, invention: &Invention, needed: &BTreeSet<String>) -> BTreeSet<String> {
        let plans = || needed.iter().filter_map(|register| invention.plan(register));
        let linked: BTreeSet<&str> = plans()
            .flat_map(|plan| plan.definition.fields.iter().filter_map(|field| field.links_to()))
            .collect();
        let key_links = |register: &str| -> Vec<String> {
            let plan = invention.plan(register);
            let fields = plan.iter().flat_map(|plan| &plan.definition.fields);
            let in_key = |name: &String| plan.is_some_and(|plan| plan.definition.key.contains(name));
            let links = fields.filter(|field| in_key(&field.field));
            links.filter_map(|field| field.links_to().map(str::to_owned)).collect()
        };
        let is_plain = |register: &str| {
            let plan = invention.plan(register);
            plan.is_none_or(|plan| {
                let [key] = plan.definition.key.as_slice() else {
                    return false;
                };
                !plan
                    .definition
                    .field(key)
                    .is_some_and(|field| matches!(field.kind, Kind::Link(_)))
            })
        };
        let mut next: Vec<String> = linked
            .into_iter()
            .filter(|one| !is_plain(one))
            .map(str::to_owned)
            .collect();
        let mut found = BTreeSet::new();
        while let Some(register) = next.pop() {
            if found.insert(register.clone()) {
                next.extend(key_links(&register));
            }
        }
        found
    }

    async fn register(
        &mut self,
        invention: &Invention,
        register: &str,
        slice: usize,
        filled: Filled,
        looked_up: bool,
    ) -> Result<Done> {
        let digest = invention
            .plan(register)
            .map(|plan| plan.definition.digest())
            .unwrap_or_default();
        let (mark, state) = (
            format!("invent.{register}.{slice}"),
            format!("{digest}.{}", filled.records.len()),
        );
        let mut done = Done {
            register: register.to_owned(),
            slice: slice + 1,
            made: filled.records.len(),
            left: filled.left.clone(),
            ..Done::default()
        };
        let mut op = self.ops.open(ACTOR).await?;
        let there = op.mark(&mark).await?.as_ref() == Some(&state);
        drop(op);
        let count = filled.records.len();
        if looked_up {
            // A slice for which there was no room leaves those before it.
            if count > 0 {
                self.ids.insert(register.to_owned(), vec![None; count]);
            }
        }
        let mut first = 0;
        while first < count {
            let last = batch(register, &filled.records, first);
            let mut op = self.ops.open(ACTOR).await?;
            if there {
                done.unchanged += (last - first) as u64;
            } else {
                let rows = filled.records[first..last]
                    .iter()
                    .zip(first..)
                    .map(|(made, place)| self.given(made, place));
                let taken = self
                    .registry
                    .take_over(&mut op, register, rows.collect(), registry::Keep::Sealed)
                    .await?;
                done.created += taken.created;
                done.changed += taken.changed;
                done.unchanged += taken.unchanged;
                done.refused.extend(taken.bad.iter().map(|bad| {
                    let faults: Vec<String> = bad
                        .faults
                        .iter()
                        .map(|fault| format!("{} {}", fault.field, fault.code))
                        .collect();
                    format!("{}: {}", bad.number, faults.join(", "))
                }));
                if last == count {
                    op.set_mark(&mark, &state).await?;
                }
            }
            if looked_up {
                self.look_up(&mut op, invention, register, first, last).await?;
            }
            op.commit().await?;
            first = last;
        }
        Ok(done)
    }

    fn given(&self, made: &Made, place: usize) -> Given {
        let mut fields = made.fields.clone();
        for (field, register, place) in &made.links {
            if let Some(id) = self.ids.get(register).and_then(|ids| *ids.get(*place)?) {
                fields.insert(field.clone(), Value::from(id.to_string()));
            }
        }
        Given {
            number: place as u64 + 1,
            fields,
            from: Some(made.from),
            to: None,
        }
    }

    /// Finds the identifiers of the records of a register from one place to another.
    async fn look_up(
        &mut self,
        op: &mut Op,
        invention: &Invention,
        register: &str,
        first: usize,
        last: usize,
    ) -> Result<()> {
        let (Some(plan), Some(slice)) = (invention.plan(register), invention.stock.get(register)) else {
            return Ok(());
        };
        let mut keys = Vec::with_capacity(last - first);
        for kept in &slice.kept[first..last.min(slice.kept.len())] {
            let mut key = kept.key.clone();
            for (part, to, place) in &kept.linked {
                let id = self.ids.get(to).and_then(|ids| *ids.get(*place)?);
                key[*part] = id.map(|id| id.to_string()).unwrap_or_default();
            }
            for (part, name) in plan.definition.key.iter().enumerate() {
                let field = plan.definition.field(name);
                if field.is_some_and(|field| field.kind == Kind::Link(LinkTarget::Agency)) {
                    key[part] = self.agency(op, &key[part]).await?;
                }
            }
            keys.push(key);
        }
        let found = self.registry.ids(op, register, &keys).await?;
        if let Some(ids) = self.ids.get_mut(register) {
            for (place, key) in (first..last).zip(&keys) {
                ids[place] = found.get(key).copied();
            }
        }
        Ok(())
    }

    async fn agency(&mut self, op: &mut Op, identifier: &str) -> Result<String> {
        if let Some(known) = self.agencies.get(identifier) {
            return Ok(known.to_string());
        }
        let id = self.identity.agency_by_code(op, identifier).await?.id.uuid();
        self.agencies.insert(identifier.to_owned(), id);
        Ok(id.to_string())
    }
}

/// Where a batch ends that begins at a place: no record leads to another one of its own batch, for those are not written yet.
fn batch(register: &str, records: &[Made], first: usize) -> usize {
    let most = records.len().min(first + BATCH);
    let early = |made: &Made| {
        made.links
            .iter()
            .any(|(_, to, place)| to == register && *place >= first)
    };
    let within = records[first..most].iter().position(early).map(|at| first + at);
    // The first record of a batch leads to nothing in it.
    within.filter(|end| *end > first).unwrap_or(most)
}
