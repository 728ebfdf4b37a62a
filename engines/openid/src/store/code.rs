use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

/// A code to be given.
pub(crate) struct NewCode<'a> {
    pub(crate) sha256: Vec<u8>,
    pub(crate) authorisation: Uuid,
    pub(crate) redirect_uri: &'a str,
    pub(crate) challenge: Option<&'a str>,
    pub(crate) jkt: Option<&'a str>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// A code that was given.
#[derive(sqlx::FromRow)]
pub(crate) struct Code {
    pub(crate) authorisation: Uuid,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<String>,
    pub(crate) jkt: Option<String>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used_at: Option<DateTime<Utc>>,
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewCode<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO openid.code (sha256, authorisation, redirect_uri, challenge, jkt, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&new.sha256)
    .bind(new.authorisation)
    .bind(new.redirect_uri)
    .bind(new.challenge)
    .bind(new.jkt)
    .bind(new.expires_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn lock(connection: &mut PgConnection, sha256: &[u8]) -> Result<Option<Code>> {
    sqlx::query_as(
        "SELECT authorisation, redirect_uri, challenge, jkt, expires_at, used_at
         FROM openid.code WHERE sha256 = $1 FOR UPDATE",
    )
    .bind(sha256)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn use_up(connection: &mut PgConnection, sha256: &[u8], now: DateTime<Utc>) -> Result<()> {
    sqlx::query("UPDATE openid.code SET used_at = $2 WHERE sha256 = $1")
        .bind(sha256)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
