//! How a change of many records is judged and carried out.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use kernel::{Actor, Fault, FaultKind, Result};
use op::{NewJob, Op, Ops, Permit};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access::{self, Standing};
use crate::bulk::told_of;
use crate::definition::{Level, RecordDefinition};
use crate::enter::{Command, Written, after_all};
use crate::model::bulk::{self, BulkState};
use crate::model::proposal::{self, FieldChange};
use crate::model::reading::{self, Ground};
use crate::model::timeline::{self, Change, Period};
use crate::model::{Record, Values};
use crate::published::Seen;
use crate::store::bulk::{Line, Row, Step, Told, subject};
use crate::{Registry, error, store};

/// The kind of the job.
pub const BULK_JOB: &str = "registry.bulk";
/// Records in one operation.
const CHUNK: i64 = 200;
/// Records judged together.
const BATCH: usize = 500;
/// How long one turn of the job works; then others have theirs.
const TURN: Duration = Duration::from_secs(10);

/// What is to become of every record.
pub(crate) struct Wish {
    /// By field, read; null: empty.
    pub set: Map<String, Value>,
    pub from: NaiveDate,
}

/// A record that may be changed so.
pub(crate) struct Sound {
    pub record: Uuid,
    pub title: String,
    pub values: Values,
    pub changes: Vec<FieldChange>,
    pub before: Vec<Record>,
}

/// What would become of a record.
pub(crate) enum Judged {
    Sound(Box<Sound>),
    /// It is so already.
    Same,
    Faulty(Uuid, String, Told),
}

impl Judged {
    pub fn state(&self) -> &'static str {
        match self {
            Self::Sound(_) => "waiting",
            Self::Same => "unchanged",
            Self::Faulty(..) => "failed",
        }
    }

    /// The line of a request: the place counts from 1.
    pub fn line(&self, place: i64, chosen: &[(Uuid, i64)]) -> Line {
        let at = usize::try_from(place - 1).unwrap_or_default();
        let (record, seen) = chosen.get(at).copied().unwrap_or_default();
        Line {
            place,
            record,
            seen,
            state: self.state(),
            fault: match self {
                Self::Faulty(_, _, told) => Some(told.clone()),
                _ => None,
            },
        }
    }
}

/// Where whoever acts may write, asked ward by ward and remembered.
pub(crate) struct Reach {
    /// `None`: everywhere.
    own: Option<String>,
    place: Option<String>,
    nowhere: bool,
    wards: BTreeMap<String, bool>,
}

impl Registry {
    /// What would become of each of these records, in their order; every fault of each.
    pub(crate) async fn judge_many(
        &self,
        op: &mut Op,
        seen: &Seen,
        wish: &Wish,
        chosen: &[(Uuid, i64)],
    ) -> Result<Vec<Judged>> {
        let definition = seen.published.definition.clone();
        let ground = self.ground(op, &definition).await?;
        let mut reach = self.reach(op, seen).await?;
        let mut judged = Vec::with_capacity(chosen.len());
        for batch in chosen.chunks(BATCH) {
            let ids: Vec<Uuid> = batch.iter().map(|(id, _)| *id).collect();
            let mut periods: BTreeMap<Uuid, Vec<Record>> = BTreeMap::new();
            for record in store::bulk::records(op.conn(), &definition, &ids, self.vault()).await? {
                periods.entry(record.id).or_default().push(record);
            }
            let mut records = Vec::with_capacity(batch.len());
            let mut values = Vec::with_capacity(batch.len());
            for (id, version) in batch {
                let before = periods.remove(id).unwrap_or_default();
                let read = read(&definition, &ground, wish, &before);
                values.push(read.values);
                records.push((*id, *version, before, read.faults));
            }
            // What a record leads to is asked for all of them at once.
            let mut unresolved = self.resolve(op, &definition, &mut values).await?;
            for (place, ((id, version, before, mut faults), values)) in records.into_iter().zip(values).enumerate() {
                faults.extend(unresolved.remove(&place).into_iter().flatten());
                let (held, met) = ([(id, before.as_slice())], &mut HashSet::new());
                faults.extend(self.foreign_files(op, &definition, &held, &values, met).await?);
                let title = title(&definition, &before, wish.from);
                let one = match self
                    .judge_one(op, wish, &mut reach, (before, version), values, faults)
                    .await
                {
                    Ok((before, values)) => {
                        let own = own(&before, wish.from)
                            .map(|own| own.values.clone())
                            .unwrap_or_default();
                        let changes = proposal::differences(&definition, &own, &values, None);
                        match changes.is_empty() {
                            true => Judged::Same,
                            false => Judged::Sound(Box::new(Sound {
                                record: id,
                                title,
                                values,
                                changes,
                                before,
                            })),
                        }
                    }
                    Err(fault) if is_of_the_record(&fault) => Judged::Faulty(id, title, told_of(&fault)),
                    Err(fault) => return Err(fault),
                };
                judged.push(one);
            }
        }
        Ok(judged)
    }

    async fn judge_one(
        &self,
        op: &mut Op,
        wish: &Wish,
        reach: &mut Reach,
        (before, version): (Vec<Record>, i64),
        values: Values,
        faults: Vec<kernel::FieldFault>,
    ) -> Result<(Vec<Record>, Values)> {
        let known = before.iter().map(|record| record.version).max().unwrap_or(0);
        if known == 0 {
            return Err(error::record_not_found());
        }
        if known != version {
            return Err(error::changed_meanwhile(known));
        }
        let all = before.iter().map(|record| &record.values).chain([&values]);
        for values in all {
            if !self.reaches(op, reach, values).await? {
                return Err(error::not_allowed());
            }
        }
        if !faults.is_empty() {
            return Err(error::invalid(faults));
        }
        let change = Change::Change {
            from: wish.from,
            to: None,
            values: values.clone(),
        };
        timeline::decide(&periods_of(&before), &change)?;
        Ok((before, values))
    }

    /// Where whoever acts may write in a register.
    async fn reach(&self, op: &mut Op, seen: &Seen) -> Result<Reach> {
        let mut reach = Reach {
            own: None,
            place: seen.published.definition.place.clone(),
            nowhere: false,
            wards: BTreeMap::new(),
        };
        if seen.standing == Standing::Enters
            && reach.place.is_some()
            && let Some(desk) = self.desk(op).await?
        {
            reach.own = self.identity().agency(op, desk.agency).await?.area_code;
            // An agency without an area is one of the whole province, or writes nothing.
            reach.nowhere = reach.own.is_none() && desk.level != Level::Province;
        }
        Ok(reach)
    }

    async fn reaches(&self, op: &mut Op, reach: &mut Reach, values: &Values) -> Result<bool> {
        let Some(own) = reach.own.clone() else {
            return Ok(!reach.nowhere);
        };
        let Some(ward) = reach.place.as_ref().and_then(|place| values.get(place)?.as_str()) else {
            return Ok(false);
        };
        if let Some(known) = reach.wards.get(ward) {
            return Ok(*known);
        }
        let today = kernel::local_date(op.now());
        let lies = match self.identity().area_path(op, ward, today).await {
            Ok(path) => path.iter().any(|area| area.code == own),
            Err(fault) if fault.kind == FaultKind::NotFound => false,
            Err(fault) => return Err(fault),
        };
        reach.wards.insert(ward.to_owned(), lies);
        Ok(lies)
    }

    /// Carries a request on, one turn; whether there is more to do.
    pub(crate) async fn run_bulk(&self, ops: &Ops, id: Uuid) -> Result<bool> {
        let until = Instant::now() + TURN;
        while Instant::now() < until {
            if !self.run_chunk(ops, id).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The next records of a request, in one operation of whoever asked; whether there is more to do.
    async fn run_chunk(&self, ops: &Ops, id: Uuid) -> Result<bool> {
        let mut op = ops.open(Actor::System("registry")).await?;
        let Some(row) = store::bulk::get(op.conn(), self.vault(), id, false).await? else {
            return Ok(false);
        };
        if row.state != BulkState::Running {
            return Ok(false);
        }
        let now = op.now();
        let actor = self
            .identity()
            .actor_from(op.conn(), row.account, row.position, now)
            .await?;
        drop(op);
        let Some(actor) = actor.filter(|actor| actor.agency() == Some(row.agency)) else {
            self.end_bulk(ops, id, BulkState::Stopped, "registry.asker_gone")
                .await?;
            return Ok(false);
        };
        match self.change_on(ops, actor, id).await {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.end_bulk(ops, id, BulkState::Done, "").await?;
                Ok(false)
            }
            // These again, by the declaration that was published meanwhile.
            Err(fault) if fault.code == "registry.declared_anew" => Ok(true),
            // Whoever asked may do it no longer, or what is set is not sound any more.
            Err(fault) if is_of_the_record(&fault) => {
                self.end_bulk(ops, id, BulkState::Stopped, fault.code).await?;
                Ok(false)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn change_on(&self, ops: &Ops, actor: Actor, id: Uuid) -> Result<bool> {
        let mut op = ops.open(actor).await?;
        // Two workers come one after the other.
        let row = match store::bulk::get(op.conn(), self.vault(), id, true).await? {
            Some(row) if row.state == BulkState::Running => row,
            _ => return Ok(true),
        };
        let next = store::bulk::next(op.conn(), id, CHUNK).await?;
        if next.is_empty() {
            return Ok(false);
        }
        let seen = self.seen(&mut op, &row.register).await?;
        let decision = access::enter(op.rights(), seen.standing, seen.standing == Standing::Enters);
        let permit = op
            .allow("registry.enter", &format!("register:{}", row.register), decision)
            .await?;
        let definition = seen.published.definition.clone();
        // The owner may have begun to approve since.
        if definition.approval && row.decided_at.is_none() {
            return Err(error::needs_approval(&row.register));
        }
        let wish = Wish {
            set: self.set_of(&mut op, &definition, &row.body.set, row.body.from).await?,
            from: row.body.from,
        };
        let ids: Vec<Uuid> = next.iter().map(|(_, record, _)| *record).collect();
        store::record::lock_many(op.conn(), &definition, &ids).await?;
        let chosen: Vec<(Uuid, i64)> = next.iter().map(|(_, record, seen)| (*record, *seen)).collect();
        let judged = self.judge_many(&mut op, &seen, &wish, &chosen).await?;
        let mut lines = Vec::with_capacity(judged.len());
        for ((place, record, seen), one) in next.into_iter().zip(judged) {
            let (state, fault) = match one {
                Judged::Same => ("unchanged", None),
                Judged::Faulty(_, _, told) => ("failed", Some(told)),
                Judged::Sound(sound) => match self.change_one(&mut op, &permit, &definition, &row, *sound).await {
                    Ok(()) => ("changed", None),
                    Err(fault) if is_of_the_record(&fault) => ("failed", Some(told_of(&fault))),
                    Err(fault) => return Err(fault),
                },
            };
            lines.push(Line {
                place,
                record,
                seen,
                state,
                fault,
            });
        }
        self.still_in_force(&mut op, &definition).await?;
        store::bulk::came(op.conn(), &permit, id, &lines).await?;
        op.commit().await?;
        Ok(true)
    }

    /// One record, with a history of its own; what the database refuses undoes this record alone.
    async fn change_one(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        row: &Row,
        sound: Sound,
    ) -> Result<()> {
        let version = sound.before.iter().map(|record| record.version).max().unwrap_or(0);
        let written = Written {
            id: sound.record,
            version: version + 1,
        };
        let change = Change::Change {
            from: row.body.from,
            to: None,
            values: sound.values,
        };
        let reason = &row.body.reason;
        store::proposal::begin_trial(op.conn()).await?;
        let done = self
            .put(
                op,
                permit,
                definition,
                written,
                (&sound.before, after_all(&sound.before, op.now())),
                &change,
                reason,
            )
            .await;
        match done {
            Ok(()) => {
                store::proposal::keep_trial(op.conn()).await?;
                self.tell(op, permit, &row.register, sound.record, kind(), reason).await
            }
            Err(fault) => {
                store::proposal::end_trial(op.conn()).await?;
                Err(fault)
            }
        }
    }

    async fn end_bulk(&self, ops: &Ops, id: Uuid, state: BulkState, note: &'static str) -> Result<()> {
        let mut op = ops.open(Actor::System("registry")).await?;
        let Some(row) = store::bulk::get(op.conn(), self.vault(), id, true).await? else {
            return Ok(());
        };
        if row.state != BulkState::Running {
            return Ok(());
        }
        let permit = op
            .allow("registry.enter", &subject(id), access::by_rule(op.actor()))
            .await?;
        let step = Step {
            state,
            by: None,
            at: op.now(),
            note,
        };
        store::bulk::step(op.conn(), &permit, id, &step).await?;
        self.tell_bulk(&mut op, &row, state).await?;
        op.commit().await
    }
}

/// Registers the job that carries changes of many records out.
pub(crate) fn register(jobs: &mut op::Jobs, registry: &Registry) {
    let registry = registry.clone();
    jobs.outside(BULK_JOB, move |ops: &Ops, job| {
        let registry = registry.clone();
        let bulk = job.payload["bulk"].as_str().and_then(|id| id.parse::<Uuid>().ok());
        Box::pin(async move {
            let Some(id) = bulk else { return Ok(()) };
            if registry.run_bulk(ops, id).await? {
                // Behind what others wait for.
                let mut op = ops.open(Actor::System("registry")).await?;
                op.enqueue(NewJob::new(BULK_JOB, json!({ "bulk": id }))).await?;
                op.commit().await?;
            }
            Ok(())
        })
    });
}

fn kind() -> &'static str {
    Command::Change {
        from: None,
        given: Map::new(),
    }
    .kind()
}

/// Whether a fault is about what was asked, not about the platform.
fn is_of_the_record(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Invalid | FaultKind::Conflict | FaultKind::NotFound | FaultKind::Forbidden
    )
}

fn periods_of(before: &[Record]) -> Vec<Period> {
    before
        .iter()
        .map(|record| Period {
            from: record.valid_from,
            to: record.valid_to,
            values: record.values.clone(),
        })
        .collect()
}

/// The period that a change from a day on begins from.
fn own(before: &[Record], from: NaiveDate) -> Option<&Record> {
    before
        .iter()
        .find(|record| record.valid_from <= from && record.valid_to.is_none_or(|to| from <= to))
        .or(before.last())
}

fn title(definition: &RecordDefinition, before: &[Record], from: NaiveDate) -> String {
    match own(before, from).and_then(|own| own.values.get(&definition.title)) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn read(definition: &RecordDefinition, ground: &Ground, wish: &Wish, before: &[Record]) -> reading::Reading {
    match own(before, wish.from) {
        Some(own) => {
            let given = bulk::with_set(definition, &own.values, &wish.set);
            reading::read(definition, &given, ground, wish.from)
        }
        None => reading::Reading::default(),
    }
}
