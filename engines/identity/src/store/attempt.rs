use chrono::{DateTime, Duration, Utc};
use kernel::Result;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::config::Guessing;
use crate::throttle::Counts;

/// Guesses at one name wait for each other, until the end of this operation, so that each is counted before the next.
pub(crate) async fn lock(connection: &mut PgConnection, login: &[u8]) -> Result<()> {
    let mut key = [0u8; 8];
    key.copy_from_slice(&login[..8]);
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(i64::from_be_bytes(key))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn count(
    connection: &mut PgConnection,
    login: &[u8],
    source: &str,
    network: &str,
    now: DateTime<Utc>,
) -> Result<Counts> {
    let (from_source, by_strangers, by_known_devices): (i64, i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE source = $2 AND at > $3),
                count(*) FILTER (WHERE NOT known_device),
                count(*) FILTER (WHERE known_device)
         FROM identity.sign_in_attempt
         WHERE login_sha256 = $1 AND at > $4 AND NOT right_password",
    )
    .bind(login)
    .bind(source)
    .bind(now - Guessing::WINDOW)
    .bind(now - Guessing::LONG_WINDOW)
    .fetch_one(&mut *connection)
    .await
    .map_err(db::fault)?;
    let from_network: i64 = sqlx::query_scalar(
        "SELECT count(*)
         FROM identity.sign_in_attempt
         WHERE network = $1 AND at > $2 AND NOT right_password AND NOT known_device",
    )
    .bind(network)
    .bind(now - Guessing::WINDOW)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    let whole = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(Counts {
        from_source: whole(from_source),
        by_strangers: whole(by_strangers),
        by_known_devices: whole(by_known_devices),
        from_network: whole(from_network),
    })
}

/// Counts as wrong until it is marked as right: a program that dies between leaves a guess, never a free one.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    login: &[u8],
    source: &str,
    network: &str,
    known_device: bool,
    now: DateTime<Utc>,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO identity.sign_in_attempt (id, login_sha256, source, network, known_device, at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(login)
    .bind(source)
    .bind(network)
    .bind(known_device)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(id)
}

pub(crate) async fn mark_right(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("UPDATE identity.sign_in_attempt SET right_password = true WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Removes what is older than a day.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let removed = sqlx::query("DELETE FROM identity.sign_in_attempt WHERE at < $1")
        .bind(now - Duration::days(1))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(removed.rows_affected())
}
