//! The form as it was answered, for whoever may see the case.

use files::FileView;
use kernel::{DossierId, Result};
use op::Op;
use serde_json::json;

use crate::views::{DocumentKind, DocumentView};
use crate::{Dossiers, access, store, subject};

impl Dossiers {
    /// A copy of the form as answered (bản sao tờ khai điện tử). It is drawn when somebody first asks for it, and again when answers
    /// were supplied since then.
    ///
    /// Fails with `dossiers.dossier_not_found`.
    pub async fn copy_of_answers(&self, op: &mut Op, dossier: DossierId) -> Result<(DocumentView, FileView)> {
        // Held, so that two who ask at once get one copy.
        let row = self.hold(op, dossier).await?;
        let decision = access::view(op.rights(), "dossiers.copy_of_answers", &row);
        let permit = op
            .allow("dossiers.copy_of_answers", &subject(dossier), decision)
            .await?;
        let supplements = store::read::supplements(op.conn(), dossier).await?;
        let changed = supplements.iter().filter_map(|supplement| supplement.supplied_at).max();
        let documents = store::read::documents(op.conn(), dossier).await?;
        let last = documents.into_iter().rev().find(|document| {
            document.kind == DocumentKind::Answers && changed.is_none_or(|changed| changed <= document.issued_at)
        });
        let view = match last {
            Some(view) => view,
            None => {
                self.issue_document(op, &permit, &row, DocumentKind::Answers, json!({}))
                    .await?
            }
        };
        let file = self.parts.files.get(op, view.file).await?;
        Ok((view, file))
    }
}
