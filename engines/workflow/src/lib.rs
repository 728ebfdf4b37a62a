#![doc = include_str!("../README.md")]

// Reading order: the graph (process), what moves on it (machine), what makes it sound (soundness), how it is written down
// (bpmn, binding, definition); then nouns and decisions (model, access), the verbs, and the tables (store).
mod access;
mod actions;
mod advance;
mod binding;
mod bpmn;
pub mod calendar;
mod claim;
mod complete;
pub mod condition;
mod definition;
mod error;
pub mod events;
pub mod http;
pub mod jobs;
mod list;
pub mod machine;
mod model;
mod move_house;
pub mod process;
mod publish;
pub mod soundness;
mod start;
mod store;
mod suspend;
mod timers;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use kernel::{Fault, WorkingCalendar};
use uuid::Uuid;

pub use access::ACTIONS;
pub use actions::{Action, ActionCall, Actions};
pub use binding::{Binding, FORMAT, ServiceBinding, TaskBinding};
pub use calendar::{CalendarSource, PublishedCalendar};
pub use definition::{Definition, StepDefinition, StepKind, name_key, outcome_key};
pub use error::CODES;
pub use model::{
    Assignee, Completion, DefinitionKey, InstanceState, InstanceView, LARGEST_VARIABLES_BYTES, Published, Start,
    TaskState, TaskView,
};
pub use move_house::register_movers;
pub use timers::TIMER_JOB;

/// The tables of this engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "workflow",
    [
        "0001_definition.sql",
        "0002_instance.sql",
        "0003_task.sql",
        "0004_timer.sql",
        "0005_calendar.sql",
        "0006_fewer_indexes.sql",
        "0007_unit.sql"
    ]
);

/// The engine. One a program; clones are cheap and share everything.
#[derive(Clone)]
pub struct Workflow {
    inner: Arc<Inner>,
}

struct Inner {
    actions: Actions,
    calendar: Arc<dyn CalendarSource>,
    definitions: RwLock<HashMap<Uuid, Arc<Definition>>>,
}

impl Workflow {
    /// The engine with these actions (more may be registered later) and this calendar.
    pub fn new(actions: Actions, calendar: Arc<dyn CalendarSource>) -> Self {
        Self {
            inner: Arc::new(Inner {
                actions,
                calendar,
                definitions: RwLock::new(HashMap::new()),
            }),
        }
    }

    /// The registered actions.
    pub fn actions(&self) -> &Actions {
        &self.inner.actions
    }

    fn calendar(&self) -> Arc<WorkingCalendar> {
        self.inner.calendar.calendar()
    }

    fn cache(&self) -> &RwLock<HashMap<Uuid, Arc<Definition>>> {
        &self.inner.definitions
    }
}
