//! Nouns, states and decisions of running processes: no IO, no clock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{AccountId, Actor, AgencyId, Fault, InstanceId, Result, TaskId, UnitId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::error::moment;

/// Largest size of the variables of an instance as JSON, in bytes.
pub const LARGEST_VARIABLES_BYTES: usize = 256 * 1024;

/// The state of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// It goes on.
    Running,
    /// It sleeps: tasks cannot be done, inner deadlines and timers stand still (tạm dừng).
    Suspended,
    /// It reached its end.
    Ended,
    /// It was given up (dừng xử lý, rút hồ sơ).
    Cancelled,
}

impl InstanceState {
    /// The word in the database and in events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::Suspended, Self::Ended, Self::Cancelled]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// The state of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Somebody can do it.
    Ready,
    /// Its instance is suspended.
    Sleeping,
    /// It was done.
    Done,
    /// It is not needed any more.
    Cancelled,
}

impl TaskState {
    /// The word in the database and in events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Sleeping => "sleeping",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Ready, Self::Sleeping, Self::Done, Self::Cancelled]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// The name of a published process.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DefinitionKey {
    /// The app that declares it.
    pub app: String,
    /// The id of the process.
    pub process: String,
}

impl DefinitionKey {
    /// The process of an app.
    pub fn new(app: impl Into<String>, process: impl Into<String>) -> Self {
        Self {
            app: app.into(),
            process: process.into(),
        }
    }
}

/// What a new instance needs.
#[derive(Debug, Clone)]
pub struct Start {
    /// Which process; its current version is taken and kept.
    pub definition: DefinitionKey,
    /// What the process is about, `dossier:<uuid>`.
    pub subject: String,
    /// The agencies by the parameter names of the binding. More than it needs may be given.
    pub agencies: BTreeMap<String, AgencyId>,
    /// The first variables, an object or `null`.
    pub variables: Value,
}

/// What an official decided.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// One of the task's outcomes.
    pub outcome: String,
    /// Variables to merge, an object or `null`. `outcome` and `outcomes` are set by the engine.
    pub variables: Value,
    /// The version that the official saw; `None` takes whatever is there.
    pub expected_version: Option<i64>,
}

impl Completion {
    /// Completes with an outcome and nothing else.
    pub fn new(outcome: impl Into<String>) -> Self {
        Self {
            outcome: outcome.into(),
            ..Self::default()
        }
    }

    /// Merges these variables.
    #[must_use]
    pub fn with(mut self, variables: Value) -> Self {
        self.variables = variables;
        self
    }

    /// Only if the task still has this version.
    #[must_use]
    pub fn expecting(mut self, version: i64) -> Self {
        self.expected_version = Some(version);
        self
    }
}

/// Somebody to whom a task is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee {
    /// The account.
    pub account: AccountId,
    /// The full name, kept for lists.
    pub name: String,
    /// The unit of their position.
    pub unit: Option<UnitId>,
}

/// A definition as it was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The row.
    pub id: Uuid,
    /// From 1, counted for each process of each app.
    pub version: i32,
    /// Whether this content had never been published before.
    pub new: bool,
}

/// A running or finished instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceView {
    /// The instance.
    pub id: InstanceId,
    /// Which process.
    pub definition: DefinitionKey,
    /// Which version of it.
    pub definition_version: i32,
    /// What it is about.
    pub subject: String,
    /// Its agencies by parameter name.
    pub agencies: BTreeMap<String, AgencyId>,
    /// Its variables, an object.
    pub variables: Value,
    /// Its state.
    pub state: InstanceState,
    /// Grows with every change.
    pub version: i64,
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// When it ended or was cancelled.
    pub ended_at: Option<DateTime<Utc>>,
    /// The end event that was reached last.
    pub end_node: Option<String>,
    /// Why it was suspended or cancelled.
    pub reason: Option<String>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskView {
    /// The task.
    pub id: TaskId,
    /// Its instance.
    pub instance: InstanceId,
    /// Which process.
    pub definition: DefinitionKey,
    /// What the instance is about.
    pub subject: String,
    /// The id of the user task.
    pub node: String,
    /// The text key of its name.
    pub name_key: String,
    /// The role that may do it.
    pub role: String,
    /// The agency that does it.
    pub agency: AgencyId,
    /// Who has it, if somebody has.
    pub assignee: Option<AccountId>,
    /// The name of who has it.
    pub assignee_name: Option<String>,
    /// The unit (phòng, bộ phận) inside the agency with which it lies: that of who has it. Nobody has it: it lies with the agency.
    pub unit: Option<UnitId>,
    /// What may be chosen.
    pub outcomes: Vec<String>,
    /// The inner deadline; none while it sleeps.
    pub due_at: Option<DateTime<Utc>>,
    /// Its state.
    pub state: TaskState,
    /// Grows with every change; give it back as [`Completion::expected_version`].
    pub version: i64,
    /// When it came up.
    pub created_at: DateTime<Utc>,
    /// When it was done or taken away.
    pub completed_at: Option<DateTime<Utc>>,
    /// Who did it.
    pub completed_by: Option<AccountId>,
    /// The name of who did it.
    pub completed_by_name: Option<String>,
    /// What was chosen.
    pub outcome: Option<String>,
    pub(crate) token: u32,
}

/// Whether the task may be completed so, by an actor who was let through. Called with the instance locked.
pub(crate) fn decide_completion(task: &TaskView, actor: &Actor, completion: &Completion) -> Result<()> {
    open_for(task, actor)?;
    fresh(task, completion.expected_version)?;
    if !task.outcomes.contains(&completion.outcome) {
        return Err(Fault::invalid("workflow.outcome_unknown")
            .with("outcome", &completion.outcome)
            .field("outcome", "workflow.outcome_unknown"));
    }
    Ok(())
}

/// The task is ready and nobody else has it.
pub(crate) fn open_for(task: &TaskView, actor: &Actor) -> Result<()> {
    ready(task)?;
    match task.assignee {
        Some(assignee) if actor.account() != Some(assignee) => {
            Err(Fault::conflict("workflow.task_assigned")
                .with("who", task.assignee_name.as_deref().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// The task is ready.
pub(crate) fn ready(task: &TaskView) -> Result<()> {
    match task.state {
        TaskState::Ready => Ok(()),
        TaskState::Sleeping => Err(Fault::conflict("workflow.suspended")),
        TaskState::Cancelled => Err(Fault::conflict("workflow.task_cancelled")),
        TaskState::Done => Err(Fault::conflict("workflow.task_taken")
            .with("who", task.completed_by_name.as_deref().unwrap_or_default())
            .with("when", task.completed_at.map(moment).unwrap_or_default())),
    }
}

/// Nobody changed the task since the actor looked at it.
pub(crate) fn fresh(task: &TaskView, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(version) if version != task.version => Err(Fault::conflict("workflow.task_changed")),
        _ => Ok(()),
    }
}

/// Merges `new` into `variables`, key by key at the top level. `null` changes nothing.
pub(crate) fn merge(variables: &mut Value, new: Value) -> Result<()> {
    let bad = || Fault::invalid("workflow.variables_bad");
    if !variables.is_object() {
        *variables = Value::Object(Map::new());
    }
    match (variables.as_object_mut(), new) {
        (_, Value::Null) => return Ok(()),
        (Some(held), Value::Object(new)) => held.extend(new),
        _ => return Err(bad()),
    }
    if variables.to_string().len() > LARGEST_VARIABLES_BYTES {
        return Err(bad());
    }
    Ok(())
}

/// Sets `outcome`, and the node's entry in `outcomes`, which parallel ways do not overwrite for each other.
pub(crate) fn set_outcome(variables: &mut Value, node: &str, outcome: &str) {
    if !variables.is_object() {
        *variables = Value::Object(Map::new());
    }
    if let Some(held) = variables.as_object_mut() {
        held.insert("outcome".to_owned(), outcome.into());
        let outcomes = held.entry("outcomes").or_insert_with(|| Value::Object(Map::new()));
        if !outcomes.is_object() {
            *outcomes = Value::Object(Map::new());
        }
        if let Some(outcomes) = outcomes.as_object_mut() {
            outcomes.insert(node.to_owned(), outcome.into());
        }
    }
}
