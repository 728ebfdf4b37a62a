use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// A refresh token to be given.
pub(crate) struct NewRefresh<'a> {
    pub(crate) sha256: Vec<u8>,
    pub(crate) authorisation: Uuid,
    pub(crate) jkt: Option<&'a str>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A refresh token that was given.
#[derive(sqlx::FromRow)]
pub(crate) struct Refresh {
    pub(crate) authorisation: Uuid,
    pub(crate) jkt: Option<String>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used_at: Option<DateTime<Utc>>,
}

pub(crate) async fn insert(connection: &mut PgConnection, new: &NewRefresh<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO openid.refresh_token (sha256, authorisation, jkt, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&new.sha256)
    .bind(new.authorisation)
    .bind(new.jkt)
    .bind(new.created_at)
    .bind(new.expires_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn lock(connection: &mut PgConnection, sha256: &[u8]) -> Result<Option<Refresh>> {
    sqlx::query_as(
        "SELECT authorisation, jkt, expires_at, used_at FROM openid.refresh_token WHERE sha256 = $1 FOR UPDATE",
    )
    .bind(sha256)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn get(connection: &mut PgConnection, sha256: &[u8]) -> Result<Option<Refresh>> {
    sqlx::query_as("SELECT authorisation, jkt, expires_at, used_at FROM openid.refresh_token WHERE sha256 = $1")
        .bind(sha256)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn use_up(connection: &mut PgConnection, sha256: &[u8], now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE openid.refresh_token SET used_at = $2 WHERE sha256 = $1")
        .bind(sha256)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
