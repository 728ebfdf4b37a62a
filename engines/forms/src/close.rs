//! Closing: a draft becomes something else, once.

use kernel::{DraftId, Result};
use op::{Entry, Op};
use serde_json::json;

use crate::{Forms, access, error, events, store};

impl Forms {
    /// Closes a draft that has become `subject` (`dossier:<uuid>`). A second closing with the same subject changes nothing.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject} when it has become something else.
    pub async fn close(&self, op: &mut Op, id: DraftId, subject: &str) -> Result<()> {
        let (permit, mut draft) = self.lock_own(op, id, "forms.close_draft").await?;
        match &draft.subject {
            Some(same) if same == subject => return Ok(()),
            Some(other) => return Err(error::draft_closed(other)),
            None => {}
        }
        draft.subject = Some(subject.to_owned());
        draft.version += 1;
        draft.updated_at = op.now();
        store::draft::write(op.conn(), &permit, self.vault(), &draft).await?;
        events::closed(op, &draft, subject);
        op.record(Entry::new("forms.draft_closed", access::holder(id)).detail(json!({ "subject": subject })))
            .await
    }
}
