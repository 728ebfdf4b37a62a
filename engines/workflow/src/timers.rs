//! Timers: setting, firing, and working-time lengths.

use chrono::{DateTime, Utc};
use kernel::{Deadline, InstanceId, IntakeRule, Result};
use op::{Entry, NewJob, Op};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::TimerEvent;
use crate::model::InstanceState;
use crate::process::NodeKind;
use crate::{Workflow, access, events, machine, store};

/// The kind of the job that fires a timer.
pub const TIMER_JOB: &str = "workflow.timer";

/// Payload of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TimerJob {
    timer: Uuid,
    generation: i32,
}

pub(crate) async fn enqueue(op: &mut Op, timer: Uuid, generation: i32, fires_at: DateTime<Utc>) -> Result<()> {
    let job = NewJob::new(TIMER_JOB, TimerJob { timer, generation })
        .at(fires_at)
        .once(format!("{TIMER_JOB}:{timer}:{generation}"));
    op.enqueue(job).await
}

impl Workflow {
    /// When so much working time has passed, by the present calendar.
    pub(crate) fn moment_after(&self, from: DateTime<Utc>, length: Deadline) -> DateTime<Utc> {
        self.calendar().due(from, length, &IntakeRule::default()).at
    }

    /// Fires a timer. A job that is stale (the timer was dropped, paused, set anew or has fired) does nothing.
    pub(crate) async fn fire(&self, op: &mut Op, job: &TimerJob) -> Result<()> {
        let current = |row: &store::timer::TimerRow| row.state == "scheduled" && row.generation == job.generation;
        let Some(row) = store::timer::get(op.conn(), job.timer).await?.filter(current) else {
            return Ok(());
        };
        let mut run = self.lock(op, InstanceId::from_uuid(row.instance_id)).await?;
        // Only now, with the instance held, does nobody change the timer any more.
        let Some(row) = store::timer::get(op.conn(), job.timer).await?.filter(current) else {
            return Ok(());
        };
        if run.instance.state != InstanceState::Running {
            return Ok(());
        }
        let subject = run.instance.subject.clone();
        let decision = access::timer(op.actor());
        let permit = op.allow("workflow.fire_timer", &subject, decision).await?;
        let broken = || crate::Fault::internal("workflow.definition_broken").with("what", "timer");
        let node = run.definition.process().node(&row.node).ok_or_else(broken)?;
        let token = u32::try_from(row.token).map_err(|_| broken())?;
        let kind = run.definition.process().nodes[node].kind;
        let task = match kind {
            NodeKind::Boundary { .. } => store::task::open_of_token(op.conn(), run.instance.id, token).await?,
            _ => None,
        };
        let now = op.now();
        let scope = run.scope(op.now());
        let effects = machine::fire_timer(run.definition.process(), &mut run.state, token, node, &scope)?;
        store::timer::close(op.conn(), &permit, run.instance.id, row.token, &row.node, "fired", now).await?;
        events::timer(
            op,
            TimerEvent {
                subject: subject.clone(),
                instance: run.instance.id,
                app: run.instance.definition.app.clone(),
                process: run.instance.definition.process.clone(),
                timer: row.id,
                node: row.node.clone(),
                task: task.as_ref().map(|task| task.id),
                task_node: task.as_ref().map(|task| task.node.clone()),
                role: task.as_ref().map(|task| task.role.clone()),
                agency: task.as_ref().map(|task| task.agency),
                assignee: task.as_ref().and_then(|task| task.assignee),
                due_at: task.as_ref().and_then(|task| task.due_at),
                interrupting: matches!(kind, NodeKind::Boundary { interrupting: true, .. }),
                at: now,
            },
        );
        self.carry_out(op, &permit, &mut run, effects).await?;
        let detail = serde_json::json!({ "instance": run.instance.id, "timer": row.node });
        op.record(Entry::new("workflow.timer_fired", subject).detail(detail))
            .await
    }
}
