//! op.audit_entry and op.audit_seal: the trail and its chain.

use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::audit::Content;

#[derive(Debug, Clone)]
pub(crate) struct EntryRow {
    pub(crate) at: DateTime<Utc>,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) purpose: String,
    pub(crate) request: Uuid,
    pub(crate) person: Option<Uuid>,
    pub(crate) detail: String,
    pub(crate) digest: Vec<u8>,
}

impl EntryRow {
    /// What the chain sees of it.
    pub(crate) fn content(&self) -> Content<'_> {
        Content {
            at: self.at.timestamp_micros(),
            actor: &self.actor,
            action: &self.action,
            subject: &self.subject,
            purpose: &self.purpose,
            request: self.request,
            person: self.person,
            detail: &self.detail,
        }
    }
}

/// Undoes the transaction and writes an entry that lasts. A new transaction is open afterwards, behind the same wall.
pub(crate) async fn insert_entry_alone(
    connection: &mut PgConnection,
    row: &EntryRow,
    wall: Option<String>,
) -> Result<()> {
    raw_sql("ROLLBACK", connection).await?;
    let written = insert_entry(connection, row).await;
    raw_sql("BEGIN", connection).await?;
    if wall.is_some() {
        super::build(connection, wall).await?;
    }
    written
}

/// Writes an entry that lasts, on a connection of its own.
pub(crate) async fn insert_entry_apart(pool: &PgPool, row: &EntryRow) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(db::fault)?;
    insert_entry(&mut connection, row).await
}

async fn raw_sql(statement: &'static str, connection: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql(statement).execute(connection).await.map_err(db::fault)?;
    Ok(())
}

async fn insert_entry(connection: &mut PgConnection, row: &EntryRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, person, detail, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.at)
    .bind(&row.actor)
    .bind(&row.action)
    .bind(&row.subject)
    .bind(&row.purpose)
    .bind(row.request)
    .bind(row.person)
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

/// An entry about somebody's data.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct AboutRow {
    pub(crate) id: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) action: String,
    pub(crate) purpose: String,
    pub(crate) detail: String,
}

/// An entry that bears the mark of an emergency.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct DeedRow {
    pub(crate) id: i64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) purpose: String,
}

/// Entries of one actor that bear the mark of an emergency, below a number, the newest first.
pub(crate) async fn under_emergency(
    connection: &mut PgConnection,
    actor: &str,
    (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
    below: i64,
    limit: i64,
) -> Result<Vec<DeedRow>> {
    sqlx::query_as(
        "SELECT id, at, action, subject, purpose
         FROM op.audit_entry
         WHERE actor = $1
           AND at >= $2
           AND ($3::timestamptz IS NULL OR at < $3)
           AND id < $4
           AND detail::jsonb ? 'emergency'
         ORDER BY id DESC
         LIMIT $5",
    )
    .bind(actor)
    .bind(from)
    .bind(to)
    .bind(below)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn count_under_emergency(
    connection: &mut PgConnection,
    actor: &str,
    (from, to): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*)
         FROM op.audit_entry
         WHERE actor = $1 AND at >= $2 AND ($3::timestamptz IS NULL OR at < $3) AND detail::jsonb ? 'emergency'",
    )
    .bind(actor)
    .bind(from)
    .bind(to)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Entries about a person's data below a number, the newest first.
pub(crate) async fn about(
    connection: &mut PgConnection,
    person: Uuid,
    below: i64,
    limit: i64,
) -> Result<Vec<AboutRow>> {
    sqlx::query_as(
        "SELECT id, at, action, purpose, detail
         FROM op.audit_entry
         WHERE person = $1 AND id < $2
         ORDER BY id DESC
         LIMIT $3",
    )
    .bind(person)
    .bind(below)
    .bind(limit)
    .fetch_all(connection)
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
