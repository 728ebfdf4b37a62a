//! Looking at drafts.

use std::sync::Arc;

use db::{Page, PageRequest};
use kernel::{DraftId, Result};
use op::{Decision, Op, Permit};

use crate::definition::FormDefinition;
use crate::model::{Draft, card, draft_view};
use crate::{DraftCard, DraftView, Forms, access, error, store};

impl Forms {
    /// A draft, open or closed.
    ///
    /// # Errors
    /// `forms.draft_not_found` for everybody but its holder.
    pub async fn draft(&self, op: &mut Op, id: DraftId) -> Result<DraftView> {
        let (_, draft) = self.own(op, id, "forms.read_draft").await?;
        self.view(op, &draft).await
    }

    /// The open drafts of the actor, the last touched first.
    ///
    /// # Errors
    /// `forms.sign_in`, `db.bad_cursor`.
    pub async fn drafts(&self, op: &mut Op, request: &PageRequest) -> Result<Page<DraftCard>> {
        let holder = op.actor().key();
        let decision = access::list(op.actor());
        op.allow("forms.list_drafts", &holder, decision).await?;
        let rows = store::draft::open_page(op.conn(), self.vault(), &holder, request).await?;
        let page = Page::cut(rows, request, |draft| (draft.updated_at, draft.id));
        let now = op.now();
        let mut items = Vec::with_capacity(page.items.len());
        for draft in &page.items {
            let form = self.form_of(op, draft).await?;
            items.push(card(&form, draft, now));
        }
        Ok(Page { items, next: page.next })
    }

    /// The draft, if it is the actor's.
    pub(crate) async fn own(&self, op: &mut Op, id: DraftId, action: &'static str) -> Result<(Permit, Draft)> {
        let draft = store::draft::get(op.conn(), self.vault(), id).await?;
        allowed(op, id, draft, action).await
    }

    /// The draft, if it is the actor's, locked to the end of the operation.
    pub(crate) async fn lock_own(&self, op: &mut Op, id: DraftId, action: &'static str) -> Result<(Permit, Draft)> {
        let draft = store::draft::lock(op.conn(), self.vault(), id).await?;
        allowed(op, id, draft, action).await
    }

    /// The same, if it is still open.
    pub(crate) async fn lock_open(&self, op: &mut Op, id: DraftId, action: &'static str) -> Result<(Permit, Draft)> {
        let (permit, draft) = self.lock_own(op, id, action).await?;
        open(&draft)?;
        Ok((permit, draft))
    }

    /// The same without what was typed, which need not open.
    pub(crate) async fn lock_unopened(
        &self,
        op: &mut Op,
        id: DraftId,
        action: &'static str,
    ) -> Result<(Permit, Draft)> {
        let draft = store::draft::lock_unopened(op.conn(), id).await?;
        let (permit, draft) = allowed(op, id, draft, action).await?;
        open(&draft)?;
        Ok((permit, draft))
    }

    /// The version of the form that a draft keeps.
    pub(crate) async fn form_of(&self, op: &mut Op, draft: &Draft) -> Result<Arc<FormDefinition>> {
        self.version(op, &draft.app, &draft.form, &draft.form_version).await
    }

    pub(crate) async fn view(&self, op: &mut Op, draft: &Draft) -> Result<DraftView> {
        let form = self.form_of(op, draft).await?;
        let attachments = store::attachment::of_draft(op.conn(), self.vault(), draft.id).await?;
        Ok(draft_view(&form, draft, attachments, op.now()))
    }
}

async fn allowed(op: &mut Op, id: DraftId, draft: Option<Draft>, action: &'static str) -> Result<(Permit, Draft)> {
    let Some(draft) = draft else {
        // One that is behind the second wall looks like one that is not there, but the attempt goes into the trail.
        if store::draft::is_there(op.conn(), id).await? {
            let decision = Decision::Deny(error::draft_not_found());
            op.allow(action, &access::holder(id), decision).await?;
        }
        return Err(error::draft_not_found());
    };
    let decision = access::hold(op.actor(), &draft);
    let permit = op.allow(action, &access::holder(draft.id), decision).await?;
    Ok((permit, draft))
}

/// A closed draft does not change any more.
pub(crate) fn open(draft: &Draft) -> Result<()> {
    match &draft.subject {
        None => Ok(()),
        Some(subject) => Err(error::draft_closed(subject)),
    }
}
