//! What this engine tells the engines above. The subject of every event is the subject of the instance.

use chrono::{DateTime, Utc};
use kernel::{AccountId, AgencyId, InstanceId, TaskId};
use op::{Event, Op};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::advance::Run;
use crate::model::TaskView;

/// A task came up.
pub const TASK_CREATED: &str = "workflow.task_created";
/// A task was done.
pub const TASK_COMPLETED: &str = "workflow.task_completed";
/// A task was taken away unfinished.
pub const TASK_CANCELLED: &str = "workflow.task_cancelled";
/// Somebody took a task or was given it.
pub const TASK_CLAIMED: &str = "workflow.task_claimed";
/// A task went back to everybody with the role.
pub const TASK_RELEASED: &str = "workflow.task_released";
/// A process began.
pub const INSTANCE_STARTED: &str = "workflow.instance_started";
/// A process fell asleep.
pub const INSTANCE_SUSPENDED: &str = "workflow.instance_suspended";
/// A process woke up.
pub const INSTANCE_RESUMED: &str = "workflow.instance_resumed";
/// A process ended or was cancelled.
pub const INSTANCE_ENDED: &str = "workflow.instance_ended";
/// The moment of a timer came.
pub const TIMER_FIRED: &str = "workflow.timer_fired";

/// Payload of the `task_…` events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskEvent {
    /// What the instance is about.
    pub subject: String,
    /// The instance.
    pub instance: InstanceId,
    /// The app of the process.
    pub app: String,
    /// The id of the process.
    pub process: String,
    /// The task.
    pub task: TaskId,
    /// The id of the user task.
    pub node: String,
    /// The text key of its name.
    pub name_key: String,
    /// The role that does it.
    pub role: String,
    /// The agency that does it.
    pub agency: AgencyId,
    /// Who has it.
    pub assignee: Option<AccountId>,
    /// What may be chosen.
    pub outcomes: Vec<String>,
    /// What was chosen; only in `task_completed`.
    pub outcome: Option<String>,
    /// The inner deadline as it was when the event happened.
    pub due_at: Option<DateTime<Utc>>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The account that did it; none for the platform itself.
    pub by: Option<AccountId>,
    /// The name of who did it.
    pub by_name: String,
}

/// Payload of the `instance_…` events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceEvent {
    /// What the instance is about.
    pub subject: String,
    /// The instance.
    pub instance: InstanceId,
    /// The app of the process.
    pub app: String,
    /// The id of the process.
    pub process: String,
    /// `running`, `suspended`, `ended` or `cancelled`.
    pub state: String,
    /// The end event that was reached last; only in `instance_ended` of state `ended`.
    pub node: Option<String>,
    /// Why it was suspended or cancelled.
    pub reason: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The account that did it; none for the platform itself.
    pub by: Option<AccountId>,
}

/// Payload of `timer_fired`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimerEvent {
    /// What the instance is about.
    pub subject: String,
    /// The instance.
    pub instance: InstanceId,
    /// The app of the process.
    pub app: String,
    /// The id of the process.
    pub process: String,
    /// The timer row.
    pub timer: Uuid,
    /// The id of the timer event.
    pub node: String,
    /// The task beside which the timer ran, if it did.
    pub task: Option<TaskId>,
    /// The user task beside which the timer ran.
    pub task_node: Option<String>,
    /// The role of that task.
    pub role: Option<String>,
    /// The agency of that task.
    pub agency: Option<AgencyId>,
    /// Who has that task.
    pub assignee: Option<AccountId>,
    /// The inner deadline of that task.
    pub due_at: Option<DateTime<Utc>>,
    /// Whether the task was taken away.
    pub interrupting: bool,
    /// When it happened.
    pub at: DateTime<Utc>,
}

pub(crate) fn task(op: &mut Op, kind: &'static str, task: &TaskView) {
    let payload = TaskEvent {
        subject: task.subject.clone(),
        instance: task.instance,
        app: task.definition.app.clone(),
        process: task.definition.process.clone(),
        task: task.id,
        node: task.node.clone(),
        name_key: task.name_key.clone(),
        role: task.role.clone(),
        agency: task.agency,
        assignee: task.assignee,
        outcomes: task.outcomes.clone(),
        outcome: task.outcome.clone(),
        due_at: task.due_at,
        at: op.now(),
        by: op.actor().account(),
        by_name: op.actor().name().to_owned(),
    };
    op.emit(Event::new(kind, &task.subject, payload));
}

pub(crate) fn instance(op: &mut Op, kind: &'static str, run: &Run) {
    let row = &run.instance;
    let payload = InstanceEvent {
        subject: row.subject.clone(),
        instance: row.id,
        app: row.definition.app.clone(),
        process: row.definition.process.clone(),
        state: row.state.word().to_owned(),
        node: row.end_node.clone(),
        reason: row.reason.clone(),
        at: op.now(),
        by: op.actor().account(),
    };
    op.emit(Event::new(kind, &row.subject, payload));
}

pub(crate) fn timer(op: &mut Op, payload: TimerEvent) {
    let subject = payload.subject.clone();
    op.emit(Event::new(TIMER_FIRED, subject, payload));
}
