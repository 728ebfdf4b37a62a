//! What follows an agency that ends.

use kernel::Result;
use op::{Moves, Permit};
use sqlx::PgConnection;
use uuid::Uuid;

/// How many registers name one of the agencies, and how many proposals of theirs wait. They are held until the end of the operation: what is counted
/// stays so.
pub(crate) async fn hold(connection: &mut PgConnection, _: &Permit, agencies: &[Uuid]) -> Result<(i64, i64)> {
    let registers = sqlx::query_scalar(
        "SELECT count(*)
           FROM (SELECT FROM registry.register
                  WHERE owner = ANY ($1)
                     OR EXISTS (SELECT FROM jsonb_each_text(agencies) AS named WHERE named.value::uuid = ANY ($1))
                  ORDER BY register
                    FOR UPDATE) AS held",
    )
    .bind(agencies)
    .fetch_one(&mut *connection)
    .await
    .map_err(db::fault)?;
    let proposals = sqlx::query_scalar(
        "SELECT count(*)
           FROM (SELECT FROM registry.proposal
                  WHERE state = 'waiting' AND agency = ANY ($1)
                  ORDER BY id
                    FOR UPDATE) AS held",
    )
    .bind(agencies)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok((registers, proposals))
}

/// The owners, and the agencies that declarations name by code.
pub(crate) async fn registers(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE registry.register
            SET owner = coalesce(
                    (SELECT move.new FROM unnest($1::uuid[], $2::uuid[]) AS move(old, new) WHERE move.old = owner), owner),
                agencies = coalesce((
                    SELECT jsonb_object_agg(named.key, coalesce(move.new::text, named.value))
                      FROM jsonb_each_text(agencies) AS named
                      LEFT JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = named.value::uuid), agencies)
          WHERE owner = ANY ($1)
             OR EXISTS (SELECT FROM jsonb_each_text(agencies) AS named WHERE named.value::uuid = ANY ($1))",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}

/// What waits for a decision, under the agency that proposed it.
pub(crate) async fn proposals(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE registry.proposal
            SET agency = move.new
           FROM unnest($1::uuid[], $2::uuid[]) AS move(old, new)
          WHERE proposal.agency = move.old AND proposal.state = 'waiting'",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
}
