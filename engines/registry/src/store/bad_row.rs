//! Rows of files that were not taken over.

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;
use vault::{KeyUse, Sealed, Vault};

/// Rows that were not taken over: as they stood in the file, with what is wrong.
pub(crate) const BAD_ROW: Sealed = Sealed("registry.bad_row");

fn bad_row_name(import: Uuid, number: i64) -> String {
    format!("{import}/{number}")
}

/// Keeps rows that were not taken over, sealed.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    import: Uuid,
    rows: &[(i64, Value)],
) -> Result<()> {
    let mut numbers = Vec::with_capacity(rows.len());
    let mut sealed = Vec::with_capacity(rows.len());
    for (number, row) in rows {
        numbers.push(*number);
        sealed.push(BAD_ROW.seal(vault, &bad_row_name(import, *number), row)?);
    }
    sqlx::query(
        "INSERT INTO registry.bad_row (import, number, sealed)
         SELECT $1, number, sealed FROM unnest($2::bigint[], $3::bytea[]) AS own (number, sealed)",
    )
    .bind(import)
    .bind(numbers)
    .bind(sealed)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Rows that were not taken over, in the order of the file, behind one of them.
pub(crate) async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    import: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Value)>> {
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
        "SELECT number, sealed FROM registry.bad_row WHERE import = $1 AND number > $2 ORDER BY number LIMIT $3",
    )
    .bind(import)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|(number, sealed)| Ok((number, BAD_ROW.open(vault, &bad_row_name(import, number), &sealed)?)))
        .collect()
}

/// Forgets rows that were not taken over of imports that ended before a moment; how many.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    _: &Permit,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64> {
    let done = sqlx::query(
        "DELETE FROM registry.bad_row
         WHERE (import, number) IN (
             SELECT bad_row.import, bad_row.number
             FROM registry.import JOIN registry.bad_row ON bad_row.import = import.id
             WHERE import.bad > 0 AND import.ended_at < $1
             LIMIT $2
         )",
    )
    .bind(before)
    .bind(limit)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// Under which keys rows are kept.
pub(crate) async fn uses(connection: &mut PgConnection) -> Result<Vec<KeyUse>> {
    let heads = sqlx::query_as("SELECT substring(sealed FROM 1 FOR 5), count(*) FROM registry.bad_row GROUP BY 1")
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    BAD_ROW.uses(heads)
}

/// The next rows that are sealed with another key than this one, behind a place.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    newest: u32,
    (import, number): (Uuid, i64),
    limit: i64,
) -> Result<Vec<(Uuid, i64, Vec<u8>)>> {
    sqlx::query_as(
        "SELECT import, number, sealed
         FROM registry.bad_row
         WHERE (import, number) > ($1, $2) AND substring(sealed FROM 2 FOR 4) <> $3
         ORDER BY import, number
         LIMIT $4
         FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(import)
    .bind(number)
    .bind(newest.to_be_bytes().to_vec())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// A row under the newest key.
pub(crate) async fn reseal(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    (import, number, sealed): (Uuid, i64, &[u8]),
) -> Result<bool> {
    let Some(anew) = BAD_ROW.reseal(vault, &bad_row_name(import, number), sealed)? else {
        return Ok(false);
    };
    sqlx::query("UPDATE registry.bad_row SET sealed = $3 WHERE import = $1 AND number = $2")
        .bind(import)
        .bind(number)
        .bind(anew)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(true)
}
