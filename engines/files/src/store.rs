//! All SQL of the engine.

use chrono::{DateTime, Utc};
use kernel::{FileId, Result};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{FileView, Scan};

#[derive(sqlx::FromRow)]
struct FileRow {
    id: Uuid,
    sha256: String,
    name: String,
    media_type: String,
    purpose: String,
    holder: String,
    uploaded_by: String,
    uploaded_at: DateTime<Utc>,
    size: i64,
    scan: String,
    flags: Vec<String>,
}

impl From<FileRow> for FileView {
    fn from(row: FileRow) -> Self {
        Self {
            id: FileId::from_uuid(row.id),
            name: row.name,
            media_type: row.media_type,
            size: row.size.unsigned_abs(),
            sha256: row.sha256,
            uploaded_at: row.uploaded_at,
            uploaded_by: row.uploaded_by,
            purpose: row.purpose,
            holder: row.holder,
            scan: Scan::of_word(&row.scan),
            flags: row.flags,
        }
    }
}

/// The lock number of a content: its first 64 bits. Two contents with the same ones only wait for each other.
fn lock_number(sha256: &str) -> i64 {
    i64::from_ne_bytes(u64::from_str_radix(&sha256[..16], 16).unwrap_or_default().to_ne_bytes())
}

/// Held by whoever stores this content, to the end of the transaction.
pub(crate) async fn lock_shared(conn: &mut PgConnection, sha256: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared($1)")
        .bind(lock_number(sha256))
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// For the sweep: `false` when somebody is storing this content now.
pub(crate) async fn try_lock(conn: &mut PgConnection, sha256: &str) -> Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)")
        .bind(lock_number(sha256))
        .fetch_one(conn)
        .await
        .map_err(db::fault)
}

/// Content and file in one statement. What an earlier scan of the content said stands unless this one says more.
pub(crate) async fn insert(conn: &mut PgConnection, view: &FileView) -> Result<()> {
    sqlx::query(
        "WITH content AS (
             INSERT INTO files.blob AS blob (sha256, size, flags, scan, touched_at)
             VALUES (decode($2, 'hex'), $9, $10, $11, $8)
             ON CONFLICT (sha256) DO UPDATE SET
                 scan = CASE WHEN blob.scan = 'unscanned' THEN excluded.scan ELSE blob.scan END,
                 flags = CASE WHEN blob.flags = '{}' THEN excluded.flags ELSE blob.flags END,
                 touched_at = greatest(blob.touched_at, excluded.touched_at)
         )
         INSERT INTO files.file (
             id,
             sha256,
             name,
             media_type,
             purpose,
             holder,
             uploaded_by,
             uploaded_at
         )
         VALUES ($1, decode($2, 'hex'), $3, $4, $5, $6, $7, $8)",
    )
    .bind(view.id.uuid())
    .bind(&view.sha256)
    .bind(&view.name)
    .bind(&view.media_type)
    .bind(&view.purpose)
    .bind(&view.holder)
    .bind(&view.uploaded_by)
    .bind(view.uploaded_at)
    .bind(i64::try_from(view.size).unwrap_or(i64::MAX))
    .bind(&view.flags)
    .bind(view.scan.as_str())
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn file(conn: &mut PgConnection, id: FileId) -> Result<Option<FileView>> {
    let row: Option<FileRow> = sqlx::query_as(
        "SELECT
             file.id,
             encode(file.sha256, 'hex') AS sha256,
             file.name,
             file.media_type,
             file.purpose,
             file.holder,
             file.uploaded_by,
             file.uploaded_at,
             blob.size,
             blob.scan,
             blob.flags
         FROM files.file
         JOIN files.blob ON blob.sha256 = file.sha256
         WHERE file.id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await
    .map_err(db::fault)?;
    Ok(row.map(FileView::from))
}

pub(crate) async fn files_of(conn: &mut PgConnection, holder: &str) -> Result<Vec<FileView>> {
    let rows: Vec<FileRow> = sqlx::query_as(
        "SELECT
             file.id,
             encode(file.sha256, 'hex') AS sha256,
             file.name,
             file.media_type,
             file.purpose,
             file.holder,
             file.uploaded_by,
             file.uploaded_at,
             blob.size,
             blob.scan,
             blob.flags
         FROM files.file
         JOIN files.blob ON blob.sha256 = file.sha256
         WHERE file.holder = $1
         ORDER BY file.uploaded_at, file.id",
    )
    .bind(holder)
    .fetch_all(conn)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(FileView::from).collect())
}

pub(crate) async fn reassign(conn: &mut PgConnection, id: FileId, holder: &str) -> Result<bool> {
    let done = sqlx::query("UPDATE files.file SET holder = $2 WHERE id = $1")
        .bind(id.uuid())
        .bind(holder)
        .execute(conn)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// The content's day of grace begins now.
pub(crate) async fn remove(conn: &mut PgConnection, id: FileId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query(
        "WITH gone AS (DELETE FROM files.file WHERE id = $1 RETURNING sha256)
         UPDATE files.blob SET touched_at = greatest(touched_at, $2)
         FROM gone
         WHERE blob.sha256 = gone.sha256",
    )
    .bind(id.uuid())
    .bind(now)
    .execute(conn)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// The same of everything that such holders have had since before a moment.
pub(crate) async fn remove_left(
    conn: &mut PgConnection,
    holders: &str,
    before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let gone: i64 = sqlx::query_scalar(
        "WITH gone AS (
             DELETE FROM files.file WHERE starts_with(holder, $1) AND uploaded_at < $2 RETURNING sha256
         ), touched AS (
             UPDATE files.blob SET touched_at = greatest(touched_at, $3) WHERE sha256 IN (SELECT sha256 FROM gone)
         )
         SELECT count(*) FROM gone",
    )
    .bind(holders)
    .bind(before)
    .bind(now)
    .fetch_one(conn)
    .await
    .map_err(db::fault)?;
    Ok(u64::try_from(gone).unwrap_or_default())
}

/// Contents without a file that nobody touched since `before`; at most `limit`.
pub(crate) async fn unused(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT encode(blob.sha256, 'hex')
         FROM files.blob
         WHERE blob.touched_at < $1
           AND NOT EXISTS (SELECT FROM files.file WHERE file.sha256 = blob.sha256)
         ORDER BY blob.touched_at
         LIMIT $2",
    )
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await
    .map_err(db::fault)
}

/// Which of these contents have no blob row.
pub(crate) async fn unknown(conn: &mut PgConnection, sha256: &[String]) -> Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT asked.sha256
         FROM unnest($1::text[]) AS asked (sha256)
         WHERE NOT EXISTS (SELECT FROM files.blob WHERE blob.sha256 = decode(asked.sha256, 'hex'))",
    )
    .bind(sha256)
    .fetch_all(conn)
    .await
    .map_err(db::fault)
}

/// Deletes the row of an unused content. Call it under [`try_lock`]. Afterwards there is certainly no row exactly when this says `true`.
pub(crate) async fn delete_unused(conn: &mut PgConnection, sha256: &str, before: DateTime<Utc>) -> Result<bool> {
    sqlx::query(
        "DELETE FROM files.blob
         WHERE blob.sha256 = decode($1, 'hex')
           AND blob.touched_at < $2
           AND NOT EXISTS (SELECT FROM files.file WHERE file.sha256 = blob.sha256)",
    )
    .bind(sha256)
    .bind(before)
    .execute(&mut *conn)
    .await
    .map_err(db::fault)?;
    let kept: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM files.blob WHERE sha256 = decode($1, 'hex'))")
        .bind(sha256)
        .fetch_one(conn)
        .await
        .map_err(db::fault)?;
    Ok(!kept)
}
