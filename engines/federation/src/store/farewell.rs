use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct FarewellRow {
    pub(crate) provider: String,
    /// Sealed.
    pub(crate) id_token: Vec<u8>,
    pub(crate) address: Option<String>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    holder: &[u8],
    provider: &str,
    id_token: &[u8],
    address: Option<&str>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO federation.farewell (holder_sha256, provider, id_token, address, expires_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(holder)
    .bind(provider)
    .bind(id_token)
    .bind(address)
    .bind(expires_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn move_to(
    connection: &mut PgConnection,
    from: &[u8],
    to: &[u8],
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("UPDATE federation.farewell SET holder_sha256 = $2, expires_at = $3 WHERE holder_sha256 = $1")
        .bind(from)
        .bind(to)
        .bind(expires_at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, holder: &[u8]) -> Result<Option<FarewellRow>> {
    sqlx::query_as("SELECT provider, id_token, address FROM federation.farewell WHERE holder_sha256 = $1")
        .bind(holder)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn remove(connection: &mut PgConnection, holders: &[Vec<u8>]) -> Result<()> {
    sqlx::query("DELETE FROM federation.farewell WHERE holder_sha256 = ANY ($1)")
        .bind(holders)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn sweep(connection: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query("DELETE FROM federation.farewell WHERE expires_at < $1")
        .bind(before)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(gone.rows_affected())
}

/// The heads of the sealed tokens, and how many there are of each.
pub(crate) async fn heads(connection: &mut PgConnection) -> Result<Vec<(Vec<u8>, i64)>> {
    sqlx::query_as("SELECT substring(id_token FROM 1 FOR 5), count(*) FROM federation.farewell GROUP BY 1")
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn lock_after(
    connection: &mut PgConnection,
    after: &[u8],
    most: i64,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    sqlx::query_as(
        "SELECT holder_sha256, id_token FROM federation.farewell
         WHERE holder_sha256 > $1
         ORDER BY holder_sha256
         LIMIT $2
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(after)
    .bind(most)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn put(connection: &mut PgConnection, _permit: &Permit, holder: &[u8], id_token: &[u8]) -> Result<()> {
    sqlx::query("UPDATE federation.farewell SET id_token = $2 WHERE holder_sha256 = $1")
        .bind(holder)
        .bind(id_token)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
