//! One run over a register: a stretch of records at a time, each in an operation of its own, so that a run carries on where a program stopped.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::TimeDelta;
use kernel::Result;
use op::{Entry, Event, NewJob, Op, Permit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::jobs::CARRY_ON;
use crate::definition::RecordDefinition;
use crate::duplicates::Stretch;
use crate::model::profile::{self, Fences, has_fences};
use crate::model::quality::{Reason, Sort, Tally, look};
use crate::model::{Figures, ReasonCount};
use crate::store::quality::{Outcome, Underway};
use crate::{Registry, access, events, store};

/// Records read at a time.
const BATCH: i64 = 1_000;
/// Records of one stretch.
const STRETCH: usize = 20_000;
/// A run that has not ended after so long was left behind by a program that is no more.
const LONGEST_RUN: TimeDelta = TimeDelta::hours(12);

/// How far a run is, and what it has counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct State {
    /// The version of the declaration by which it measures.
    digest: String,
    stage: Stage,
    tally: Tally,
    /// Pairs of likely duplicates that were found.
    pairs: u64,
    /// Whether groups were too large to be compared whole.
    partly: bool,
    /// The time it took so far.
    took_ms: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// Looks at records, from the newest down to this one so far.
    Records { after: Option<Uuid> },
    /// Looks for duplicates: on which way, in which part of the keys.
    Twins { way: usize, part: u64 },
    /// Everything is counted.
    Done,
}

impl Registry {
    /// Begins to measure a register, unless that is under way.
    pub(super) async fn begin_run(&self, op: &mut Op, register: &str) -> Result<()> {
        let subject = format!("register:{register}");
        let permit = op
            .allow("registry.measure", &subject, access::by_rule(op.actor()))
            .await?;
        let begun = store::quality::begun(op.conn(), register).await?;
        if begun.is_some_and(|begun| op.now() < begun + LONGEST_RUN) {
            return Ok(());
        }
        let began = Instant::now();
        let published = self.register(op, register).await?;
        store::quality::drop_run(op.conn(), &permit, register).await?;
        let day = kernel::local_date(op.now());
        if !published.made {
            return Ok(());
        }
        db::take_time(op.conn()).await?;
        let definition = &published.definition;
        let mut fences = BTreeMap::new();
        for field in definition.fields.iter().filter(|field| has_fences(field)) {
            let (filled, quarters) = store::quality::quarters(op.conn(), definition, field, day).await?;
            if let Some(found) = quarters.and_then(|quarters| Fences::new(field, filled, quarters)) {
                fences.insert(field.field.clone(), found);
            }
        }
        let run = Underway {
            run: Uuid::now_v7(),
            begun_at: op.now(),
            state: State {
                digest: published.digest.clone(),
                stage: Stage::Records { after: None },
                tally: Tally::new(definition, fences),
                pairs: 0,
                partly: false,
                took_ms: milliseconds(began),
            },
        };
        store::quality::put_run(op.conn(), &permit, register, &run).await?;
        self.next(op, register, run.run).await
    }

    async fn next(&self, op: &mut Op, register: &str, run: Uuid) -> Result<()> {
        op.enqueue(NewJob::new(CARRY_ON, json!({ "register": register, "run": run })))
            .await
    }

    /// Carries a run on by one stretch. A declaration that was changed meanwhile begins it anew.
    pub(super) async fn carry_on(&self, op: &mut Op, register: &str, run: Uuid) -> Result<()> {
        let subject = format!("register:{register}");
        let permit = op
            .allow("registry.measure", &subject, access::by_rule(op.actor()))
            .await?;
        let known: Option<Underway<State>> = store::quality::underway(op.conn(), register).await?;
        let Some(mut known) = known.filter(|known| known.run == run) else {
            return Ok(());
        };
        let published = self.register(op, register).await?;
        if published.digest != known.state.digest {
            store::quality::drop_run(op.conn(), &permit, register).await?;
            return self.begin_run(op, register).await;
        }
        let began = Instant::now();
        db::take_time(op.conn()).await?;
        let definition = published.definition.clone();
        match known.state.stage.clone() {
            Stage::Records { after } => self.stretch(op, &permit, &definition, &mut known, after).await?,
            Stage::Twins { way, part } => self.twins_of(op, &permit, &definition, &mut known, (way, part)).await?,
            Stage::Done => {}
        }
        known.state.took_ms += milliseconds(began);
        if matches!(known.state.stage, Stage::Done) {
            return self.end(op, &permit, &definition, &known).await;
        }
        store::quality::put_run(op.conn(), &permit, register, &known).await?;
        self.next(op, register, run).await
    }

    /// Looks at the next records, the newest first.
    async fn stretch(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        known: &mut Underway<State>,
        mut after: Option<Uuid>,
    ) -> Result<()> {
        let ground = self.ground(op, definition).await?;
        let day = ground.today();
        let mut looked_at = 0;
        while looked_at < STRETCH {
            let rows = store::quality::day_batch(op.conn(), definition, day, after, BATCH, self.vault()).await?;
            let Some(last) = rows.last() else {
                known.state.stage = Stage::Twins { way: 0, part: 0 };
                return Ok(());
            };
            after = Some(last.record.id);
            looked_at += rows.len();
            let broken: Vec<bool> = rows.iter().map(|row| row.broken).collect();
            let records: Vec<_> = rows.into_iter().map(|row| row.record).collect();
            let mut references = self.broken_references(op, definition, &records, day).await?;
            let mut failing = Vec::new();
            for (place, record) in records.iter().enumerate() {
                let mut looked = look(definition, record, &ground);
                looked.reasons.extend(references.remove(&place).unwrap_or_default());
                if broken.get(place).copied().unwrap_or_default() {
                    // What does not open cannot be told to be missing either.
                    looked
                        .reasons
                        .retain(|reason| definition.field(&reason.field).is_none_or(|field| !field.is_sealed()));
                    looked.reasons.insert(Reason::new(Sort::Wrong, "", "sealed"));
                }
                let kept = known.state.tally.add(definition, record, looked);
                failing.extend(kept.into_iter().map(|reason| (record.id, reason)));
            }
            store::quality::keep_failing(op.conn(), permit, &definition.record, known.run, &failing).await?;
        }
        known.state.stage = Stage::Records { after };
        Ok(())
    }

    /// Looks for duplicates in the next part of the keys.
    async fn twins_of(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        known: &mut Underway<State>,
        (way, part): (usize, u64),
    ) -> Result<()> {
        let Some(declared) = definition.duplicates.get(way) else {
            known.state.stage = Stage::Done;
            return Ok(());
        };
        let stretch = Stretch {
            run: known.run,
            way: declared,
            part,
            parts: Stretch::parts(known.state.tally.records),
            known: known.state.pairs,
        };
        let found = self.find_twins(op, permit, definition, &stretch).await?;
        known.state.pairs += found.pairs;
        known.state.partly |= found.partly;
        known.state.stage = match part + 1 < stretch.parts {
            true => Stage::Twins { way, part: part + 1 },
            false => Stage::Twins { way: way + 1, part: 0 },
        };
        Ok(())
    }

    /// Writes what a run has found; what has fallen is told.
    async fn end(
        &self,
        op: &mut Op,
        permit: &Permit,
        definition: &RecordDefinition,
        known: &Underway<State>,
    ) -> Result<()> {
        let register = definition.record.as_str();
        let tally = &known.state.tally;
        let doubled = store::twin::settle(op.conn(), permit, register, known.run).await?;
        if tally.records == 0 {
            return store::quality::drop_run(op.conn(), permit, register).await;
        }
        let declared = |is: bool, of: u64| is.then_some(tally.records.saturating_sub(of));
        let figures = Figures {
            at: op.now(),
            records: tally.records,
            correct: tally.records - tally.wrong,
            complete: tally.records - tally.incomplete,
            clean: declared(!definition.duplicates.is_empty(), doubled),
            live: declared(definition.fresh.is_some(), tally.old),
            filled: tally.filled,
            fillable: tally.fillable,
            fields: u32::try_from(definition.fields.len()).unwrap_or(u32::MAX),
            partly: known.state.partly,
        };
        let reasons: Vec<ReasonCount> = tally
            .reasons
            .iter()
            .map(|(reason, records)| ReasonCount {
                reason: reason.clone(),
                records: *records,
            })
            .collect();
        let before = store::quality::trend(op.conn(), register, 1).await?.into_iter().next();
        let outcome = Outcome {
            figures: &figures,
            reasons: &reasons,
            profile: &profile::told(definition, &tally.fields),
            took_ms: known.state.took_ms,
        };
        store::quality::end_run(op.conn(), permit, register, known.run, &outcome).await?;
        let subject = format!("register:{register}");
        let fallen = before.as_ref().map(|before| (before, figures.fallen_since(before)));
        if let Some((before, fallen)) = fallen.filter(|(_, fallen)| !fallen.is_empty()) {
            let owner = self.register(op, register).await?.owner;
            let owner = self.identity().agency_in_charge(op, owner).await?.id;
            let each = fallen.iter().map(
                |figure| json!({ "figure": figure, "before": before.share(*figure), "now": figures.share(*figure) }),
            );
            op.emit(Event::new(
                events::QUALITY_FELL,
                &subject,
                json!({ "register": register, "owner": owner, "figures": each.collect::<Vec<_>>() }),
            ));
        }
        op.record(Entry::new("registry.measured", subject).detail(json!({
            "records": figures.records,
            "took_ms": known.state.took_ms,
        })))
        .await
    }
}

fn milliseconds(since: Instant) -> i64 {
    i64::try_from(since.elapsed().as_millis()).unwrap_or(i64::MAX)
}
