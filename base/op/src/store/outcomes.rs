//! op.outcome: what an operation with a key answered, and marks.

use chrono::{DateTime, Utc};
use kernel::Result;
use serde_json::Value;
use sqlx::PgConnection;

/// Makes a second request with the same key wait for the first one's commit.
async fn lock_key(connection: &mut PgConnection, key: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(key)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn outcome(connection: &mut PgConnection, key: &str) -> Result<Option<Value>> {
    lock_key(connection, key).await?;
    sqlx::query_scalar("SELECT value FROM op.outcome WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn insert_outcome(
    connection: &mut PgConnection,
    key: &str,
    value: &Value,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO op.outcome (key, value, at) VALUES ($1, $2, $3)")
        .bind(key)
        .bind(value)
        .bind(at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Removes outcomes from before a moment.
pub(crate) async fn forget_outcomes(connection: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM op.outcome WHERE key IN (SELECT key FROM op.outcome WHERE at < $1 ORDER BY at LIMIT $2)",
    )
    .bind(before)
    .bind(limit)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

pub(crate) async fn mark(connection: &mut PgConnection, key: &str) -> Result<Option<String>> {
    lock_key(connection, key).await?;
    sqlx::query_scalar("SELECT value FROM op.mark WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn set_mark(connection: &mut PgConnection, key: &str, value: &str, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO op.mark (key, value, at) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, at = EXCLUDED.at",
    )
    .bind(key)
    .bind(value)
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Writes the outcome; where the key has one already, gives that one. The unique index makes a second request wait for the first.
pub(crate) async fn claim_outcome(
    connection: &mut PgConnection,
    key: &str,
    value: &Value,
    at: DateTime<Utc>,
) -> Result<Option<Value>> {
    let written =
        sqlx::query("INSERT INTO op.outcome (key, value, at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(value)
            .bind(at)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    if written.rows_affected() == 1 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT value FROM op.outcome WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}
