//! One piece of a file after the other: each in one transaction with how far it has come, so that whoever goes on after a crash, on whatever
//! node, goes on behind the last row that was taken over.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use kernel::{AccountId, Actor, Fault, FaultKind, FieldFault, FileId, PositionId, Result};
use op::{Job, NewJob, Op, Ops};
use serde_json::{Value, json};
use tabular::Cell;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::keys::Keys;
use super::mapping::Target;
use super::source::{Item, Piece};
use super::upload::blocking;
use super::{Import, JOB, Source, State, bad, cells};
use crate::amend::Keep;
use crate::definition::RecordDefinition;
use crate::store::import::ImportRow;
use crate::take_over::Given;
use crate::{Registry, access, error, store};

/// Rows of a piece. Each may lock the record that it changes, and the database holds some thousands of locks.
const PIECE: usize = 2_000;
/// Rows of a piece behind one of which every row was new: new records are locked by nobody.
const NEW_PIECE: usize = 8_000;
/// Bytes of a piece, roughly, so that long rows do not fill the memory.
const PIECE_BYTES: usize = 16 << 20;
/// Files that one program keeps open between their pieces.
const KEPT_OPEN: usize = 4;
/// How long they stay open.
const KEPT_FOR: Duration = Duration::from_secs(600);
/// How long a piece waits for the turn of its workbook; then it is tried again like after any other hindrance.
const ITS_TURN: Duration = Duration::from_secs(120);
/// After so many tries of one piece its rows are tried one by one.
const ONE_BY_ONE: i32 = 2;
/// After so many the import is given up.
const MOST_TRIES: i32 = 12;
/// More rows than this are not handed back: the file is not what it was taken for.
const MOST_BAD: i64 = 200_000;

/// What a piece became.
struct Done {
    items: usize,
    /// What stands between the cells of CSV.
    delimiter: u8,
    rows: HashMap<u64, (u64, Vec<Cell>)>,
    given: Vec<Given>,
    bad: Vec<(u64, Vec<FieldFault>)>,
}

impl Registry {
    /// Carries an import on by one piece: the work of a job.
    pub(super) async fn carry(&self, ops: &Ops, job: &Job) -> Result<()> {
        let (Some(id), Some(from)) = (
            job.payload["import"].as_str().and_then(|id| id.parse::<Uuid>().ok()),
            job.payload["from"].as_i64(),
        ) else {
            return Err(error::broken_row("import job"));
        };
        // A piece that has failed is tried smaller: perhaps its rows were not new after all, or one of them holds the others up.
        let most = match job.attempts {
            0 if job.payload["new"] == true => NEW_PIECE,
            tries if tries < ONE_BY_ONE => PIECE,
            _ => 1,
        };
        let outcome = self.carry_one(ops, id, from, most).await;
        match outcome {
            Ok(()) => Ok(()),
            // Whoever imports may not any more, or the file is not what it was: nothing that another try would mend.
            Err(fault) if matches!(fault.kind, FaultKind::Forbidden | FaultKind::NotFound) => {
                tracing::info!(import = %id, %fault, "an import is stopped");
                self.give_up(ops, id, State::Stopped, &fault).await
            }
            Err(fault) if fault.kind == FaultKind::Invalid || job.attempts >= MOST_TRIES => {
                tracing::warn!(import = %id, %fault, "an import cannot go on");
                self.give_up(ops, id, State::Broken, &fault).await
            }
            Err(fault) => Err(fault),
        }
    }

    async fn carry_one(&self, ops: &Ops, id: Uuid, from: i64, most: usize) -> Result<()> {
        let mut op = ops.open(Actor::System("registry")).await?;
        let row = store::import::get(op.conn(), id).await?;
        // A job that has been done: the program ended before it could be taken away.
        let Some(row) = row.filter(|row| is_due(row, from)) else {
            self.close_source(id);
            return Ok(());
        };
        let published = self.register(&mut op, &row.register).await?;
        if published.digest != row.digest {
            return Err(error::import_declaration());
        }
        let definition = published.definition.clone();
        let import = Import::of(&definition, row.clone())?;
        let keys = Arc::new(Keys::of(&definition, &import.mapping, op.now()));
        let actor = self.importer(&mut op, &row).await?;
        let place = u64::try_from(from).unwrap_or_default();
        let file = row.file.ok_or_else(error::import_state)?;
        let view = self.files()?.get(&mut op, FileId::from_uuid(file)).await?;
        drop(op);
        let ahead = self.kept_ahead(id, place).filter(|ahead| ahead.most <= most);
        let (source, piece) = match ahead {
            Some(ahead) => ahead.read.await.map_err(error::import_panicked)?,
            None => {
                let sheet = (import.format, import.sheet.as_str());
                let mut source = self.begun(&view, sheet, ITS_TURN, |source| source).await?;
                let keys = keys.clone();
                blocking(move || {
                    if !source.go_to(place, &*keys) {
                        return Err(error::import_file());
                    }
                    let piece = source.take(most, PIECE_BYTES, &*keys);
                    Ok((source, piece))
                })
                .await?
            }
        };
        // The next piece is read while the database works on this one.
        let ahead = (!piece.ended).then(|| {
            let mut source = source;
            Ahead {
                from: place + piece.items.len() as u64,
                most,
                since: Instant::now(),
                read: tokio::task::spawn_blocking(move || {
                    let piece = source.take(most, PIECE_BYTES, &*keys);
                    (source, piece)
                }),
            }
        });
        let ended = self
            .take_piece(
                ops,
                &actor,
                (&definition, &import.mapping),
                (id, from),
                piece,
                most == 1,
            )
            .await?;
        match ahead.filter(|_| !ended) {
            Some(ahead) => self.keep_ahead(id, ahead),
            None => self.close_source(id),
        }
        Ok(())
    }

    /// Takes a piece over, with how far the import has come; whether it has ended.
    async fn take_piece(
        &self,
        ops: &Ops,
        actor: &Actor,
        (definition, targets): (&RecordDefinition, &[Target]),
        (id, from): (Uuid, i64),
        piece: Piece,
        alone: bool,
    ) -> Result<bool> {
        let Piece {
            items,
            ended,
            broken,
            bytes,
            delimiter,
        } = piece;
        let mut op = ops.open(actor.clone()).await?;
        let mut row = match store::import::lock(op.conn(), id).await? {
            Some(row) if is_due(&row, from) => row,
            // Another node was faster, or somebody has stopped it.
            _ => return Ok(true),
        };
        let (_, permit) = self.importing(&mut op, &row.register).await?;
        let mut done = sort_out(definition, targets, (items, delimiter), row.valid_from);
        let given = std::mem::take(&mut done.given);
        let only = given.first().map(|given| given.number);
        // What somebody has decided on and goes on was approved.
        let approved = row.decided_at.is_some();
        let taken = match self
            .take_over_as(&mut op, &row.register, given, (Keep::All, approved))
            .await
        {
            Ok(taken) => taken,
            // One row alone that cannot be written is handed back, so that it holds nothing up.
            Err(fault)
                if alone
                    && matches!(
                        fault.kind,
                        FaultKind::Invalid | FaultKind::Conflict | FaultKind::Internal
                    ) =>
            {
                drop(op);
                return self.hand_back(ops, actor, (id, from), only, &done, &fault).await;
            }
            // Somebody else has entered one of the keys meanwhile: the same again finds it.
            Err(fault) if matches!(fault.kind, FaultKind::Invalid | FaultKind::Conflict) => {
                return Err(Fault::unavailable("registry.import_again").caused_by(fault));
            }
            Err(fault) => return Err(fault),
        };
        done.bad
            .extend(taken.bad.into_iter().map(|bad| (bad.number, bad.faults)));
        let new = taken.created > 0 && taken.changed + taken.unchanged == 0;
        row.created += count(taken.created);
        row.changed += count(taken.changed);
        row.unchanged += count(taken.unchanged);
        row.done_rows += count(done.items as u64);
        row.read_bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.keep_bad(&mut op, &permit, &mut row, &done).await?;
        let too_many = (row.bad > MOST_BAD).then(error::import_too_bad);
        let why = broken.as_ref().or(too_many.as_ref());
        let over = self.advance(&mut op, &permit, &mut row, (ended, new), why).await?;
        op.commit().await?;
        Ok(over)
    }

    /// Hands back the only row of a piece.
    async fn hand_back(
        &self,
        ops: &Ops,
        actor: &Actor,
        (id, from): (Uuid, i64),
        number: Option<u64>,
        done: &Done,
        fault: &Fault,
    ) -> Result<bool> {
        let mut op = ops.open(actor.clone()).await?;
        let mut row = match store::import::lock(op.conn(), id).await? {
            Some(row) if is_due(&row, from) => row,
            _ => return Ok(true),
        };
        let (_, permit) = self.importing(&mut op, &row.register).await?;
        let mut faults = fault.fields.clone();
        if faults.is_empty() {
            let mut own = FieldFault::new("", fault.code);
            own.params.clone_from(&fault.params);
            faults.push(own);
        }
        let done = Done {
            items: done.items,
            delimiter: done.delimiter,
            rows: done.rows.clone(),
            given: Vec::new(),
            bad: number.into_iter().map(|number| (number, faults.clone())).collect(),
        };
        row.done_rows += count(done.items as u64);
        self.keep_bad(&mut op, &permit, &mut row, &done).await?;
        let over = self.advance(&mut op, &permit, &mut row, (false, false), None).await?;
        op.commit().await?;
        Ok(over)
    }

    async fn keep_bad(&self, op: &mut Op, permit: &op::Permit, row: &mut ImportRow, done: &Done) -> Result<()> {
        if done.bad.is_empty() {
            return Ok(());
        }
        let kept: Vec<(i64, Value)> = done
            .bad
            .iter()
            .filter_map(|(place, faults)| {
                let (number, cells) = done.rows.get(place)?;
                Some((count(*place), bad::kept(*number, cells, faults, done.delimiter)))
            })
            .collect();
        row.bad += count(kept.len() as u64);
        store::bad_row::keep(op.conn(), permit, self.vault(), row.id, &kept).await
    }

    /// Writes down how far it has come and what comes next; whether that is nothing.
    async fn advance(
        &self,
        op: &mut Op,
        permit: &op::Permit,
        row: &mut ImportRow,
        (ended, new): (bool, bool),
        why: Option<&Fault>,
    ) -> Result<bool> {
        if ended || why.is_some() {
            let state = if why.is_some() { State::Broken } else { State::Done };
            self.end_import(op, permit, row, state, why).await?;
            return Ok(true);
        }
        row.state = State::Running.as_str().to_owned();
        store::import::advance(op.conn(), permit, row).await?;
        let next = json!({ "import": row.id, "from": row.done_rows, "new": new });
        op.enqueue(NewJob::new(JOB, next)).await?;
        Ok(false)
    }

    async fn give_up(&self, ops: &Ops, id: Uuid, state: State, fault: &Fault) -> Result<()> {
        self.close_source(id);
        let mut op = ops.open(Actor::System("registry")).await?;
        let permit = op
            .allow("registry.import", &format!("import:{id}"), access::goes_on())
            .await?;
        let Some(mut row) = store::import::lock(op.conn(), id).await? else {
            return Ok(());
        };
        if State::parse(&row.state)?.goes_on() {
            self.end_import(&mut op, &permit, &mut row, state, Some(fault)).await?;
        }
        op.commit().await
    }

    /// Whoever has started an import, as they are now: whoever has left their position imports nothing more from it.
    async fn importer(&self, op: &mut Op, row: &ImportRow) -> Result<Actor> {
        let (account, position) = (AccountId::from_uuid(row.account), PositionId::from_uuid(row.position));
        let now = op.now();
        let actor = self.identity().actor_from(op.conn(), account, position, now).await?;
        actor.ok_or_else(error::not_allowed)
    }

    /// The piece from a place on, where it is read already or being read.
    fn kept_ahead(&self, id: Uuid, place: u64) -> Option<Ahead> {
        let mut kept = self.read_ahead().lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(own, _)| *own == id)?;
        let (_, ahead) = kept.remove(found);
        (ahead.from == place).then_some(ahead)
    }

    fn keep_ahead(&self, id: Uuid, ahead: Ahead) {
        let mut kept = self.read_ahead().lock().unwrap_or_else(PoisonError::into_inner);
        // Where another program goes on with a file, nobody asks for its rows here any more.
        kept.retain(|(own, ahead)| *own != id && ahead.since.elapsed() < KEPT_FOR);
        kept.push((id, ahead));
        if kept.len() > KEPT_OPEN {
            kept.remove(0);
        }
    }

    fn close_source(&self, id: Uuid) {
        let mut kept = self.read_ahead().lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(own, _)| *own != id);
    }
}

/// A file that is open, and its next piece.
pub(crate) struct Ahead {
    /// How many rows lie before the piece.
    from: u64,
    /// How many rows it has at most.
    most: usize,
    /// When it was begun.
    since: Instant,
    read: JoinHandle<(Source, Piece)>,
}

fn is_due(row: &ImportRow, from: i64) -> bool {
    row.done_rows == from && State::parse(&row.state).is_ok_and(State::goes_on)
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What of a piece may be asked, and what cannot be.
fn sort_out(
    definition: &RecordDefinition,
    targets: &[Target],
    (items, delimiter): (Vec<(u64, Item)>, u8),
    from: chrono::NaiveDate,
) -> Done {
    let mut done = Done {
        items: items.len(),
        delimiter,
        rows: HashMap::with_capacity(items.len()),
        given: Vec::with_capacity(items.len()),
        bad: Vec::new(),
    };
    for (place, item) in items {
        match item {
            Item::Row(row) => {
                match cells::given(definition, targets, (place, &row.cells), from) {
                    Ok(given) => done.given.push(given),
                    Err(faults) => done.bad.push((place, faults)),
                }
                done.rows.insert(place, (row.number, row.cells));
            }
            Item::Twice(row) => {
                let key = definition.key.first().map_or("", String::as_str);
                done.bad
                    .push((place, vec![FieldFault::new(key, "registry.field.twice")]));
                done.rows.insert(place, (row.number, row.cells));
            }
            Item::Broken { number, fault } => {
                done.bad.push((place, vec![fault]));
                done.rows.insert(place, (number, Vec::new()));
            }
        }
    }
    done
}
