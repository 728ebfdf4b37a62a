use chrono::{DateTime, Utc};
use kernel::{PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::incidents::{Facts, Incident, IncidentState};
use crate::model::Line;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    title: String,
    what: String,
    data: String,
    whose: String,
    affected: i64,
    measures: String,
    state: String,
    article: String,
    noticed_at: DateTime<Utc>,
    notify_by: DateTime<Utc>,
    warn_at: Vec<DateTime<Utc>>,
    warned: i32,
    opened_at: DateTime<Utc>,
    notified_at: Option<DateTime<Utc>>,
    notified_how: Option<String>,
    late_reason: Option<String>,
    closed_at: Option<DateTime<Utc>>,
    told: i64,
}

impl Row {
    fn into_incident(self) -> Result<Incident> {
        Ok(Incident {
            id: self.id,
            number: self.number,
            facts: Facts {
                title: self.title,
                what: self.what,
                data: self.data,
                whose: self.whose,
                affected: u32::try_from(self.affected).map_err(|_| error::broken("affected"))?,
                measures: self.measures,
            },
            state: IncidentState::parse(&self.state).ok_or_else(|| error::broken("state"))?,
            article: self.article,
            noticed_at: self.noticed_at,
            notify_by: self.notify_by,
            opened_at: self.opened_at,
            notified_at: self.notified_at,
            notified_how: self.notified_how,
            late_reason: self.late_reason,
            closed_at: self.closed_at,
            told: self.told,
        })
    }
}

/// Whoever presses twice at once does it one after the other.
pub(crate) async fn hold_opening(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('privacy.incident', 0))")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// An open breach with the same facts.
pub(crate) async fn same(
    connection: &mut PgConnection,
    facts: &Facts,
    noticed_at: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar(
        "SELECT id
         FROM privacy.incident
         WHERE state = 'open' AND title = $1 AND what = $2 AND noticed_at = $3
         LIMIT 1",
    )
    .bind(&facts.title)
    .bind(&facts.what)
    .bind(noticed_at)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    new: &Incident,
    warn_at: &[DateTime<Utc>],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO privacy.incident (
             id, title, what, data, whose, affected, measures, state, article, noticed_at, notify_by, warn_at, opened_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(new.id)
    .bind(&new.facts.title)
    .bind(&new.facts.what)
    .bind(&new.facts.data)
    .bind(&new.facts.whose)
    .bind(i64::from(new.facts.affected))
    .bind(&new.facts.measures)
    .bind(new.state.as_str())
    .bind(&new.article)
    .bind(new.noticed_at)
    .bind(new.notify_by)
    .bind(warn_at)
    .bind(new.opened_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Writes what may change of a locked breach.
pub(crate) async fn update(connection: &mut PgConnection, _: &Permit, incident: &Incident) -> Result<()> {
    sqlx::query(
        "UPDATE privacy.incident SET
             title = $2,
             what = $3,
             data = $4,
             whose = $5,
             affected = $6,
             measures = $7,
             state = $8,
             notified_at = $9,
             notified_how = $10,
             late_reason = $11,
             closed_at = $12
         WHERE id = $1",
    )
    .bind(incident.id)
    .bind(&incident.facts.title)
    .bind(&incident.facts.what)
    .bind(&incident.facts.data)
    .bind(&incident.facts.whose)
    .bind(i64::from(incident.facts.affected))
    .bind(&incident.facts.measures)
    .bind(incident.state.as_str())
    .bind(incident.notified_at)
    .bind(&incident.notified_how)
    .bind(&incident.late_reason)
    .bind(incident.closed_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Locks a breach to the end of the operation, and reads it.
pub(crate) async fn lock(connection: &mut PgConnection, id: Uuid) -> Result<Option<Incident>> {
    sqlx::query("SELECT FROM privacy.incident WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    get(connection, id).await
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Incident>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT incident.*,
                (SELECT coalesce(sum(coalesce(
                            (detail ->> 'numbers')::bigint,
                            (detail ->> 'reached')::bigint + (detail ->> 'without_account')::bigint + (detail ->> 'unknown')::bigint)), 0)::bigint
                   FROM privacy.incident_line AS line
                  WHERE line.incident = incident.id AND line.action = 'people_told') AS told
         FROM privacy.incident AS incident
         WHERE incident.id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    row.map(Row::into_incident).transpose()
}

/// All breaches, the latest first, after a place in that order. Lists do not count people.
pub(crate) async fn list(
    connection: &mut PgConnection,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Incident>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT *,
                0::bigint AS told
         FROM privacy.incident
         WHERE $1::timestamptz IS NULL OR (opened_at, id) < ($1, $2)
         ORDER BY opened_at DESC, id DESC
         LIMIT $3",
    )
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(Row::into_incident).collect()
}

/// Open breaches for which a reminder is due, each with the last that is due and its place; locked.
pub(crate) async fn to_warn(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<(Incident, DateTime<Utc>, i32)>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT *,
                0::bigint AS told
         FROM privacy.incident
         WHERE state = 'open' AND warn_at[warned + 1] < $1
         ORDER BY notify_by, id
         LIMIT 100
         FOR UPDATE SKIP LOCKED",
    )
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let mut found = Vec::new();
    for row in rows {
        let due = row.warn_at.iter().filter(|at| **at < now).count();
        let Some(last) = due.checked_sub(1).and_then(|index| row.warn_at.get(index)).copied() else {
            continue;
        };
        let step = i32::try_from(due).unwrap_or(row.warned);
        found.push((row.into_incident()?, last, step));
    }
    Ok(found)
}

pub(crate) async fn warned(connection: &mut PgConnection, _: &Permit, id: Uuid, step: i32) -> Result<()> {
    sqlx::query("UPDATE privacy.incident SET warned = $2 WHERE id = $1")
        .bind(id)
        .bind(step)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Writes that a person is told; whether that is the first time.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    _: &Permit,
    incident: Uuid,
    person: PersonId,
    reached: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "INSERT INTO privacy.incident_person (incident, person, told_at, reached)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(incident)
    .bind(person.uuid())
    .bind(now)
    .bind(reached)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// A line of history to be written.
pub(crate) struct IncidentLine<'a> {
    pub(crate) incident: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) action: &'static str,
    pub(crate) actor_name: Option<String>,
    pub(crate) detail: &'a Value,
}

pub(crate) async fn note(connection: &mut PgConnection, _: &Permit, line: &IncidentLine<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO privacy.incident_line (incident, at, action, actor_name, detail)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(line.incident)
    .bind(line.at)
    .bind(line.action)
    .bind(line.actor_name.as_deref().unwrap_or_default())
    .bind(line.detail)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The history of a breach: its last two hundred lines, in order.
pub(crate) async fn lines(connection: &mut PgConnection, incident: Uuid) -> Result<Vec<Line>> {
    let rows: Vec<(DateTime<Utc>, String, String, Value)> = sqlx::query_as(
        "SELECT at, action, actor_name, detail
         FROM (SELECT * FROM privacy.incident_line WHERE incident = $1 ORDER BY id DESC LIMIT 200) AS line
         ORDER BY id",
    )
    .bind(incident)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let line = |(at, action, actor_name, detail)| Line {
        at,
        action,
        actor_name,
        detail,
    };
    Ok(rows.into_iter().map(line).collect())
}
