use chrono::{DateTime, Utc};
use identity::Assurance;
use kernel::{AccountId, PositionId, Result, SessionId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::{Authorisation, End};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    client: String,
    account: Uuid,
    person: Uuid,
    session: Uuid,
    position: Option<Uuid>,
    offline: bool,
    scopes: Vec<String>,
    nonce: Option<String>,
    auth_at: DateTime<Utc>,
    two_factors: bool,
    assurance: String,
    federated: bool,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<Row> for Authorisation {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            client: row.client,
            account: row.account.into(),
            person: row.person.into(),
            session: row.session.into(),
            position: row.position.map(Into::into),
            offline: row.offline,
            scopes: row.scopes,
            nonce: row.nonce,
            auth_at: row.auth_at,
            two_factors: row.two_factors,
            // The words are those of the constraint; one that a newer program has written is worth the least here.
            assurance: Assurance::parse(&row.assurance).unwrap_or(Assurance::Low),
            federated: row.federated,
            created_at: row.created_at,
            expires_at: row.expires_at,
            ended: row.ended_at.is_some(),
        }
    }
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &Authorisation) -> Result<()> {
    sqlx::query(
        "INSERT INTO openid.authorisation (
             id, client, account, person, session, position, offline, scopes, nonce, auth_at, two_factors, created_at, expires_at,
             assurance, federated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(new.id)
    .bind(&new.client)
    .bind(new.account.uuid())
    .bind(new.person.uuid())
    .bind(new.session.uuid())
    .bind(new.position.map(PositionId::uuid))
    .bind(new.offline)
    .bind(&new.scopes)
    .bind(&new.nonce)
    .bind(new.auth_at)
    .bind(new.two_factors)
    .bind(new.created_at)
    .bind(new.expires_at)
    .bind(new.assurance.as_str())
    .bind(new.federated)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<Authorisation>> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM openid.authorisation WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(row.map(Authorisation::from))
}

pub(crate) async fn end(connection: &mut PgConnection, id: Uuid, end: End, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE openid.authorisation SET ended_at = $3, end_reason = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id)
        .bind(end.as_str())
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Ends all of an application; returns how many.
pub(crate) async fn end_of_client(
    connection: &mut PgConnection,
    _: &Permit,
    client: &str,
    end: End,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query(
        "UPDATE openid.authorisation SET ended_at = $3, end_reason = $2 WHERE client = $1 AND ended_at IS NULL",
    )
    .bind(client)
    .bind(end.as_str())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// Ends those of a person at an application.
pub(crate) async fn end_of_account(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    client: &str,
    end: End,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "UPDATE openid.authorisation SET ended_at = $4, end_reason = $3
         WHERE account = $1 AND client = $2 AND ended_at IS NULL
         RETURNING id",
    )
    .bind(account.uuid())
    .bind(client)
    .bind(end.as_str())
    .bind(now)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Whose applications want to hear that these sessions are over; asked before they are ended.
pub(crate) async fn listening(connection: &mut PgConnection, sessions: &[SessionId]) -> Result<Vec<Uuid>> {
    sqlx::query_scalar(
        "SELECT authorisation.id
         FROM openid.authorisation AS authorisation
         JOIN openid.client AS client ON client.id = authorisation.client
         WHERE authorisation.session = ANY($1)
           AND authorisation.ended_at IS NULL
           AND client.back_channel_logout_uri IS NOT NULL
           AND client.enabled",
    )
    .bind(uuids(sessions))
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Ends those that were given in these sessions; with `offline` also those that outlive a session.
pub(crate) async fn end_of_sessions(
    connection: &mut PgConnection,
    sessions: &[SessionId],
    offline: bool,
    end: End,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE openid.authorisation SET ended_at = $3, end_reason = $2
         WHERE session = ANY($1) AND ended_at IS NULL AND (NOT offline OR $4)",
    )
    .bind(uuids(sessions))
    .bind(end.as_str())
    .bind(now)
    .bind(offline)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Ends everything that an account is signed in to.
pub(crate) async fn end_everything(
    connection: &mut PgConnection,
    account: AccountId,
    end: End,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE openid.authorisation SET ended_at = $3, end_reason = $2 WHERE account = $1 AND ended_at IS NULL",
    )
    .bind(account.uuid())
    .bind(end.as_str())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What was given in one session belongs to another one of the same account from now on.
pub(crate) async fn move_session(
    connection: &mut PgConnection,
    account: AccountId,
    from: SessionId,
    to: SessionId,
) -> Result<()> {
    sqlx::query(
        "UPDATE openid.authorisation SET session = $3 WHERE account = $1 AND session = $2 AND ended_at IS NULL",
    )
    .bind(account.uuid())
    .bind(from.uuid())
    .bind(to.uuid())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

fn uuids(sessions: &[SessionId]) -> Vec<Uuid> {
    sessions.iter().map(|session| session.uuid()).collect()
}
