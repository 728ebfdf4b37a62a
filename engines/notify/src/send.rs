//! Send: into the box, and into the post where there is one.

use kernel::{MessageId, Result};
use op::{NewJob, Op};

use crate::{Message, Notify, jobs, store};

impl Notify {
    /// Sends a message. `None` when its key `once` was used before for this account, or when it serves a purpose for which the owner's data is
    /// not to be used ([`Message::for_purpose`]).
    ///
    /// # Errors
    /// `notify.bad_kind`, `notify.bad_link`: defects of the caller.
    pub async fn send(&self, op: &mut Op, message: Message) -> Result<Option<MessageId>> {
        message.check()?;
        if let Some(purpose) = message.purpose
            && !op.may_write_to(message.to, purpose).await?
        {
            return Ok(None);
        }
        let now = op.now();
        let Some(id) = store::insert_message(op.conn(), &self.vault, &message, now).await? else {
            return Ok(None);
        };
        // Whether there is an address is looked up by the job, as the platform: whoever acts here may not read it.
        if self.post.is_some() && store::email_wanted(op.conn(), message.to).await? {
            store::insert_delivery(op.conn(), id, now).await?;
            op.enqueue(NewJob::new(jobs::EMAIL, jobs::Payload { message: id }))
                .await?;
        }
        Ok(Some(id))
    }
}
