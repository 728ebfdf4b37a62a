use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::model::{Report, ReportState};

#[derive(sqlx::FromRow)]
struct Row {
    emergency: Uuid,
    account: Uuid,
    due_at: DateTime<Utc>,
    text: String,
    written_at: Option<DateTime<Utc>>,
    verdict: Option<String>,
    note: String,
    reviewed_by: String,
    reviewed_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_report(self) -> Result<(AccountId, Report)> {
        let state = match self.verdict.as_deref() {
            None if self.written_at.is_none() => ReportState::Due,
            None => ReportState::Written,
            Some("accepted") => ReportState::Accepted,
            Some("questioned") => ReportState::Questioned,
            Some(_) => return Err(error::broken("verdict")),
        };
        let report = Report {
            emergency: self.emergency,
            due_at: self.due_at,
            text: self.text,
            written_at: self.written_at,
            state,
            note: self.note,
            reviewed_by: self.reviewed_by,
            reviewed_at: self.reviewed_at,
        };
        Ok((self.account.into(), report))
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    emergency: Uuid,
    account: AccountId,
    due_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("INSERT INTO oversight.emergency_report (emergency, account, due_at) VALUES ($1, $2, $3)")
        .bind(emergency)
        .bind(account.uuid())
        .bind(due_at)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, emergency: Uuid) -> Result<Option<(AccountId, Report)>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT emergency, account, due_at, text, written_at, verdict, note, reviewed_by, reviewed_at
         FROM oversight.emergency_report
         WHERE emergency = $1",
    )
    .bind(emergency)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(Row::into_report).transpose()
}

/// The same, locked until the operation ends.
pub(crate) async fn lock(connection: &mut PgConnection, emergency: Uuid) -> Result<Option<(AccountId, Report)>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT emergency, account, due_at, text, written_at, verdict, note, reviewed_by, reviewed_at
         FROM oversight.emergency_report
         WHERE emergency = $1
         FOR UPDATE",
    )
    .bind(emergency)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(Row::into_report).transpose()
}

pub(crate) async fn of(connection: &mut PgConnection, emergencies: &[Uuid]) -> Result<BTreeMap<Uuid, Report>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT emergency, account, due_at, text, written_at, verdict, note, reviewed_by, reviewed_at
         FROM oversight.emergency_report
         WHERE emergency = ANY ($1)",
    )
    .bind(emergencies)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter()
        .map(|row| row.into_report().map(|(_, report)| (report.emergency, report)))
        .collect()
}

/// Whether an account owes a report of another right than this one: something is unclear, or the time is over and nothing is written.
pub(crate) async fn owes(
    connection: &mut PgConnection,
    account: AccountId,
    emergency: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT
             FROM oversight.emergency_report
             WHERE account = $1 AND emergency <> $2 AND (verdict = 'questioned' OR written_at IS NULL AND due_at < $3))",
    )
    .bind(account.uuid())
    .bind(emergency)
    .bind(now)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Written, for the first time or anew; each text, and whatever was said of it, stands in the audit trail.
pub(crate) async fn write(
    connection: &mut PgConnection,
    _: &Permit,
    emergency: Uuid,
    text: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE oversight.emergency_report
         SET text = $2, written_at = $3, verdict = NULL, note = '', reviewed_by = '', reviewed_at = NULL
         WHERE emergency = $1",
    )
    .bind(emergency)
    .bind(text)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn review(
    connection: &mut PgConnection,
    _: &Permit,
    emergency: Uuid,
    (verdict, note): (&str, &str),
    by: &str,
    (now, due_anew): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<()> {
    sqlx::query(
        "UPDATE oversight.emergency_report
         SET verdict = $2, note = $3, reviewed_by = $4, reviewed_at = $5, due_at = coalesce($6, due_at),
             told_late_at = CASE WHEN $6 IS NULL THEN told_late_at END
         WHERE emergency = $1",
    )
    .bind(emergency)
    .bind(verdict)
    .bind(note)
    .bind(by)
    .bind(now)
    .bind(due_anew)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Reports that should be there, or be there anew, and are not, each once.
pub(crate) async fn late(
    connection: &mut PgConnection,
    _: &Permit,
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, AccountId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "UPDATE oversight.emergency_report SET told_late_at = $1
         WHERE (written_at IS NULL OR verdict = 'questioned') AND told_late_at IS NULL AND due_at < $1
         RETURNING emergency, account",
    )
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(|(id, account)| (id, account.into())).collect())
}

/// The reports of an account, as its owner reads them.
pub(crate) async fn told(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'details', text,
                    'written_at', written_at,
                    'due_at', due_at,
                    'outcome', verdict,
                    'answer', note)
         FROM oversight.emergency_report
         WHERE account = $1
         ORDER BY emergency DESC
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
