//! Papers: which stored file stands for which.

use files::{FileView, Received};
use kernel::{DraftId, Fault, FileId, Result};
use op::Op;

use crate::{Attachment, Forms, access, store};

impl Forms {
    /// Attaches a stored file that belongs to the draft ([`crate::holder`]) as a paper. Doing it again changes nothing.
    /// `most_files` is what the procedure says of the paper.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}, `forms.paper_not_found` {paper}, `forms.file_not_found` for a
    /// file of something else, `forms.file_attached` for a file that is another paper already, `forms.too_many_files` {most}.
    pub async fn attach(&self, op: &mut Op, id: DraftId, paper: &str, most_files: u32, file: &FileView) -> Result<()> {
        let (permit, mut draft) = self.lock_open(op, id, "forms.attach").await?;
        let form = self.form_of(op, &draft).await?;
        if !form.papers().any(|own| own == paper) {
            return Err(Fault::not_found("forms.paper_not_found").with("paper", paper));
        }
        if file.holder != access::holder(id) {
            return Err(Fault::not_found("forms.file_not_found"));
        }
        let there = store::attachment::of_draft(op.conn(), self.vault(), id).await?;
        if let Some(same) = there.iter().find(|own| own.file == file.id) {
            return if same.paper == paper {
                Ok(())
            } else {
                Err(Fault::conflict("forms.file_attached"))
            };
        }
        if there.iter().filter(|own| own.paper == paper).count() >= most_files as usize {
            return Err(Fault::invalid("forms.too_many_files").with("most", most_files));
        }
        let now = op.now();
        let attachment = Attachment {
            file: file.id,
            paper: paper.to_owned(),
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
            attached_at: now,
        };
        store::attachment::insert(op.conn(), &permit, self.vault(), id, &attachment).await?;
        draft.version += 1;
        draft.updated_at = now;
        store::draft::write(op.conn(), &permit, self.vault(), &draft).await
    }

    /// The file of this name and content that stands for this paper already. Asked before a file is kept: a press too many sends the same
    /// photo twice. The draft is held, so that of two uploads at once the second finds the first.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}.
    pub async fn attached_before(
        &self,
        op: &mut Op,
        id: DraftId,
        paper: &str,
        received: &Received,
    ) -> Result<Option<FileView>> {
        self.lock_open(op, id, "forms.attach").await?;
        let there = store::attachment::of_draft(op.conn(), self.vault(), id).await?;
        let own = self.files().by_holder(op, &access::holder(id)).await?;
        Ok(own.into_iter().find(|file| {
            let stands = |attachment: &Attachment| attachment.file == file.id && attachment.paper == paper;
            file.sha256 == received.sha256() && file.name == received.name() && there.iter().any(stands)
        }))
    }

    /// Takes a file away from the draft and removes it.
    ///
    /// # Errors
    /// `forms.draft_not_found`, `forms.draft_closed` {subject}, `forms.file_not_found`.
    pub async fn detach(&self, op: &mut Op, id: DraftId, file: FileId) -> Result<()> {
        let (permit, mut draft) = self.lock_open(op, id, "forms.detach").await?;
        if !store::attachment::delete(op.conn(), &permit, id, file).await? {
            return Err(Fault::not_found("forms.file_not_found"));
        }
        self.remove_files(op, id, &[file]).await?;
        draft.version += 1;
        draft.updated_at = op.now();
        store::draft::write(op.conn(), &permit, self.vault(), &draft).await
    }

    /// Removes those of the files that still belong to the draft: what a dossier has taken over stays. Returns the removed.
    pub(crate) async fn remove_files(&self, op: &mut Op, id: DraftId, files: &[FileId]) -> Result<Vec<FileId>> {
        let own = self.files().by_holder(op, &access::holder(id)).await?;
        let mut removed = Vec::new();
        for file in own.iter().map(|file| file.id).filter(|file| files.contains(file)) {
            self.files().remove(op, file).await?;
            removed.push(file);
        }
        Ok(removed)
    }
}
