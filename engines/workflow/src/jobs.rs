//! Work for later.

use kernel::Fault;
use op::{Job, Jobs, Op};

use crate::Workflow;
use crate::timers::{TIMER_JOB, TimerJob};

/// Adds the handlers of this engine.
pub fn register(jobs: &mut Jobs, workflow: Workflow) {
    jobs.within(TIMER_JOB, move |op: &mut Op, job: &Job| {
        let workflow = workflow.clone();
        Box::pin(async move {
            let timer: TimerJob = serde_json::from_value(job.payload.clone()).map_err(|error| {
                Fault::internal("workflow.definition_broken")
                    .with("what", "job")
                    .caused_by(error)
            })?;
            workflow.fire(op, &timer).await
        })
    });
}
