use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::PgConnection;

/// Whether a proof is shown for the first time; it is kept until this moment.
pub(crate) async fn is_new(connection: &mut PgConnection, sha256: &[u8], until: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO openid.seen_proof (sha256, expires_at) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING",
    )
    .bind(sha256)
    .bind(until)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}
