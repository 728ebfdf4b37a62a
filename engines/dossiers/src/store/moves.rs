//! Cases that follow their agency.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{Actor, DossierId, Result};
use op::{Moved, Moves, Permit};
use sqlx::PgConnection;
use uuid::Uuid;

fn rows(done: &sqlx::postgres::PgQueryResult) -> i64 {
    i64::try_from(done.rows_affected()).unwrap_or(i64::MAX)
}

/// A case for which something is still to be done: all but those that were not received, withdrawn or handed over.
macro_rules! open {
    () => {
        "dossier.status NOT IN (3, 7, 10)"
    };
}

/// Waits for everybody who works on a case of these agencies, and holds it until the end of the operation. Joined to what is theirs: as
/// alternatives with subqueries the planner reads each of them once a case where it has no room to keep them.
pub(crate) async fn hold(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<()> {
    sqlx::query(concat!(
        "SELECT count(*)
           FROM (SELECT FROM dossiers.dossier AS held
                   JOIN (SELECT dossier_id AS id FROM dossiers.holding WHERE agency_id = ANY ($1)
                         UNION
                         SELECT dossier_id FROM dossiers.work WHERE agency_id = ANY ($1)
                         UNION
                         SELECT id FROM dossiers.dossier
                          WHERE ",
        open!(),
        " AND (receiving_agency = ANY ($1) OR handling_agency = ANY ($1))) AS theirs USING (id)
                  ORDER BY held.id
                    FOR NO KEY UPDATE OF held) AS held"
    ))
    .bind(moves.from())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Open cases of these agencies, by the code of the agency that received them; those that others received are counted where they
/// are handled.
pub(crate) async fn open_cases(connection: &mut PgConnection, moves: &Moves) -> Result<BTreeMap<String, i64>> {
    let codes: Vec<&str> = moves.agencies.iter().map(|one| one.from_code.as_str()).collect();
    let rows: Vec<(String, i64)> = sqlx::query_as(concat!(
        "SELECT coalesce(receiving.code, handling.code), count(*)
           FROM dossiers.dossier
           LEFT JOIN unnest($1::uuid[], $2::text[]) AS receiving(agency, code) ON receiving.agency = dossier.receiving_agency
           LEFT JOIN unnest($1::uuid[], $2::text[]) AS handling(agency, code) ON handling.agency = dossier.handling_agency
          WHERE ",
        open!(),
        " AND (receiving.agency IS NOT NULL OR handling.agency IS NOT NULL)
          GROUP BY 1"
    ))
    .bind(moves.from())
    .bind(codes)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().collect())
}

/// Cases, open or over, that an office finds and that a new office must find: one for each case and new agency.
pub(crate) async fn all_cases(connection: &mut PgConnection, moves: &Moves) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(DISTINCT (holding.dossier_id, move.new))
           FROM dossiers.holding
           JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = holding.agency_id",
    )
    .bind(moves.from())
    .bind(moves.to())
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Open steps of these agencies.
pub(crate) async fn open_steps(connection: &mut PgConnection, moves: &Moves) -> Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM dossiers.work WHERE agency_id = ANY ($1)")
        .bind(moves.from())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Writes into the history of every open case that it goes on elsewhere: before it moves, while it is known from where. Gives the
/// numbers of the first and the last of these lines.
pub(crate) async fn tell(
    connection: &mut PgConnection,
    _: &Permit,
    moves: &Moves,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<Option<(i64, i64)>> {
    let from: Vec<&str> = moves.agencies.iter().map(|one| one.from_name.as_str()).collect();
    let to: Vec<&str> = moves.agencies.iter().map(|one| one.to_name.as_str()).collect();
    let (first, last): (Option<i64>, Option<i64>) = sqlx::query_as(concat!(
        "WITH told AS (
         INSERT INTO dossiers.history (dossier_id, at, action, actor, actor_name, agency_id, agency_name, status_before, status_after,
                                       internal, detail)
         SELECT dossier.id, $5, 'moved', $6, $7, move.new, move.new_name, status, status, false,
                jsonb_build_object('from', move.old_name, 'to', move.new_name)
           FROM dossiers.dossier
           JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS move(old, new, old_name, new_name)
             ON move.old IN (dossier.receiving_agency, dossier.handling_agency)
          WHERE ",
        open!(),
        " ORDER BY dossier.id, move.old = dossier.receiving_agency DESC
         RETURNING id)
         SELECT min(id), max(id) FROM told"
    ))
    .bind(moves.from())
    .bind(moves.to())
    .bind(from)
    .bind(to)
    .bind(now)
    .bind(by.key())
    .bind(by.name())
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(first.zip(last))
}

/// Open cases change their agencies. Versions stay: a decision rests on what was handed in, and that is the same.
pub(crate) async fn cases(connection: &mut PgConnection, _: &Permit, moves: &Moves, now: DateTime<Utc>) -> Result<i64> {
    let codes: Vec<&str> = moves.agencies.iter().map(|one| one.to_code.as_str()).collect();
    let names: Vec<&str> = moves.agencies.iter().map(|one| one.to_name.as_str()).collect();
    let done = sqlx::query(concat!(
        "WITH move AS MATERIALIZED (
             SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS move(old, new, code, name)
         ), going AS (
             SELECT dossier.id,
                    coalesce(receiving.new, dossier.receiving_agency) AS receiving_agency,
                    coalesce(handling.new, dossier.handling_agency) AS handling_agency,
                    coalesce(receiving.code, dossier.receiving_code) AS receiving_code,
                    coalesce(receiving.name, dossier.receiving_name) AS receiving_name
               FROM dossiers.dossier
               LEFT JOIN move AS receiving ON receiving.old = dossier.receiving_agency
               LEFT JOIN move AS handling ON handling.old = dossier.handling_agency
              WHERE ",
        open!(),
        " AND (receiving.old IS NOT NULL OR handling.old IS NOT NULL)
         )
         UPDATE dossiers.dossier
            SET receiving_agency = going.receiving_agency,
                handling_agency = going.handling_agency,
                receiving_code = going.receiving_code,
                receiving_name = going.receiving_name,
                updated_at = $5
           FROM going
          WHERE dossier.id = going.id"
    ))
    .bind(moves.from())
    .bind(moves.to())
    .bind(codes)
    .bind(names)
    .bind(now)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows(&done))
}

/// The new agencies see and find what the old ones held, whether it is over or not. Gives how many cases they find.
pub(crate) async fn archives(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    sqlx::query(
        "WITH gains AS (
             SELECT holding.dossier_id, array_agg(DISTINCT move.new) AS new
               FROM dossiers.holding
               JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = holding.agency_id
              GROUP BY holding.dossier_id
         )
         UPDATE dossiers.dossier
            SET agencies = agencies || ARRAY(SELECT one FROM unnest(gains.new) AS one WHERE one <> ALL (agencies))
           FROM gains
          WHERE dossier.id = gains.dossier_id",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    // Each word lies behind the last six digits of its agency and a stroke.
    sqlx::query(
        "INSERT INTO dossiers.holding (agency_id, dossier_id, words)
         SELECT DISTINCT ON (move.new, holding.dossier_id)
                move.new,
                holding.dossier_id,
                array_to_tsvector(ARRAY(SELECT right(move.new::text, 6) || substr(word, 7)
                                          FROM unnest(tsvector_to_array(holding.words)) AS word))
           FROM dossiers.holding
           JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = holding.agency_id
          ORDER BY move.new, holding.dossier_id
         ON CONFLICT (agency_id, dossier_id) DO NOTHING",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query_scalar(
        "SELECT count(DISTINCT (theirs.dossier_id, move.new))
           FROM dossiers.holding
           JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = holding.agency_id
           JOIN dossiers.holding AS theirs ON theirs.agency_id = move.new AND theirs.dossier_id = holding.dossier_id",
    )
    .bind(moves.from())
    .bind(moves.to())
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Open steps stand in the inbox of the new agency, with whoever has taken them; they lie with no unit of it yet.
pub(crate) async fn steps(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<i64> {
    let done = sqlx::query(
        "UPDATE dossiers.work
            SET agency_id = move.new, unit_id = NULL
           FROM unnest($1::uuid[], $2::uuid[]) AS move(old, new)
          WHERE work.agency_id = move.old",
    )
    .bind(moves.from())
    .bind(moves.to())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows(&done))
}

/// A series goes on where the code goes on: two cases of one day would bear the same number otherwise. The others are closed.
pub(crate) async fn series(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<Moved> {
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM dossiers.number_series WHERE agency_id = ANY ($1)")
        .bind(moves.from())
        .fetch_one(&mut *connection)
        .await
        .map_err(db::fault)?;
    let (old, new): (Vec<Uuid>, Vec<Uuid>) = moves
        .agencies
        .iter()
        .filter(|one| one.from_code == one.to_code)
        .map(|one| (one.from.uuid(), one.to.uuid()))
        .unzip();
    let done = sqlx::query(
        "INSERT INTO dossiers.number_series (agency_id, series, period, last)
         SELECT move.new, series, period, last
           FROM dossiers.number_series
           JOIN unnest($1::uuid[], $2::uuid[]) AS move(old, new) ON move.old = number_series.agency_id
         ON CONFLICT (agency_id, series, period) DO UPDATE
            SET last = greatest(dossiers.number_series.last, excluded.last)",
    )
    .bind(old)
    .bind(new)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    let moved = rows(&done);
    Ok(Moved {
        stays: found - moved,
        ..Moved::of("number_series", found, moved)
    })
}

/// Cases that have moved, by the lines of the history between these numbers: each with the number of its line.
pub(crate) async fn moved(
    connection: &mut PgConnection,
    after: i64,
    last: i64,
    limit: i64,
) -> Result<Vec<(i64, DossierId)>> {
    let rows: Vec<(i64, Uuid)> = sqlx::query_as(
        "SELECT id, dossier_id
           FROM dossiers.history
          WHERE id > $1 AND id <= $2 AND action = 'moved'
          ORDER BY id
          LIMIT $3",
    )
    .bind(after)
    .bind(last)
    .bind(limit)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(|(line, id)| (line, id.into())).collect())
}
