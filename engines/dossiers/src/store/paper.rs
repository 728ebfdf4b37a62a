//! dossiers.paper

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use files::FileView;
use kernel::{DossierId, FileId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::Vault;

use super::sealed::{PAPER, paper_row};

/// A file that was handed in for a paper.
#[derive(Debug, Clone)]
pub(crate) struct NewPaper<'a> {
    pub(crate) dossier: DossierId,
    pub(crate) paper: &'a str,
    pub(crate) file: &'a FileView,
    /// 0 at submission, then the round of the supplement.
    pub(crate) round: i32,
    pub(crate) at: DateTime<Utc>,
    pub(crate) by: &'a str,
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, vault: &Vault, new: &NewPaper<'_>) -> Result<()> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO dossiers.paper (id, dossier_id, paper, file_id, sealed, media_type, size, sha256, round, added_at, added_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(new.dossier.uuid())
    .bind(new.paper)
    .bind(new.file.id.uuid())
    .bind(PAPER.seal(vault, &paper_row(id), &new.file.name)?)
    .bind(&new.file.media_type)
    .bind(i64::try_from(new.file.size).map_err(|_| super::broken("size"))?)
    .bind(&new.file.sha256)
    .bind(new.round)
    .bind(new.at)
    .bind(new.by)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How many files each paper has that were not replaced.
pub(crate) async fn counts(connection: &mut PgConnection, dossier: DossierId) -> Result<BTreeMap<String, u32>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT paper, count(*) FROM dossiers.paper WHERE dossier_id = $1 AND replaced_at IS NULL GROUP BY paper",
    )
    .bind(dossier.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(paper, count)| (paper, u32::try_from(count).unwrap_or(u32::MAX)))
        .collect())
}

/// Marks the files of a paper as replaced; they stay with the case.
pub(crate) async fn replace(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: DossierId,
    paper: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.paper SET replaced_at = $3 WHERE dossier_id = $1 AND paper = $2 AND replaced_at IS NULL",
    )
    .bind(dossier.uuid())
    .bind(paper)
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The dossier and paper for which a file was handed in.
pub(crate) async fn of_file(connection: &mut PgConnection, file: FileId) -> Result<Option<(DossierId, String)>> {
    let row: Option<(Uuid, String)> = sqlx::query_as("SELECT dossier_id, paper FROM dossiers.paper WHERE file_id = $1")
        .bind(file.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(|(dossier, paper)| (DossierId::from_uuid(dossier), paper)))
}
