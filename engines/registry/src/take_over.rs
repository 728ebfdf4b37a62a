//! Many records at once, by key: imports, catalogues, what other systems send. Rows that break rules are handed back, the others are
//! written, all in one operation.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use kernel::{FieldFault, Result};
use op::{Entry, Event, Op, Permit};
use schema::field::Broken;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::enter::Written;
use crate::model::reading::{self, Ground};
use crate::model::timeline::Change;
use crate::model::{Record, Values};
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
    /// content nothing. Rows with faults are handed back, the others are written. A row with the key of one before it is a fault. For the owner
    /// and for the platform; where the owner approves what is entered, for the platform alone.
    ///
    /// # Errors
    /// `registry.not_allowed`, `registry.needs_approval` {register}, `registry.not_found` {register}, `registry.duplicate_key` where somebody else has entered one of the keys meanwhile:
    /// the same again may well succeed.
    pub async fn take_over(&self, op: &mut Op, register: &str, rows: Vec<Given>) -> Result<Taken> {
        let seen = self.seen(op, register).await?;
        let definition = seen.published.definition.clone();
        let permit = op
            .allow(
                "registry.import",
                &format!("register:{register}"),
                access::own(op.rights(), "registry.import", seen.standing),
            )
            .await?;
        if self.waits(op, &definition) {
            return Err(error::needs_approval(register));
        }
        let ground = self.ground(op, &definition).await?;
        let mut taken = Taken::default();
        let mut sound = self.sound(op, &definition, &ground, rows, &mut taken).await?;
        self.make(op, &permit, register).await?;
        let known = self.known(op, &definition, &sound).await?;
        self.unique(op, &definition, &known, &mut sound, &mut taken).await?;
        let (old, new): (Vec<Sound>, Vec<Sound>) = sound.into_iter().partition(|row| known.contains_key(&row.key));
        if !new.is_empty() {
            let ids = self.create(op, &permit, &definition, &new).await?;
            taken.rows.extend(new.iter().zip(ids).map(|(row, record)| TakenRow {
                number: row.number,
                record,
                what: What::Created,
            }));
        }
        taken.created = new.len() as u64;
        for row in old {
            let id = known[&row.key];
            match self.bring(op, &permit, &definition, id, &row).await {
                Ok(done) => {
                    let (count, what) = match done {
                        true => (&mut taken.changed, What::Changed),
                        false => (&mut taken.unchanged, What::Unchanged),
                    };
                    *count += 1;
                    let (number, record) = (row.number, id);
                    taken.rows.push(TakenRow { number, record, what });
                }
                // What does not fit the days of one record is a fault of its row.
                Err(fault) if fault.kind == kernel::FaultKind::Conflict => taken.bad.push(BadRow {
                    number: row.number,
                    faults: vec![FieldFault::new("valid_from", "registry.field.days")],
                }),
                Err(fault) => return Err(fault),
            }
        }
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
        ground: &Ground,
        rows: Vec<Given>,
        taken: &mut Taken,
    ) -> Result<Vec<Sound>> {
        let mut heads = Vec::with_capacity(rows.len());
        let mut records = Vec::with_capacity(rows.len());
        for row in rows {
            let from = row.from.unwrap_or_else(|| ground.today());
            let mut read = reading::read(definition, &row.fields, ground, from);
            if row.to.is_some_and(|to| to < from) {
                read.faults
                    .push(reading::fault("valid_to", Broken::new("period_backwards")));
            }
            if read.faults.is_empty() {
                heads.push((row.number, from, row.to));
                records.push(read.values);
            } else {
                taken.bad.push(BadRow {
                    number: row.number,
                    faults: read.faults,
                });
            }
        }
        let mut unresolved = self.resolve(op, definition, &mut records).await?;
        let mut sound = Vec::with_capacity(records.len());
        let mut keys: HashSet<Vec<String>> = HashSet::with_capacity(records.len());
        for (place, (values, (number, from, to))) in records.into_iter().zip(heads).enumerate() {
            let mut faults = unresolved.remove(&place).unwrap_or_default();
            let key = key_of(definition, &values);
            if faults.is_empty() && !keys.insert(key.clone()) {
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

    /// The records that have the keys of rows already.
    async fn known(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        rows: &[Sound],
    ) -> Result<HashMap<Vec<String>, Uuid>> {
        let keys: Vec<&[String]> = rows.iter().map(|row| row.key.as_slice()).collect();
        let mut known = store::many::by_keys(op.conn(), self.vault(), definition, &keys, None).await?;
        // What ends is not found among what goes on: by its first day.
        let ending: Vec<&Sound> = rows
            .iter()
            .filter(|row| row.to.is_some() && !known.contains_key(&row.key))
            .collect();
        for row in ending {
            let keys = [row.key.as_slice()];
            let found = store::many::by_keys(op.conn(), self.vault(), definition, &keys, Some(row.from)).await?;
            known.extend(found);
        }
        Ok(known)
    }

    /// Hands back rows that would take a value which another record has, where it must be there once.
    async fn unique(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        known: &HashMap<Vec<String>, Uuid>,
        rows: &mut Vec<Sound>,
        taken: &mut Taken,
    ) -> Result<()> {
        for field in definition.fields.iter().filter(|field| field.unique) {
            if definition.key == [field.field.clone()] {
                continue;
            }
            let values: Vec<&Value> = rows.iter().filter_map(|row| row.values.get(&field.field)).collect();
            let owners = store::many::owners(op.conn(), self.vault(), definition, field, &values).await?;
            let mut met: HashSet<String> = HashSet::new();
            let mut kept = Vec::with_capacity(rows.len());
            for row in rows.drain(..) {
                let value = row.values.get(&field.field).map(store::record::whole);
                let taken_by_other = value.as_ref().is_some_and(|value| {
                    owners
                        .get(value)
                        .is_some_and(|owner| known.get(&row.key) != Some(owner))
                        || !met.insert(value.clone())
                });
                match taken_by_other {
                    true => taken.bad.push(BadRow {
                        number: row.number,
                        faults: vec![reading::fault(&field.field, Broken::new("unique"))],
                    }),
                    false => kept.push(row),
                }
            }
            *rows = kept;
        }
        Ok(())
    }

    /// Writes new records; their identifiers in the order of the rows.
    async fn create(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        rows: &[Sound],
    ) -> Result<Vec<Uuid>> {
        let (at, by) = (op.now(), op.actor().person());
        let mut block = store::many::Block::new(definition)?;
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            let id = Uuid::now_v7();
            ids.push(id);
            let new = store::record::NewRow {
                definition,
                id,
                from: row.from,
                to: row.to,
                version: 1,
                at,
                by,
            };
            block.push(self.vault(), &new, &row.values)?;
        }
        store::many::insert(op.conn(), permit, definition, block).await?;
        // Identifiers of one program rise: the stretch is told by its ends, and by the moment.
        if let (Some(first), Some(last)) = (ids.iter().min(), ids.iter().max()) {
            let changed = store::register::Changed {
                register: &definition.record,
                record: *first,
                last: (ids.len() > 1).then_some(*last),
                kind: "created",
                at,
            };
            store::register::tell(op.conn(), permit, &changed).await?;
        }
        Ok(ids)
    }

    /// Brings a record to what a row says; whether anything was to be done.
    async fn bring(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        id: Uuid,
        row: &Sound,
    ) -> Result<bool> {
        let before = store::record::periods(op.conn(), definition, id, Some(self.vault()), true).await?;
        if says_the_same(&before, row) {
            return Ok(false);
        }
        let version = before.iter().map(|record| record.version).max().unwrap_or(0);
        let written = Written {
            id,
            version: version + 1,
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
                values: row.values.clone(),
            },
        };
        self.put(op, permit, definition, written, &before, &change, "").await?;
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

/// The values of the key, as they are compared.
fn key_of(definition: &RecordDefinition, values: &Values) -> Vec<String> {
    definition
        .key
        .iter()
        .map(|field| values.get(field).map(store::record::whole).unwrap_or_default())
        .collect()
}

/// Whether a row says nothing that is not known: the values of the period that goes on, or of the one that begins on its day.
fn says_the_same(before: &[Record], row: &Sound) -> bool {
    let own = before
        .iter()
        .find(|record| record.valid_from == row.from)
        .or_else(|| before.iter().find(|record| record.valid_to.is_none()));
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
