//! Background work of registers.

use chrono::TimeDelta;
use op::{Jobs, NewJob};

use crate::Registry;

/// The kind of the daily job that takes records away whose time of keeping is over.
pub const EXPIRE: &str = "registry.expire";

/// Registers the jobs of registers.
pub fn register(jobs: &mut Jobs, registry: &Registry) {
    crate::quality::register_jobs(jobs, registry);
    crate::bulk_run::register(jobs, registry);
    crate::import::register(jobs, registry);
    let registry = registry.clone();
    jobs.within(EXPIRE, move |op, _job| {
        let registry = registry.clone();
        Box::pin(async move {
            let gone = registry.expire(op).await?;
            if gone > 0 {
                tracing::info!(gone, "records went whose time of keeping is over");
                // There may be more: go on soon, beside the daily turn.
                let soon = op.now() + TimeDelta::minutes(1);
                op.enqueue(NewJob::new(EXPIRE, ()).at(soon)).await?;
            }
            Ok(())
        })
    });
    jobs.every(TimeDelta::days(1), EXPIRE);
}
