//! Carries out jobs.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use kernel::{Actor, Fault, Result};
use sqlx::PgPool;
use tokio::sync::watch;

use crate::{
    Handler, Job, Jobs, Op, Ops,
    job::{Outside, Within},
    store,
};

/// How long a job may take before another worker may take it over.
const LEASE: TimeDelta = TimeDelta::minutes(5);
/// After so many failures a job is put aside for a person to look at.
const MOST_ATTEMPTS: i32 = 20;
/// A worker looks at least this often, because jobs become due by the clock and not by a bell.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Carries out jobs until told to stop.
pub struct Worker {
    ops: Ops,
    jobs: Jobs,
}

impl Worker {
    /// A worker for these kinds of job.
    pub fn new(ops: Ops, jobs: Jobs) -> Self {
        Self { ops, jobs }
    }

    /// Works until `stop` becomes true. A lost database is waited for.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut begun = false;
        while !*stop.borrow() {
            let worked = match self.turn(&mut begun).await {
                Ok(worked) => worked,
                Err(error) => {
                    tracing::warn!(%error, "the worker waits for the database");
                    false
                }
            };
            if !worked {
                tokio::select! {
                    () = self.ops.bell().notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }

    async fn turn(&self, begun: &mut bool) -> Result<bool> {
        if !*begun {
            begin_recurring(&self.ops, &self.jobs).await?;
            *begun = true;
        }
        step(&self.ops, &self.jobs).await
    }
}

/// Writes the first turn of everything that comes back, for now; what waits already stays as it is.
pub async fn begin_recurring(ops: &Ops, jobs: &Jobs) -> Result<()> {
    let kinds: Vec<&str> = jobs.recurring().map(|(kind, _)| kind).collect();
    store::insert_recurring(ops.pool(), &kinds, ops.now()).await
}

/// How the jobs stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCounts {
    /// Those that wait for their moment or for a worker.
    pub waiting: i64,
    /// Those of them whose last try failed.
    pub failing: i64,
    /// Those put aside for a person to look at.
    pub dead: i64,
}

/// Counts the jobs.
pub async fn job_counts(pool: &PgPool) -> Result<JobCounts> {
    let (waiting, failing, dead) = store::job_counts(pool).await?;
    Ok(JobCounts { waiting, failing, dead })
}

/// Carries out all jobs that are due now, and those that they write for now. For tests and for commands.
pub async fn drain(ops: &Ops, jobs: &Jobs) -> Result<u32> {
    let mut done = 0;
    while step(ops, jobs).await? {
        done += 1;
        if done > 100_000 {
            return Err(Fault::internal("op.reactions_without_end"));
        }
    }
    Ok(done)
}

async fn step(ops: &Ops, jobs: &Jobs) -> Result<bool> {
    let now = ops.now();
    let Some(job) = store::claim_job(ops.pool(), &jobs.kinds(), now, now + LEASE).await? else {
        return Ok(false);
    };
    let period = jobs.period(&job);
    let Some(handler) = jobs.handler(&job.kind).cloned() else {
        return Ok(false);
    };
    let carried_out = async {
        match handler {
            Handler::Within(handler) => within(ops, &job, handler, period).await,
            Handler::Outside(handler) => outside(ops, &job, handler, period).await,
        }
    };
    // A job that panics is a job that failed: the ones behind it must not wait for a person.
    let outcome = AssertUnwindSafe(carried_out)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Fault::internal("op.job_panicked")));
    if let Err(error) = outcome {
        let attempts = job.attempts.saturating_add(1);
        let backoff = TimeDelta::seconds(i64::from(attempts.min(MOST_ATTEMPTS)).pow(2) * 5);
        let wait = period.map_or(backoff, |period| backoff.min(period));
        let dead = period.is_none() && attempts >= MOST_ATTEMPTS;
        tracing::warn!(job = %job.id, kind = job.kind, attempts, %error, "a job failed");
        store::postpone_job(ops.pool(), job.id, now + wait, &error.to_string(), dead).await?;
    }
    Ok(true)
}

/// When the next turn is due: whole periods after the last one was, so that the hour does not wander.
fn next_turn(last: DateTime<Utc>, period: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    let length = period.num_seconds().max(1);
    let missed = (now - last).num_seconds().max(0) / length;
    last + TimeDelta::seconds((missed + 1) * length)
}

/// Takes a job that is done away, or puts its next turn in its place.
async fn end(op: &mut Op, job: &Job, period: Option<TimeDelta>) -> Result<()> {
    let now = op.now();
    match period {
        None => store::delete_job(op.conn(), job.id).await.map(|_| ()),
        Some(period) => store::await_turn(op.conn(), job.id, next_turn(job.run_at, period, now)).await,
    }
}

async fn within(ops: &Ops, job: &Job, handler: Within, period: Option<TimeDelta>) -> Result<()> {
    let mut op = ops.open(Actor::System("worker")).await?;
    let Some(moment) = store::job_moment(op.conn(), job.id).await? else {
        return Ok(());
    };
    if moment > op.now() {
        // Written anew for a later moment while we were about to begin.
        store::unlock_job(op.conn(), job.id).await?;
        return op.commit().await;
    }
    handler(&mut op, job).await?;
    op.settle().await?;
    if store::job_moment(op.conn(), job.id).await? == Some(moment) {
        end(&mut op, job, period).await?;
    } else {
        store::unlock_job(op.conn(), job.id).await?;
    }
    op.commit().await
}

async fn outside(ops: &Ops, job: &Job, handler: Outside, period: Option<TimeDelta>) -> Result<()> {
    handler(ops, job).await?;
    let mut op = ops.open(Actor::System("worker")).await?;
    end(&mut op, job, period).await?;
    op.commit().await
}
