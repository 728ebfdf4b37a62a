//! A small office to test in: people, agencies, an engine, and a clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use kernel::{
    AccountId, Actor, AgencyId, Citizen, InstanceId, Official, PersonId, PositionId, Result, WorkingCalendar,
};
use op::{Event, Jobs, Op, Reactions};
use schema::Problems;
use serde_json::{Value, json};
use testkit::Scratch;
use workflow::{ActionCall, Actions, Completion, Definition, DefinitionKey, Start, TaskState, TaskView, Workflow};

pub const ONE_STOP: (&str, &str) = (
    include_str!("processes/one_stop.bpmn"),
    include_str!("processes/one_stop.binding.yaml"),
);
pub const OPINIONS: (&str, &str) = (
    include_str!("processes/opinions.bpmn"),
    include_str!("processes/opinions.binding.yaml"),
);
pub const SUBJECT: &str = "dossier:0190b5a0-0000-7000-8000-000000000001";

pub struct Office {
    pub scratch: Scratch,
    pub workflow: Workflow,
    pub jobs: Jobs,
    pub agencies: BTreeMap<String, AgencyId>,
    pub calls: Arc<Mutex<Vec<ActionCall>>>,
    pub heard: Arc<Mutex<Vec<(String, Value)>>>,
}

/// Monday to Friday, 07:00–11:00 and 13:00–17:00, no holidays.
pub fn calendar() -> WorkingCalendar {
    let plan = serde_json::from_value(json!({ "known_until": "2030-12-31" })).unwrap();
    WorkingCalendar::new(plan).unwrap()
}

/// A moment in March 2026 in Vietnam; the 2nd is a Monday and the clock begins at 08:00 of it.
pub fn march(day: u32, hour: u32, minute: u32) -> DateTime<Utc> {
    let wall: NaiveDateTime = NaiveDate::from_ymd_opt(2026, 3, day)
        .unwrap()
        .and_hms_opt(hour, minute, 0)
        .unwrap();
    kernel::from_local(wall)
}

fn actions(calls: &Arc<Mutex<Vec<ActionCall>>>) -> Actions {
    let actions = Actions::new();
    let noted = calls.clone();
    actions.register("test.note", move |_: &mut Op, call: &ActionCall| {
        noted.lock().unwrap().push(call.clone());
        Box::pin(async { Ok(Value::Null) })
    });
    let issued = calls.clone();
    actions.register("test.issue", move |_: &mut Op, call: &ActionCall| {
        issued.lock().unwrap().push(call.clone());
        let fails = call.variables["fail"] == json!(true);
        Box::pin(async move {
            if fails {
                Err(kernel::Fault::conflict("test.no_number_left"))
            } else {
                Ok(json!({ "number": 7 }))
            }
        })
    });
    actions
}

pub fn read(files: (&str, &str)) -> Definition {
    let names = ["test.issue".to_owned(), "test.note".to_owned()];
    let mut problems = Problems::new();
    let definition = Definition::read(
        "main.bpmn",
        files.0,
        "main.binding.yaml",
        files.1,
        &names,
        &mut problems,
    );
    definition.unwrap_or_else(|| panic!("{problems}"))
}

impl Office {
    /// Both processes are published.
    pub async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(listen: impl FnOnce(&mut Reactions)) -> Self {
        let heard: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
        let mut reactions = Reactions::new();
        for kind in [
            workflow::events::TASK_CREATED,
            workflow::events::TASK_COMPLETED,
            workflow::events::TASK_CANCELLED,
            workflow::events::TASK_CLAIMED,
            workflow::events::TASK_RELEASED,
            workflow::events::INSTANCE_STARTED,
            workflow::events::INSTANCE_SUSPENDED,
            workflow::events::INSTANCE_RESUMED,
            workflow::events::INSTANCE_ENDED,
            workflow::events::TIMER_FIRED,
        ] {
            let heard = heard.clone();
            reactions.on(kind, move |_: &mut Op, event: &Event| {
                heard
                    .lock()
                    .unwrap()
                    .push((event.kind.to_owned(), event.payload.clone()));
                Box::pin(async { Ok(()) })
            });
        }
        listen(&mut reactions);
        let scratch = Scratch::with(&[workflow::MIGRATIONS], reactions).await;
        let calls = Arc::default();
        let workflow = Workflow::new(actions(&calls), Arc::new(calendar()));
        let mut jobs = Jobs::new();
        workflow::jobs::register(&mut jobs, workflow.clone());
        let agencies = ["receiving", "handling", "asked"]
            .map(|name| (name.to_owned(), AgencyId::new()))
            .into();
        let office = Self {
            scratch,
            workflow,
            jobs,
            agencies,
            calls,
            heard,
        };
        let mut op = office.op(&Actor::System("compose")).await;
        for files in [ONE_STOP, OPINIONS] {
            office.workflow.publish(&mut op, "demo", &read(files)).await.unwrap();
        }
        op.commit().await.unwrap();
        office
    }

    pub async fn op(&self, actor: &Actor) -> Op {
        self.scratch.ops.open(actor.clone()).await.unwrap()
    }

    pub fn official(&self, name: &str, agency: &str, roles: &[&str]) -> Actor {
        Actor::Official(Official {
            account: AccountId::new(),
            person: PersonId::new(),
            name: name.to_owned(),
            position: PositionId::new(),
            position_title: "Chuyên viên".to_owned(),
            agency: self.agencies[agency],
            agency_code: "H30.19".to_owned(),
            agency_name: agency.to_owned(),
            unit: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            below: Vec::new(),
            stands_for: None,
        })
    }

    pub fn citizen(&self) -> Actor {
        Actor::Citizen(Citizen {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Trần Thị Mẫu".to_owned(),
            acts_for: None,
        })
    }

    pub async fn start(&self, process: &str, variables: Value) -> InstanceId {
        let mut op = self.op(&self.citizen()).await;
        let start = Start {
            definition: DefinitionKey::new("demo", process),
            subject: SUBJECT.to_owned(),
            agencies: self.agencies.clone(),
            variables,
        };
        let instance = self.workflow.start(&mut op, start).await.unwrap();
        op.commit().await.unwrap();
        instance
    }

    pub async fn try_complete(&self, actor: &Actor, task: &TaskView, completion: Completion) -> Result<()> {
        let mut op = self.op(actor).await;
        self.workflow.complete(&mut op, task.id, completion).await?;
        op.commit().await
    }

    /// Completes the one ready task of the node.
    pub async fn complete(&self, actor: &Actor, node: &str, outcome: &str) {
        let task = self.ready(node).await;
        self.try_complete(actor, &task, Completion::new(outcome)).await.unwrap();
    }

    pub async fn tasks(&self) -> Vec<TaskView> {
        let mut op = self.op(&Actor::System("test")).await;
        self.workflow.tasks_of(&mut op, SUBJECT).await.unwrap()
    }

    /// The nodes of the tasks in a state, in order of creation.
    pub async fn nodes(&self, state: TaskState) -> Vec<String> {
        self.tasks()
            .await
            .into_iter()
            .filter(|task| task.state == state)
            .map(|task| task.node)
            .collect()
    }

    pub async fn ready(&self, node: &str) -> TaskView {
        let mut found: Vec<_> = self
            .tasks()
            .await
            .into_iter()
            .filter(|task| task.node == node && task.state == TaskState::Ready)
            .collect();
        assert_eq!(found.len(), 1, "one ready task \"{node}\"");
        found.remove(0)
    }

    pub async fn instance(&self, id: InstanceId) -> workflow::InstanceView {
        let mut op = self.op(&Actor::System("test")).await;
        self.workflow.instance(&mut op, id).await.unwrap()
    }

    pub async fn drain(&self) -> u32 {
        op::drain(&self.scratch.ops, &self.jobs).await.unwrap()
    }

    pub fn heard(&self, kind: &str) -> Vec<Value> {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .filter(|(own, _)| own == kind)
            .map(|(_, payload)| payload.clone())
            .collect()
    }

    pub async fn recorded(&self, action: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = $1")
            .bind(action)
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap()
    }
}
