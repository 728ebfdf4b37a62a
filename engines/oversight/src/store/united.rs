//! What is kept here of a person who becomes one with another.

use kernel::{AccountId, Result};
use op::{Permit, Union};
use sqlx::PgConnection;

pub(crate) async fn count(connection: &mut PgConnection, union: &Union) -> Result<[i64; 2]> {
    let (lines, reports): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM oversight.review_line WHERE person = $1),
                (SELECT count(*) FROM oversight.emergency_report WHERE account = $2)",
    )
    .bind(union.from.person.uuid())
    .bind(union.accounts().map(|[from, _]| from.uuid()))
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok([lines, reports])
}

/// Brings them along; how many.
pub(crate) async fn bring(connection: &mut PgConnection, _: &Permit, union: &Union) -> Result<[u64; 2]> {
    // Of one review, position and role both may have a line: then each stays as it was.
    let lines = sqlx::query(
        "UPDATE oversight.review_line AS line SET person = $2
         WHERE line.person = $1
           AND NOT EXISTS (SELECT FROM oversight.review_line AS other
                           WHERE other.campaign = line.campaign AND other.person = $2
                             AND other.position = line.position AND other.role = line.role)",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    let accounts = union.accounts();
    let reports = sqlx::query("UPDATE oversight.emergency_report SET account = $2 WHERE account = $1")
        .bind(accounts.map(|[from, _]| from.uuid()))
        .bind(accounts.map(|[_, into]| AccountId::uuid(into)))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok([lines.rows_affected(), reports.rows_affected()])
}
