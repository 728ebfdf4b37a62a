//! Background work: what has been of use is removed once a day.

use chrono::Duration;
use kernel::Result;
use op::{Jobs, Op};

use crate::store;

/// Kind of the daily job.
pub const SWEEP: &str = "identity.sweep";

/// Registers the daily sweep.
pub fn register(jobs: &mut Jobs) {
    jobs.within(SWEEP, |op, _| Box::pin(async move { sweep(op).await.map(|_| ()) }));
    jobs.every(Duration::days(1), SWEEP);
}

/// Removes old attempts, sign-ins that nobody finished, questions that nobody answered, dead sessions, forgotten devices and registrations
/// that led to nothing; returns how many rows.
pub async fn sweep(op: &mut Op) -> Result<u64> {
    let now = op.now();
    let attempts = store::attempt::sweep(op.conn(), now).await?;
    let halves = store::second_factor::sweep(op.conn(), now).await?;
    let codes = store::counter_code::sweep(op.conn(), now).await?;
    let registrations = store::registration::sweep(op.conn(), now).await?;
    Ok(codes + registrations + attempts + halves + store::session::sweep(op.conn(), now).await?)
}
