//! Imports: a file, how its columns are read, how far it has come.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

/// An import as it is kept.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub(crate) struct ImportRow {
    pub id: Uuid,
    pub register: String,
    pub digest: String,
    pub file: Option<Uuid>,
    pub file_name: String,
    pub file_size: i64,
    pub file_sha256: String,
    pub format: String,
    pub sheet: String,
    pub sheets: Vec<String>,
    pub headings: Vec<String>,
    pub mapping: Vec<String>,
    pub valid_from: NaiveDate,
    pub agency: Uuid,
    pub started_by: Uuid,
    pub started_name: String,
    pub account: Uuid,
    pub position: Uuid,
    pub started_at: DateTime<Utc>,
    pub state: String,
    pub done_rows: i64,
    pub read_bytes: i64,
    pub created: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub bad: i64,
    pub asked_at: Option<DateTime<Utc>>,
    pub decided_name: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub note: String,
    pub ended_at: Option<DateTime<Utc>>,
    pub what: Option<Json<Value>>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id,
                    register,
                    digest,
                    file,
                    file_name,
                    file_size,
                    file_sha256,
                    format,
                    sheet,
                    sheets,
                    headings,
                    mapping,
                    valid_from,
                    agency,
                    started_by,
                    started_name,
                    account,
                    position,
                    started_at,
                    state,
                    done_rows,
                    read_bytes,
                    created,
                    changed,
                    unchanged,
                    bad,
                    asked_at,
                    decided_name,
                    decided_at,
                    note,
                    ended_at,
                    what
             FROM registry.import ",
            $tail
        )
    };
}

/// Keeps a new import.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &ImportRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO registry.import (
             id,
             register,
             digest,
             file,
             file_name,
             file_size,
             file_sha256,
             format,
             sheet,
             sheets,
             headings,
             mapping,
             valid_from,
             agency,
             started_by,
             started_name,
             account,
             position,
             started_at,
             state
         )
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
    )
    .bind(new.id)
    .bind(&new.register)
    .bind(&new.digest)
    .bind(new.file)
    .bind(&new.file_name)
    .bind(new.file_size)
    .bind(&new.file_sha256)
    .bind(&new.format)
    .bind(&new.sheet)
    .bind(&new.sheets)
    .bind(&new.headings)
    .bind(&new.mapping)
    .bind(new.valid_from)
    .bind(new.agency)
    .bind(new.started_by)
    .bind(&new.started_name)
    .bind(new.account)
    .bind(new.position)
    .bind(new.started_at)
    .bind(&new.state)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<ImportRow>> {
    sqlx::query_as(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The same, held to the end of the operation: two who carry it on come one after the other.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<Option<ImportRow>> {
    sqlx::query_as(select!("WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The imports of a register, the newest first.
pub(crate) async fn of_register(
    connection: &mut PgConnection,
    register: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    sqlx::query_as(select!(
        "WHERE register = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind(register)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What waits to be approved in these registers, the oldest first.
pub(crate) async fn asked(
    connection: &mut PgConnection,
    registers: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    sqlx::query_as(select!(
        "WHERE state = 'asked' AND register = ANY ($1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"
    ))
    .bind(registers)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Uploads that nobody has gone on with since a moment, and those that nobody has decided on since another one.
pub(crate) async fn left(
    connection: &mut PgConnection,
    before: DateTime<Utc>,
    asked_before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ImportRow>> {
    sqlx::query_as(select!(
        "WHERE (state = 'mapping' AND coalesce(decided_at, started_at) < $1) OR (state = 'asked' AND asked_at < $2)
         ORDER BY started_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED"
    ))
    .bind(before)
    .bind(asked_before)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Another sheet of the workbook is read.
pub(crate) async fn set_sheet(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    (sheet, headings): (&str, &[String]),
) -> Result<()> {
    sqlx::query("UPDATE registry.import SET sheet = $2, headings = $3 WHERE id = $1")
        .bind(id)
        .bind(sheet)
        .bind(headings)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// It is known what the columns are: the work may begin, or is asked for. Whoever said so is whose import it is; what was decided before is over.
pub(crate) async fn set_mapping(connection: &mut PgConnection, _: &Permit, row: &ImportRow) -> Result<()> {
    sqlx::query(
        "UPDATE registry.import
         SET digest = $2,
             mapping = $3,
             valid_from = $4,
             agency = $5,
             started_by = $6,
             started_name = $7,
             account = $8,
             position = $9,
             state = $10,
             asked_at = $11,
             decided_by = NULL,
             decided_name = '',
             decided_at = NULL,
             note = ''
         WHERE id = $1",
    )
    .bind(row.id)
    .bind(&row.digest)
    .bind(&row.mapping)
    .bind(row.valid_from)
    .bind(row.agency)
    .bind(row.started_by)
    .bind(&row.started_name)
    .bind(row.account)
    .bind(row.position)
    .bind(&row.state)
    .bind(row.asked_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What was decided on an import.
pub(crate) struct Decided<'a> {
    pub state: &'a str,
    pub by: PersonId,
    pub name: &'a str,
    pub at: DateTime<Utc>,
    pub note: &'a str,
}

/// Writes down what was decided, and where the import stands now.
pub(crate) async fn decide(connection: &mut PgConnection, _: &Permit, id: Uuid, decided: &Decided<'_>) -> Result<()> {
    sqlx::query(
        "UPDATE registry.import
         SET state = $2, decided_by = $3, decided_name = $4, decided_at = $5, note = $6
         WHERE id = $1",
    )
    .bind(id)
    .bind(decided.state)
    .bind(decided.by.uuid())
    .bind(decided.name)
    .bind(decided.at)
    .bind(decided.note)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How far it has come, in the transaction of the rows themselves.
pub(crate) async fn advance(connection: &mut PgConnection, _: &Permit, row: &ImportRow) -> Result<()> {
    sqlx::query(
        "UPDATE registry.import
         SET state = $2,
             done_rows = $3,
             read_bytes = $4,
             created = $5,
             changed = $6,
             unchanged = $7,
             bad = $8,
             ended_at = $9,
             what = $10,
             file = $11
         WHERE id = $1",
    )
    .bind(row.id)
    .bind(&row.state)
    .bind(row.done_rows)
    .bind(row.read_bytes)
    .bind(row.created)
    .bind(row.changed)
    .bind(row.unchanged)
    .bind(row.bad)
    .bind(row.ended_at)
    .bind(&row.what)
    .bind(row.file)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
