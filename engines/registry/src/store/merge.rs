//! Records that were found to be one thing, and what referred to those that are no more.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::Result;
use op::Permit;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::Vault;

use super::{record, table};
use crate::definition::RecordDefinition;
use crate::error;
use crate::model::Record;

/// A merge, as it is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct MergedRow {
    pub record: Uuid,
    pub into_record: Uuid,
    pub into_version: i64,
    pub changed: bool,
    pub at: DateTime<Utc>,
    pub by_person: Option<Uuid>,
    pub by_name: String,
    pub reason: String,
}

/// Writes down that a record was merged.
pub(crate) async fn put(connection: &mut PgConnection, _: &Permit, register: &str, row: &MergedRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO registry.merged (register, record, into_record, into_version, changed, at, by_person, by_name, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(register)
    .bind(row.record)
    .bind(row.into_record)
    .bind(row.into_version)
    .bind(row.changed)
    .bind(row.at)
    .bind(row.by_person)
    .bind(&row.by_name)
    .bind(&row.reason)
    .execute(connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some(_) => error::record_not_found(),
        None => db::fault(error),
    })?;
    Ok(())
}

/// How a record was merged; held until the operation ends.
pub(crate) async fn get(connection: &mut PgConnection, register: &str, lost: Uuid) -> Result<Option<MergedRow>> {
    sqlx::query_as(
        "SELECT record, into_record, into_version, changed, at, by_person, by_name, reason
         FROM registry.merged WHERE register = $1 AND record = $2 FOR UPDATE",
    )
    .bind(register)
    .bind(lost)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// How a record was merged.
pub(crate) async fn find(connection: &mut PgConnection, register: &str, lost: Uuid) -> Result<Option<MergedRow>> {
    sqlx::query_as(
        "SELECT record, into_record, into_version, changed, at, by_person, by_name, reason
         FROM registry.merged WHERE register = $1 AND record = $2",
    )
    .bind(register)
    .bind(lost)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Takes a merge away, with what was led on by it.
pub(crate) async fn remove(connection: &mut PgConnection, _: &Permit, register: &str, lost: Uuid) -> Result<()> {
    sqlx::query("DELETE FROM registry.merged WHERE register = $1 AND record = $2")
        .bind(register)
        .bind(lost)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The records that were merged into these, and into those in turn.
pub(crate) async fn all_into(connection: &mut PgConnection, register: &str, into: &[Uuid]) -> Result<Vec<Uuid>> {
    if into.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar(
        "WITH RECURSIVE lost AS (
             SELECT record FROM registry.merged WHERE register = $1 AND into_record = ANY ($2)
             UNION
             SELECT merged.record
             FROM lost JOIN registry.merged ON merged.register = $1 AND merged.into_record = lost.record
         )
         SELECT record FROM lost",
    )
    .bind(register)
    .bind(into)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Forgets how records were merged that are no more.
pub(crate) async fn forget(connection: &mut PgConnection, _: &Permit, register: &str, gone: &[Uuid]) -> Result<()> {
    sqlx::query("DELETE FROM registry.merged WHERE register = $1 AND record = ANY ($2)")
        .bind(register)
        .bind(gone)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The merges of a register, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    register: &str,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<MergedRow>> {
    sqlx::query_as(
        "SELECT record, into_record, into_version, changed, at, by_person, by_name, reason
         FROM registry.merged
         WHERE register = $1 AND ($2::timestamptz IS NULL OR (at, record) < ($2, $3))
         ORDER BY at DESC, record DESC
         LIMIT $4",
    )
    .bind(register)
    .bind(after.map(|after| after.0))
    .bind(after.map(|after| after.1))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What merged records were called.
pub(crate) async fn titles(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
) -> Result<BTreeMap<Uuid, String>> {
    let mut get = Statement::new("SELECT DISTINCT ON (id) id, ");
    get.name(&Name::new(definition.title.clone())?)
        .text("::text FROM records.")
        .name(&table::was(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(") ORDER BY id, replaced_at DESC, valid_from DESC");
    let rows = get.fetch_all(connection).await?;
    let mut titles = BTreeMap::new();
    for row in rows {
        let title: Option<String> = row.try_get(1).map_err(db::fault)?;
        titles.insert(row.try_get(0).map_err(db::fault)?, title.unwrap_or_default());
    }
    Ok(titles)
}

/// The rows of a record that were replaced at a moment for a reason, opened.
pub(crate) async fn replaced(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    id: Uuid,
    (at, why): (DateTime<Utc>, &str),
    vault: &Vault,
) -> Result<Vec<Record>> {
    let fields = record::plain(definition);
    let mut get = record::select(definition, &fields)?;
    get.text(" FROM records.")
        .name(&table::was(definition)?)
        .text(" WHERE id = ")
        .value(id)
        .text(" AND replaced_at = ")
        .value(at)
        .text(" AND replaced_why = ")
        .value(why.to_owned())
        .text(" ORDER BY valid_from");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| record::record(definition, &fields, row, Some(vault)))
        .collect()
}

/// Records that refer to one, some at a time.
pub(crate) async fn referring(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    field: &str,
    to: Uuid,
    limit: i64,
) -> Result<Vec<Uuid>> {
    let mut get = Statement::new("SELECT DISTINCT id FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE ")
        .name(&Name::new(field.to_owned())?)
        .text(" = ")
        .value(to)
        .text(" ORDER BY id LIMIT ")
        .value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// How many records refer to one by a field.
pub(crate) async fn count(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    field: &str,
    to: Uuid,
) -> Result<i64> {
    let mut get = Statement::new("SELECT count(DISTINCT id) FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE ")
        .name(&Name::new(field.to_owned())?)
        .text(" = ")
        .value(to);
    let row = get.fetch_optional(connection).await?;
    row.map_or(Ok(0), |row| row.try_get(0).map_err(db::fault))
}

/// One reference that was led on.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct LedOn {
    pub from_register: String,
    pub from_record: Uuid,
    pub field: String,
    pub valid_from: NaiveDate,
}

/// Notes references that were led on.
pub(crate) async fn note(
    connection: &mut PgConnection,
    _: &Permit,
    (register, lost): (&str, Uuid),
    led: &LedOn,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO registry.led_on (register, record, from_register, from_record, field, valid_from)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(register)
    .bind(lost)
    .bind(&led.from_register)
    .bind(led.from_record)
    .bind(&led.field)
    .bind(led.valid_from)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// References that a merge has led on.
pub(crate) async fn led_on(
    connection: &mut PgConnection,
    register: &str,
    lost: Uuid,
    limit: i64,
) -> Result<Vec<LedOn>> {
    sqlx::query_as(
        "SELECT from_register, from_record, field, valid_from FROM registry.led_on
         WHERE register = $1 AND record = $2 ORDER BY from_register, from_record, valid_from, field LIMIT $3",
    )
    .bind(register)
    .bind(lost)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
