//! op.job

use chrono::{DateTime, Utc};
use kernel::Result;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{Job, NewJob};

pub(crate) async fn insert_job(connection: &mut PgConnection, job: &NewJob, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO op.job (id, kind, payload, run_at, once_key, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (once_key) WHERE once_key IS NOT NULL
         DO UPDATE SET run_at = EXCLUDED.run_at, payload = EXCLUDED.payload, attempts = 0, dead = false",
    )
    .bind(Uuid::now_v7())
    .bind(job.kind)
    .bind(&job.payload)
    .bind(job.run_at.unwrap_or(now))
    .bind(&job.once)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// One row for each kind, under the kind as its key. One that an earlier version put aside goes on.
pub(crate) async fn insert_recurring(pool: &PgPool, kinds: &[&str], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<Uuid> = kinds.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query(
        "INSERT INTO op.job (id, kind, payload, run_at, once_key, created_at)
         SELECT id, kind, 'null'::jsonb, $3, kind, $3 FROM unnest($1::uuid[], $2::text[]) AS new (id, kind)
         ON CONFLICT (once_key) WHERE once_key IS NOT NULL
         DO UPDATE SET run_at = EXCLUDED.run_at, attempts = 0, dead = false WHERE job.dead",
    )
    .bind(ids)
    .bind(kinds)
    .bind(now)
    .execute(pool)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Lets a recurring job wait for its next turn.
pub(crate) async fn await_turn(connection: &mut PgConnection, id: Uuid, run_at: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE op.job SET run_at = $2, attempts = 0, last_error = NULL, locked_until = NULL WHERE id = $1")
        .bind(id)
        .bind(run_at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Jobs that wait, those of them that failed before, and those put aside.
pub(crate) async fn job_counts(pool: &PgPool) -> Result<(i64, i64, i64)> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE NOT dead),
                count(*) FILTER (WHERE NOT dead AND attempts > 0),
                count(*) FILTER (WHERE dead)
         FROM op.job",
    )
    .fetch_one(pool)
    .await
    .map_err(db::fault)
}

#[derive(sqlx::FromRow)]
struct JobRow {
    id: Uuid,
    kind: String,
    payload: Value,
    run_at: DateTime<Utc>,
    attempts: i32,
    once_key: Option<String>,
}

/// Takes the job that has waited longest and keeps others away from it until `locked_until`.
pub(crate) async fn claim_job(
    pool: &PgPool,
    kinds: &[String],
    now: DateTime<Utc>,
    locked_until: DateTime<Utc>,
) -> Result<Option<Job>> {
    let row = sqlx::query_as::<_, JobRow>(
        "UPDATE op.job SET locked_until = $3
         WHERE id = (
             SELECT id FROM op.job
             WHERE NOT dead AND run_at <= $2 AND (locked_until IS NULL OR locked_until < $2) AND kind = ANY($1)
             ORDER BY run_at
             LIMIT 1
             FOR UPDATE SKIP LOCKED
         )
         RETURNING id, kind, payload, run_at, attempts, once_key",
    )
    .bind(kinds)
    .bind(now)
    .bind(locked_until)
    .fetch_optional(pool)
    .await
    .map_err(db::fault)?;
    Ok(row.map(|row| Job {
        id: row.id,
        kind: row.kind,
        payload: row.payload,
        run_at: row.run_at,
        attempts: row.attempts,
        once: row.once_key,
    }))
}

/// Removes a finished job; false when somebody else has finished it meanwhile.
pub(crate) async fn delete_job(connection: &mut PgConnection, id: Uuid) -> Result<bool> {
    let done = sqlx::query("DELETE FROM op.job WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// Locks the job's row and tells its moment: a handler that wrote the same job anew must not lose it.
pub(crate) async fn job_moment(connection: &mut PgConnection, id: Uuid) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT run_at FROM op.job WHERE id = $1 FOR UPDATE")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn unlock_job(connection: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query("UPDATE op.job SET locked_until = NULL WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn postpone_job(
    pool: &PgPool,
    id: Uuid,
    run_at: DateTime<Utc>,
    error: &str,
    dead: bool,
) -> Result<()> {
    sqlx::query(
        "UPDATE op.job SET attempts = attempts + 1, run_at = $2, last_error = $3, dead = $4, locked_until = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(run_at)
    .bind(error)
    .bind(dead)
    .execute(pool)
    .await
    .map_err(db::fault)?;
    Ok(())
}
