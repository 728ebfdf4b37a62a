//! A letter: to somebody who has no account, by the contact that is kept of them.

use std::collections::BTreeMap;

use kernel::{Fault, MessageId, PersonId, Result};
use op::{Job, NewJob, Op, Ops};
use serde::{Deserialize, Serialize};

use crate::{Letter, MessageView, Notify, email::PostError, jobs};

/// What the job needs to know. Values are those of an event; whom it is about is a number here.
#[derive(Serialize, Deserialize)]
struct Payload {
    /// The same for every attempt.
    id: MessageId,
    to: PersonId,
    kind: String,
    params: BTreeMap<String, String>,
    link: String,
}

impl Notify {
    /// Writes to a person who has no account and so no box: by e-mail, where there is a mail server and an address is kept of them. Otherwise nothing is
    /// sent: whoever writes knows other ways, or none.
    ///
    /// # Errors
    /// `notify.bad_kind`, `notify.bad_link`: defects of the caller.
    pub async fn write(&self, op: &mut Op, letter: Letter) -> Result<()> {
        letter.check()?;
        if self.post.is_none() {
            return Ok(());
        }
        // Whether there is an address is looked up by the job, as the platform: whoever acts here may not read it.
        let payload = Payload {
            id: MessageId::new(),
            to: letter.to,
            kind: letter.kind,
            params: letter.params,
            link: letter.link,
        };
        op.enqueue(NewJob::new(jobs::LETTER, payload)).await
    }

    /// One attempt; a server that is away is asked again by the queue.
    pub(crate) async fn deliver_letter(&self, ops: &Ops, job: &Job) -> Result<()> {
        let letter =
            Payload::deserialize(&job.payload).map_err(|e| Fault::internal("notify.not_found").caused_by(e))?;
        let Some(post) = &self.post else { return Ok(()) };
        let mut op = ops.open(kernel::Actor::System("notify")).await?;
        let recipient = post.recipient_of(&mut op, letter.to).await?;
        let written = MessageView {
            id: letter.id,
            kind: letter.kind,
            params: letter.params,
            link: letter.link,
            created_at: op.now(),
            read_at: None,
        };
        drop(op);
        let Some(recipient) = recipient else { return Ok(()) };
        match post.send(&recipient, &written).await {
            Ok(()) => Ok(()),
            Err(PostError::Refused(error)) => {
                tracing::warn!(letter = %written.id, error, "a letter was refused for good");
                Ok(())
            }
            Err(PostError::Away(error)) => Err(Fault::unavailable("notify.mail_away").caused_by(error)),
        }
    }
}
