//! Cases follow the agency that has them to the one that takes its place, and whoever handed them in is told.

use kernel::Result;
use op::{Jobs, Moved, Movers, Moves, NewJob, Op, Part};
use serde::{Deserialize, Serialize};

use crate::notices::News;
use crate::{Dossiers, access, store};

/// The kind of job that tells people, after a reorganisation has become true.
pub(crate) const TELL_MOVED: &str = "dossiers.tell_moved";
/// People who are told in one transaction.
const BATCH: i64 = 200;

/// Which lines of the history are still to be told.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Moving {
    after: i64,
    last: i64,
}

/// Registers the job.
pub(crate) fn register_jobs(jobs: &mut Jobs, dossiers: &Dossiers) {
    let dossiers = dossiers.clone();
    jobs.within(TELL_MOVED, move |op, job| {
        let dossiers = dossiers.clone();
        let rest = serde_json::from_value(job.payload.clone());
        Box::pin(async move {
            let rest = rest.map_err(|error| {
                kernel::Fault::internal("dossiers.broken_row")
                    .with("status", "job")
                    .caused_by(error)
            })?;
            dossiers.tell_moved(op, rest).await
        })
    });
}

/// Lets cases and number series come along when agencies end.
pub fn register_movers(movers: &mut Movers, dossiers: &Dossiers) {
    let dossiers = dossiers.clone();
    movers.add(move |op, moves| {
        let dossiers = dossiers.clone();
        Box::pin(async move { dossiers.follow_agencies(op, moves).await })
    });
}

impl Dossiers {
    /// Open cases are received and handled by the agencies that took the place of the old ones, and their history says so; cases that
    /// are over keep their agency and are found by the new one as well. A case keeps its code. A series of numbers goes on where the
    /// code of the agency goes on; elsewhere it is closed, and the new code begins at 1.
    pub async fn follow_agencies(&self, op: &mut Op, moves: &Moves) -> Result<Part> {
        let permit = op
            .allow(
                "dossiers.follow_agencies",
                "agencies",
                access::publish(op.rights(), "dossiers.follow_agencies"),
            )
            .await?;
        // Cases of all agencies move, whoever has decided it from which one.
        op.beyond_the_wall(&permit).await?;
        let (now, by) = (op.now(), op.actor().clone());
        let mut part = Part::of("dossiers");
        // Whoever changes a case holds its row: what is counted from here on stays so.
        store::moves::hold(op.conn(), &permit, moves).await?;
        let open = store::moves::open_cases(op.conn(), moves).await?;
        let all = store::moves::all_cases(op.conn(), moves).await?;
        let work = store::moves::open_steps(op.conn(), moves).await?;
        if let Some((first, last)) = store::moves::tell(op.conn(), &permit, moves, &by, now).await? {
            let rest = Moving { after: first - 1, last };
            op.enqueue(NewJob::new(TELL_MOVED, rest)).await?;
        }
        let moved_open = store::moves::cases(op.conn(), &permit, moves, now).await?;
        let found_again = store::moves::archives(op.conn(), &permit, moves).await?;
        let moved_work = store::moves::steps(op.conn(), &permit, moves).await?;
        let series = store::moves::series(op.conn(), &permit, moves).await?;
        part.moved = vec![
            Moved {
                by_code: open.clone(),
                ..Moved::of("open_cases", open.values().sum(), moved_open)
            },
            Moved::of("archives", all, found_again),
            Moved::of("open_steps", work, moved_work),
            series,
        ];
        Ok(part)
    }

    /// Tells a batch of those whose cases have moved, once each; the rest is told by another job.
    async fn tell_moved(&self, op: &mut Op, rest: Moving) -> Result<()> {
        let lines = store::moves::moved(op.conn(), rest.after, rest.last, BATCH).await?;
        let occasion = rest.last.to_string();
        let news = News {
            kind: "dossier_moved",
            occasion: &occasion,
            ..News::default()
        };
        for (_, id) in &lines {
            if let Some(row) = store::dossier::get(op.conn(), self.vault(), *id).await? {
                self.tell(op, &row, news).await?;
            }
        }
        match lines.last() {
            Some((after, _)) if lines.len() as i64 == BATCH => {
                let rest = Moving { after: *after, ..rest };
                op.enqueue(NewJob::new(TELL_MOVED, rest)).await
            }
            _ => Ok(()),
        }
    }
}
