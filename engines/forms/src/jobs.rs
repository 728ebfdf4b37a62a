//! Background work: what nobody has touched for long is removed once a day.

use chrono::{DateTime, TimeDelta, Utc};
use kernel::Result;
use op::{Jobs, NewJob, Op};

use crate::{Forms, access, store};

/// The kind of the daily job.
pub const EXPIRE: &str = "forms.expire";
/// Days after which a draft that nobody has touched is removed.
pub const UNTOUCHED_DAYS: i64 = 90;
/// Drafts that are removed in one transaction.
const BATCH: i64 = 200;

/// Registers `forms.expire`. It writes its successor; [`schedule`] writes the first.
pub fn register(jobs: &mut Jobs, forms: &Forms) {
    let forms = forms.clone();
    jobs.within(EXPIRE, move |op, _job| {
        let forms = forms.clone();
        Box::pin(async move {
            let removed = forms.expire(op).await?;
            tracing::info!(removed, "removed drafts that nobody has touched");
            let now = op.now();
            if removed < BATCH {
                return enqueue(op, now + TimeDelta::days(1)).await;
            }
            // There is more: go on soon, under a key that is not that of this run.
            let soon = now + TimeDelta::minutes(1);
            let key = format!("{EXPIRE}:again:{}", soon.timestamp());
            op.enqueue(NewJob::new(EXPIRE, ()).at(soon).once(key)).await
        })
    });
}

/// Writes the first run, once a day however often the program starts.
///
/// # Errors
/// Those of the database.
pub async fn schedule(op: &mut Op) -> Result<()> {
    let now = op.now();
    enqueue(op, now).await
}

/// One waiting run a day: a key shared by all would let the end of one take its successor away.
async fn enqueue(op: &mut Op, at: DateTime<Utc>) -> Result<()> {
    let key = format!("{EXPIRE}:{}", kernel::local_date(at));
    op.enqueue(NewJob::new(EXPIRE, ()).at(at).once(key)).await
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
