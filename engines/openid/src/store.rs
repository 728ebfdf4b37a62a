//! All SQL of the engine.

pub(crate) mod authorisation;
pub(crate) mod client;
pub(crate) mod code;
pub(crate) mod consent;
pub(crate) mod kept;
pub(crate) mod key;
pub(crate) mod proof;
pub(crate) mod pushed;
pub(crate) mod refresh;
pub(crate) mod revoked;

use chrono::{DateTime, Utc};
use kernel::Result;
use sqlx::PgConnection;

/// Removes what has expired; returns how many rows. Authorisations stay for a month after
/// they could last have been used, so that a stolen token is known.
pub(crate) async fn sweep(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let mut rows = 0;
    for statement in [
        "DELETE FROM openid.pushed_request WHERE expires_at < $1",
        "DELETE FROM openid.seen_proof WHERE expires_at < $1",
        "DELETE FROM openid.revoked_token WHERE expires_at < $1",
        "DELETE FROM openid.signing_key WHERE leaves_at < $1",
        "DELETE FROM openid.authorisation WHERE expires_at < $1 - interval '30 days'",
    ] {
        let done = sqlx::query(statement)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
        rows += done.rows_affected();
    }
    Ok(rows)
}
