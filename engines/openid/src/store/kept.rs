//! What the engine keeps about one account, as its owner reads it.

use kernel::{AccountId, Result};
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
