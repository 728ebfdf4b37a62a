//! What time brings: dossiers that are late are found, and officials are told.

use chrono::TimeDelta;
use kernel::{Actor, Result};
use op::{Decision, Entry, Jobs, NewJob, Op, Ops};
use serde_json::json;

use crate::case::Line;
use crate::notices::News;
use crate::store::dossier::DossierRow;
use crate::{Dossiers, access, move_house, store, subject};

/// The kind of job.
pub const FIND_LATE: &str = "dossiers.find_late";
/// The kind of the job that seals what an older program has left in plain.
pub const SEAL: &str = "dossiers.seal";
/// Dossiers in one transaction.
const BATCH: i64 = 100;

/// Registers the hourly search for late dossiers, the messages about those that have moved, and what seals once a day; the first turn
/// comes when the program starts.
pub fn register_jobs(jobs: &mut Jobs, dossiers: &Dossiers) {
    move_house::register_jobs(jobs, dossiers);
    let sealer = dossiers.clone();
    jobs.outside(SEAL, move |ops: &Ops, _job| {
        let dossiers = sealer.clone();
        Box::pin(async move {
            let sealed = dossiers.seal_plain(ops).await?;
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
    let dossiers = dossiers.clone();
    jobs.within(FIND_LATE, move |op, _job| {
        let dossiers = dossiers.clone();
        Box::pin(async move {
            if dossiers.find_late(op).await? == BATCH {
                // More may wait: go on at once, in a transaction of its own.
                op.enqueue(NewJob::new(FIND_LATE, json!({}))).await?;
            }
            Ok(())
        })
    });
    jobs.every(TimeDelta::hours(1), FIND_LATE);
}

impl Dossiers {
    /// Marks a batch of dossiers whose due has passed by the moment of the operation; gives how many there were. The hourly job calls
    /// it; whoever plays a past calls it at the hours of that past.
    pub async fn find_late(&self, op: &mut Op) -> Result<i64> {
        let now = op.now();
        let rows = store::dossier::overdue(op.conn(), now, BATCH).await?;
        let mut found = 0;
        for row in rows {
            self.mark_late(op, row).await?;
            found += 1;
        }
        Ok(found)
    }

    async fn mark_late(&self, op: &mut Op, mut row: DossierRow) -> Result<()> {
        let about = subject(row.id);
        let permit = op.allow("dossiers.find_late", &about, Decision::Follows).await?;
        row.state = row.state.found_late(op.now());
        store::dossier::found_late(op.conn(), &permit, row.id, row.state.late_at).await?;
        let line = Line {
            action: "late",
            before: Some(row.state.status),
            detail: Some(json!({ "due": row.state.due_at })),
            ..Line::default()
        };
        self.write_line(op, &permit, &row, line).await?;
        let occasion = row.state.due_at.map(|due| due.to_rfc3339()).unwrap_or_default();
        let news = |kind| News {
            kind,
            occasion: &occasion,
            due: row.state.due_at,
            reason: "",
        };
        for (agency, role) in store::work::hands(op.conn(), row.id).await? {
            self.tell_officials(op, &row, agency, &role, news("task_overdue"))
                .await?;
        }
        self.tell_officials(
            op,
            &row,
            row.handling_agency,
            access::LEADER,
            news("task_overdue_leader"),
        )
        .await?;
        op.record(Entry::new("dossiers.found_late", about).purpose(&row.code))
            .await
    }
}
