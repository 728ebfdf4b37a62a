//! All SQL of the engine. Functions that write take a [`op::Permit`].

pub(crate) mod group;
pub(crate) mod query;
pub(crate) mod user;

use kernel::Result;
use sqlx::PgConnection;

/// One change of a client at a time, so that two of them do not wait for each other.
pub(crate) async fn one_at_a_time(connection: &mut PgConnection, client: &str) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('scim:' || $1, 0))")
        .bind(client)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}
