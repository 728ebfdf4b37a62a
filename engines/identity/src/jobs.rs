//! Background work: what has been of use is removed once a day.

use chrono::Duration;
use kernel::Result;
use op::{Jobs, NewJob, Op};

use crate::store;

/// Kind of the daily job.
pub const SWEEP: &str = "identity.sweep";

/// Adds the handlers of this engine.
pub fn register(jobs: &mut Jobs) {
    jobs.within(SWEEP, |op, _| {
        Box::pin(async move {
            sweep(op).await?;
            let tomorrow = op.now() + Duration::days(1);
            op.enqueue(NewJob::new(SWEEP, ()).at(tomorrow).once(SWEEP)).await
        })
    });
}

/// Writes the first daily job, or brings the one that waits forward; called when the program starts.
pub async fn start(op: &mut Op) -> Result<()> {
    let now = op.now();
    op.enqueue(NewJob::new(SWEEP, ()).at(now).once(SWEEP)).await
}

/// Removes old attempts, dead sessions and forgotten devices; returns how many rows.
pub async fn sweep(op: &mut Op) -> Result<u64> {
    let now = op.now();
    let attempts = store::attempt::sweep(op.conn(), now).await?;
    Ok(attempts + store::session::sweep(op.conn(), now).await?)
}
