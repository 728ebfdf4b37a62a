//! A reorganisation of the province: the plan, what every engine says to it, and the one transaction in which it happens.
//!
//! A rehearsal is the execution itself, undone at its end: what it reports is what would be. All or nothing of an execution lasts,
//! whatever ends the program meanwhile.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use identity::Settled;
use kernel::{Actor, Fault, Result, local_date};
use op::{Listed, Op, Ops, Part};
use schema::Problems;
use serde::{Deserialize, Serialize};

use crate::Engines;
use crate::past;
use crate::province::tables;

/// How a plan is to be carried out.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// The first day of what is new, in place of the day of the plan.
    pub at: Option<NaiveDate>,
    /// Whether it lasts; otherwise it is a rehearsal, and nothing is written.
    pub execute: bool,
}

/// What a reorganisation did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Name of the plan.
    pub plan: String,
    /// What people call it.
    pub title: String,
    /// Number of the resolution.
    pub basis: String,
    /// The first day of what is new.
    pub on: NaiveDate,
    /// When this was written down.
    pub at: DateTime<Utc>,
    /// Whether it lasts.
    pub executed: bool,
    /// How many areas and agencies end and begin.
    pub counts: BTreeMap<String, usize>,
    /// Every agency that ends, with its new home and its open cases.
    pub agencies: Vec<AgencyLine>,
    /// Every area that ends, with what stands there.
    pub areas: Vec<AreaLine>,
    /// What each engine brought along.
    pub parts: Vec<Part>,
    /// What somebody has to look at.
    pub listed: Vec<Listed>,
}

/// An agency that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyLine {
    /// Its code.
    pub from: String,
    /// Its name.
    pub from_name: String,
    /// The code of its home.
    pub to: String,
    /// The name of its home.
    pub to_name: String,
    /// Open cases that it received, or handled for another province.
    pub open_cases: i64,
}

/// An area that ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaLine {
    /// Its code.
    pub from: String,
    /// The codes of what stands there; a part in brackets.
    pub to: Vec<String>,
}

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// The plan does not fit; nothing was done.
    Problems(Problems),
    /// It fits.
    Done(Box<Report>),
}

/// The text of a plan that the program carries: `plans/<name>.yaml` of the province's tables.
pub fn embedded(name: &str) -> Option<String> {
    tables::content(&format!("plans/{name}")).ok()
}

/// Carries a plan out, or rehearses it. Fails with `identity.already_reorganised`, `compose.plan_too_early` (an execution before
/// the day), `compose.past_unfinished` and `compose.lost`, where the sums of an engine do not add up.
pub async fn reorganise(ops: &Ops, engines: &Engines, label: &str, source: &str, how: How) -> Result<Outcome> {
    let mut problems = Problems::new();
    let Some(plan) = engines.identity.read_plan(label, source, &mut problems) else {
        return Ok(Outcome::Problems(problems));
    };
    let on = how.at.unwrap_or(plan.on);
    let mut op = ops.open(Actor::System("province")).await?;
    if how.execute {
        ready(&mut op, on).await?;
    }
    engines.identity.let_nobody_in(&mut op).await?;
    let settled = engines.identity.settle_plan(&mut op, &plan, on, &mut problems).await?;
    let Some(settled) = settled else {
        return Ok(Outcome::Problems(problems));
    };
    let mut parts = vec![engines.identity.reorganise(&mut op, &plan, &settled).await?];
    parts.extend(engines.movers().carry(&mut op, &settled.moves).await?);
    engines.identity.bring_sessions(&mut op, &plan, &settled).await?;
    for part in &parts {
        if let Some(moved) = part.moved.iter().find(|moved| !moved.adds_up()) {
            return Err(Fault::internal("compose.lost")
                .with("engine", &part.engine)
                .with("what", &moved.what)
                .with("found", moved.found)
                .with("moved", moved.moved + moved.stays));
        }
    }
    let report = Report {
        plan: plan.key.clone(),
        title: plan.title.clone(),
        basis: plan.basis.clone(),
        on,
        at: op.now(),
        executed: how.execute,
        counts: counts(&settled),
        agencies: agency_lines(&settled, &parts),
        areas: area_lines(&settled),
        listed: parts.iter().flat_map(|part| part.listed.clone()).collect(),
        parts,
    };
    if how.execute {
        engines.identity.keep_report(&mut op, &plan.key, &report).await?;
        op.commit().await?;
    } else {
        // Listeners may refuse as well; then everything is undone.
        op.settle().await?;
        drop(op);
    }
    Ok(Outcome::Done(Box::new(report)))
}

/// What would begin tomorrow cannot take over today's work, and a past that is half written knows the old agencies only.
async fn ready(op: &mut Op, on: NaiveDate) -> Result<()> {
    if on > local_date(op.now()) {
        return Err(Fault::conflict("compose.plan_too_early").with("day", on.format("%d/%m/%Y")));
    }
    if past::is_half_written(op).await? {
        return Err(Fault::conflict("compose.past_unfinished"));
    }
    Ok(())
}

fn counts(settled: &Settled) -> BTreeMap<String, usize> {
    let of = |what: &str, count: usize| (what.to_owned(), count);
    BTreeMap::from([
        of("areas_ended", settled.areas_end.len()),
        of("areas_begun", settled.areas_begin.len()),
        of("agencies_ended", settled.moves.agencies.len()),
        of("agencies_begun", settled.agencies_begin.len()),
        of("positions_begun", settled.positions_begin.len()),
        of("units_begun", settled.units_begin.len()),
    ])
}

fn agency_lines(settled: &Settled, parts: &[Part]) -> Vec<AgencyLine> {
    let mut cases: BTreeMap<&str, i64> = BTreeMap::new();
    for moved in parts.iter().flat_map(|part| &part.moved) {
        for (code, count) in &moved.by_code {
            *cases.entry(code).or_default() += count;
        }
    }
    let moves = settled.moves.agencies.iter();
    moves
        .map(|one| AgencyLine {
            from: one.from_code.clone(),
            from_name: one.from_name.clone(),
            to: one.to_code.clone(),
            to_name: one.to_name.clone(),
            open_cases: cases.get(one.from_code.as_str()).copied().unwrap_or_default(),
        })
        .collect()
}

fn area_lines(settled: &Settled) -> Vec<AreaLine> {
    let mut lines = Vec::with_capacity(settled.areas_end.len());
    for ended in &settled.areas_end {
        let links = settled.area_links.iter().filter(|link| link.old == *ended);
        lines.push(AreaLine {
            from: ended.0.clone(),
            to: links
                .map(|link| match link.whole {
                    true => link.new.0.clone(),
                    false => format!("({})", link.new.0),
                })
                .collect(),
        });
    }
    lines
}
