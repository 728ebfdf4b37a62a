//! Reading. Who may see a case is decided by the engine that owns its subject.

use chrono::{DateTime, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, Actor, AgencyId, Fault, InstanceId, Result, TaskId};
use op::Op;
use uuid::Uuid;

use crate::definition::outcome_key;
use crate::model::{InstanceView, StepView, TaskView};
use crate::{Workflow, store};

/// Which ready tasks a work list shows.
#[derive(Debug, Clone)]
pub struct WorkFilter {
    /// The agency.
    pub agency: AgencyId,
    /// The roles.
    pub roles: Vec<String>,
    /// Only tasks that nobody has or that this account has.
    pub open_to: Option<AccountId>,
    /// Only tasks that this account has.
    pub assignee: Option<AccountId>,
}

impl WorkFilter {
    /// What an official can do now: their agency and roles, nothing that a colleague has. `None` for everybody else.
    pub fn open_to(actor: &Actor) -> Option<Self> {
        let official = actor.official()?;
        Some(Self {
            agency: official.agency,
            roles: official.roles.clone(),
            open_to: Some(official.account),
            assignee: None,
        })
    }

    /// What an official has taken or was given.
    pub fn taken_by(actor: &Actor) -> Option<Self> {
        let official = actor.official()?;
        Some(Self {
            agency: official.agency,
            roles: official.roles.clone(),
            open_to: None,
            assignee: Some(official.account),
        })
    }
}

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

    /// All instances of a subject, the oldest first.
    pub async fn instances_of(&self, op: &mut Op, subject: &str) -> Result<Vec<InstanceView>> {
        store::instance::of_subject(op.conn(), subject).await
    }

    /// Ready tasks, the most urgent first, those without a deadline last.
    pub async fn worklist(&self, op: &mut Op, filter: &WorkFilter, page: &PageRequest) -> Result<Page<TaskView>> {
        let after: Option<(Option<DateTime<Utc>>, Uuid)> = page.after.as_deref().map(db::cursor::decode).transpose()?;
        let tasks = store::task::worklist(op.conn(), filter, after, page.probe()).await?;
        Ok(Page::cut(tasks, page, |task| (task.due_at, task.id.uuid())))
    }

    /// The steps that a subject has been through and stands at, the oldest first.
    pub async fn progress(&self, op: &mut Op, subject: &str) -> Result<Vec<StepView>> {
        Ok(self.tasks_of(op, subject).await?.into_iter().map(step).collect())
    }
}

fn step(task: TaskView) -> StepView {
    let outcome_key = task
        .outcome
        .as_deref()
        .map(|outcome| outcome_key(&task.definition.process, &task.node, outcome));
    StepView {
        instance: task.instance,
        task: task.id,
        node: task.node,
        name_key: task.name_key,
        role: task.role,
        agency: task.agency,
        state: task.state,
        created_at: task.created_at,
        due_at: task.due_at,
        at: task.completed_at,
        by: task.completed_by_name.or(task.assignee_name),
        outcome: task.outcome,
        outcome_key,
    }
}
