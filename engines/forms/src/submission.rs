//! What finally counts.

use kernel::{DraftId, Result};
use op::Op;
use serde_json::Value;

use crate::model::{page_faults, place_codes, prune};
use crate::{Forms, Raw, Submission};

impl Forms {
    /// The draft with everything read again by the rules of today, locked to the end of the operation. Also for a draft that
    /// is closed already.
    ///
    /// # Errors
    /// `forms.draft_not_found`. What is wrong with answers is in the result.
    pub async fn submission(&self, op: &mut Op, id: DraftId) -> Result<Submission> {
        let (_, draft) = self.lock_own(op, id, "forms.submission").await?;
        let form = self.form_of(op, &draft).await?;
        let mut typed = Raw::new();
        typed.extend(draft.raw.values().flat_map(Clone::clone));
        let codes = place_codes(form.fields(), &draft.answers, &typed);
        let ground = self.ground(op, codes).await?;
        let faults = page_faults(&form, &draft, &ground);
        let view = self.view(op, &draft).await?;
        let answers = prune(&form, &Value::Object(draft.answers), ground.now);
        Ok(Submission {
            files: view.attachments.clone(),
            draft: view,
            form,
            answers,
            faults,
        })
    }
}
