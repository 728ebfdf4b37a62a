//! Suspending, resuming and cancelling an instance.

use kernel::{Fault, InstanceId, Result};
use op::{Entry, Op};

use crate::advance::{Run, clear};
use crate::model::InstanceState;
use crate::{Workflow, access, events, store, timers};

impl Workflow {
    /// Puts an instance to sleep, e.g. while a citizen supplements papers (tạm dừng, chờ bổ sung): its tasks cannot be done, and
    /// inner deadlines and timers keep the working minutes that they have left.
    ///
    /// Fails with `workflow.instance_not_found`, `workflow.already_suspended`, `workflow.not_running` {state}.
    pub async fn suspend(&self, op: &mut Op, instance: InstanceId, reason: &str) -> Result<()> {
        let mut run = self.lock(op, instance).await?;
        let permit = op
            .allow("workflow.suspend", &run.instance.subject, access::by_owner_of_subject())
            .await?;
        match run.instance.state {
            InstanceState::Running => {}
            InstanceState::Suspended => return Err(Fault::conflict("workflow.already_suspended")),
            _ => return Err(not_running(&run)),
        }
        let now = op.now();
        let calendar = self.calendar();
        for task in store::task::open_of_instance(op.conn(), instance).await? {
            let remaining = task.due_at.map(|due| calendar.working_minutes_between(now, due));
            store::task::sleep(op.conn(), &permit, task.id, remaining).await?;
        }
        for timer in store::timer::open_of_instance(op.conn(), instance).await? {
            if let Some(fires_at) = timer.fires_at {
                let remaining = calendar.working_minutes_between(now, fires_at).max(0);
                store::timer::pause(op.conn(), &permit, timer.id, remaining).await?;
            }
        }
        run.instance.state = InstanceState::Suspended;
        run.instance.reason = Some(reason.to_owned());
        events::instance(op, events::INSTANCE_SUSPENDED, &run);
        self.save(op, &permit, &mut run).await?;
        record(op, "workflow.suspended", &run).await
    }

    /// Wakes a sleeping instance: tasks can be done again, deadlines and timers go on with what they had left.
    ///
    /// Fails with `workflow.instance_not_found`, `workflow.not_suspended`.
    pub async fn resume(&self, op: &mut Op, instance: InstanceId) -> Result<()> {
        let mut run = self.lock(op, instance).await?;
        let permit = op
            .allow("workflow.resume", &run.instance.subject, access::by_owner_of_subject())
            .await?;
        if run.instance.state != InstanceState::Suspended {
            return Err(Fault::conflict("workflow.not_suspended"));
        }
        let now = op.now();
        let calendar = self.calendar();
        for task in store::task::open_of_instance(op.conn(), instance).await? {
            let remaining = store::task::remaining(op.conn(), task.id).await?;
            let due_at = remaining.map(|minutes| calendar.add_working_minutes(now, minutes));
            store::task::wake(op.conn(), &permit, task.id, due_at).await?;
        }
        for timer in store::timer::open_of_instance(op.conn(), instance).await? {
            if let Some(minutes) = timer.remaining_minutes {
                let fires_at = calendar.add_working_minutes(now, minutes);
                let generation = store::timer::reschedule(op.conn(), &permit, timer.id, fires_at).await?;
                timers::enqueue(op, timer.id, generation, fires_at).await?;
            }
        }
        run.instance.state = InstanceState::Running;
        run.instance.reason = None;
        events::instance(op, events::INSTANCE_RESUMED, &run);
        self.save(op, &permit, &mut run).await?;
        record(op, "workflow.resumed", &run).await
    }

    /// Gives an instance up, running or sleeping: open tasks and timers are taken away.
    ///
    /// Fails with `workflow.instance_not_found`, `workflow.reason_missing`, `workflow.not_running` {state}.
    pub async fn cancel(&self, op: &mut Op, instance: InstanceId, reason: &str) -> Result<()> {
        let mut run = self.lock(op, instance).await?;
        let permit = op
            .allow("workflow.cancel", &run.instance.subject, access::by_owner_of_subject())
            .await?;
        if reason.trim().is_empty() {
            return Err(Fault::invalid("workflow.reason_missing").field("reason", "workflow.reason_missing"));
        }
        if !matches!(run.instance.state, InstanceState::Running | InstanceState::Suspended) {
            return Err(not_running(&run));
        }
        clear(op, &permit, &mut run).await?;
        run.instance.state = InstanceState::Cancelled;
        run.instance.ended_at = Some(op.now());
        run.instance.reason = Some(reason.to_owned());
        events::instance(op, events::INSTANCE_ENDED, &run);
        self.save(op, &permit, &mut run).await?;
        record(op, "workflow.cancelled", &run).await
    }
}

fn not_running(run: &Run) -> Fault {
    Fault::conflict("workflow.not_running").with("state", run.instance.state.word())
}

async fn record(op: &mut Op, action: &'static str, run: &Run) -> Result<()> {
    let detail = serde_json::json!({ "instance": run.instance.id, "reason": run.instance.reason });
    op.record(Entry::new(action, &run.instance.subject).detail(detail))
        .await
}
