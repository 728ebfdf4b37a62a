use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;

use crate::keys::StoredKey;

/// Keys are made one after the other, in whatever process.
pub(crate) async fn lock(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("LOCK TABLE openid.signing_key IN SHARE ROW EXCLUSIVE MODE")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    key: &StoredKey,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO openid.signing_key (kid, sealed, algorithm, created_at, signs_from, leaves_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&key.kid)
    .bind(&key.sealed)
    .bind(&key.algorithm)
    .bind(now)
    .bind(key.signs_from)
    .bind(key.leaves_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn published(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<StoredKey>> {
    sqlx::query_as(
        "SELECT kid, sealed, algorithm, signs_from, leaves_at
         FROM openid.signing_key
         WHERE leaves_at IS NULL OR leaves_at > $1
         ORDER BY algorithm, signs_from DESC",
    )
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// The algorithms, and from when the newest key of each signs.
pub(crate) async fn newest(connection: &mut PgConnection) -> Result<Vec<(String, DateTime<Utc>)>> {
    sqlx::query_as("SELECT algorithm, max(signs_from) FROM openid.signing_key GROUP BY 1 ORDER BY 1")
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

/// The keys of an algorithm that are there leave at this moment, unless they leave earlier.
pub(crate) async fn leave(connection: &mut PgConnection, _: &Permit, algorithm: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE openid.signing_key SET leaves_at = $2 WHERE algorithm = $1 AND leaves_at IS NULL")
        .bind(algorithm)
        .bind(at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// How many there are under each key of the vault; the first five bytes name it.
pub(crate) async fn heads(connection: &mut PgConnection) -> Result<Vec<(Vec<u8>, i64)>> {
    sqlx::query_as("SELECT substring(sealed FROM 1 FOR 5), count(*) FROM openid.signing_key GROUP BY 1 ORDER BY 1")
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

/// All keys as they are sealed.
pub(crate) async fn sealed(connection: &mut PgConnection) -> Result<Vec<(String, Vec<u8>)>> {
    sqlx::query_as("SELECT kid, sealed FROM openid.signing_key ORDER BY kid")
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn put(connection: &mut PgConnection, _: &Permit, kid: &str, sealed: &[u8]) -> Result<()> {
    sqlx::query("UPDATE openid.signing_key SET sealed = $2 WHERE kid = $1")
        .bind(kid)
        .bind(sealed)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
