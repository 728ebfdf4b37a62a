//! Cases follow the agency that has them to the one that takes its place.

use kernel::Result;
use op::{Moved, Movers, Moves, Op, Part};

use crate::{Dossiers, access, store};

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
        store::moves::tell(op.conn(), &permit, moves, &by, now).await?;
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
}
