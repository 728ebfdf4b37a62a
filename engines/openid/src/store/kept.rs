//! What the engine keeps about one account, as its owner reads it.

use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::{Permit, Union};
use serde_json::Value;
use sqlx::PgConnection;

pub(crate) async fn consents(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'application', client.name,
                    'scopes', consent.scopes,
                    'given_at', consent.given_at,
                    'ended_at', consent.ended_at)
         FROM openid.consent AS consent
         JOIN openid.client AS client ON client.id = consent.client
         WHERE consent.account = $1
         ORDER BY consent.given_at DESC, consent.id
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Applications in which the person is signed in now.
pub(crate) async fn sign_ins(connection: &mut PgConnection, account: AccountId, limit: i64) -> Result<Vec<Value>> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
                    'application', client.name,
                    'scopes', authorisation.scopes,
                    'given_at', authorisation.created_at)
         FROM openid.authorisation AS authorisation
         JOIN openid.client AS client ON client.id = authorisation.client
         WHERE authorisation.account = $1 AND authorisation.ended_at IS NULL
         ORDER BY authorisation.created_at DESC, authorisation.id
         LIMIT $2",
    )
    .bind(account.uuid())
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// How many consents and sign-ins an account has and had.
pub(crate) async fn count(connection: &mut PgConnection, account: AccountId) -> Result<[i64; 2]> {
    let (consents, sign_ins): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM openid.consent WHERE account = $1),
                (SELECT count(*) FROM openid.authorisation WHERE account = $1)",
    )
    .bind(account.uuid())
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok([consents, sign_ins])
}

/// Brings ended consents and sign-ins to another account, after ending the consents; how many.
pub(crate) async fn bring(
    connection: &mut PgConnection,
    permit: &Permit,
    union: &Union,
    [from, into]: [AccountId; 2],
    now: DateTime<Utc>,
) -> Result<[u64; 2]> {
    let consents = sqlx::query(
        "UPDATE openid.consent SET
             account = $2, ended_at = coalesce(ended_at, $3), end_reason = coalesce(end_reason, 'withdrawn')
         WHERE account = $1",
    )
    .bind(from.uuid())
    .bind(into.uuid())
    .bind(now)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let sign_ins = sqlx::query("UPDATE openid.authorisation SET account = $2 WHERE account = $1")
        .bind(from.uuid())
        .bind(into.uuid())
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    bring_person(connection, permit, union).await?;
    Ok([consents.rows_affected(), sign_ins.rows_affected()])
}

/// Sign-ins are those of the person who remains.
pub(crate) async fn bring_person(connection: &mut PgConnection, _: &Permit, union: &Union) -> Result<()> {
    sqlx::query("UPDATE openid.authorisation SET person = $2 WHERE account = $3 AND person = $1")
        .bind(union.from.person.uuid())
        .bind(union.into.person.uuid())
        .bind(union.into.account.map(AccountId::uuid))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
