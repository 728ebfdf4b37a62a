//! dossiers.rating

use chrono::{DateTime, Utc};
use kernel::{DossierId, Result};
use op::Permit;
use sqlx::PgConnection;

/// Writes the rating; `false` when there is one.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    dossier: DossierId,
    score: i16,
    comment: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO dossiers.rating (dossier_id, score, comment, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(dossier.uuid())
    .bind(score)
    .bind(comment)
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}
