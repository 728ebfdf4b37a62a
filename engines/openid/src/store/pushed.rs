use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::PgConnection;

pub(crate) async fn insert(
    connection: &mut PgConnection,
    sha256: &[u8],
    client: &str,
    query: &str,
    until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO openid.pushed_request (sha256, client, query, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(sha256)
        .bind(client)
        .bind(query)
        .bind(until)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(
    connection: &mut PgConnection,
    sha256: &[u8],
    client: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT query FROM openid.pushed_request WHERE sha256 = $1 AND client = $2 AND expires_at > $3")
        .bind(sha256)
        .bind(client)
        .bind(now)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// Whether it was still there.
pub(crate) async fn take(connection: &mut PgConnection, sha256: &[u8]) -> Result<bool> {
    let done = sqlx::query("DELETE FROM openid.pushed_request WHERE sha256 = $1")
        .bind(sha256)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}
