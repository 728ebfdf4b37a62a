//! Saving one page.

use kernel::{DraftId, Result};
use op::Op;

use crate::model::{keep_controls, place_codes, read_fields, walk};
use crate::page::applying;
use crate::{Forms, Raw, Saved, store};

impl Forms {
    /// Saves what was typed on one page, whatever it is: answers that were understood become answers; where one was not, all
    /// that was typed on the page is kept and the page does not pass. Faults are part of the result, so commit. Controls that
    /// do not belong to the page are left out. A page of papers passes by being saved.
    ///
    /// Other pages stay as they are, under the lock of the draft: two tabs with different pages both survive.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}, `forms.page_not_found` {page}, `forms.page_skipped` {page}.
    pub async fn save_page(&self, op: &mut Op, id: DraftId, page: &str, raw: &Raw) -> Result<Saved> {
        let (permit, mut draft) = self.lock_open(op, id, "forms.save_page").await?;
        let form = self.form_of(op, &draft).await?;
        let now = op.now();
        let before = walk(&form, &draft.answers, now);
        let page = applying(&form, &before.pages, page)?;
        let raw = keep_controls(page.fields(), raw);
        let codes = place_codes(page.fields(), &crate::Answers::new(), &raw);
        let ground = self.ground(op, codes).await?;
        let reading = read_fields(&form, page.fields(), &page.checks, &raw, &before.answers, &ground);
        for (field, value) in reading.answers {
            match value {
                Some(value) => draft.answers.insert(field, value),
                None => draft.answers.remove(&field),
            };
        }
        if reading.faults.is_empty() {
            draft.raw.remove(&page.page);
            draft.passed.insert(page.page.clone());
        } else {
            draft.raw.insert(page.page.clone(), raw);
            draft.passed.remove(&page.page);
        }
        draft.version += 1;
        draft.updated_at = now;
        store::draft::write(op.conn(), &permit, self.vault(), &draft).await?;
        let view = self.view(op, &draft).await?;
        let next = if reading.faults.is_empty() {
            view.next.clone()
        } else {
            Some(page.page.clone())
        };
        Ok(Saved {
            draft: view,
            faults: reading.faults,
            next,
        })
    }
}
