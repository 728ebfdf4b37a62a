//! Holding a paper against the stored one, and handing a paper out.

use files::FileView;
use kernel::{DossierId, Fault, Result};
use op::{Decision, Op};
use serde_json::json;
use uuid::Uuid;

use super::code;
use crate::read::note_reading;
use crate::views::{DocumentView, VerifiedDocument};
use crate::{Dossiers, store};

impl Dossiers {
    /// What a verification code stands for, for anybody, in any spelling. Fails with `dossiers.not_verified`.
    pub async fn verify(&self, op: &mut Op, typed: &str) -> Result<VerifiedDocument> {
        let unknown = || Fault::not_found("dossiers.not_verified");
        let code = code::read(typed).ok_or_else(unknown)?;
        let permit = op.allow("dossiers.verify", "document:code", Decision::Allow).await?;
        op.beyond_the_wall(&permit).await?;
        store::document::by_code(op.conn(), &code).await?.ok_or_else(unknown)
    }

    /// A paper of a case with its file, for whoever may see the case. That an official took it is in the audit trail.
    ///
    /// Fails with `dossiers.dossier_not_found` and `dossiers.document_not_found`.
    pub async fn document(&self, op: &mut Op, dossier: DossierId, id: Uuid) -> Result<(DocumentView, FileView)> {
        let row = self.readable(op, dossier, "dossiers.document").await?;
        let view = store::document::get(op.conn(), dossier, id)
            .await?
            .ok_or_else(|| Fault::not_found("dossiers.document_not_found"))?;
        let file = self.parts.files.get(op, view.file).await?;
        note_reading(
            op,
            "dossiers.document_read",
            &row,
            json!({ "document": id, "kind": view.kind }),
        )
        .await?;
        Ok((view, file))
    }
}
