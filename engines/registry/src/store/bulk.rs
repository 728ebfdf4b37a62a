//! Changes of many records at once: what is asked, which records, how far it has come.

use chrono::{DateTime, NaiveDate, Utc};
use db::Statement;
use kernel::{AccountId, AgencyId, FieldFault, PersonId, PositionId, Result};
use op::Permit;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::types::Json;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;
use vault::{Sealed, Vault};

use super::{list, record, table};
use crate::definition::RecordDefinition;
use crate::error;
use crate::list::Query;
use crate::model::Record;
use crate::model::bulk::BulkState;

/// What somebody asks for many records.
pub(crate) const BULK: Sealed = Sealed("registry.bulk");

/// What is sealed of a request: a filter may be somebody's number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Body {
    /// The list that was chosen from, as it stands in its address.
    pub query: Vec<(String, String)>,
    /// What is set, by field; null: nothing.
    pub set: Map<String, Value>,
    pub from: NaiveDate,
    pub reason: String,
}

/// How a request is named in what is sealed there, and in the trail.
pub(crate) fn subject(id: Uuid) -> String {
    format!("register_bulk:{id}")
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub id: Uuid,
    pub register: String,
    pub body: Body,
    pub agency: AgencyId,
    pub agency_name: String,
    pub account: AccountId,
    pub position: PositionId,
    pub asked_by: PersonId,
    pub asked_name: String,
    pub asked_at: DateTime<Utc>,
    pub state: BulkState,
    pub decided_name: String,
    pub decided_at: Option<DateTime<Utc>>,
    pub note: String,
    pub chosen: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub failed: i64,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
struct Raw {
    id: Uuid,
    register: String,
    sealed: Vec<u8>,
    agency: Uuid,
    agency_name: String,
    account: Uuid,
    position: Uuid,
    asked_by: Uuid,
    asked_name: String,
    asked_at: DateTime<Utc>,
    state: String,
    decided_name: String,
    decided_at: Option<DateTime<Utc>>,
    note: String,
    chosen: i64,
    changed: i64,
    unchanged: i64,
    failed: i64,
    ended_at: Option<DateTime<Utc>>,
}

impl Raw {
    fn open(self, vault: &Vault) -> Result<Row> {
        Ok(Row {
            body: BULK.open(vault, &subject(self.id), &self.sealed)?,
            id: self.id,
            register: self.register,
            agency: self.agency.into(),
            agency_name: self.agency_name,
            account: self.account.into(),
            position: self.position.into(),
            asked_by: self.asked_by.into(),
            asked_name: self.asked_name,
            asked_at: self.asked_at,
            state: BulkState::parse(&self.state).ok_or_else(|| error::broken_row("state"))?,
            decided_name: self.decided_name,
            decided_at: self.decided_at,
            note: self.note,
            chosen: self.chosen,
            changed: self.changed,
            unchanged: self.unchanged,
            failed: self.failed,
            ended_at: self.ended_at,
        })
    }
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The code of the fault, and values for its words.
    pub code: String,
    pub params: std::collections::BTreeMap<String, String>,
    /// Faults of single fields.
    pub fields: Vec<StoredFault>,
}

/// A fault of a field, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredFault {
    pub field: String,
    pub code: String,
    pub params: std::collections::BTreeMap<String, String>,
}

impl From<&FieldFault> for StoredFault {
    fn from(fault: &FieldFault) -> Self {
        Self {
            field: fault.field.clone(),
            code: fault.code.clone(),
            params: fault.params.clone(),
        }
    }
}

impl From<StoredFault> for FieldFault {
    fn from(kept: StoredFault) -> Self {
        let mut fault = FieldFault::new(kept.field, kept.code);
        fault.params = kept.params;
        fault
    }
}

/// One of the records that were chosen.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub place: i64,
    pub record: Uuid,
    pub seen: i64,
    /// `waiting`, `changed`, `unchanged` or `failed`.
    pub state: &'static str,
    pub fault: Option<Told>,
}

/// The records that a query finds, with their versions, in the order of their identifiers.
pub(crate) async fn chosen(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    query: &Query,
    day: NaiveDate,
    most: i64,
) -> Result<Vec<(Uuid, i64)>> {
    // The version of a record is the newest of its periods, not that of the one that was found.
    let now = table::now(definition)?;
    let mut get = Statement::new("SELECT id, max(version) FROM records.");
    get.name(&now).text(" WHERE id IN (SELECT id FROM records.").name(&now);
    list::conditions(&mut get, definition, query, day)?;
    get.text(") GROUP BY id ORDER BY id LIMIT ").value(most);
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0).map_err(db::fault)?, row.try_get(1).map_err(db::fault)?)))
        .collect()
}

/// Everything that is known now of these records: their periods, by record and day.
pub(crate) async fn records(
    connection: &mut PgConnection,
    definition: &RecordDefinition,
    ids: &[Uuid],
    vault: &Vault,
) -> Result<Vec<Record>> {
    let fields = record::plain(definition);
    let mut get = record::select(definition, &fields)?;
    get.text(" FROM records.")
        .name(&table::now(definition)?)
        .text(" WHERE id = ANY (")
        .value(ids.to_vec())
        .text(") ORDER BY id, valid_from");
    let rows = get.fetch_all(connection).await?;
    rows.iter()
        .map(|row| record::record(definition, &fields, row, Some(vault)))
        .collect()
}

/// Writes a request with its records.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    vault: &Vault,
    row: &Row,
    lines: &[Line],
) -> Result<()> {
    let sealed = BULK.seal(vault, &subject(row.id), &row.body)?;
    sqlx::query(
        "INSERT INTO registry.bulk
             (id, register, sealed, agency, agency_name, account, position, asked_by, asked_name, asked_at, state, chosen, unchanged, failed)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(row.id)
    .bind(&row.register)
    .bind(sealed)
    .bind(row.agency.uuid())
    .bind(&row.agency_name)
    .bind(row.account.uuid())
    .bind(row.position.uuid())
    .bind(row.asked_by.uuid())
    .bind(&row.asked_name)
    .bind(row.asked_at)
    .bind(row.state.as_str())
    .bind(row.chosen)
    .bind(row.unchanged)
    .bind(row.failed)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let places: Vec<i64> = lines.iter().map(|line| line.place).collect();
    let records: Vec<Uuid> = lines.iter().map(|line| line.record).collect();
    let seen: Vec<i64> = lines.iter().map(|line| line.seen).collect();
    let states: Vec<&str> = lines.iter().map(|line| line.state).collect();
    let faults: Vec<Option<Json<&Told>>> = lines.iter().map(|line| line.fault.as_ref().map(Json)).collect();
    sqlx::query(
        "INSERT INTO registry.bulk_record (bulk, place, record, seen, state, fault)
         SELECT $1, place, record, seen, state, fault
         FROM unnest($2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::jsonb[]) AS line (place, record, seen, state, fault)",
    )
    .bind(row.id)
    .bind(places)
    .bind(records)
    .bind(seen)
    .bind(states)
    .bind(faults)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// One; locked where it is to be carried on or decided.
pub(crate) async fn get(connection: &mut PgConnection, vault: &Vault, id: Uuid, lock: bool) -> Result<Option<Row>> {
    let sql = if lock {
        "SELECT id, register, sealed, agency, agency_name, account, position, asked_by, asked_name, asked_at, state, decided_name, decided_at,
                note, chosen, changed, unchanged, failed, ended_at
         FROM registry.bulk
         WHERE id = $1
         FOR UPDATE"
    } else {
        "SELECT id, register, sealed, agency, agency_name, account, position, asked_by, asked_name, asked_at, state, decided_name, decided_at,
                note, chosen, changed, unchanged, failed, ended_at
         FROM registry.bulk
         WHERE id = $1"
    };
    let row: Option<Raw> = sqlx::query_as(sql)
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    row.map(|row| row.open(vault)).transpose()
}

/// What somebody has asked for, and what was asked for these registers; the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    person: PersonId,
    registers: &[String],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>> {
    let rows: Vec<Raw> = sqlx::query_as(
        "SELECT id, register, sealed, agency, agency_name, account, position, asked_by, asked_name, asked_at, state, decided_name, decided_at,
                note, chosen, changed, unchanged, failed, ended_at
         FROM registry.bulk
         WHERE (asked_by = $1 OR register = ANY ($2)) AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC
         LIMIT $4",
    )
    .bind(person.uuid())
    .bind(registers.to_vec())
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

/// How many wait for a decision about these registers.
pub(crate) async fn waiting(connection: &mut PgConnection, registers: &[String]) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM registry.bulk WHERE register = ANY ($1) AND state = 'waiting'")
        .bind(registers.to_vec())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// A decision, or an end.
pub(crate) struct Step<'a> {
    pub state: BulkState,
    /// Who has decided; none where nobody did.
    pub by: Option<(PersonId, &'a str)>,
    pub at: DateTime<Utc>,
    pub note: &'a str,
}

pub(crate) async fn step(connection: &mut PgConnection, _: &Permit, id: Uuid, step: &Step<'_>) -> Result<()> {
    sqlx::query(
        "UPDATE registry.bulk SET
             state = $2, decided_by = coalesce($3, decided_by), decided_name = CASE WHEN $3 IS NULL THEN decided_name ELSE $4 END,
             decided_at = CASE WHEN $3 IS NULL THEN decided_at ELSE $5 END, note = CASE WHEN $6 = '' THEN note ELSE $6 END,
             ended_at = CASE WHEN $2 = 'running' THEN NULL ELSE $5 END
         WHERE id = $1",
    )
    .bind(id)
    .bind(step.state.as_str())
    .bind(step.by.map(|(person, _)| person.uuid()))
    .bind(step.by.map_or("", |(_, name)| name))
    .bind(step.at)
    .bind(step.note)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The next records that nobody has come to.
pub(crate) async fn next(connection: &mut PgConnection, id: Uuid, limit: i64) -> Result<Vec<(i64, Uuid, i64)>> {
    sqlx::query_as(
        "SELECT place, record, seen
         FROM registry.bulk_record
         WHERE bulk = $1 AND state = 'waiting'
         ORDER BY place
         LIMIT $2",
    )
    .bind(id)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// What became of some of them.
pub(crate) async fn came(connection: &mut PgConnection, _: &Permit, id: Uuid, lines: &[Line]) -> Result<()> {
    let places: Vec<i64> = lines.iter().map(|line| line.place).collect();
    let states: Vec<&str> = lines.iter().map(|line| line.state).collect();
    let faults: Vec<Option<Json<&Told>>> = lines.iter().map(|line| line.fault.as_ref().map(Json)).collect();
    sqlx::query(
        "UPDATE registry.bulk_record AS own SET state = came.state, fault = came.fault
         FROM unnest($2::bigint[], $3::text[], $4::jsonb[]) AS came (place, state, fault)
         WHERE own.bulk = $1 AND own.place = came.place",
    )
    .bind(id)
    .bind(places)
    .bind(states)
    .bind(faults)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let count =
        |state: &str| i64::try_from(lines.iter().filter(|line| line.state == state).count()).unwrap_or_default();
    sqlx::query(
        "UPDATE registry.bulk SET changed = changed + $2, unchanged = unchanged + $3, failed = failed + $4 WHERE id = $1",
    )
    .bind(id)
    .bind(count("changed"))
    .bind(count("unchanged"))
    .bind(count("failed"))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The records that were not changed, with why, in their order.
pub(crate) async fn failures(
    connection: &mut PgConnection,
    id: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Uuid, Told)>> {
    let rows: Vec<(i64, Uuid, Json<Told>)> = sqlx::query_as(
        "SELECT place, record, fault
         FROM registry.bulk_record
         WHERE bulk = $1 AND state = 'failed' AND place > $2
         ORDER BY place
         LIMIT $3",
    )
    .bind(id)
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(place, record, Json(told))| (place, record, told))
        .collect())
}
