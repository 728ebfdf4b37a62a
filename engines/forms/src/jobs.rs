//! Background work: what nobody has touched for long is removed once a day.

use chrono::TimeDelta;
use kernel::{Actor, Result};
use op::{Jobs, NewJob, Op, Ops};

use crate::{Forms, access, store};

/// The kind of the daily job.
pub const EXPIRE: &str = "forms.expire";
/// The kind of the job that seals what an older program has left in plain.
pub const SEAL: &str = "forms.seal";
/// Days after which a draft that nobody has touched is removed.
pub const UNTOUCHED_DAYS: i64 = 90;
/// Drafts that are removed in one transaction.
const BATCH: i64 = 200;

/// Registers `forms.expire` and `forms.seal`, once a day; the first turn comes when the program starts.
pub fn register(jobs: &mut Jobs, forms: &Forms) {
    let sealer = forms.clone();
    jobs.outside(SEAL, move |ops: &Ops, _job| {
        let forms = sealer.clone();
        Box::pin(async move {
            let sealed = forms.seal_plain(ops).await?;
            if sealed.left && sealed.done > 0 {
                // Behind what others wait for.
                let mut op = ops.open(Actor::System("worker")).await?;
                op.enqueue(NewJob::new(SEAL, ())).await?;
                op.commit().await?;
            }
            Ok(())
        })
    });
    jobs.every(TimeDelta::days(1), SEAL);
    let forms = forms.clone();
    jobs.within(EXPIRE, move |op, _job| {
        let forms = forms.clone();
        Box::pin(async move {
            let removed = forms.expire(op).await?;
            tracing::info!(removed, "removed drafts that nobody has touched");
            if removed == BATCH {
                // There is more: go on soon, beside the daily turn.
                let soon = op.now() + TimeDelta::minutes(1);
                op.enqueue(NewJob::new(EXPIRE, ()).at(soon)).await?;
            }
            Ok(())
        })
    });
    jobs.every(TimeDelta::days(1), EXPIRE);
}

impl Forms {
    /// Removes drafts that nobody has touched for [`UNTOUCHED_DAYS`], closed ones too: what counts is in the dossier by then.
    /// At most 200 at a time; returns how many.
    ///
    /// # Errors
    /// `forms.not_yours_to_remove` for everybody but the platform.
    pub async fn expire(&self, op: &mut Op) -> Result<i64> {
        let decision = access::expire(op.actor());
        let permit = op.allow("forms.expire", "draft:expired", decision).await?;
        let before = op.now() - TimeDelta::days(UNTOUCHED_DAYS);
        let drafts = store::draft::untouched(op.conn(), before, BATCH).await?;
        for draft in &drafts {
            self.remove(op, &permit, draft, "expired").await?;
        }
        Ok(i64::try_from(drafts.len()).unwrap_or(i64::MAX))
    }
}
