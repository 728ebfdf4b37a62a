//! Background work: news to applications, keys that have signed long enough, what has expired.

use chrono::Duration;
use kernel::Result;
use op::{Jobs, Reactions};

use crate::{Openid, logout, store};

/// Kind of the hourly job.
const SWEEP: &str = "openid.sweep";

/// Registers the hourly work and the news to applications.
pub fn register(jobs: &mut Jobs, openid: &Openid) {
    let hourly = openid.clone();
    jobs.within(SWEEP, move |op, _| {
        let openid = hourly.clone();
        Box::pin(async move { openid.sweep(op).await.map(|_| ()) })
    });
    jobs.every(Duration::hours(1), SWEEP);
    let telling = openid.clone();
    jobs.outside(logout::TELL, move |ops, job| {
        let openid = telling.clone();
        Box::pin(async move { openid.tell(ops, job).await })
    });
}

/// Listens to the end of sessions.
pub fn register_reactions(reactions: &mut Reactions, openid: &Openid) {
    let openid = openid.clone();
    reactions.on("identity.sessions_ended", move |op, event| {
        let openid = openid.clone();
        Box::pin(async move { openid.sessions_ended(op, event).await })
    });
}

impl Openid {
    /// Replaces an old key and removes what has expired; returns how many rows.
    pub async fn sweep(&self, op: &mut op::Op) -> Result<u64> {
        self.rotate_old_key(op).await?;
        let now = op.now();
        store::sweep(op.conn(), now).await
    }
}
