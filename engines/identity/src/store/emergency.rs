use chrono::{DateTime, TimeDelta, Utc};
use db::{Page, PageRequest};
use kernel::{AccountId, PersonId, PositionId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::emergency::Emergency;
use crate::error;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account: Uuid,
    person: Uuid,
    name: String,
    position: Uuid,
    title: String,
    agency: Uuid,
    agency_name: String,
    role: String,
    reason: String,
    taken_at: DateTime<Utc>,
    until: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Emergency {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            account: row.account.into(),
            person: row.person.into(),
            name: row.name,
            position: row.position.into(),
            title: row.title,
            agency: row.agency.into(),
            agency_name: row.agency_name,
            role: row.role,
            reason: row.reason,
            taken_at: row.taken_at,
            until: row.until,
            ended_at: row.ended_at,
        }
    }
}

pub(crate) struct NewEmergency<'a> {
    pub(crate) id: Uuid,
    pub(crate) account: AccountId,
    pub(crate) person: PersonId,
    pub(crate) position: PositionId,
    pub(crate) role: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT emergency.id, emergency.account, emergency.person, person.full_name AS name, emergency.position, position.title,
                    position.agency, agency.name AS agency_name, emergency.role, emergency.reason, emergency.taken_at,
                    emergency.until, emergency.ended_at
             FROM identity.emergency AS emergency
             JOIN identity.person AS person ON person.id = emergency.person
             JOIN identity.position AS position ON position.id = emergency.position
             JOIN identity.agency AS agency ON agency.id = position.agency ",
            $tail
        )
    };
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewEmergency<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.emergency (id, account, person, position, role, reason, taken_at, until)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new.id)
    .bind(new.account.uuid())
    .bind(new.person.uuid())
    .bind(new.position.uuid())
    .bind(new.role)
    .bind(new.reason)
    .bind(new.at)
    .bind(new.until)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("emergency_one") => error::emergency_open(),
        _ => db::fault(e),
    })?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Emergency>> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE emergency.id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Emergency::from))
}

pub(crate) async fn page(
    connection: &mut PgConnection,
    whose: Option<AccountId>,
    request: &PageRequest,
) -> Result<Page<Emergency>> {
    let after: Option<(DateTime<Utc>, Uuid)> = request.after.as_deref().map(db::cursor::decode).transpose()?;
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE ($1::uuid IS NULL OR emergency.account = $1)
           AND ($2::timestamptz IS NULL OR (emergency.taken_at, emergency.id) < ($2, $3))
         ORDER BY emergency.taken_at DESC, emergency.id DESC
         LIMIT $4"
    ))
    .bind(whose.map(AccountId::uuid))
    .bind(after.map(|(at, _)| at))
    .bind(after.map(|(_, id)| id))
    .bind(request.probe())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(Page::cut(rows, request, |row| (row.taken_at, row.id)).map(Emergency::from))
}

/// For how long an account has had such rights since then.
pub(crate) async fn had(connection: &mut PgConnection, account: AccountId, since: DateTime<Utc>) -> Result<TimeDelta> {
    let seconds: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(ceil(extract(epoch FROM coalesce(ended_at, until) - greatest(taken_at, $2)))), 0)::bigint
         FROM identity.emergency
         WHERE account = $1 AND coalesce(ended_at, until) > $2",
    )
    .bind(account.uuid())
    .bind(since)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(TimeDelta::seconds(seconds))
}

/// When the account took the next one after this moment.
pub(crate) async fn next(
    connection: &mut PgConnection,
    account: AccountId,
    after: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT min(taken_at) FROM identity.emergency WHERE account = $1 AND taken_at > $2")
        .bind(account.uuid())
        .bind(after)
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Whether it had not ended yet.
pub(crate) async fn end(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    by: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let ended = sqlx::query(
        "UPDATE identity.emergency SET ended_at = least($3, until), ended_by = $2 WHERE id = $1 AND ended_at IS NULL",
    )
    .bind(id)
    .bind(by.map(AccountId::uuid))
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(ended.rows_affected() > 0)
}

/// Writes down the end of those whose time is over, of one account or of all; gives which.
pub(crate) async fn close_over(
    connection: &mut PgConnection,
    _: &Permit,
    account: Option<AccountId>,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "UPDATE identity.emergency SET ended_at = until
         WHERE ended_at IS NULL AND until <= $2 AND ($1::uuid IS NULL OR account = $1)
         RETURNING id",
    )
    .bind(account.map(AccountId::uuid))
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
