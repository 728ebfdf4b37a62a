//! Registers follow the agency that answers for them to the one that takes its place.

use kernel::Result;
use op::{Moved, Movers, Moves, Op, Part};

use crate::{Registry, access, store};

/// Lets registers come along when agencies end.
pub fn register_movers(movers: &mut Movers, registry: &Registry) {
    let registry = registry.clone();
    movers.add(move |op, moves| {
        let registry = registry.clone();
        Box::pin(async move { registry.follow_agencies(op, moves).await })
    });
}

impl Registry {
    /// The agencies that took the place of the old ones answer for their registers, read what those read, and have what those proposed
    /// and nobody has decided. What records say of agencies stays: it was so.
    pub async fn follow_agencies(&self, op: &mut Op, moves: &Moves) -> Result<Part> {
        let permit = op
            .allow(
                "registry.follow_agencies",
                "agencies",
                access::follow_agencies(op.rights()),
            )
            .await?;
        let mut part = Part::of("registry");
        let (registers, proposals) = store::moves::hold(op.conn(), &permit, &moves.from()).await?;
        let moved_registers = store::moves::registers(op.conn(), &permit, moves).await?;
        let moved_proposals = store::moves::proposals(op.conn(), &permit, moves).await?;
        part.moved = vec![
            Moved::of("registers", registers, moved_registers),
            Moved::of("register_proposals", proposals, moved_proposals),
        ];
        Ok(part)
    }
}
