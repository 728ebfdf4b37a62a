//! Carries out jobs.

use std::time::Duration;

use chrono::TimeDelta;
use kernel::{Actor, Fault, Result};
use tokio::sync::watch;

use crate::{
    Handler, Job, Jobs, Ops,
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
        while !*stop.borrow() {
            let worked = match step(&self.ops, &self.jobs).await {
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
    let outcome = match jobs.handler(&job.kind) {
        Some(Handler::Within(handler)) => {
            let handler = handler.clone();
            within(ops, &job, handler).await
        }
        Some(Handler::Outside(handler)) => outside(ops, &job, handler.clone()).await,
        None => return Ok(false),
    };
    if let Err(error) = outcome {
        let attempts = job.attempts + 1;
        let wait = TimeDelta::seconds(i64::from(attempts).pow(2) * 5);
        tracing::warn!(job = %job.id, kind = job.kind, attempts, %error, "a job failed");
        store::postpone_job(
            ops.pool(),
            job.id,
            now + wait,
            &error.to_string(),
            attempts >= MOST_ATTEMPTS,
        )
        .await?;
    }
    Ok(true)
}

async fn within(ops: &Ops, job: &Job, handler: Within) -> Result<()> {
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
        store::delete_job(op.conn(), job.id).await?;
    } else {
        store::unlock_job(op.conn(), job.id).await?;
    }
    op.commit().await
}

async fn outside(ops: &Ops, job: &Job, handler: Outside) -> Result<()> {
    handler(ops, job).await?;
    let mut op = ops.open(Actor::System("worker")).await?;
    store::delete_job(op.conn(), job.id).await?;
    op.commit().await
}
