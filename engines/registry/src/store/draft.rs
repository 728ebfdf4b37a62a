//! Registers that are being drawn.

use chrono::{DateTime, Utc};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::drafts::{Draft, DraftLine};
use crate::error;

/// What somebody draws, the latest first.
pub(crate) async fn of_person(connection: &mut PgConnection, person: PersonId, limit: i64) -> Result<Vec<DraftLine>> {
    let rows: Vec<(Uuid, String, DateTime<Utc>)> = sqlx::query_as(
        "SELECT id, name, changed_at
         FROM registry.draft_register
         WHERE person = $1
         ORDER BY changed_at DESC, id DESC
         LIMIT $2",
    )
    .bind(person.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let lines = rows
        .into_iter()
        .map(|(id, name, changed_at)| DraftLine { id, name, changed_at });
    Ok(lines.collect())
}

pub(crate) async fn get(connection: &mut PgConnection, person: PersonId, id: Uuid) -> Result<Option<Draft>> {
    let sql = "SELECT tree, changed_at FROM registry.draft_register WHERE id = $1 AND person = $2";
    read(connection, sql, person, id).await
}

/// The same; nobody else writes it until the transaction is over.
pub(crate) async fn locked(connection: &mut PgConnection, person: PersonId, id: Uuid) -> Result<Option<Draft>> {
    let sql = "SELECT tree, changed_at FROM registry.draft_register WHERE id = $1 AND person = $2 FOR UPDATE";
    read(connection, sql, person, id).await
}

async fn read(connection: &mut PgConnection, sql: &'static str, person: PersonId, id: Uuid) -> Result<Option<Draft>> {
    let row: Option<(String, DateTime<Utc>)> = sqlx::query_as(sql)
        .bind(id)
        .bind(person.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    let Some((tree, changed_at)) = row else { return Ok(None) };
    let tree: Value = serde_json::from_str(&tree).map_err(|why| error::broken_row("tree").caused_by(why))?;
    Ok(Some(Draft::new(id, tree, changed_at)))
}

/// Writes one, new or not; whether it is there now, and the person's.
pub(crate) async fn put(
    connection: &mut PgConnection,
    _: &Permit,
    person: PersonId,
    draft: &Draft,
    name: &str,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO registry.draft_register (id, person, name, tree, made_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, tree = excluded.tree, changed_at = excluded.changed_at
         WHERE draft_register.person = excluded.person",
    )
    .bind(draft.id)
    .bind(person.uuid())
    .bind(name)
    .bind(draft.tree.to_string())
    .bind(draft.changed_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn remove(connection: &mut PgConnection, _: &Permit, person: PersonId, id: Uuid) -> Result<bool> {
    let done = sqlx::query("DELETE FROM registry.draft_register WHERE id = $1 AND person = $2")
        .bind(id)
        .bind(person.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// Which of these registers are in force, and whether they are catalogues.
pub(crate) async fn known(connection: &mut PgConnection, registers: &[String]) -> Result<Vec<(String, bool)>> {
    sqlx::query_as("SELECT register, catalogue FROM registry.register WHERE register = ANY ($1)")
        .bind(registers.to_vec())
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}
