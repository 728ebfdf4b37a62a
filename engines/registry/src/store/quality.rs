//! The quality of registers: records of the day one batch after the other, what a run has counted, what it has found.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use db::{Name, Statement};
use kernel::Result;
use op::Permit;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};
use uuid::Uuid;
use vault::Vault;

use super::{record, table};
use crate::definition::{FieldDefinition, RecordDefinition};
use crate::model::column::from_text;
use crate::model::{FieldProfile, Figures, Reason, ReasonCount, Record, Sort};

/// What holds on a day.
pub(super) fn on_day(get: &mut Statement, day: NaiveDate) {
    get.text(" WHERE valid_from <= ")
        .value(day)
        .text(" AND (valid_to IS NULL OR valid_to >= ")
        .value(day)
        .text(")");
}

/// A record of the day, and whether what is sealed of it did not open.
pub(crate) struct DayRecord {
    pub record: Record,
    pub broken: bool,
}

/// The next records of a day, the newest first, opened.
pub(crate) async fn day_batch(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    day: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
    vault: &Vault,
) -> Result<Vec<DayRecord>> {
    let fields = record::plain(definition);
    let mut get = record::select(definition, &fields)?;
    get.text(" FROM records.").name(&table::now(definition)?);
    on_day(&mut get, day);
    if let Some(after) = after {
        get.text(" AND id < ").value(after);
    }
    get.text(" ORDER BY id DESC LIMIT ").value(limit);
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| match record::record(definition, &fields, row, Some(vault)) {
            Ok(record) => Ok(DayRecord { record, broken: false }),
            // One row that was tampered with is told; it does not keep the others from being looked at.
            Err(fault) if fault.code == "vault.sealed_broken" => Ok(DayRecord {
                record: record::record(definition, &fields, row, None)?,
                broken: true,
            }),
            Err(fault) => Err(fault),
        })
        .collect()
}

/// Records of a day by their identifiers, opened.
pub(crate) async fn day_records(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    day: NaiveDate,
    ids: &[Uuid],
    vault: Option<&Vault>,
) -> Result<Vec<Record>> {
    let fields = record::plain(definition);
    let mut get = record::select(definition, &fields)?;
    get.text(" FROM records.").name(&table::now(definition)?);
    on_day(&mut get, day);
    get.text(" AND id = ANY (").value(ids.to_vec()).text(")");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| record::record(definition, &fields, row, vault))
        .collect()
}

/// Which of these are records, whether they have ended or not.
pub(crate) async fn known(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>> {
    let mut get = Statement::new("SELECT DISTINCT id FROM records.");
    get.name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(")");
    let rows = get.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get(0).map_err(db::fault)).collect()
}

/// How many records of a day have a value in a field, and what a quarter, the half and three quarters of them lie below.
pub(crate) async fn quarters(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    field: &FieldDefinition,
    day: NaiveDate,
) -> Result<(u64, Option<[Value; 3]>)> {
    let name = Name::new(field.field.clone())?;
    let mut get = Statement::new("SELECT count(");
    get.name(&name)
        .text("), (percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY ")
        .name(&name)
        .text("))::text[] FROM records.")
        .name(&table::now(definition)?);
    on_day(&mut get, day);
    let Some(row) = get.fetch_optional(connection).await? else {
        return Ok((0, None));
    };
    let count: i64 = row.try_get(0).map_err(db::fault)?;
    let texts: Option<Vec<Option<String>>> = row.try_get(1).map_err(db::fault)?;
    let read = |text: &Option<String>| text.as_deref().map(|text| from_text(field, text, None));
    let quarters = texts.and_then(|texts| match texts.as_slice() {
        [first, second, third] => Some([read(first)?, read(second)?, read(third)?]),
        _ => None,
    });
    Ok((u64::try_from(count).unwrap_or(0), quarters))
}

/// A run that is under way.
pub(crate) struct Underway<S> {
    pub run: Uuid,
    pub begun_at: DateTime<Utc>,
    pub state: S,
}

/// Since when a run of a register is under way.
pub(crate) async fn begun(connection: &mut PgConnection, register: &str) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT begun_at FROM registry.quality_run WHERE register = $1")
        .bind(register)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The run that is under way, held until the operation ends.
pub(crate) async fn underway<S: DeserializeOwned>(
    connection: &mut PgConnection,
    register: &str,
) -> Result<Option<Underway<S>>> {
    let row: Option<(Uuid, DateTime<Utc>, Value)> =
        sqlx::query_as("SELECT run, begun_at, state FROM registry.quality_run WHERE register = $1 FOR UPDATE")
            .bind(register)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    row.map(|(run, begun_at, state)| {
        let state = serde_json::from_value(state).map_err(|_| crate::error::broken_row("quality_run"))?;
        Ok(Underway { run, begun_at, state })
    })
    .transpose()
}

/// Begins a run, or writes how far it is.
pub(crate) async fn put_run<S: Serialize + Sync>(
    connection: &mut PgConnection,
    _: &Permit,
    register: &str,
    run: &Underway<S>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO registry.quality_run (register, run, begun_at, state) VALUES ($1, $2, $3, $4)
         ON CONFLICT (register) DO UPDATE SET run = excluded.run, begun_at = excluded.begun_at, state = excluded.state",
    )
    .bind(register)
    .bind(run.run)
    .bind(run.begun_at)
    .bind(Json(&run.state))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Takes a run away, with what it has found so far where that was not shown.
pub(crate) async fn drop_run(connection: &mut PgConnection, _: &Permit, register: &str) -> Result<()> {
    sqlx::query("DELETE FROM registry.quality_run WHERE register = $1")
        .bind(register)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("DELETE FROM registry.failing WHERE register = $1 AND NOT shown")
        .bind(register)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Keeps records that fail, each with its reason.
pub(crate) async fn keep_failing(
    connection: &mut PgConnection,
    _: &Permit,
    register: &str,
    run: Uuid,
    rows: &[(Uuid, Reason)],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let column =
        |read: fn(&Reason) -> &str| -> Vec<String> { rows.iter().map(|(_, reason)| read(reason).to_owned()).collect() };
    sqlx::query(
        "INSERT INTO registry.failing (register, run, sort, field, rule, record)
         SELECT $1, $2, new.sort, new.field, new.rule, new.record
         FROM unnest($3::text[], $4::text[], $5::text[], $6::uuid[]) AS new (sort, field, rule, record)
         ON CONFLICT DO NOTHING",
    )
    .bind(register)
    .bind(run)
    .bind(column(|reason| reason.sort.as_str()))
    .bind(column(|reason| &reason.field))
    .bind(column(|reason| &reason.rule))
    .bind(rows.iter().map(|(record, _)| *record).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The outcome of a run.
pub(crate) struct Outcome<'a> {
    pub figures: &'a Figures,
    pub reasons: &'a [ReasonCount],
    pub profile: &'a [FieldProfile],
    pub took_ms: i64,
}

/// Figures older than so many days are no trend.
const KEPT_DAYS: i32 = 1_100;

/// Ends a run: its figures, profile and failing rows take the place of the last ones'.
pub(crate) async fn end_run(
    connection: &mut PgConnection,
    permit: &Permit,
    register: &str,
    run: Uuid,
    outcome: &Outcome<'_>,
) -> Result<()> {
    let figures = outcome.figures;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query(
        "INSERT INTO registry.quality
             (register, at, records, correct, complete, clean, live, filled, fillable, fields, partly, reasons, took_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (register, at) DO NOTHING",
    )
    .bind(register)
    .bind(figures.at)
    .bind(number(figures.records))
    .bind(number(figures.correct))
    .bind(number(figures.complete))
    .bind(figures.clean.map(number))
    .bind(figures.live.map(number))
    .bind(number(figures.filled))
    .bind(number(figures.fillable))
    .bind(i32::try_from(figures.fields).unwrap_or(i32::MAX))
    .bind(figures.partly)
    .bind(Json(outcome.reasons))
    .bind(outcome.took_ms)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "INSERT INTO registry.profile (register, at, fields) VALUES ($1, $2, $3)
         ON CONFLICT (register) DO UPDATE SET at = excluded.at, fields = excluded.fields",
    )
    .bind(register)
    .bind(figures.at)
    .bind(Json(outcome.profile))
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query("DELETE FROM registry.quality WHERE register = $1 AND at < $2 - make_interval(days => $3)")
        .bind(register)
        .bind(figures.at)
        .bind(KEPT_DAYS)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("DELETE FROM registry.failing WHERE register = $1 AND run <> $2")
        .bind(register)
        .bind(run)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("UPDATE registry.failing SET shown = true WHERE register = $1 AND run = $2")
        .bind(register)
        .bind(run)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    drop_run(connection, permit, register).await
}

#[derive(sqlx::FromRow)]
struct FiguresRow {
    register: String,
    at: DateTime<Utc>,
    records: i64,
    correct: i64,
    complete: i64,
    clean: Option<i64>,
    live: Option<i64>,
    filled: i64,
    fillable: i64,
    fields: i32,
    partly: bool,
}

impl From<FiguresRow> for Figures {
    fn from(row: FiguresRow) -> Self {
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        Self {
            at: row.at,
            records: number(row.records),
            correct: number(row.correct),
            complete: number(row.complete),
            clean: row.clean.map(number),
            live: row.live.map(number),
            filled: number(row.filled),
            fillable: number(row.fillable),
            fields: u32::try_from(row.fields).unwrap_or(0),
            partly: row.partly,
        }
    }
}

/// The newest figures of every register that was measured.
pub(crate) async fn newest(connection: &mut PgConnection) -> Result<BTreeMap<String, Figures>> {
    let rows: Vec<FiguresRow> = sqlx::query_as(
        "SELECT newest.*
         FROM registry.register
         CROSS JOIN LATERAL (
             SELECT register, at, records, correct, complete, clean, live, filled, fillable, fields, partly
             FROM registry.quality
             WHERE quality.register = register.register
             ORDER BY at DESC
             LIMIT 1
         ) AS newest",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(|row| (row.register.clone(), row.into())).collect())
}

/// The figures of a register, the last ones of each day in Vietnam, the newest first.
pub(crate) async fn trend(connection: &mut PgConnection, register: &str, days: i64) -> Result<Vec<Figures>> {
    let rows: Vec<FiguresRow> = sqlx::query_as(
        "SELECT DISTINCT ON ((at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)
                register, at, records, correct, complete, clean, live, filled, fillable, fields, partly
         FROM registry.quality
         WHERE register = $1
         ORDER BY (at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date DESC, at DESC
         LIMIT $2",
    )
    .bind(register)
    .bind(days)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(Figures::from).collect())
}

/// How many records had which reason when a register was measured last.
pub(crate) async fn reasons(connection: &mut PgConnection, register: &str) -> Result<Vec<ReasonCount>> {
    let row: Option<Json<Vec<ReasonCount>>> =
        sqlx::query_scalar("SELECT reasons FROM registry.quality WHERE register = $1 ORDER BY at DESC LIMIT 1")
            .bind(register)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(row.map(|Json(reasons)| reasons).unwrap_or_default())
}

/// The profile of a register by its newest run.
pub(crate) async fn profile(connection: &mut PgConnection, register: &str) -> Result<Vec<FieldProfile>> {
    let row: Option<Json<Vec<FieldProfile>>> =
        sqlx::query_scalar("SELECT fields FROM registry.profile WHERE register = $1")
            .bind(register)
            .fetch_optional(connection)
            .await
            .map_err(db::fault)?;
    Ok(row.map(|Json(fields)| fields).unwrap_or_default())
}

/// Which failing rows are wanted; what is not named does not narrow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted<'a> {
    pub sort: Option<Sort>,
    pub field: Option<&'a str>,
    pub rule: Option<&'a str>,
    /// Fields that the reader sees.
    pub visible: Vec<String>,
}

/// Where a page of failing rows begins.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct After {
    pub record: Uuid,
    pub sort: String,
    pub field: String,
    pub rule: String,
}

/// Failing rows, those of the newest records first.
pub(crate) async fn failing(
    connection: &mut PgConnection,
    register: &str,
    wanted: &Wanted<'_>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<(Uuid, Reason)>> {
    let rows: Vec<(Uuid, String, String, String)> = sqlx::query_as(
        "SELECT record, sort, field, rule
         FROM registry.failing
         WHERE register = $1 AND shown
           AND ($2::text IS NULL OR sort = $2)
           AND ($3::text IS NULL OR field = $3)
           AND ($4::text IS NULL OR rule = $4)
           AND (field = '' OR field = ANY ($5))
           AND ($6::uuid IS NULL OR record < $6 OR (record = $6 AND (sort, field, rule) > ($7, $8, $9)))
         ORDER BY record DESC, sort, field, rule
         LIMIT $10",
    )
    .bind(register)
    .bind(wanted.sort.map(Sort::as_str))
    .bind(wanted.field)
    .bind(wanted.rule)
    .bind(&wanted.visible)
    .bind(after.as_ref().map(|after| after.record))
    .bind(after.as_ref().map(|after| after.sort.clone()))
    .bind(after.as_ref().map(|after| after.field.clone()))
    .bind(after.as_ref().map(|after| after.rule.clone()))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let read = |(record, sort, field, rule): (Uuid, String, String, String)| {
        let sort = Sort::parse(&sort)?;
        Some((record, Reason { sort, field, rule }))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
