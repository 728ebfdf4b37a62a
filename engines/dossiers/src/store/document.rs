//! dossiers.document: rows are only added.

use chrono::{DateTime, Utc};
use kernel::{AgencyId, DossierId, FileId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use super::broken;
use crate::documents::spelled;
use crate::views::{DocumentKind, DocumentView, VerifiedDocument};

/// A document that was just made.
pub(crate) struct NewDocument<'a> {
    pub(crate) dossier: DossierId,
    pub(crate) agency: AgencyId,
    /// Code of the sort of result (KQ.…).
    pub(crate) result_type: Option<&'a str>,
    pub(crate) view: &'a DocumentView,
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewDocument<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO dossiers.document (id, dossier_id, kind, number, verification_code, sha256, file_id, agency_id, agency_name,
                                        result_type, issued_at, issued_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(new.view.id)
    .bind(new.dossier.uuid())
    .bind(new.view.kind.word())
    .bind(&new.view.number)
    .bind(&new.view.verification_code)
    .bind(&new.view.sha256)
    .bind(new.view.file.uuid())
    .bind(new.agency.uuid())
    .bind(&new.view.agency_name)
    .bind(new.result_type)
    .bind(new.view.issued_at)
    .bind(&new.view.issued_by)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    number: String,
    verification_code: String,
    sha256: String,
    file_id: Uuid,
    agency_name: String,
    issued_at: DateTime<Utc>,
    issued_by: String,
}

/// A document of this dossier.
pub(crate) async fn get(
    connection: &mut PgConnection,
    dossier: DossierId,
    document: Uuid,
) -> Result<Option<DocumentView>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT id,
                kind,
                number,
                verification_code,
                sha256,
                file_id,
                agency_name,
                issued_at,
                issued_by
           FROM dossiers.document
          WHERE id = $1 AND dossier_id = $2",
    )
    .bind(document)
    .bind(dossier.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        Ok(DocumentView {
            id: row.id,
            kind: DocumentKind::from_word(&row.kind).ok_or_else(|| broken("document"))?,
            number: row.number,
            verification_code: row.verification_code,
            sha256: row.sha256,
            file: FileId::from_uuid(row.file_id),
            agency_name: row.agency_name,
            issued_at: row.issued_at,
            issued_by: row.issued_by,
        })
    })
    .transpose()
}

#[derive(sqlx::FromRow)]
struct VerifiedRow {
    kind: String,
    number: String,
    sha256: String,
    verification_code: String,
    agency_name: String,
    procedure_code: String,
    app: String,
    issued_at: DateTime<Utc>,
    dossier_code: String,
}

/// What the public may know of the document with this code.
pub(crate) async fn by_code(connection: &mut PgConnection, code: &str) -> Result<Option<VerifiedDocument>> {
    let row: Option<VerifiedRow> = sqlx::query_as(
        "SELECT document.kind,
                document.number,
                document.sha256,
                document.verification_code,
                document.agency_name,
                dossier.procedure_code,
                dossier.app,
                document.issued_at,
                dossier.code AS dossier_code
           FROM dossiers.document
           JOIN dossiers.dossier ON dossier.id = document.dossier_id
          WHERE document.verification_code = $1",
    )
    .bind(code)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(|row| {
        Ok(VerifiedDocument {
            kind: DocumentKind::from_word(&row.kind).ok_or_else(|| broken("document"))?,
            number: row.number,
            sha256: row.sha256,
            spelled: spelled(&row.verification_code),
            verification_code: row.verification_code,
            agency_name: row.agency_name,
            procedure_code: row.procedure_code,
            app: row.app,
            issued_at: row.issued_at,
            dossier_code: row.dossier_code,
        })
    })
    .transpose()
}
