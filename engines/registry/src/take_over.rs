//! Many records at once, by key: imports, catalogues, what other systems send. Rows that break rules are handed back, the others are
//! written, all in one operation.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use futures::{Stream, StreamExt, stream};
use kernel::{FieldFault, FileId, Result};
use op::{Entry, Event, Op, Permit};
use schema::field::Broken;
use serde_json::{Map, Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::amend::{self, Keep, Spot};
use crate::definition::RecordDefinition;
use crate::enter::{Written, after_all};
use crate::held::file_fields;
use crate::model::reading::{self, Ground};
use crate::model::timeline::Change;
use crate::model::{Record, Values};
use crate::once::{Claim, beside_key};
use crate::store::many::{Days, Which};
use crate::{Registry, access, error, events, store};

/// One row of many, as it was sent or read from a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// Its number, for what is said about it.
    pub number: u64,
    /// By field.
    pub fields: Map<String, Value>,
    /// The first day on which it holds; today where nothing is said.
    pub from: Option<NaiveDate>,
    /// The last day on which it holds.
    pub to: Option<NaiveDate>,
}

/// A row that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// Its number.
    pub number: u64,
    /// Everything that is wrong with it.
    pub faults: Vec<FieldFault>,
}

/// What became of many rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// New records.
    pub created: u64,
    /// Records that are otherwise now.
    pub changed: u64,
    /// Rows that say what is known.
    pub unchanged: u64,
    /// Rows that were not taken over, in their order.
    pub bad: Vec<BadRow>,
    /// The others, in no order: what each has become.
    pub rows: Vec<TakenRow>,
}

/// A row that was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenRow {
    /// Its number.
    pub number: u64,
    /// The record that says it now.
    pub record: Uuid,
    /// What was done for it.
    pub what: What,
}

/// What was done for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is a new record.
    Created,
    /// Its record is otherwise now.
    Changed,
    /// Nothing: it was known.
    Unchanged,
}

/// Rows that one thread judges, or lays out for one statement.
const SHARE: usize = 1_000;

/// Records by the values of their keys.
type ByKey = HashMap<Vec<String>, Uuid>;

/// What rows before have said that must be there once.
#[derive(Default)]
struct Met {
    /// Their keys.
    keys: HashSet<Vec<String>>,
    /// What new ones say in other fields, by field.
    once: HashMap<String, HashSet<String>>,
    /// Files that were brought for them.
    files: HashSet<FileId>,
}

/// New records that are being laid out for one statement.
struct LaidOut {
    created: Vec<TakenRow>,
    block: JoinHandle<Result<store::many::Block>>,
}

/// A row that may be kept.
struct Sound {
    number: u64,
    values: Values,
    from: NaiveDate,
    to: Option<NaiveDate>,
    /// What it is known by: the values of the key.
    key: Vec<String>,
}

impl Registry {
    /// Takes many rows over, idempotent by key: a new key is a new record, another content is a change from the row's first day on, the same
    /// content nothing. Fields that a row does not name stay what the record has of them, as far as `keep` says. Rows with faults are handed back, the others are written. A row with the key of one before it is a fault. For the owner
    /// and for the platform; where the owner approves what is entered, for the platform alone.
    ///
    /// # Errors
    /// `registry.not_allowed`, `registry.needs_approval` {register}, `registry.not_found` {register}, `registry.duplicate_key` where somebody else has entered one of the keys meanwhile:
    /// the same again may well succeed.
    pub async fn take_over(&self, op: &mut Op, register: &str, rows: Vec<Given>, keep: Keep) -> Result<Taken> {
        self.take_over_as(op, register, rows, (keep, false)).await
    }

    /// The same; `approved`: somebody else has approved these rows.
    pub(crate) async fn take_over_as(
        &self,
        op: &mut Op,
        register: &str,
        mut rows: Vec<Given>,
        (keep, approved): (Keep, bool),
    ) -> Result<Taken> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let permit = op
            .allow(
                "registry.import",
                &format!("register:{register}"),
                access::own(op.rights(), "registry.import", seen.standing),
            )
            .await?;
        if !approved && self.waits(op, &definition) {
            return Err(error::needs_approval(register));
        }
        let ground = Arc::new(self.ground(op, &definition).await?);
        let mut taken = Taken::default();
        let seen = match seen.published.made {
            true => self.complete(op, &definition, &ground, &mut rows, keep).await?,
            false => HashMap::new(),
        };
        self.make(op, &permit, register).await?;
        let ends = rows.iter().any(|row| row.to.is_some());
        store::many::keep_apart(op.conn(), register, ends).await?;
        let (own, judge_by) = (definition.clone(), ground.clone());
        let mut judged = spread(rows, move |rows| {
            let judged = rows.into_iter().map(|row| judge(&own, &judge_by, &row));
            judged.collect::<Vec<_>>()
        });
        // While the database works on one share of the rows, the next ones are judged and laid out. What is known already is brought together at the end:
        // whoever changes several records locks them in one order.
        let (mut met, mut known, mut old, mut waiting) = (Met::default(), ByKey::new(), Vec::new(), None);
        while let Some(share) = judged.next().await {
            let sound = self.sound(op, &definition, share?, &mut met, &mut taken).await?;
            let asked: Vec<(&[String], Days)> = sound
                .iter()
                .map(|row| (row.key.as_slice(), (row.from, row.to)))
                .collect();
            let here = self.known(op, &definition, &asked).await?;
            let sound = self
                .with_own_files(op, &definition, &here, sound, (&mut met, &mut taken))
                .await?;
            let (there, new): (Vec<Sound>, Vec<Sound>) = sound.into_iter().partition(|row| here.contains_key(&row.key));
            known.extend(here);
            old.extend(there);
            let new = self.unique(op, &definition, new, &mut met, &mut taken).await?;
            let laid_out = self.lay_out(op, &definition, new).await?;
            if let Some(before) = waiting.replace(laid_out) {
                self.create(op, &permit, &definition, before, &mut taken).await?;
            }
        }
        drop(judged);
        if let Some(last) = waiting {
            self.create(op, &permit, &definition, last, &mut taken).await?;
        }
        self.bring_all(op, &permit, &definition, (&known, &seen, old), &mut taken)
            .await?;
        self.still_in_force(op, &definition).await?;
        taken.bad.sort_by_key(|row| row.number);
        let told = json!({
            "register": register, "created": taken.created, "changed": taken.changed,
            "unchanged": taken.unchanged, "bad": taken.bad.len(),
        });
        op.emit(Event::new(events::IMPORTED, format!("register:{register}"), &told));
        op.record(Entry::new("registry.imported", format!("register:{register}")).detail(self.marked(told)))
            .await?;
        Ok(taken)
    }

    /// The rows that may be kept, with links resolved; the others are told.
    async fn sound(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        judged: Vec<std::result::Result<(Head, Values), BadRow>>,
        met: &mut Met,
        taken: &mut Taken,
    ) -> Result<Vec<Sound>> {
        let mut heads = Vec::with_capacity(judged.len());
        let mut records = Vec::with_capacity(judged.len());
        for row in judged {
            match row {
                Ok((head, values)) => {
                    heads.push(head);
                    records.push(values);
                }
                Err(bad) => taken.bad.push(bad),
            }
        }
        let mut unresolved = self.resolve(op, definition, &mut records).await?;
        let mut sound = Vec::with_capacity(records.len());
        for (place, (values, (number, from, to))) in records.into_iter().zip(heads).enumerate() {
            let mut faults = unresolved.remove(&place).unwrap_or_default();
            let key = key_of(definition, &values);
            if faults.is_empty() && !met.keys.insert(key.clone()) {
                let field = definition.key.first().map_or("", String::as_str);
                faults.push(reading::fault(field, Broken::new("twice")));
            }
            match faults.is_empty() {
                true => sound.push(Sound {
                    number,
                    values,
                    from,
                    to,
                    key,
                }),
                false => taken.bad.push(BadRow { number, faults }),
            }
        }
        Ok(sound)
    }

    /// The records that have the keys of rows already: those that go on, else those that end and hold on one of the days of the row.
    async fn known(&self, op: &mut Op, definition: &RecordDefinition, rows: &[(&[String], Days)]) -> Result<ByKey> {
        let keys: Vec<&[String]> = rows.iter().map(|(key, _)| *key).collect();
        let mut known = store::many::by_keys(op.conn(), self.vault(), definition, &keys, Which::GoingOn).await?;
        let (keys, days): (Vec<&[String]>, Vec<Days>) = rows
            .iter()
            .filter(|(key, _)| !known.contains_key(*key))
            .copied()
            .unzip();
        known.extend(store::many::by_keys(op.conn(), self.vault(), definition, &keys, Which::Ending(&days)).await?);
        Ok(known)
    }

    /// Fills what rows do not name from the records with their keys; the versions that were seen there.
    pub(crate) async fn complete(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        ground: &Ground,
        rows: &mut [Given],
        keep: Keep,
    ) -> Result<HashMap<Uuid, i64>> {
        let mut seen = HashMap::new();
        let days = |row: &Given| (row.from.unwrap_or_else(|| ground.today()), row.to);
        let in_part = rows
            .iter_mut()
            .filter(|row| amend::lacks(definition, &row.fields, keep));
        let in_part = in_part.filter_map(|row| Some((key_values(definition, row, ground)?, row)));
        let (mut named, in_part): (Vec<Values>, Vec<&mut Given>) = in_part.unzip();
        // A link in a key may be named by the key of what it leads to.
        let unresolved = self.resolve(op, definition, &mut named).await?;
        let in_part = named.iter().zip(in_part).enumerate();
        let mut in_part: Vec<(Vec<String>, &mut Given)> = in_part
            .filter(|(place, _)| !unresolved.contains_key(place))
            .map(|(_, (values, row))| (key_of(definition, values), row))
            .collect();
        let asked: Vec<(&[String], Days)> = in_part.iter().map(|(key, row)| (key.as_slice(), days(row))).collect();
        let known = self.known(op, definition, &asked).await?;
        let ids: Vec<Uuid> = known.values().copied().collect();
        let records = store::record::periods_of(op.conn(), definition, &ids, self.vault()).await?;
        for (key, row) in &mut in_part {
            let Some(before) = known.get(key).and_then(|id| records.get(id)) else {
                continue;
            };
            let spot = Spot::Day(Some(days(row).0));
            if let Some(own) = amend::own(before, spot, ground.today()) {
                row.fields = amend::filled(definition, own, std::mem::take(&mut row.fields), keep);
                seen.insert(own.id, version_of(before));
            }
        }
        Ok(seen)
    }

    /// Hands back new rows that would take a value which another record has, where it must be there once.
    async fn unique(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        rows: Vec<Sound>,
        met: &mut Met,
        taken: &mut Taken,
    ) -> Result<Vec<Sound>> {
        let claims: Vec<Claim<'_>> = rows
            .iter()
            .map(|row| Claim {
                record: None,
                days: (row.from, row.to),
                values: &row.values,
            })
            .collect();
        // Nobody has their keys: those of whom somebody has are not new.
        let against = self.claimed(op, definition, &beside_key(definition), &claims).await?;
        let mut against: HashMap<usize, String> = against.into_iter().collect();
        for field in definition.fields.iter().filter(|field| field.unique) {
            let met = met.once.entry(field.field.clone()).or_default();
            for (place, row) in rows.iter().enumerate() {
                let value = row.values.get(&field.field).map(store::record::whole);
                if value.is_some_and(|value| !met.insert(value)) {
                    against.insert(place, field.field.clone());
                }
            }
        }
        let mut kept = Vec::with_capacity(rows.len());
        for (place, row) in rows.into_iter().enumerate() {
            match against.remove(&place) {
                Some(field) => taken.bad.push(not_unique(row.number, &field)),
                None => kept.push(row),
            }
        }
        Ok(kept)
    }

    /// Hands back rows that name files of something else.
    async fn with_own_files(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        known: &ByKey,
        rows: Vec<Sound>,
        (met, taken): (&mut Met, &mut Taken),
    ) -> Result<Vec<Sound>> {
        if file_fields(definition).next().is_none() {
            return Ok(rows);
        }
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let own: Vec<(Uuid, &[Record])> = known.get(&row.key).map(|id| (*id, &[][..])).into_iter().collect();
            let faults = self
                .foreign_files(op, definition, &own, &row.values, &mut met.files)
                .await?;
            match faults.is_empty() {
                true => kept.push(row),
                false => taken.bad.push(BadRow {
                    number: row.number,
                    faults,
                }),
            }
        }
        Ok(kept)
    }

    /// Lays new records out where nothing else waits; who waits for it does something else meanwhile.
    async fn lay_out(&self, op: &mut Op, definition: &Arc<RecordDefinition>, rows: Vec<Sound>) -> Result<LaidOut> {
        let (at, by) = (op.now(), op.actor().person());
        let rows: Vec<(Uuid, Sound)> = rows.into_iter().map(|row| (Uuid::now_v7(), row)).collect();
        if file_fields(definition).next().is_some() {
            for (record, row) in &rows {
                self.keep_files(op, definition, (*record, &[]), &row.values).await?;
            }
        }
        let created = rows.iter().map(|(record, row)| TakenRow {
            number: row.number,
            record: *record,
            what: What::Created,
        });
        let created: Vec<TakenRow> = created.collect();
        let (own, vault) = (definition.clone(), self.vault().clone());
        let block = tokio::task::spawn_blocking(move || {
            let columns = crate::model::plan::columns(&own)?;
            let mut block = store::many::Block::new(&columns);
            for (id, row) in &rows {
                let new = store::record::NewRow {
                    definition: &own,
                    id: *id,
                    from: row.from,
                    to: row.to,
                    version: 1,
                    at,
                    by,
                };
                block.push(&vault, &new, &columns, &row.values)?;
            }
            Ok(block)
        });
        Ok(LaidOut { created, block })
    }

    /// Writes new records.
    async fn create(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        LaidOut { created, block }: LaidOut,
        taken: &mut Taken,
    ) -> Result<()> {
        let (at, by) = (op.now(), op.actor().person());
        let block = block.await.map_err(error::import_panicked)??;
        // Identifiers of one program rise: the stretch is told by its ends, and by the moment.
        let ids = || created.iter().map(|row| row.record);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else {
            return Ok(());
        };
        store::many::insert(op.conn(), permit, definition, block, (at, by)).await?;
        let changed = store::register::Changed {
            register: &definition.record,
            record: first,
            last: (created.len() > 1).then_some(last),
            kind: "created",
            at,
        };
        store::register::tell(op.conn(), permit, &changed).await?;
        taken.created += created.len() as u64;
        taken.rows.extend(created);
        Ok(())
    }

    /// Brings records that are known to what rows say. Those of which nothing new is said are not even locked.
    async fn bring_all(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        (known, seen, rows): (&ByKey, &HashMap<Uuid, i64>, Vec<Sound>),
        taken: &mut Taken,
    ) -> Result<()> {
        let id_of = |row: &Sound| known[&row.key];
        let ids: Vec<Uuid> = rows.iter().map(id_of).collect();
        let before = store::record::periods_of(op.conn(), definition, &ids, self.vault()).await?;
        let says_nothing = |row: &Sound| {
            let before = before.get(&id_of(row));
            before.is_some_and(|before| says_the_same(before, row))
        };
        let (same, rows): (Vec<Sound>, Vec<Sound>) = rows.into_iter().partition(says_nothing);
        let mut done: Vec<(&Sound, What)> = same.iter().map(|row| (row, What::Unchanged)).collect();
        // As they are once nobody else changes them.
        let ids: Vec<Uuid> = rows.iter().map(id_of).collect();
        store::record::lock_many(op.conn(), definition, &ids).await?;
        let mut before = store::record::periods_of(op.conn(), definition, &ids, self.vault()).await?;
        // What a row does not name was read before it was locked.
        for (id, periods) in &before {
            let version = version_of(periods);
            if seen.get(id).is_some_and(|seen| *seen != version) {
                return Err(error::changed_meanwhile(version));
            }
        }
        for row in &rows {
            let id = id_of(row);
            let own = match before.remove(&id) {
                Some(own) => own,
                // A second row of a record that had another key before.
                None => store::record::periods(op.conn(), definition, id, Some(self.vault()), false).await?,
            };
            match self.bring(op, permit, definition, (id, &own), row).await {
                Ok(true) => done.push((row, What::Changed)),
                Ok(false) => done.push((row, What::Unchanged)),
                Err(fault) if fault.code == "registry.duplicate_key" => {
                    let field = fault.fields.first().map_or("", |field| field.field.as_str());
                    taken.bad.push(not_unique(row.number, field));
                }
                // What does not fit the days of one record is a fault of its row.
                Err(fault) if fault.kind == kernel::FaultKind::Conflict => taken.bad.push(BadRow {
                    number: row.number,
                    faults: vec![FieldFault::new("valid_from", "registry.field.days")],
                }),
                Err(fault) => return Err(fault),
            }
        }
        taken.changed = done.iter().filter(|(_, what)| *what == What::Changed).count() as u64;
        taken.unchanged = done.len() as u64 - taken.changed;
        taken.rows.extend(done.into_iter().map(|(row, what)| TakenRow {
            number: row.number,
            record: id_of(row),
            what,
        }));
        Ok(())
    }

    /// Brings a record to what a row says; whether anything was to be done.
    async fn bring(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        (id, before): (Uuid, &[Record]),
        row: &Sound,
    ) -> Result<bool> {
        if says_the_same(before, row) {
            return Ok(false);
        }
        let written = Written {
            id,
            version: version_of(before) + 1,
        };
        let change = match before.iter().find(|record| record.valid_from == row.from) {
            // The same first day: what was said of it is put right.
            Some(own) => Change::Correct {
                period: own.valid_from,
                from: own.valid_from,
                to: row.to.or(own.valid_to),
                values: row.values.clone(),
            },
            None => Change::Change {
                from: row.from,
                to: row.to,
                values: row.values.clone(),
            },
        };
        let at = after_all(before, op.now());
        self.put(op, permit, definition, written, (before, at), &change, "")
            .await?;
        let changed = store::register::Changed {
            register: &definition.record,
            record: id,
            last: None,
            kind: "changed",
            at: op.now(),
        };
        store::register::tell(op.conn(), permit, &changed).await?;
        Ok(true)
    }
}

/// Does pure work on many rows where nothing else waits, on a few threads, some shares ahead of whoever takes the results. They come in the order of the
/// rows.
fn spread<T, R>(
    rows: Vec<T>,
    work: impl Fn(Vec<T>) -> R + Send + Sync + 'static,
) -> impl Stream<Item = Result<R>> + Unpin
where
    T: Send + 'static,
    R: Send + 'static,
{
    let work = Arc::new(work);
    let mut rows = rows.into_iter();
    let shares = std::iter::from_fn(move || {
        let share: Vec<T> = rows.by_ref().take(SHARE).collect();
        (!share.is_empty()).then_some(share)
    });
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    Box::pin(
        stream::iter(shares)
            .map(move |share| {
                let work = work.clone();
                tokio::task::spawn_blocking(move || work(share))
            })
            .buffered(threads)
            .map(|done| done.map_err(error::import_panicked)),
    )
}

/// What identifies a row, its first day and its last.
type Head = (u64, NaiveDate, Option<NaiveDate>);

/// A row as it may be kept, but for what only the database knows.
fn judge(definition: &RecordDefinition, ground: &Ground, row: &Given) -> std::result::Result<(Head, Values), BadRow> {
    let from = row.from.unwrap_or_else(|| ground.today());
    let mut read = reading::read(definition, &row.fields, ground, from);
    for (field, day) in [("valid_from", Some(from)), ("valid_to", row.to)] {
        if day.is_some_and(|day| !reading::is_sound(day)) {
            read.faults.push(reading::fault(field, Broken::new("date")));
        }
    }
    if row.to.is_some_and(|to| to < from) {
        read.faults
            .push(reading::fault("valid_to", Broken::new("period_backwards")));
    }
    match read.faults.is_empty() {
        true => Ok(((row.number, from, row.to), read.values)),
        false => Err(BadRow {
            number: row.number,
            faults: read.faults,
        }),
    }
}

/// The values of the key, as they are compared.
fn key_of(definition: &RecordDefinition, values: &Values) -> Vec<String> {
    definition
        .key
        .iter()
        .map(|field| values.get(field).map(store::record::whole).unwrap_or_default())
        .collect()
}

/// The values of the key of a row, as they would be kept; nothing where one cannot be read.
fn key_values(definition: &RecordDefinition, row: &Given, ground: &Ground) -> Option<Values> {
    let day = row.from.unwrap_or_else(|| ground.today());
    let part = |key: &String| {
        let read = reading::read_one(definition.field(key)?, row.fields.get(key)?, ground, day);
        Some((key.clone(), read.ok().flatten()?))
    };
    definition.key.iter().map(part).collect()
}

fn version_of(before: &[Record]) -> i64 {
    before.iter().map(|record| record.version).max().unwrap_or(0)
}

fn not_unique(number: u64, field: &str) -> BadRow {
    BadRow {
        number,
        faults: vec![reading::fault(field, Broken::new("unique"))],
    }
}

/// Whether a row says nothing that is not known: the values of the period that begins on its day, of the one that holds then, or of the one that
/// goes on.
fn says_the_same(before: &[Record], row: &Sound) -> bool {
    let find = |wanted: &dyn Fn(&Record) -> bool| before.iter().find(|record| wanted(record));
    let own = find(&|record| record.valid_from == row.from)
        .or_else(|| find(&|record| record.valid_from <= row.from && record.valid_to.is_none_or(|to| row.from <= to)))
        .or_else(|| find(&|record| record.valid_to.is_none()));
    own.is_some_and(|record| {
        let same_end = row.to.is_none() || row.to == record.valid_to;
        same_end && record.values == row.values
    })
}

impl From<&BadRow> for kernel::Fault {
    fn from(row: &BadRow) -> Self {
        error::invalid(row.faults.clone()).with("row", row.number)
    }
}
