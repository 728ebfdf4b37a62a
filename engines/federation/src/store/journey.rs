use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

/// Somebody on the way.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Journey {
    pub(crate) provider: String,
    pub(crate) back: String,
    /// Sealed.
    pub(crate) resume: Option<Vec<u8>>,
    pub(crate) linking: Option<Uuid>,
    /// The account whose owner shows once more who they are.
    pub(crate) again: Option<Uuid>,
    pub(crate) expires_at: DateTime<Utc>,
}

pub(crate) async fn insert(connection: &mut PgConnection, state: &[u8], browser: &[u8], new: &Journey) -> Result<()> {
    sqlx::query(
        "INSERT INTO federation.journey (state_sha256, browser_sha256, provider, back, resume, linking, again, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(state)
    .bind(browser)
    .bind(&new.provider)
    .bind(&new.back)
    .bind(&new.resume)
    .bind(new.linking)
    .bind(new.again)
    .bind(new.expires_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Uses it up, if it belongs to this browser and provider and waits still.
pub(crate) async fn take(
    connection: &mut PgConnection,
    state: &[u8],
    browser: &[u8],
    provider: &str,
    now: DateTime<Utc>,
) -> Result<Option<Journey>> {
    sqlx::query_as(
        "DELETE FROM federation.journey
         WHERE state_sha256 = $1 AND browser_sha256 = $2 AND provider = $3 AND expires_at > $4
         RETURNING provider, back, resume, linking, again, expires_at",
    )
    .bind(state)
    .bind(browser)
    .bind(provider)
    .bind(now)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query("DELETE FROM federation.journey WHERE expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(gone.rows_affected())
}

/// Nobody comes back for this account.
pub(crate) async fn forget(connection: &mut PgConnection, _: &Permit, account: AccountId) -> Result<()> {
    sqlx::query("DELETE FROM federation.journey WHERE linking = $1 OR again = $1")
        .bind(account.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
