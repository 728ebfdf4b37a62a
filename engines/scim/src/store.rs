//! All SQL of the engine. Functions that write take a [`op::Permit`].

pub(crate) mod group;
pub(crate) mod query;
pub(crate) mod user;

use kernel::Result;
use op::Permit;
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

/// What one client looks after, another one does from now on. Returns how many accounts that work or wait.
pub(crate) async fn move_all(connection: &mut PgConnection, _permit: &Permit, from: &str, to: &str) -> Result<u64> {
    sqlx::query("UPDATE scim.\"group\" SET client = $2 WHERE client = $1")
        .bind(from)
        .bind(to)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    let moved = sqlx::query("UPDATE scim.\"user\" SET client = $2 WHERE client = $1 AND closed_at IS NULL")
        .bind(from)
        .bind(to)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(moved.rows_affected())
}
