use chrono::{DateTime, Utc};
use kernel::{DraftId, FileId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{ATTACHMENT, attachment_row};

use crate::model::Attachment;

#[derive(sqlx::FromRow)]
struct AttachmentRow {
    file: Uuid,
    paper: String,
    name: Option<String>,
    sealed: Option<Vec<u8>>,
    media_type: String,
    size: i64,
    attached_at: DateTime<Utc>,
}

pub(crate) async fn of_draft(conn: &mut PgConnection, vault: &Vault, draft: DraftId) -> Result<Vec<Attachment>> {
    let rows: Vec<AttachmentRow> = sqlx::query_as(
        "SELECT
             file,
             paper,
             name,
             sealed,
             media_type,
             size,
             attached_at
         FROM forms.attachment
         WHERE draft = $1
         ORDER BY attached_at, file",
    )
    .bind(draft.uuid())
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    let attachment = |row: AttachmentRow| {
        let name = match &row.sealed {
            Some(sealed) => ATTACHMENT.open(vault, &attachment_row(draft.uuid(), row.file), sealed)?,
            None => row.name.unwrap_or_default(),
        };
        Ok(Attachment {
            file: row.file.into(),
            paper: row.paper,
            name,
            media_type: row.media_type,
            size: u64::try_from(row.size).unwrap_or_default(),
            attached_at: row.attached_at,
        })
    };
    rows.into_iter().map(attachment).collect()
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    draft: DraftId,
    attachment: &Attachment,
) -> Result<()> {
    let row = attachment_row(draft.uuid(), attachment.file.uuid());
    sqlx::query(
        "INSERT INTO forms.attachment (
             draft,
             file,
             paper,
             sealed,
             media_type,
             size,
             attached_at
         )
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(draft.uuid())
    .bind(attachment.file.uuid())
    .bind(&attachment.paper)
    .bind(ATTACHMENT.seal(vault, &row, &attachment.name)?)
    .bind(&attachment.media_type)
    .bind(i64::try_from(attachment.size).unwrap_or(i64::MAX))
    .bind(attachment.attached_at)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Whether it was there.
pub(crate) async fn delete(conn: &mut PgConnection, _: &Permit, draft: DraftId, file: FileId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM forms.attachment WHERE draft = $1 AND file = $2")
        .bind(draft.uuid())
        .bind(file.uuid())
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() > 0)
}
