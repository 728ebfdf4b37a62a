use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AccountId, PersonId, PositionId, Result, StandsFor};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::model::Substitution;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    position: Uuid,
    title: String,
    agency_name: String,
    holder: Uuid,
    holder_name: String,
    substitute: Uuid,
    substitute_name: String,
    roles: Vec<String>,
    valid_from: NaiveDate,
    valid_to: NaiveDate,
    reason: String,
    given_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Substitution {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            position: row.position.into(),
            title: row.title,
            agency_name: row.agency_name,
            holder: row.holder.into(),
            holder_name: row.holder_name,
            substitute: row.substitute.into(),
            substitute_name: row.substitute_name,
            roles: row.roles,
            from: row.valid_from,
            to: row.valid_to,
            reason: row.reason,
            given_at: row.given_at,
            ended_at: row.ended_at,
        }
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT substitution.id,
                    substitution.position,
                    position.title,
                    agency.name AS agency_name,
                    substitution.holder,
                    holder.full_name AS holder_name,
                    substitution.substitute,
                    substitute.full_name AS substitute_name,
                    substitution.roles,
                    substitution.valid_from,
                    substitution.valid_to,
                    substitution.reason,
                    substitution.given_at,
                    substitution.ended_at
             FROM identity.substitution AS substitution
             JOIN identity.position AS position ON position.id = substitution.position
             JOIN identity.agency AS agency ON agency.id = position.agency
             JOIN identity.person AS holder ON holder.id = substitution.holder
             JOIN identity.person AS substitute ON substitute.id = substitution.substitute ",
            $tail
        )
    };
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    new: &Substitution,
    given_by: AccountId,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.substitution (
             id, position, holder, substitute, roles, valid_from, valid_to, reason, given_by, given_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(new.id)
    .bind(new.position.uuid())
    .bind(new.holder.uuid())
    .bind(new.substitute.uuid())
    .bind(&new.roles)
    .bind(new.from)
    .bind(new.to)
    .bind(&new.reason)
    .bind(given_by.uuid())
    .bind(new.given_at)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("substitution_once") => error::overlap(new.position),
        _ => db::fault(e),
    })?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Substitution>> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE substitution.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Substitution::from))
}

pub(crate) async fn of_person(
    connection: &mut PgConnection,
    person: PersonId,
    since: NaiveDate,
) -> Result<Vec<Substitution>> {
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE $1 IN (substitution.holder, substitution.substitute) AND substitution.valid_to >= $2
         ORDER BY substitution.given_at DESC, substitution.id DESC
         LIMIT 200"
    ))
    .bind(person.uuid())
    .bind(since)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(Substitution::from).collect())
}

/// Whether it was still open.
pub(crate) async fn end(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    by: AccountId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended =
        sqlx::query("UPDATE identity.substitution SET ended_at = $3, ended_by = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(id)
            .bind(by.uuid())
            .bind(now)
            .execute(connection)
            .await
            .map_err(db::fault)?;
    Ok(ended.rows_affected() > 0)
}

/// From whose position, and with which roles of it, a person may act on the day, although another holds it. It counts while that one
/// holds it and has an account that works.
pub(crate) async fn lent(
    connection: &mut PgConnection,
    person: PersonId,
    on: NaiveDate,
) -> Result<Vec<(PositionId, StandsFor, Vec<String>)>> {
    let rows: Vec<(Uuid, Uuid, String, Vec<String>)> = sqlx::query_as(
        "SELECT substitution.position, substitution.holder, holder.full_name, substitution.roles
         FROM identity.substitution AS substitution
         JOIN identity.person AS holder ON holder.id = substitution.holder
         JOIN identity.account AS account ON account.person = substitution.holder AND account.state = 'active'
         WHERE substitution.substitute = $1
           AND substitution.ended_at IS NULL
           AND $2 BETWEEN substitution.valid_from AND substitution.valid_to
         ORDER BY substitution.given_at, substitution.id",
    )
    .bind(person.uuid())
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let lent = |(position, holder, name, roles): (Uuid, Uuid, String, Vec<String>)| {
        let holder = StandsFor {
            person: holder.into(),
            name,
        };
        (position.into(), holder, roles)
    };
    Ok(rows.into_iter().map(lent).collect())
}
