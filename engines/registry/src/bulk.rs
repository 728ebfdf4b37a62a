//! Changes of many records at once (sửa hàng loạt): chosen by a list, shown before, asked for, carried out piece by piece under the rights of
//! whoever asked. Each record has its own history; what fails is listed.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Page, PageRequest, cursor};
use kernel::{Actor, Fault, FieldFault, Result};
use op::{Entry, Event, NewJob, Op, Permit};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access::{self, Standing};
use crate::bulk_run::{BULK_JOB, Judged, Wish};
use crate::definition::RecordDefinition;
use crate::enter::new_id;
use crate::list::Query;
use crate::model::bulk::{self, BulkState};
use crate::model::proposal::FieldChange;
use crate::model::reading;
use crate::published::Seen;
use crate::store::bulk::{Body, Line, Row, Step, Told, subject};
use crate::{Registry, error, events, store};

/// More records are no longer looked over by a person; they are imported.
pub const MOST_RECORDS: i64 = 10_000;
/// Records whose differences are shown before.
const SHOWN: usize = 20;
/// Records whose faults are shown before.
const FAULTY_SHOWN: usize = 100;
/// The longest reason and note, in characters.
const LONGEST: usize = 1_000;

/// What is asked for many records.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BulkChange {
    /// The list that is chosen from, as it stands in its address; see [`Query::read`].
    pub query: Vec<(String, String)>,
    /// What is set, by field, as it was typed; null or nothing: empty.
    pub set: Map<String, Value>,
    /// From which day on; today where nothing is said.
    pub from: Option<NaiveDate>,
    /// Why.
    pub reason: String,
}

/// What would become of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordChange {
    /// The record.
    pub record: Uuid,
    /// What it is called.
    pub title: String,
    /// What would differ.
    pub changes: Vec<FieldChange>,
}

/// A record that cannot be changed so.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFault {
    /// The record.
    pub record: Uuid,
    /// What it is called.
    pub title: String,
    /// The code of what is wrong, with values for its words.
    pub code: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
    /// Faults of single fields.
    pub fields: Vec<FieldFault>,
}

/// What a change of many records would do.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkPreview {
    /// Records that the list finds.
    pub chosen: u64,
    /// Those that would be otherwise.
    pub changed: u64,
    /// Those that are so already.
    pub unchanged: u64,
    /// Those that cannot be changed so.
    pub failed: u64,
    /// The first ones that would be otherwise.
    pub shown: Vec<RecordChange>,
    /// The first ones that cannot be changed so.
    pub faults: Vec<RecordFault>,
    /// By what it is known that nothing has changed since; goes with the request.
    pub mark: String,
    /// The day from which on it holds.
    pub from: NaiveDate,
    /// Whether it waits for the owner's approval.
    pub waits: bool,
}

/// A change of many records that was asked for.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// The request.
    pub id: Uuid,
    /// The register.
    pub definition: Arc<RecordDefinition>,
    /// What is asked.
    pub change: BulkChange,
    /// The agency of whoever asks.
    pub agency_name: String,
    /// Name of whoever asks.
    pub asked_name: String,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// How far it is.
    pub state: BulkState,
    /// Name of whoever decided.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused; the code of a fault where the platform stopped it.
    pub note: String,
    /// Records that were chosen.
    pub chosen: i64,
    /// Records that are otherwise now.
    pub changed: i64,
    /// Records that were so already.
    pub unchanged: i64,
    /// Records that could not be changed.
    pub failed: i64,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// Whether the reader may decide on it.
    pub decides: bool,
}

/// Everything that a request is about, looked at together.
pub(crate) struct Looked {
    pub seen: Seen,
    pub wish: Wish,
    pub chosen: Vec<(Uuid, i64)>,
    pub judged: Vec<Judged>,
    pub mark: String,
}

impl Registry {
    /// What a change of many records would do; nothing is written.
    ///
    /// # Errors
    /// `registry.invalid` where a field cannot be set for many, or to this; `registry.too_many_records` {most}, `registry.not_allowed`, those of
    /// [`Self::list`].
    pub async fn preview_bulk(&self, op: &mut Op, register: &str, change: &BulkChange) -> Result<BulkPreview> {
        let (looked, _) = self.look_over(op, register, change).await?;
        let count = |state: &str| looked.judged.iter().filter(|one| one.state() == state).count() as u64;
        let shown = looked.judged.iter().filter_map(|one| match one {
            Judged::Sound(sound) => Some(RecordChange {
                record: sound.record,
                title: sound.title.clone(),
                changes: sound
                    .changes
                    .iter()
                    .filter(|change| looked.seen.sight.plain.contains(&change.field))
                    .cloned()
                    .collect(),
            }),
            _ => None,
        });
        let faults = looked.judged.iter().filter_map(|one| match one {
            Judged::Faulty(record, title, told) => Some(record_fault(*record, title.clone(), told.clone())),
            _ => None,
        });
        Ok(BulkPreview {
            chosen: looked.chosen.len() as u64,
            changed: count("waiting"),
            unchanged: count("unchanged"),
            failed: count("failed"),
            shown: shown.take(SHOWN).collect(),
            faults: faults.take(FAULTY_SHOWN).collect(),
            mark: looked.mark,
            from: looked.wish.from,
            waits: self.waits(op, &looked.seen.published.definition),
        })
    }

    /// Asks for a change of many records that was shown before under this mark. It is carried out soon, or when the owner has approved it.
    ///
    /// # Errors
    /// `registry.selection_changed` where the records are others by now, `registry.nothing_to_change`, `registry.reason_needed`; those of
    /// [`Self::preview_bulk`].
    pub async fn ask_bulk(&self, op: &mut Op, register: &str, change: &BulkChange, mark: &str) -> Result<Uuid> {
        let Actor::Official(official) = op.actor().clone() else {
            return Err(error::not_allowed());
        };
        let (looked, permit) = self.look_over(op, register, change).await?;
        let reason: String = kernel::text::clean_line(&change.reason).chars().take(LONGEST).collect();
        if reason.is_empty() {
            return Err(error::reason_needed());
        }
        if looked.mark != mark {
            return Err(error::selection_changed());
        }
        let lines: Vec<Line> = (1..)
            .zip(&looked.judged)
            .map(|(place, one)| one.line(place, &looked.chosen))
            .collect();
        let count =
            |state: &str| i64::try_from(lines.iter().filter(|line| line.state == state).count()).unwrap_or_default();
        if count("waiting") == 0 {
            return Err(error::nothing_to_change());
        }
        let state = match self.waits(op, &looked.seen.published.definition) {
            true => BulkState::Waiting,
            false => BulkState::Running,
        };
        let row = Row {
            id: new_id(op),
            register: register.to_owned(),
            body: Body {
                query: change.query.clone(),
                set: change.set.clone(),
                from: looked.wish.from,
                reason,
            },
            agency: official.agency,
            agency_name: official.agency_name,
            account: official.account,
            position: official.position,
            asked_by: official.person,
            asked_name: official.name,
            asked_at: op.now(),
            state,
            decided_name: String::new(),
            decided_at: None,
            note: String::new(),
            chosen: i64::try_from(lines.len()).unwrap_or_default(),
            changed: 0,
            unchanged: count("unchanged"),
            failed: count("failed"),
            ended_at: None,
        };
        store::bulk::insert(op.conn(), &permit, self.vault(), &row, &lines).await?;
        if state == BulkState::Running {
            op.enqueue(NewJob::new(BULK_JOB, json!({ "bulk": row.id }))).await?;
        }
        self.tell_bulk(op, &row, state).await?;
        Ok(row.id)
    }

    /// One's own requests, and those for the registers on whose changes one decides; the newest first.
    ///
    /// # Errors
    /// `registry.not_allowed`, `db.bad_cursor`.
    pub async fn bulks(&self, op: &mut Op, request: &PageRequest) -> Result<Page<Bulk>> {
        op.allow("registry.read", "register_bulks", access::own_proposals(op.actor()))
            .await?;
        let person = op.actor().person().ok_or_else(error::not_allowed)?;
        let registers = match access::decide_any(op.rights()).is_allowed() {
            true => self.own_registers(op, None).await?,
            false => Vec::new(),
        };
        let after: Option<Uuid> = request.after.as_deref().map(cursor::decode).transpose()?;
        let rows = store::bulk::list(op.conn(), self.vault(), person, &registers, after, request.probe()).await?;
        let page = Page::cut(rows, request, |row| row.id);
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let seen = self.seen(op, &row.register).await?;
            items.push(shown(op, seen, row));
        }
        Ok(Page { items, next: page.next })
    }

    /// How many changes of many records wait for whoever acts.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn waiting_bulks(&self, op: &mut Op) -> Result<i64> {
        if !access::decide_any(op.rights()).is_allowed() {
            return Ok(0);
        }
        let registers = self.own_registers(op, None).await?;
        store::bulk::waiting(op.conn(), &registers).await
    }

    /// One request, for whoever asked and for whoever decides on it.
    ///
    /// # Errors
    /// `registry.bulk_not_found`.
    pub async fn bulk(&self, op: &mut Op, id: Uuid) -> Result<Bulk> {
        let (row, seen) = self.bulk_row(op, id, false).await?;
        let decision = access::see_bulk(op.rights(), seen.standing, row.asked_by);
        op.allow("registry.read", &subject(id), decision).await?;
        Ok(shown(op, seen, row))
    }

    /// The records that were not changed, with why.
    ///
    /// # Errors
    /// `registry.bulk_not_found`, `db.bad_cursor`.
    pub async fn bulk_failures(&self, op: &mut Op, id: Uuid, request: &PageRequest) -> Result<Page<RecordFault>> {
        let (row, seen) = self.bulk_row(op, id, false).await?;
        let decision = access::see_bulk(op.rights(), seen.standing, row.asked_by);
        op.allow("registry.read", &subject(id), decision).await?;
        let after: Option<i64> = request.after.as_deref().map(cursor::decode).transpose()?;
        let rows = store::bulk::failures(op.conn(), id, after.unwrap_or(0), request.probe()).await?;
        let ids: Vec<Uuid> = rows.iter().map(|(_, record, _)| *record).collect();
        let definition = &seen.published.definition;
        let titles = match seen.sight.plain.contains(&definition.title) && seen.published.made {
            true => store::record::titles(op.conn(), definition, &ids, seen.within.as_ref()).await?,
            false => BTreeMap::new(),
        };
        let page = Page::cut(rows, request, |(place, _, _)| *place);
        Ok(page.map(|(_, record, told)| {
            let title = titles.get(&record).cloned().unwrap_or_default();
            record_fault(record, title, told)
        }))
    }

    /// Lets a change of many records go on that waits; for the owner, and never for whoever has asked.
    ///
    /// # Errors
    /// `registry.bulk_not_found`, `registry.own_proposal`, `registry.bulk_decided` {state}.
    pub async fn approve_bulk(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let (row, permit) = self.decides_bulk(op, id).await?;
        self.decided_bulk(op, &permit, &row, BulkState::Running, "").await?;
        op.enqueue(NewJob::new(BULK_JOB, json!({ "bulk": id }))).await
    }

    /// Refuses one; the note tells why.
    ///
    /// # Errors
    /// Those of [`Self::approve_bulk`], `registry.note_needed`.
    pub async fn refuse_bulk(&self, op: &mut Op, id: Uuid, note: &str) -> Result<()> {
        let (row, permit) = self.decides_bulk(op, id).await?;
        let note: String = kernel::text::clean_text(note).chars().take(LONGEST).collect();
        if note.trim().is_empty() {
            return Err(error::note_needed());
        }
        self.decided_bulk(op, &permit, &row, BulkState::Refused, note.trim())
            .await
    }

    /// Takes one's own request back while it waits, or stops it on the way.
    ///
    /// # Errors
    /// `registry.bulk_not_found`, `registry.bulk_decided` {state}.
    pub async fn stop_bulk(&self, op: &mut Op, id: Uuid) -> Result<()> {
        let (row, _) = self.bulk_row(op, id, true).await?;
        let decision = access::own_bulk(op.actor(), row.asked_by);
        let permit = op.allow("registry.enter", &subject(id), decision).await?;
        let state = match row.state {
            BulkState::Waiting => BulkState::Withdrawn,
            BulkState::Running => BulkState::Stopped,
            state => return Err(error::bulk_decided(state)),
        };
        let step = Step {
            state,
            by: None,
            at: op.now(),
            note: "",
        };
        store::bulk::step(op.conn(), &permit, id, &step).await?;
        self.tell_bulk(op, &row, state).await
    }

    async fn bulk_row(&self, op: &mut Op, id: Uuid, lock: bool) -> Result<(Row, Seen)> {
        let row = store::bulk::get(op.conn(), self.vault(), id, lock)
            .await?
            .ok_or_else(error::bulk_not_found)?;
        let seen = self.seen(op, &row.register).await?;
        Ok((row, seen))
    }

    async fn decides_bulk(&self, op: &mut Op, id: Uuid) -> Result<(Row, Permit)> {
        let (row, seen) = self.bulk_row(op, id, true).await?;
        let decision = access::decide_bulk(op.rights(), seen.standing, row.asked_by);
        let permit = op.allow("registry.approve", &subject(id), decision).await?;
        match row.state {
            BulkState::Waiting => Ok((row, permit)),
            state => Err(error::bulk_decided(state)),
        }
    }

    async fn decided_bulk(&self, op: &mut Op, permit: &Permit, row: &Row, state: BulkState, note: &str) -> Result<()> {
        let actor = op.actor().clone();
        let by = actor.person().ok_or_else(error::not_allowed)?;
        let step = Step {
            state,
            by: Some((by, actor.name())),
            at: op.now(),
            note,
        };
        store::bulk::step(op.conn(), permit, row.id, &step).await?;
        self.tell_bulk(op, row, state).await
    }

    /// Tells how far a request is.
    pub(crate) async fn tell_bulk(&self, op: &mut Op, row: &Row, state: BulkState) -> Result<()> {
        let facts = json!({
            "register": row.register, "bulk": row.id, "state": state, "records": row.chosen, "person": row.asked_by,
        });
        op.emit(Event::new(events::BULK, subject(row.id), &facts));
        op.record(Entry::new("registry.bulk", subject(row.id)).detail(facts))
            .await
    }

    /// The records that a list finds, and what would become of each.
    async fn look_over(&self, op: &mut Op, register: &str, change: &BulkChange) -> Result<(Looked, Permit)> {
        let seen = self.seen(op, register).await?;
        // Which of the records lie in the own area is asked one by one.
        let decision = access::enter(op.rights(), seen.standing, seen.standing == Standing::Enters);
        let permit = op
            .allow("registry.enter", &format!("register:{register}"), decision)
            .await?;
        let definition = seen.published.definition.clone();
        let today = kernel::local_date(op.now());
        let (query, others) = Query::read(&definition, &change.query)?;
        if let Some((name, _)) = others.first() {
            return Err(error::bad_filter(name));
        }
        // What is changed is what there is today.
        if query.as_of.is_some_and(|day| day != today) {
            return Err(error::bad_filter("as_of"));
        }
        let query = self.asked(op, &seen, &query)?;
        let from = change.from.unwrap_or(today);
        let wish = Wish {
            set: self.set_of(op, &definition, &change.set, from).await?,
            from,
        };
        let chosen = match seen.published.made {
            true => store::bulk::chosen(op.conn(), &definition, &query, today, MOST_RECORDS + 1).await?,
            false => Vec::new(),
        };
        if chosen.len() as i64 > MOST_RECORDS {
            return Err(error::too_many_records(MOST_RECORDS));
        }
        let judged = self.judge_many(op, &seen, &wish, &chosen).await?;
        let mark = bulk::mark(&seen.published.digest, &chosen, &wish.set, wish.from);
        let looked = Looked {
            seen,
            wish,
            chosen,
            judged,
            mark,
        };
        Ok((looked, permit))
    }

    /// What is set, read once: what cannot be set for many, or not to this, is told before any record is looked at.
    pub(crate) async fn set_of(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        given: &Map<String, Value>,
        day: NaiveDate,
    ) -> Result<Map<String, Value>> {
        let ground = self.ground(op, definition).await?;
        let mut set = Map::new();
        let mut faults = Vec::new();
        for (name, value) in given {
            let Some(field) = definition.field(name) else {
                faults.push(FieldFault::new(name, "registry.field.unknown"));
                continue;
            };
            if !bulk::settable(definition, field) {
                faults.push(FieldFault::new(name, "registry.field.not_for_many"));
                continue;
            }
            match reading::read_one(field, value, &ground, day) {
                Ok(value) => {
                    set.insert(name.clone(), value.unwrap_or(Value::Null));
                }
                Err(why) => faults.push(reading::fault(name, why)),
            }
        }
        let mut records = [set];
        let unresolved = self.resolve(op, definition, &mut records).await?;
        faults.extend(unresolved.into_values().flatten());
        let [set] = records;
        if set.is_empty() && faults.is_empty() {
            return Err(error::nothing_to_change());
        }
        match faults.is_empty() {
            true => Ok(set),
            false => Err(error::invalid(faults)),
        }
    }
}

fn record_fault(record: Uuid, title: String, told: Told) -> RecordFault {
    RecordFault {
        record,
        title,
        code: told.code,
        params: told.params,
        fields: told.fields.into_iter().map(FieldFault::from).collect(),
    }
}

fn shown(op: &Op, seen: Seen, row: Row) -> Bulk {
    let mine = op.actor().person() == Some(row.asked_by);
    let decides =
        row.state == BulkState::Waiting && access::decide_bulk(op.rights(), seen.standing, row.asked_by).is_allowed();
    Bulk {
        id: row.id,
        definition: seen.published.definition,
        change: BulkChange {
            query: row.body.query,
            set: row.body.set,
            from: Some(row.body.from),
            reason: row.body.reason,
        },
        agency_name: row.agency_name,
        asked_name: row.asked_name,
        asked_at: row.asked_at,
        state: row.state,
        decided_name: row.decided_name,
        decided_at: row.decided_at,
        note: row.note,
        chosen: row.chosen,
        changed: row.changed,
        unchanged: row.unchanged,
        failed: row.failed,
        ended_at: row.ended_at,
        mine,
        decides,
    }
}

/// What is kept of a fault of one record.
pub(crate) fn told_of(fault: &Fault) -> Told {
    Told {
        code: fault.code.to_owned(),
        params: fault.params.clone(),
        fields: fault.fields.iter().map(Into::into).collect(),
    }
}
