//! What is kept here of a person who becomes one with another.

use chrono::{DateTime, Utc};
use kernel::{AccountId, Result};
use op::{Permit, Union};
use sqlx::PgConnection;

pub(crate) async fn count(connection: &mut PgConnection, union: &Union) -> Result<[i64; 3]> {
    let (requests, consents, bounds): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM privacy.request WHERE person = $1),
                (SELECT count(*) FROM privacy.consent WHERE person = $1),
                (SELECT count(*) FROM privacy.bound WHERE person = $1)",
    )
    .bind(union.from.person.uuid())
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok([requests, consents, bounds])
}

/// Brings requests, consents and what is not done along; how many.
pub(crate) async fn bring(
    connection: &mut PgConnection,
    _: &Permit,
    union: &Union,
    now: DateTime<Utc>,
) -> Result<[u64; 3]> {
    let (from, into) = (union.from.person.uuid(), union.into.person.uuid());
    // Who gives or takes back a consent at this moment is done first.
    let purposes: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT purpose FROM privacy.consent WHERE person IN ($1, $2) ORDER BY purpose")
            .bind(from)
            .bind(into)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
    let mut people = [union.from.person, union.into.person];
    people.sort_unstable();
    for purpose in &purposes {
        for person in people {
            super::consent::hold(&mut *connection, person, purpose).await?;
        }
    }
    // Whoever has nothing in force for a purpose and has withdrawn it last wants it so, on whichever side; of two in force the later one stays.
    for statement in [
        "UPDATE privacy.consent AS own SET ended_at = $3, end_reason = 'withdrawn'
         WHERE own.person IN ($1, $2) AND own.ended_at IS NULL
           AND (SELECT bool_or(other.ended_at IS NULL) IS FALSE
                       AND (array_agg(other.end_reason ORDER BY other.ended_at DESC, other.id DESC))[1] = 'withdrawn'
                FROM privacy.consent AS other
                WHERE other.person = CASE WHEN own.person = $1 THEN $2 ELSE $1 END AND other.purpose = own.purpose)",
        "UPDATE privacy.consent AS own SET ended_at = $3, end_reason = 'renewed'
         WHERE own.person IN ($1, $2) AND own.ended_at IS NULL
           AND EXISTS (SELECT FROM privacy.consent AS other
                       WHERE other.person IN ($1, $2) AND other.person <> own.person AND other.purpose = own.purpose
                         AND other.ended_at IS NULL AND (other.given_at, other.id) > (own.given_at, own.id))",
    ] {
        sqlx::query(statement)
            .bind(from)
            .bind(into)
            .bind(now)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    let mut moved = [0; 2];
    let statements = [
        "UPDATE privacy.request AS own SET
             person = $2,
             account = coalesce($3, account),
             joined = joined OR EXISTS (SELECT FROM privacy.request AS other
                                        WHERE other.person = $2 AND other.kind = own.kind
                                          AND other.state IN ('received', 'acknowledged'))
         WHERE own.person = $1",
        "UPDATE privacy.consent SET person = $2, account = coalesce($3, account) WHERE person = $1",
    ];
    for (count, statement) in moved.iter_mut().zip(statements) {
        let done = sqlx::query(statement)
            .bind(from)
            .bind(into)
            .bind(union.into.account.map(AccountId::uuid))
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
        *count = done.rows_affected();
    }
    let bounds = sqlx::query("UPDATE privacy.bound SET person = $2 WHERE person = $1")
        .bind(from)
        .bind(into)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    // Of a breach both may have been told: what is written twice stays as it was.
    sqlx::query(
        "UPDATE privacy.incident_person AS told SET person = $2
         WHERE told.person = $1
           AND NOT EXISTS (SELECT FROM privacy.incident_person AS other
                           WHERE other.incident = told.incident AND other.person = $2)",
    )
    .bind(from)
    .bind(into)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    let [requests, consents] = moved;
    Ok([requests, consents, bounds.rows_affected()])
}
