//! Open work follows the agency that has it to the one that takes its place.

use kernel::Result;
use op::{Moved, Movers, Moves, Op, Part};

use crate::{Workflow, access, store};

/// Lets processes come along when agencies end.
pub fn register_movers(movers: &mut Movers, workflow: &Workflow) {
    let workflow = workflow.clone();
    movers.add(move |op, moves| {
        let workflow = workflow.clone();
        Box::pin(async move { workflow.follow_agencies(op, moves).await })
    });
}

impl Workflow {
    /// Running and suspended instances and their open tasks go on at the agencies that took the place of the old ones. What is over
    /// keeps its agency.
    pub async fn follow_agencies(&self, op: &mut Op, moves: &Moves) -> Result<Part> {
        let permit = op
            .allow(
                "workflow.follow_agencies",
                "agencies",
                access::publish(op.rights(), "workflow.follow_agencies"),
            )
            .await?;
        let mut part = Part::of("workflow");
        // Whoever changes an instance holds its row first; so do we, and nobody waits in a circle. What is counted then stays so.
        store::moves::hold(op.conn(), &permit, &moves.from()).await?;
        let (instances, tasks) = store::moves::count(op.conn(), &moves.from()).await?;
        let moved_instances = store::moves::instances(op.conn(), &permit, moves).await?;
        let moved_tasks = store::moves::tasks(op.conn(), &permit, moves).await?;
        part.moved = vec![
            Moved::of("instances", instances, moved_instances),
            Moved::of("tasks", tasks, moved_tasks),
        ];
        Ok(part)
    }
}
