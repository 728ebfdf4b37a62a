//! Background work: what has expired goes. And what it listens to: the end of sessions.

use chrono::Duration;
use op::{Jobs, Reactions};

use crate::Federation;

/// Kind of the hourly job.
const SWEEP: &str = "federation.sweep";

/// Registers the hourly work.
pub fn register(jobs: &mut Jobs, federation: &Federation) {
    let federation = federation.clone();
    jobs.within(SWEEP, move |op, _| {
        let federation = federation.clone();
        Box::pin(async move { federation.sweep(op).await.map(|_| ()) })
    });
    jobs.every(Duration::hours(1), SWEEP);
}

/// Listens to the end of sessions.
pub fn register_reactions(reactions: &mut Reactions, federation: &Federation) {
    let federation = federation.clone();
    reactions.on("identity.sessions_ended", move |op, event| {
        let federation = federation.clone();
        Box::pin(async move { federation.sessions_ended(op, event).await })
    });
}
