//! The job that sends e-mail.

use chrono::Duration;
use kernel::{Actor, Fault, MessageId, Result};
use op::{Job, Jobs, NewJob, Ops};
use serde::{Deserialize, Serialize};

use crate::{DeliveryState, Notify, email::PostError, store};

/// The kind of job.
pub(crate) const EMAIL: &str = "notify.email";
/// The kind of the job that writes to somebody who has no account.
pub(crate) const LETTER: &str = "notify.letter";
/// The kind of the job that seals what an older program has left in plain.
pub const SEAL: &str = "notify.seal";
/// Failures after which a delivery is given up; one less than the queue allows, so that the outcome is written down.
const MOST_FAILURES: i32 = 19;

/// What the job needs to know.
#[derive(Serialize, Deserialize)]
pub(crate) struct Payload {
    pub message: MessageId,
}

/// Registers `notify.email`, `notify.letter`, and `notify.seal` once a day; its first turn comes when the program starts.
pub fn register(jobs: &mut Jobs, notify: &Notify) {
    let post = notify.clone();
    jobs.outside(EMAIL, move |ops, job| {
        let notify = post.clone();
        Box::pin(async move { notify.deliver(ops, job).await })
    });
    let writer = notify.clone();
    jobs.outside(LETTER, move |ops, job| {
        let notify = writer.clone();
        Box::pin(async move { notify.deliver_letter(ops, job).await })
    });
    let sealer = notify.clone();
    jobs.outside(SEAL, move |ops: &Ops, _job| {
        let notify = sealer.clone();
        Box::pin(async move {
            let sealed = notify.seal_plain(ops).await?;
            if sealed.left && sealed.done > 0 {
                // Behind what others wait for.
                let mut op = ops.open(Actor::System("worker")).await?;
                op.enqueue(NewJob::new(SEAL, ())).await?;
                op.commit().await?;
            }
            Ok(())
        })
    });
    jobs.every(Duration::days(1), SEAL);
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
        let Some((account, message)) = store::message(op.conn(), &self.vault, payload.message)
            .await?
            .filter(|_| waiting)
        else {
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
