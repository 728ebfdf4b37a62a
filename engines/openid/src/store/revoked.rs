use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::PgConnection;
use uuid::Uuid;

/// Whether it was not there.
pub(crate) async fn insert(connection: &mut PgConnection, jti: Uuid, until: DateTime<Utc>) -> Result<bool> {
    let done =
        sqlx::query("INSERT INTO openid.revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING")
            .bind(jti)
            .bind(until)
            .execute(connection)
            .await
            .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

/// All that have not expired: tokens live for minutes, so these are few.
pub(crate) async fn all(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<HashSet<Uuid>> {
    let rows: Vec<Uuid> = sqlx::query_scalar("SELECT jti FROM openid.revoked_token WHERE expires_at > $1")
        .bind(now)
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(rows.into_iter().collect())
}
