//! What is kept here of a person who becomes one with another.

use kernel::Result;
use op::{Permit, Union};
use sqlx::PgConnection;

pub(crate) async fn count(connection: &mut PgConnection, union: &Union) -> Result<[i64; 4]> {
    let (proposals, bulks, imports, drafts) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM registry.proposal WHERE proposed_by = $1 AND decided_by IS DISTINCT FROM $2),
                (SELECT count(*) FROM registry.bulk WHERE asked_by = $1 AND decided_by IS DISTINCT FROM $2),
                (SELECT count(*) FROM registry.import WHERE started_by = $1),
                (SELECT count(*) FROM registry.draft_register WHERE person = $1)",
    )
    .bind(union.from.person.uuid())
    .bind(union.into.person.uuid())
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok([proposals, bulks, imports, drafts])
}

/// Brings them along; how many. What one of the two has decided on for the other stays as it was: it was done so.
pub(crate) async fn bring(connection: &mut PgConnection, _: &Permit, union: &Union) -> Result<[u64; 4]> {
    let mut brought = [0; 4];
    let statements = [
        "UPDATE registry.proposal SET proposed_by = $2 WHERE proposed_by = $1 AND decided_by IS DISTINCT FROM $2",
        "UPDATE registry.bulk SET asked_by = $2 WHERE asked_by = $1 AND decided_by IS DISTINCT FROM $2",
        "UPDATE registry.import SET started_by = $2 WHERE started_by = $1",
        "UPDATE registry.draft_register SET person = $2 WHERE person = $1",
    ];
    for (count, statement) in brought.iter_mut().zip(statements) {
        let done = sqlx::query(statement)
            .bind(union.from.person.uuid())
            .bind(union.into.person.uuid())
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
        *count = done.rows_affected();
    }
    Ok(brought)
}
