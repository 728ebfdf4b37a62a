//! All SQL of this crate.

use chrono::{DateTime, Utc};
use kernel::Result;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::{Event, Job, NewJob};

/// An event as it goes into the outbox.
pub(crate) struct EventRow {
    kind: &'static str,
    subject: String,
    payload: Value,
}

impl EventRow {
    pub(crate) fn new(event: &Event) -> Self {
        Self {
            kind: event.kind,
            subject: event.subject.clone(),
            payload: event.payload.clone(),
        }
    }
}

/// All that an operation leaves in the outbox and in the audit trail, in one statement, each in the order in which it happened.
pub(crate) async fn insert_traces(
    connection: &mut PgConnection,
    actor: &str,
    request: Uuid,
    at: DateTime<Utc>,
    events: &[EventRow],
    entries: &[EntryRow],
) -> Result<()> {
    sqlx::query(
        "WITH raised AS (
             INSERT INTO op.event (kind, subject, payload, actor, request, at)
             SELECT kind, subject, payload, $1, $2, $3
             FROM unnest($4::text[], $5::text[], $6::jsonb[]) AS raised (kind, subject, payload)
         )
         INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
         SELECT $3, $1, action, subject, purpose, $2, detail, digest
         FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[]) AS entry (action, subject, purpose, detail, digest)",
    )
    .bind(actor)
    .bind(request)
    .bind(at)
    .bind(events.iter().map(|event| event.kind).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.payload).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.purpose.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.digest.as_slice()).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

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

#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct EntryRow {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) purpose: String,
    pub(crate) request: Uuid,
    pub(crate) detail: String,
    pub(crate) digest: Vec<u8>,
}

/// Undoes the transaction and writes an entry that lasts. A new transaction is open afterwards.
pub(crate) async fn insert_entry_alone(connection: &mut PgConnection, row: &EntryRow) -> Result<()> {
    raw_sql("ROLLBACK", connection).await?;
    let written = insert_entry(connection, row).await;
    raw_sql("BEGIN", connection).await?;
    written
}

async fn raw_sql(statement: &'static str, connection: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(statement).execute(connection).await.map_err(db::fault)?;
    Ok(())
}

async fn insert_entry(connection: &mut PgConnection, row: &EntryRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.at)
    .bind(&row.actor)
    .bind(&row.action)
    .bind(&row.subject)
    .bind(&row.purpose)
    .bind(row.request)
    .bind(&row.detail)
    .bind(&row.digest)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The last link of the chain, locked so that only one sealer works at a time.
pub(crate) async fn lock_last_seal(connection: &mut PgConnection) -> Result<Option<(i64, Vec<u8>)>> {
    sqlx::query("SELECT pg_advisory_xact_lock(7236)")
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query_as("SELECT position, chain FROM op.audit_seal ORDER BY position DESC LIMIT 1")
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

macro_rules! unsealed {
    ($before:literal) => {
        concat!(
            $before,
            "SELECT e.id, e.digest FROM op.audit_entry e
             WHERE e.id > $1
               AND NOT EXISTS (SELECT FROM op.audit_seal s WHERE s.entry = e.id AND s.entry > $1)
             ORDER BY e.id LIMIT $2"
        )
    };
}

/// Number of the newest entry; cheap enough to ask every second.
pub(crate) async fn last_entry(pool: &PgPool) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT max(id) FROM op.audit_entry")
        .fetch_one(pool)
        .await
        .map_err(db::fault)
}

/// Entries without a seal among those that begin `look_back` before the last one sealed: an entry whose number is lower may commit
/// later. Both tables are read from there on only.
pub(crate) async fn unsealed(connection: &mut PgConnection, look_back: i64, limit: i64) -> Result<Vec<(i64, Vec<u8>)>> {
    let last: Option<i64> = sqlx::query_scalar("SELECT max(entry) FROM op.audit_seal")
        .fetch_one(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query_as(unsealed!(""))
        .bind(last.unwrap_or(0) - look_back)
        .bind(limit)
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn insert_seals(connection: &mut PgConnection, seals: &[(i64, i64, Vec<u8>)]) -> Result<()> {
    let positions: Vec<i64> = seals.iter().map(|seal| seal.0).collect();
    let entries: Vec<i64> = seals.iter().map(|seal| seal.1).collect();
    let chains: Vec<Vec<u8>> = seals.iter().map(|seal| seal.2.clone()).collect();
    sqlx::query("INSERT INTO op.audit_seal (position, entry, chain) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])")
        .bind(positions)
        .bind(entries)
        .bind(chains)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

#[derive(Debug, sqlx::FromRow)]
pub(crate) struct LinkRow {
    pub(crate) position: i64,
    pub(crate) entry: i64,
    pub(crate) chain: Vec<u8>,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) actor: Option<String>,
    pub(crate) action: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) request: Option<Uuid>,
    pub(crate) detail: Option<String>,
    pub(crate) digest: Option<Vec<u8>>,
}

/// Links from `after` on, each with its entry, in the order of the chain.
pub(crate) async fn links(pool: &PgPool, after: i64, limit: i64) -> Result<Vec<LinkRow>> {
    sqlx::query_as(
        "SELECT s.position, s.entry, s.chain,
                e.at, e.actor, e.action, e.subject, e.purpose, e.request, e.detail, e.digest
         FROM op.audit_seal s
         LEFT JOIN op.audit_entry e ON e.id = s.entry
         WHERE s.position > $1
         ORDER BY s.position
         LIMIT $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(db::fault)
}

/// Entries that no seal covers yet.
pub(crate) async fn unsealed_count(pool: &PgPool) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry e WHERE NOT EXISTS (SELECT FROM op.audit_seal s WHERE s.entry = e.id)",
    )
    .fetch_one(pool)
    .await
    .map_err(db::fault)
}

#[cfg(test)]
mod tests {
    use testkit::Scratch;

    /// However long the trail is, the sealer reads its end only.
    #[tokio::test]
    async fn the_sealer_reads_no_table_from_its_beginning() {
        let scratch = Scratch::new(&[]).await;
        for statement in [
            "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, detail, digest)
             SELECT now(), 'system:test', 'test.done', 'thing:' || n, '', gen_random_uuid(), 'null', '\\x00'
               FROM generate_series(1, 50000) AS n",
            "INSERT INTO op.audit_seal (position, entry, chain) SELECT id, id, '\\x00' FROM op.audit_entry WHERE id < 50000",
            "ANALYZE op.audit_entry, op.audit_seal",
        ] {
            sqlx::query(statement).execute(&scratch.pool).await.unwrap();
        }
        let plan: Vec<String> = sqlx::query_scalar(unsealed!("EXPLAIN "))
            .bind(49_999_i64 - 1_000)
            .bind(10_000_i64)
            .fetch_all(&scratch.pool)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("audit_entry_pkey"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
    }
}
