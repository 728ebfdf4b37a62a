//! Completing a task.

use kernel::{Result, TaskId};
use op::{Entry, Op};

use crate::model::{Completion, TaskState, decide_completion, merge, set_outcome};
use crate::{Workflow, access, events, machine, store};

impl Workflow {
    /// Completes a task with one of its outcomes and lets the process move on to its next wait, actions of service tasks
    /// included. Whoever of two comes second is told who was first.
    ///
    /// Fails with `workflow.task_not_found` (also for officials of another agency), `workflow.role_missing`,
    /// `workflow.task_taken` {who, when}, `workflow.task_assigned` {who}, `workflow.task_changed`, `workflow.task_cancelled`,
    /// `workflow.suspended`, `workflow.outcome_unknown` {outcome}, `workflow.variables_bad`, or the fault of an action.
    pub async fn complete(&self, op: &mut Op, task: TaskId, completion: Completion) -> Result<()> {
        let (mut run, mut task) = self.lock_task(op, task).await?;
        let decision = access::work(op.actor(), &task);
        let permit = op.allow("workflow.complete", &task.subject, decision).await?;
        decide_completion(&task, op.actor(), &completion)?;

        merge(&mut run.instance.variables, completion.variables)?;
        set_outcome(&mut run.instance.variables, &task.node, &completion.outcome);
        task.state = TaskState::Done;
        task.completed_at = Some(op.now());
        task.completed_by = op.actor().account();
        task.completed_by_name = Some(op.actor().name().to_owned());
        task.outcome = Some(completion.outcome);
        store::task::close(op.conn(), &permit, &task).await?;
        task.version += 1;
        events::task(op, events::TASK_COMPLETED, &task);

        let scope = run.scope(op.now());
        let effects = machine::complete(run.definition.process(), &mut run.state, task.token, &scope)?;
        self.carry_out(op, &permit, &mut run, effects).await?;
        let detail = serde_json::json!({ "instance": task.instance, "task": task.id, "node": task.node, "outcome": task.outcome });
        op.record(Entry::new("workflow.completed", &task.subject).detail(detail))
            .await
    }
}
