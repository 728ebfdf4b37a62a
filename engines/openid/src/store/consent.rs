use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::ConsentView;

/// Writes what a person allows from now on, beside what was allowed before; nothing where that covers it. A second press waits for the first.
pub(crate) async fn give(
    connection: &mut PgConnection,
    permit: &Permit,
    account: AccountId,
    client: &str,
    scopes: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('openid.consent:' || $1::text || ':' || $2, 0))")
        .bind(account.uuid())
        .bind(client)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    if covers(&mut *connection, account, client, scopes).await? {
        return Ok(());
    }
    let before = end(&mut *connection, permit, account, client, "widened", now).await?;
    let mut all = before.unwrap_or_default();
    let new: Vec<String> = scopes.iter().filter(|scope| !all.contains(scope)).cloned().collect();
    all.extend(new);
    sqlx::query("INSERT INTO openid.consent (id, account, client, scopes, given_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(Uuid::now_v7())
        .bind(account.uuid())
        .bind(client)
        .bind(all)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Ends the consent in force; what it allowed, if there was one.
pub(crate) async fn end(
    connection: &mut PgConnection,
    _: &Permit,
    account: AccountId,
    client: &str,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<Option<Vec<String>>> {
    sqlx::query_scalar(
        "UPDATE openid.consent SET ended_at = $3, end_reason = $4
         WHERE account = $1 AND client = $2 AND ended_at IS NULL
         RETURNING scopes",
    )
    .bind(account.uuid())
    .bind(client)
    .bind(now)
    .bind(reason)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Whether all of this is allowed.
pub(crate) async fn covers(
    connection: &mut PgConnection,
    account: AccountId,
    client: &str,
    scopes: &[String],
) -> Result<bool> {
    let found: Option<bool> = sqlx::query_scalar(
        "SELECT scopes @> $3 FROM openid.consent WHERE account = $1 AND client = $2 AND ended_at IS NULL",
    )
    .bind(account.uuid())
    .bind(client)
    .bind(scopes)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(found.unwrap_or(false))
}

pub(crate) async fn of_account(connection: &mut PgConnection, account: AccountId) -> Result<Vec<ConsentView>> {
    let rows: Vec<(String, String, Vec<String>, DateTime<Utc>)> = sqlx::query_as(
        "SELECT client.id, client.name, consent.scopes, consent.given_at
         FROM openid.consent AS consent
         JOIN openid.client AS client ON client.id = consent.client
         WHERE consent.account = $1 AND consent.ended_at IS NULL
         ORDER BY consent.given_at DESC
         LIMIT 200",
    )
    .bind(account.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    let view = |(client, name, scopes, given_at)| ConsentView {
        client,
        name,
        scopes,
        given_at,
    };
    Ok(rows.into_iter().map(view).collect())
}
