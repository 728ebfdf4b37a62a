//! Taking a task, giving it back, giving it to somebody.

use kernel::{Fault, Result, TaskId};
use op::{Entry, Op, Permit};

use crate::advance::Run;
use crate::model::{Assignee, TaskView, fresh, open_for, ready};
use crate::{Workflow, access, events, store};

impl Workflow {
    /// The actor takes the task. Taking one's own task again changes nothing, and gives `false`.
    ///
    /// Fails as [`Workflow::complete`] does.
    pub async fn claim(&self, op: &mut Op, task: TaskId) -> Result<bool> {
        let (_run, task) = self.lock_task(op, task).await?;
        let decision = access::work(op.actor(), &task);
        let permit = op.allow("workflow.claim", &task.subject, decision).await?;
        open_for(&task, op.actor())?;
        if task.assignee.is_some() {
            return Ok(false);
        }
        let account = op
            .actor()
            .account()
            .ok_or_else(|| Fault::forbidden("workflow.not_allowed"))?;
        let assignee = Assignee {
            account,
            name: op.actor().name().to_owned(),
            unit: op.actor().unit(),
        };
        self.set_assignee(op, &permit, task, Some(assignee), "workflow.claimed")
            .await?;
        Ok(true)
    }

    /// The task goes back to everybody with its role. For who has it, who leads its unit or the agency.
    ///
    /// Fails with `workflow.not_assigned` if nobody has it, `workflow.not_allowed`, and as [`Workflow::complete`] does.
    pub async fn release(&self, op: &mut Op, task: TaskId) -> Result<()> {
        let (_run, task) = self.lock_task(op, task).await?;
        let decision = access::assign(op.rights(), "workflow.release", &task);
        let permit = op.allow("workflow.release", &task.subject, decision).await?;
        ready(&task)?;
        if task.assignee.is_none() {
            return Err(Fault::conflict("workflow.not_assigned"));
        }
        self.set_assignee(op, &permit, task, None, "workflow.released").await
    }

    /// Gives the task to an official (phân công). For who leads the agency or the task's unit, who has the task, and the platform itself. That the
    /// account is an official with the role is for the caller to offer; nobody without the role can complete it.
    ///
    /// Fails with `workflow.not_allowed`, `workflow.task_changed`, and as [`Workflow::complete`] does.
    pub async fn assign(
        &self,
        op: &mut Op,
        task: TaskId,
        assignee: Assignee,
        expected_version: Option<i64>,
    ) -> Result<()> {
        let (_run, task) = self.lock_task(op, task).await?;
        let decision = access::assign(op.rights(), "workflow.assign", &task);
        let permit = op.allow("workflow.assign", &task.subject, decision).await?;
        ready(&task)?;
        fresh(&task, expected_version)?;
        if task.assignee == Some(assignee.account) {
            return Ok(());
        }
        self.set_assignee(op, &permit, task, Some(assignee), "workflow.assigned")
            .await
    }

    /// The instance, locked, and the task as it is now that nobody else can change it.
    pub(crate) async fn lock_task(&self, op: &mut Op, id: TaskId) -> Result<(Run, TaskView)> {
        let not_found = || Fault::not_found("workflow.task_not_found");
        let seen = store::task::get(op.conn(), id).await?.ok_or_else(not_found)?;
        let run = self.lock(op, seen.instance).await?;
        let task = store::task::get(op.conn(), id).await?.ok_or_else(not_found)?;
        Ok((run, task))
    }

    async fn set_assignee(
        &self,
        op: &mut Op,
        permit: &Permit,
        mut task: TaskView,
        assignee: Option<Assignee>,
        action: &'static str,
    ) -> Result<()> {
        store::task::assign(op.conn(), permit, task.id, assignee.as_ref()).await?;
        let before = task.assignee;
        task.version += 1;
        task.assignee = assignee.as_ref().map(|assignee| assignee.account);
        task.unit = assignee.as_ref().and_then(|assignee| assignee.unit);
        task.assignee_name = assignee.map(|assignee| assignee.name);
        let kind = if task.assignee.is_some() {
            events::TASK_CLAIMED
        } else {
            events::TASK_RELEASED
        };
        events::task(op, kind, &task);
        let detail = serde_json::json!({ "instance": task.instance, "task": task.id, "before": before, "assignee": task.assignee });
        op.record(Entry::new(action, &task.subject).detail(detail)).await
    }
}
