//! Starting a process.

use kernel::{Fault, InstanceId, Result};
use op::{Entry, Op};
use serde_json::Value;

use crate::advance::Run;
use crate::model::{InstanceState, InstanceView, Start, merge};
use crate::{Workflow, access, events, machine, store};

impl Workflow {
    /// Starts the current version of a process and lets it move to its first wait. The engine that owns the subject has
    /// decided that the actor may.
    ///
    /// Fails with `workflow.definition_not_found`, `workflow.subject_missing`, `workflow.agency_missing` {name},
    /// `workflow.variables_bad`, or the fault of an action.
    pub async fn start(&self, op: &mut Op, start: Start) -> Result<InstanceId> {
        let permit = op
            .allow("workflow.start", &start.subject, access::by_owner_of_subject())
            .await?;
        if start.subject.trim().is_empty() {
            return Err(Fault::invalid("workflow.subject_missing"));
        }
        let (id, version) = self.current(op, &start.definition).await?;
        let definition = self.definition(op, id).await?;
        if let Some(missing) = definition
            .agencies()
            .into_iter()
            .find(|name| !start.agencies.contains_key(*name))
        {
            return Err(Fault::invalid("workflow.agency_missing").with("name", missing));
        }
        let mut variables = Value::Object(serde_json::Map::new());
        merge(&mut variables, start.variables)?;
        let instance = InstanceView {
            id: InstanceId::new(),
            definition: start.definition,
            definition_version: version,
            subject: start.subject,
            agencies: start.agencies,
            variables,
            state: InstanceState::Running,
            version: 1,
            started_at: op.now(),
            ended_at: None,
            end_node: None,
            reason: None,
        };
        let mut run = Run::new(instance, definition);
        events::instance(op, events::INSTANCE_STARTED, &run);
        let scope = run.scope(op.now());
        let effects = machine::start(run.definition.process(), &mut run.state, &scope)?;
        store::instance::insert(op.conn(), &permit, &run.instance, id, run.state.next_token).await?;
        run.written();
        self.carry_out(op, &permit, &mut run, effects).await?;
        let detail = serde_json::json!({
            "instance": run.instance.id,
            "app": run.instance.definition.app,
            "process": run.instance.definition.process,
            "version": version,
        });
        op.record(Entry::new("workflow.started", &run.instance.subject).detail(detail))
            .await?;
        Ok(run.instance.id)
    }
}
