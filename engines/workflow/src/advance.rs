//! Between the machine and the tables: loads an instance, carries out what the machine says, saves it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use kernel::{Fault, InstanceId, Result, TaskId};
use op::{Op, Permit};
use schema::feel::Scope;
use serde_json::Value;
use uuid::Uuid;

use crate::actions::ActionCall;
use crate::definition::{Definition, name_key};
use crate::machine::{self, Effect, State, Token, TokenNumber};
use crate::model::{InstanceState, InstanceView, TaskState, TaskView, merge};
use crate::process::NodeIndex;
use crate::store::instance::TokenRow;
use crate::store::timer::TimerRow;
use crate::{Workflow, events, store, timers};

/// A locked instance with its definition and the machine's state.
pub(crate) struct Run {
    pub instance: InstanceView,
    pub definition: Arc<Definition>,
    pub state: State,
    /// The tokens as they are stored.
    stored: BTreeMap<TokenNumber, Token>,
    /// The instance as it was just written for the first time, with its next token: what did not change is not written again.
    fresh: Option<(InstanceView, TokenNumber)>,
}

fn broken(what: &str) -> Fault {
    Fault::internal("workflow.definition_broken").with("what", what)
}

impl Run {
    /// A new instance, not moved yet.
    pub fn new(instance: InstanceView, definition: Arc<Definition>) -> Self {
        Self {
            instance,
            definition,
            state: State::default(),
            stored: BTreeMap::new(),
            fresh: None,
        }
    }

    /// The instance as it is now was written.
    pub fn written(&mut self) {
        self.fresh = Some((self.instance.clone(), self.state.next_token));
    }

    /// What conditions may read now.
    pub fn scope(&self, now: DateTime<Utc>) -> Scope {
        Scope::from_json(now, &self.instance.variables)
    }

    fn node_id(&self, node: NodeIndex) -> &str {
        &self.definition.process().nodes[node].id
    }
}

fn number(token: TokenNumber) -> Result<i32> {
    i32::try_from(token).map_err(|_| broken("token"))
}

impl Workflow {
    /// Holds an instance to the end of the operation. Locks are taken upwards: an engine above that is going to change both calls
    /// this before it holds rows of its own.
    pub async fn hold(&self, op: &mut Op, id: InstanceId) -> Result<()> {
        store::instance::hold(op.conn(), id).await
    }

    /// Locks an instance: everybody who wants to change it waits here for everybody else.
    pub(crate) async fn lock(&self, op: &mut Op, id: InstanceId) -> Result<Run> {
        let loaded = store::instance::lock(op.conn(), id)
            .await?
            .ok_or_else(|| Fault::not_found("workflow.instance_not_found"))?;
        let definition = self.definition(op, loaded.definition_id).await?;
        let process = definition.process();
        let mut state = State {
            next_token: loaded.next_token,
            ..State::default()
        };
        for row in store::instance::tokens(op.conn(), id).await? {
            let token = u32::try_from(row.token).map_err(|_| broken("token"))?;
            let node = process.node(&row.node).ok_or_else(|| broken("token"))?;
            let via = match &row.via {
                Some(flow) => Some(process.flow(flow).ok_or_else(|| broken("token"))?),
                None => None,
            };
            state.tokens.insert(token, Token { node, via });
        }
        for row in store::timer::open_of_instance(op.conn(), id).await? {
            let token = u32::try_from(row.token).map_err(|_| broken("timer"))?;
            state
                .timers
                .insert((token, process.node(&row.node).ok_or_else(|| broken("timer"))?));
        }
        Ok(Run {
            instance: loaded.view,
            stored: state.tokens.clone(),
            fresh: None,
            state,
            definition,
        })
    }

    /// Carries out effects, and those of the actions among them, until nothing is left to do; then saves.
    pub(crate) async fn carry_out(
        &self,
        op: &mut Op,
        permit: &Permit,
        run: &mut Run,
        effects: Vec<Effect>,
    ) -> Result<()> {
        let mut queue: VecDeque<Effect> = effects.into();
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::OpenTask { token, node } => self.open_task(op, permit, run, token, node).await?,
                Effect::CancelTask { token, .. } => cancel_task(op, permit, run, token).await?,
                Effect::SetTimer { token, node } => self.set_timer(op, permit, run, token, node).await?,
                Effect::DropTimer { token, node } => {
                    let at = op.now();
                    store::timer::close(
                        op.conn(),
                        permit,
                        run.instance.id,
                        number(token)?,
                        run.node_id(node),
                        "cancelled",
                        at,
                    )
                    .await?;
                }
                Effect::CallAction { token, node } => queue.extend(self.call_action(op, run, token, node).await?),
                Effect::Ended { node } => {
                    run.instance.state = InstanceState::Ended;
                    run.instance.ended_at = Some(op.now());
                    run.instance.end_node = Some(run.node_id(node).to_owned());
                    events::instance(op, events::INSTANCE_ENDED, run);
                }
            }
        }
        self.save(op, permit, run).await
    }

    /// Writes the instance and the tokens that moved.
    pub(crate) async fn save(&self, op: &mut Op, permit: &Permit, run: &mut Run) -> Result<()> {
        let suspended_at = (run.instance.state == InstanceState::Suspended).then(|| op.now());
        let same = |(instance, next_token): (InstanceView, TokenNumber)| {
            instance == run.instance && next_token == run.state.next_token
        };
        if !run.fresh.take().is_some_and(same) {
            if !store::instance::save(op.conn(), permit, &run.instance, run.state.next_token, suspended_at).await? {
                return Err(Fault::internal("workflow.changed_meanwhile").with("instance", run.instance.id));
            }
            run.instance.version += 1;
        }
        let gone = run
            .stored
            .keys()
            .filter(|token| !run.state.tokens.contains_key(token))
            .map(|token| number(*token));
        let gone = gone.collect::<Result<Vec<i32>>>()?;
        if !gone.is_empty() {
            store::instance::delete_tokens(op.conn(), permit, run.instance.id, &gone).await?;
        }
        for (token, held) in &run.state.tokens {
            if run.stored.get(token) == Some(held) {
                continue;
            }
            let row = TokenRow {
                token: number(*token)?,
                node: run.node_id(held.node).to_owned(),
                via: held.via.map(|flow| run.definition.process().flows[flow].id.clone()),
            };
            store::instance::put_token(op.conn(), permit, run.instance.id, &row).await?;
        }
        run.stored = run.state.tokens.clone();
        Ok(())
    }

    async fn open_task(
        &self,
        op: &mut Op,
        permit: &Permit,
        run: &Run,
        token: TokenNumber,
        node: NodeIndex,
    ) -> Result<()> {
        let binding = run.definition.task(node).ok_or_else(|| broken("task"))?;
        let agency = *run
            .instance
            .agencies
            .get(&binding.agency)
            .ok_or_else(|| Fault::internal("workflow.agency_missing").with("name", &binding.agency))?;
        let task = TaskView {
            id: TaskId::new(),
            instance: run.instance.id,
            definition: run.instance.definition.clone(),
            subject: run.instance.subject.clone(),
            node: run.node_id(node).to_owned(),
            name_key: name_key(&run.instance.definition.process, run.node_id(node)),
            role: binding.role.clone(),
            agency,
            assignee: None,
            assignee_name: None,
            unit: None,
            outcomes: binding.outcomes.clone(),
            due_at: binding.within.map(|within| self.moment_after(op.now(), within)),
            state: TaskState::Ready,
            version: 1,
            created_at: op.now(),
            completed_at: None,
            completed_by: None,
            completed_by_name: None,
            outcome: None,
            token,
        };
        store::task::insert(op.conn(), permit, &task).await?;
        events::task(op, events::TASK_CREATED, &task);
        Ok(())
    }

    async fn set_timer(
        &self,
        op: &mut Op,
        permit: &Permit,
        run: &Run,
        token: TokenNumber,
        node: NodeIndex,
    ) -> Result<()> {
        let id = run.node_id(node);
        let length = *run.definition.binding().timers.get(id).ok_or_else(|| broken("timer"))?;
        let fires_at = self.moment_after(op.now(), length);
        let row = TimerRow {
            id: Uuid::now_v7(),
            instance_id: run.instance.id.uuid(),
            token: number(token)?,
            node: id.to_owned(),
            state: "scheduled".to_owned(),
            fires_at: Some(fires_at),
            remaining_minutes: None,
            generation: 1,
        };
        let now = op.now();
        store::timer::insert(op.conn(), permit, &row, now).await?;
        timers::enqueue(op, row.id, row.generation, fires_at).await
    }

    /// Calls the action of a service task and moves its token on. A token that is gone (a terminate event came first) calls nothing.
    async fn call_action(
        &self,
        op: &mut Op,
        run: &mut Run,
        token: TokenNumber,
        node: NodeIndex,
    ) -> Result<Vec<Effect>> {
        if !run.state.waits_at(token, node) {
            return Ok(Vec::new());
        }
        let binding = run.definition.service(node).ok_or_else(|| broken("service"))?;
        let failed = || Fault::internal("workflow.action_failed").with("action", &binding.action);
        let action = self.actions().named(&binding.action).ok_or_else(failed)?;
        let call = ActionCall {
            subject: run.instance.subject.clone(),
            instance: run.instance.id,
            node: run.node_id(node).to_owned(),
            with: binding.with.clone(),
            variables: run.instance.variables.clone(),
            agencies: run.instance.agencies.clone(),
        };
        let result: Value = action(op, &call).await?;
        merge(&mut run.instance.variables, result).map_err(|fault| failed().caused_by(fault))?;
        let scope = run.scope(op.now());
        Ok(machine::complete(
            run.definition.process(),
            &mut run.state,
            token,
            &scope,
        )?)
    }
}

async fn cancel_task(op: &mut Op, permit: &Permit, run: &Run, token: TokenNumber) -> Result<()> {
    let Some(task) = store::task::open_of_token(op.conn(), run.instance.id, token).await? else {
        return Ok(());
    };
    close_unfinished(op, permit, task).await
}

/// Takes a task away and tells so.
async fn close_unfinished(op: &mut Op, permit: &Permit, mut task: TaskView) -> Result<()> {
    task.state = TaskState::Cancelled;
    task.completed_at = Some(op.now());
    store::task::close(op.conn(), permit, &task).await?;
    task.version += 1;
    events::task(op, events::TASK_CANCELLED, &task);
    Ok(())
}

/// Takes every task, timer and token of a cancelled instance away.
pub(crate) async fn clear(op: &mut Op, permit: &Permit, run: &mut Run) -> Result<()> {
    for task in store::task::open_of_instance(op.conn(), run.instance.id).await? {
        close_unfinished(op, permit, task).await?;
    }
    let at = op.now();
    let timers: BTreeSet<_> = std::mem::take(&mut run.state.timers);
    for (token, node) in timers {
        store::timer::close(
            op.conn(),
            permit,
            run.instance.id,
            number(token)?,
            run.node_id(node),
            "cancelled",
            at,
        )
        .await?;
    }
    run.state.tokens.clear();
    run.state.ended = true;
    Ok(())
}
