//! The job that sends e-mail.

use kernel::{Actor, Fault, MessageId, Result};
use op::{Job, Jobs, Ops};
use serde::{Deserialize, Serialize};

use crate::{DeliveryState, Notify, email::PostError, store};

/// The kind of job.
pub(crate) const EMAIL: &str = "notify.email";
/// Failures after which a delivery is given up; one less than the queue allows, so that the outcome is written down.
const MOST_FAILURES: i32 = 19;

/// What the job needs to know.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload {
    pub message: MessageId,
}

/// Registers `notify.email`.
pub fn register(jobs: &mut Jobs, notify: &Notify) {
    let notify = notify.clone();
    jobs.outside(EMAIL, move |ops, job| {
        let notify = notify.clone();
        Box::pin(async move { notify.deliver(ops, job).await })
    });
}

impl Notify {
    /// One attempt: look (transaction), send (none), write down how it went (transaction).
    async fn deliver(&self, ops: &Ops, job: &Job) -> Result<()> {
        let payload =
            Payload::deserialize(&job.payload).map_err(|e| Fault::internal("notify.not_found").caused_by(e))?;
        let Some(post) = &self.post else {
            // Switched off since: the delivery stays queued as a witness, the job ends.
            return Ok(());
        };
        let mut op = ops.open(Actor::System("notify")).await?;
        let waiting = store::delivery(op.conn(), payload.message)
            .await?
            .is_some_and(|delivery| delivery.state == DeliveryState::Queued);
        let Some((account, message)) = store::message(op.conn(), payload.message).await?.filter(|_| waiting) else {
            return Ok(());
        };
        let Some(recipient) = post.recipient(&mut op, account).await? else {
            // Most people give no address: the box has the message, and there is nothing to deliver.
            store::delete_delivery(op.conn(), message.id).await?;
            return op.commit().await;
        };
        drop(op);
        let (state, error, fault) = match post.send(&recipient, &message).await {
            Ok(()) => (DeliveryState::Sent, None, None),
            Err(PostError::Refused(error)) => {
                tracing::warn!(message = %message.id, error, "an e-mail was refused for good");
                (DeliveryState::Failed, Some(error), None)
            }
            Err(PostError::Away(error)) if job.attempts + 1 >= MOST_FAILURES => {
                (DeliveryState::Failed, Some(error), None)
            }
            Err(PostError::Away(error)) => (
                DeliveryState::Queued,
                Some(error.clone()),
                Some(Fault::unavailable("notify.mail_away").caused_by(error)),
            ),
        };
        let mut op = ops.open(Actor::System("notify")).await?;
        let now = op.now();
        store::attempted(op.conn(), message.id, state, error.as_deref(), now).await?;
        op.commit().await?;
        fault.map_or(Ok(()), Err)
    }
}
