//! Outcomes of requests are kept for as long as somebody may repeat the request.

use chrono::TimeDelta;
use kernel::Result;

use crate::{Jobs, NewJob, Op, store};

/// The kind of job.
const FORGET: &str = "op.forget_outcomes";
/// How long a request may be repeated and get its first outcome.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Outcomes removed in one transaction.
const BATCH: i64 = 10_000;

/// Registers the daily removal of old outcomes.
pub fn register(jobs: &mut Jobs) {
    jobs.within(FORGET, |op, _| Box::pin(forget(op)));
    jobs.every(TimeDelta::days(1), FORGET);
}

async fn forget(op: &mut Op) -> Result<()> {
    let before = op.now() - KEPT;
    if store::forget_outcomes(op.conn(), before, BATCH).await? == BATCH as u64 {
        op.enqueue(NewJob::new(FORGET, ())).await?;
    }
    Ok(())
}
