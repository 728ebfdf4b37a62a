//! A file that was handed in.

use files::FileView;
use kernel::{DossierId, Fault, FileId, Result};
use op::Op;
use serde_json::json;

use super::note_reading;
use crate::{Dossiers, store};

impl Dossiers {
    /// A file of a paper of this dossier, replaced ones too, for [`files::Files::open`]. An official's reading is in the audit
    /// trail, so commit the operation. Fails with `dossiers.dossier_not_found`, `files.not_found`.
    pub async fn paper_file(&self, op: &mut Op, id: DossierId, file: FileId) -> Result<FileView> {
        let row = self.readable(op, id, "dossiers.paper_file").await?;
        let missing = || Fault::not_found("files.not_found").with("id", file);
        // A file of another dossier is not there, even for those who may see that one.
        let paper = match store::paper::of_file(op.conn(), file).await? {
            Some((dossier, paper)) if dossier == id => paper,
            _ => return Err(missing()),
        };
        let view = self.parts.files.get(op, file).await?;
        note_reading(op, "dossiers.paper_read", &row, json!({ "paper": paper, "file": file })).await?;
        Ok(view)
    }
}
