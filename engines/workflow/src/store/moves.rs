//! Open work that follows its agency.

use kernel::Result;
use op::{Moves, Permit};
use sqlx::PgConnection;
use uuid::Uuid;

/// Waits for everybody who works on an open instance of these agencies, and holds it until the end of the operation.
pub(crate) async fn hold(connection: &mut PgConnection, _: &Permit, agencies: &[Uuid]) -> Result<()> {
    sqlx::query(
        "SELECT count(*)
           FROM (SELECT FROM workflow.instance AS held
                   JOIN (SELECT id FROM workflow.instance
                          WHERE state IN ('running', 'suspended')
                            AND EXISTS (SELECT FROM jsonb_each_text(agencies) AS named WHERE named.value::uuid = ANY ($1))
                         UNION
                         SELECT instance_id FROM workflow.task
                          WHERE task.state IN ('ready', 'sleeping') AND agency_id = ANY ($1)) AS theirs USING (id)
                  WHERE held.state IN ('running', 'suspended')
                  ORDER BY held.id
                    FOR UPDATE OF held) AS held",
    )
    .bind(agencies)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// How many open instances name one of the agencies, and how many open tasks are theirs.
pub(crate) async fn count(connection: &mut PgConnection, agencies: &[Uuid]) -> Result<(i64, i64)> {
    sqlx::query_as(
        "SELECT (SELECT count(*)
                   FROM workflow.instance
                  WHERE state IN ('running', 'suspended')
                    AND EXISTS (SELECT FROM jsonb_each_text(agencies) AS named WHERE named.value::uuid = ANY ($1))),
                (SELECT count(*) FROM workflow.task WHERE state IN ('ready', 'sleeping') AND agency_id = ANY ($1))",
    )
    .bind(agencies)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// The agencies that open instances name. Versions stay: nobody who looks at a step has seen anything else because of it.
pub(crate) async fn instances(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE workflow.instance
            SET agencies = (
                SELECT jsonb_object_agg(named.key, coalesce(move.new::text, named.value))
                  FROM jsonb_each_text(agencies) AS named
                  LEFT JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = named.value::uuid)
          WHERE state IN ('running', 'suspended')
            AND EXISTS (SELECT FROM jsonb_each_text(agencies) AS named WHERE named.value::uuid = ANY ($1))",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// The open tasks, with whoever has taken them. Their units end with the agency: they lie with the new one as a whole.
pub(crate) async fn tasks(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE workflow.task
            SET agency_id = move.new, unit_id = NULL
           FROM unnest($1::uuid[], $2::uuid[]) AS move(old, new)
          WHERE task.agency_id = move.old AND task.state IN ('ready', 'sleeping')",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
