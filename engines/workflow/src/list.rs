//! Reading. Who may see a case is decided by the engine that owns its subject.

use kernel::{Fault, InstanceId, Result, TaskId};
use op::Op;

use crate::model::{InstanceView, TaskView};
use crate::{Workflow, store};

impl Workflow {
    /// One task. Fails with `workflow.task_not_found`.
    pub async fn task(&self, op: &mut Op, id: TaskId) -> Result<TaskView> {
        store::task::get(op.conn(), id)
            .await?
            .ok_or_else(|| Fault::not_found("workflow.task_not_found"))
    }

    /// All tasks of a subject, the oldest first.
    pub async fn tasks_of(&self, op: &mut Op, subject: &str) -> Result<Vec<TaskView>> {
        store::task::of_subject(op.conn(), subject).await
    }

    /// One instance. Fails with `workflow.instance_not_found`.
    pub async fn instance(&self, op: &mut Op, id: InstanceId) -> Result<InstanceView> {
        let found = store::instance::get(op.conn(), id).await?;
        found
            .map(|loaded| loaded.view)
            .ok_or_else(|| Fault::not_found("workflow.instance_not_found"))
    }
}
