//! What time brings: requests whose time has passed are found, and officials are told.

use chrono::TimeDelta;
use kernel::{Actor, Result};
use op::{Entry, Jobs, NewJob, Op, Ops};
use serde_json::json;

use crate::store::request::NewLine;
use crate::{Privacy, access, store, subject};

/// The kind of job.
pub(crate) const FIND_LATE: &str = "privacy.find_late";
/// The kind of the job that seals what an older program has left in plain.
pub(crate) const SEAL: &str = "privacy.seal";
/// Requests in one transaction.
const BATCH: i64 = 100;

/// Registers the hourly search for late requests, and for breaches whose clock runs; and what seals once a day.
pub fn register(jobs: &mut Jobs, privacy: &Privacy) {
    let sealer = privacy.clone();
    jobs.outside(SEAL, move |ops: &Ops, _job| {
        let privacy = sealer.clone();
        Box::pin(async move {
            let sealed = privacy.seal_plain(ops).await?;
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
    let privacy = privacy.clone();
    jobs.within(FIND_LATE, move |op, _| {
        let privacy = privacy.clone();
        Box::pin(async move {
            privacy.warn_of_incidents(op).await?;
            if privacy.find_late(op).await? == BATCH {
                op.enqueue(NewJob::new(FIND_LATE, json!({}))).await?;
            }
            Ok(())
        })
    });
    jobs.every(TimeDelta::hours(1), FIND_LATE);
}

impl Privacy {
    /// Marks a batch of requests whose next due has passed, each due once; gives how many there were.
    async fn find_late(&self, op: &mut Op) -> Result<i64> {
        let permit = op
            .allow("privacy.find_late", "data_request:late", access::by_rule(op.actor()))
            .await?;
        let now = op.now();
        let late = store::request::late(op.conn(), self.vault(), now, BATCH).await?;
        let mut found = 0;
        for request in late {
            let Some(due) = request.next_due() else { continue };
            store::request::told_late(op.conn(), &permit, request.id, due).await?;
            let line = NewLine::of(&request, "late", op).with(json!({ "due": due }));
            store::request::tell(op.conn(), &permit, self.vault(), &line).await?;
            self.tell_officials(op, &request, "privacy_late", &due.to_rfc3339())
                .await?;
            op.record(Entry::new("privacy.found_late", subject(request.id)).detail(json!({ "due": due })))
                .await?;
            found += 1;
        }
        Ok(found)
    }
}
