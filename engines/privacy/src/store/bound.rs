use chrono::{DateTime, Utc};
use kernel::{PersonId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::bounds::Bound;
use crate::model::Request;

/// Writes for what the person's data is not used from now on.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    request: &Request,
    purposes: &[String],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO privacy.bound (request, purpose, person, since) SELECT $1, purpose, $3, $4 FROM unnest($2::text[]) AS purpose",
    )
    .bind(request.id)
    .bind(purposes)
    .bind(request.person.uuid())
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What came of a request.
pub(crate) async fn of_request(connection: &mut PgConnection, request: Uuid) -> Result<Vec<Bound>> {
    let rows: Vec<(String, DateTime<Utc>, Option<DateTime<Utc>>)> =
        sqlx::query_as("SELECT purpose, since, ended_at FROM privacy.bound WHERE request = $1 ORDER BY purpose")
            .bind(request)
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    let bound = |(purpose, since, ended_at): (String, _, _)| Bound {
        purpose: Some(purpose).filter(|purpose| !purpose.is_empty()),
        since,
        ended_at,
    };
    Ok(rows.into_iter().map(bound).collect())
}

/// Ends what came of a request; how much of it was in force.
pub(crate) async fn end(connection: &mut PgConnection, _: &Permit, request: Uuid, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query("UPDATE privacy.bound SET ended_at = $2 WHERE request = $1 AND ended_at IS NULL")
        .bind(request)
        .bind(now)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(done.rows_affected())
}

/// Those of these people whose data is not used for the purpose.
pub(crate) async fn bound(connection: &mut PgConnection, people: &[PersonId], purpose: &str) -> Result<Vec<PersonId>> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.uuid()).collect();
    let found: Vec<Uuid> = sqlx::query_scalar(
        "SELECT DISTINCT person FROM privacy.bound WHERE person = ANY ($1) AND purpose IN ('', $2) AND ended_at IS NULL",
    )
    .bind(ids)
    .bind(purpose)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(found.into_iter().map(PersonId::from).collect())
}
