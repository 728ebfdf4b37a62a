//! Throwing a draft away.

use kernel::{DraftId, FileId, Result};
use op::{Entry, Op, Permit};
use serde_json::json;

use crate::model::Draft;
use crate::{Forms, access, events, store};

impl Forms {
    /// Removes an open draft with its answers and files. There is no way back.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}.
    pub async fn discard(&self, op: &mut Op, id: DraftId) -> Result<()> {
        let (permit, draft) = self.lock_unopened(op, id, "forms.discard_draft").await?;
        self.remove(op, &permit, &draft, "discarded").await
    }

    /// Removes a draft, and those of its files that nobody else has taken over.
    pub(crate) async fn remove(&self, op: &mut Op, permit: &Permit, draft: &Draft, reason: &str) -> Result<()> {
        // Also files that were stored for the draft and never attached.
        let own = self.files().by_holder(op, &access::holder(draft.id)).await?;
        let own: Vec<FileId> = own.into_iter().map(|file| file.id).collect();
        let removed = self.remove_files(op, draft.id, &own).await?;
        store::draft::delete(op.conn(), permit, draft.id).await?;
        events::removed(op, draft, &removed, reason);
        let detail = json!({ "app": draft.app, "form": draft.form, "files": removed.len(), "reason": reason });
        op.record(Entry::new("forms.draft_removed", access::holder(draft.id)).detail(detail))
            .await
    }
}
