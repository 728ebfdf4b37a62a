//! Reorganisations: what was, what is written, and what became of what.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{AgencyId, PersonId, PositionId, Result, UnitId, collation, text};
use op::{Moved, Moves, Permit};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::office::UnitRow;
use crate::model::Unit;
use crate::reorganise::Reorganisation;
use crate::reorganise::plan::Plan;
use crate::reorganise::settle::{
    AgencyBegins, AgencyLink, AgencySince, AreaLink, AreaSince, OfficeElsewhen, OfficeKind, PositionBefore, Settled,
};

#[derive(sqlx::FromRow)]
struct RecordRow {
    key: String,
    title: String,
    basis: String,
    on_day: NaiveDate,
    executed_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct PositionRow {
    id: Uuid,
    agency: Uuid,
    unit: Option<Uuid>,
    code: String,
    title: String,
    roles: Vec<String>,
}

/// Agencies stand still while this is held by somebody else alone: whoever hands in a case shares it, a reorganisation has it alone.
const STAND_STILL: i64 = 0x6e67_6162_6179_0310;

/// Shares the standing still of agencies until the end of the operation.
pub(crate) async fn share(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared($1)")
        .bind(STAND_STILL)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Waits for everybody who hands in a case now, and keeps others from it until the end of the operation.
pub(crate) async fn have_alone(connection: &mut PgConnection, _: &Permit) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(STAND_STILL)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// A reorganisation moves a whole province in one transaction: it may take minutes, and waits for officials who are at work.
pub(crate) async fn be_patient(connection: &mut PgConnection, _: &Permit) -> Result<()> {
    sqlx::raw_sql(
        "SET LOCAL statement_timeout = 0;
         SET LOCAL lock_timeout = '2min';
         SET LOCAL idle_in_transaction_session_timeout = 0",
    )
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// When a plan of this key was carried out.
pub(crate) async fn executed_at(connection: &mut PgConnection, key: &str) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("SELECT executed_at FROM identity.reorganisation WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// Whether there was a reorganisation at all.
pub(crate) async fn any(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.reorganisation)")
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// All that were carried out, the oldest first.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<Reorganisation>> {
    let rows: Vec<RecordRow> = sqlx::query_as(
        "SELECT key, title, basis, on_day, executed_at
         FROM identity.reorganisation
         ORDER BY executed_at, key",
    )
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| Reorganisation {
            key: row.key,
            title: row.title,
            basis: row.basis,
            on: row.on_day,
            executed_at: row.executed_at,
        })
        .collect())
}

pub(crate) async fn report(connection: &mut PgConnection, key: &str) -> Result<Option<serde_json::Value>> {
    sqlx::query_scalar("SELECT report FROM identity.reorganisation WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// All units of the day.
pub(crate) async fn units(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<Unit>> {
    let rows: Vec<UnitRow> = sqlx::query_as(
        "SELECT id, agency, code, kind, name, valid_from, valid_to
         FROM identity.unit
         WHERE daterange(valid_from, valid_to, '[]') @> $1
         ORDER BY agency, id",
    )
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(UnitRow::into_unit).collect())
}

/// All positions of the day.
pub(crate) async fn positions(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<PositionBefore>> {
    let rows: Vec<PositionRow> = sqlx::query_as(
        "SELECT id, agency, unit, code, title, roles
         FROM identity.position
         WHERE daterange(valid_from, valid_to, '[]') @> $1
         ORDER BY agency, id",
    )
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| PositionBefore {
            id: row.id.into(),
            agency: row.agency.into(),
            unit: row.unit.map(UnitId::from),
            code: row.code,
            title: row.title,
            roles: row.roles,
        })
        .collect())
}

/// Areas that begin on the day or later.
pub(crate) async fn areas_since(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<AreaSince>> {
    let rows: Vec<(String, String, Option<String>, NaiveDate)> =
        sqlx::query_as("SELECT code, name, parent, valid_from FROM identity.area WHERE valid_from >= $1 ORDER BY code")
            .bind(on)
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    let area = |(code, name, parent, from)| AreaSince {
        code,
        name,
        parent,
        from,
    };
    Ok(rows.into_iter().map(area).collect())
}

/// Agencies that begin on the day or later, each with its first code.
pub(crate) async fn agencies_since(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<AgencySince>> {
    let rows = sqlx::query(
        "SELECT DISTINCT ON (agency.id)
                agency.id, code.code, agency.name, agency.level, agency.parent, agency.area_code, agency.valid_from
         FROM identity.agency AS agency
         JOIN identity.agency_code AS code ON code.agency = agency.id
         WHERE agency.valid_from >= $1
         ORDER BY agency.id, code.valid_from",
    )
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| AgencySince {
            id: row.get::<Uuid, _>(0).into(),
            code: row.get(1),
            name: row.get(2),
            level: row.get(3),
            parent: row.get::<Option<Uuid>, _>(4).map(AgencyId::from),
            area: row.get(5),
            from: row.get(6),
        })
        .collect())
}

/// Units, positions and codes of agencies that are not there on the day.
pub(crate) async fn offices_elsewhen(connection: &mut PgConnection, eve: NaiveDate) -> Result<Vec<OfficeElsewhen>> {
    let mut found = Vec::new();
    for (kind, statement) in [
        (
            OfficeKind::Unit,
            "SELECT agency, code, name, valid_from FROM identity.unit
             WHERE NOT daterange(valid_from, valid_to, '[]') @> $1 ORDER BY agency, code",
        ),
        (
            OfficeKind::Position,
            "SELECT agency, code, title, valid_from FROM identity.position
             WHERE NOT daterange(valid_from, valid_to, '[]') @> $1 ORDER BY agency, code",
        ),
        (
            OfficeKind::Code,
            "SELECT agency, code, code, valid_from FROM identity.agency_code
             WHERE NOT daterange(valid_from, valid_to, '[]') @> $1 ORDER BY agency, code",
        ),
    ] {
        let rows: Vec<(Uuid, String, String, NaiveDate)> = sqlx::query_as(statement)
            .bind(eve)
            .fetch_all(&mut *connection)
            .await
            .map_err(db::fault)?;
        found.extend(rows.into_iter().map(|(agency, code, name, from)| OfficeElsewhen {
            agency: agency.into(),
            kind,
            code,
            name,
            from,
        }));
    }
    Ok(found)
}

/// Counts the positions that must go on: all of the agencies that end, unless they had ended before.
pub(crate) async fn count_positions(connection: &mut PgConnection, moves: &Moves) -> Result<i64> {
    sqlx::query_scalar(
        "SELECT count(*) FROM identity.position
         WHERE agency = ANY ($1) AND (valid_to IS NULL OR valid_to >= $2::date - 1)",
    )
    .bind(moves.from())
    .bind(moves.on)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

/// Writes down that the plan is carried out; the report follows.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    plan: &Plan,
    on: NaiveDate,
    at: DateTime<Utc>,
    by: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.reorganisation (key, title, basis, on_day, declaration, executed_at, executed_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&plan.key)
    .bind(&plan.title)
    .bind(&plan.basis)
    .bind(on)
    .bind(&plan.source)
    .bind(at)
    .bind(by)
    .execute(connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some("reorganisation_pkey") => crate::error::already_reorganised(&plan.key, at),
        _ => db::fault(error),
    })?;
    Ok(())
}

pub(crate) async fn set_report(
    connection: &mut PgConnection,
    _: &Permit,
    key: &str,
    report: &serde_json::Value,
) -> Result<()> {
    sqlx::query("UPDATE identity.reorganisation SET report = $2 WHERE key = $1")
        .bind(key)
        .bind(report)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Ends the old areas, begins the new ones, and says what became of what.
pub(crate) async fn write_areas(
    connection: &mut PgConnection,
    permit: &Permit,
    key: &str,
    settled: &Settled,
) -> Result<()> {
    let (codes, from): (Vec<&str>, Vec<NaiveDate>) = settled
        .areas_end
        .iter()
        .map(|(code, from)| (code.as_str(), *from))
        .unzip();
    sqlx::query(
        "UPDATE identity.area SET valid_to = $3::date - 1
         FROM unnest($1::text[], $2::date[]) AS ended(code, valid_from)
         WHERE area.code = ended.code AND area.valid_from = ended.valid_from",
    )
    .bind(codes)
    .bind(from)
    .bind(settled.on)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    for area in &settled.areas_begin {
        super::area::upsert(connection, permit, area).await?;
    }
    for AreaLink { old, new, whole } in &settled.area_links {
        sqlx::query(
            "INSERT INTO identity.area_successor (old_code, old_from, new_code, new_from, whole, reorganisation)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&old.0)
        .bind(old.1)
        .bind(&new.0)
        .bind(new.1)
        .bind(whole)
        .bind(key)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    }
    Ok(())
}

/// Ends the old agencies with their codes, units and positions.
pub(crate) async fn end_agencies(connection: &mut PgConnection, _: &Permit, moves: &Moves) -> Result<()> {
    for statement in [
        "UPDATE identity.agency SET valid_to = $2::date - 1 WHERE id = ANY ($1)",
        "UPDATE identity.agency_code SET valid_to = $2::date - 1
         WHERE agency = ANY ($1) AND daterange(valid_from, valid_to, '[]') @> ($2::date - 1)",
        "UPDATE identity.unit SET valid_to = $2::date - 1
         WHERE agency = ANY ($1) AND daterange(valid_from, valid_to, '[]') @> ($2::date - 1)",
        "UPDATE identity.position SET valid_to = $2::date - 1
         WHERE agency = ANY ($1) AND daterange(valid_from, valid_to, '[]') @> ($2::date - 1)",
    ] {
        sqlx::query(statement)
            .bind(moves.from())
            .bind(moves.on)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    }
    Ok(())
}

/// Begins an agency with its code.
pub(crate) async fn begin_agency(
    connection: &mut PgConnection,
    _: &Permit,
    new: &AgencyBegins,
    on: NaiveDate,
) -> Result<()> {
    sqlx::query(
        "WITH begun AS (
             INSERT INTO identity.agency
                 (id, level, kind, name, name_folded, name_key, parent, area_code, address, phone, valid_from)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             RETURNING id
         )
         INSERT INTO identity.agency_code (code, agency, origin, valid_from)
         SELECT $12, id, $13, $11 FROM begun",
    )
    .bind(new.id.uuid())
    .bind(new.level.as_str())
    .bind(&new.kind)
    .bind(&new.name)
    .bind(text::fold(&new.name))
    .bind(collation::collation_key(&new.name))
    .bind(new.parent.map(AgencyId::uuid))
    .bind(&new.area)
    .bind(&new.address)
    .bind(&new.phone)
    .bind(on)
    .bind(new.code.as_str())
    .bind(new.origin.as_str())
    .execute(connection)
    .await
    .map_err(|error| match db::violated(&error) {
        Some("agency_code_one_meaning" | "agency_code_pkey") => crate::error::overlap(&new.code),
        _ => db::fault(error),
    })?;
    Ok(())
}

/// Says what became of the agencies and the positions, and which level is no more. Gives how many positions go on.
pub(crate) async fn write_links(
    connection: &mut PgConnection,
    permit: &Permit,
    key: &str,
    settled: &Settled,
) -> Result<i64> {
    for AgencyLink { old, new, whole, home } in &settled.agency_links {
        sqlx::query(
            "INSERT INTO identity.agency_successor (old, new, whole, home, reorganisation) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(old.uuid())
        .bind(new.uuid())
        .bind(whole)
        .bind(home)
        .bind(key)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    }
    let (old, new): (Vec<Uuid>, Vec<Uuid>) = position_columns(&settled.position_links);
    let linked = sqlx::query(
        "INSERT INTO identity.position_successor (old, new, reorganisation)
         SELECT old, new, $3 FROM unnest($1::uuid[], $2::uuid[]) AS link(old, new)",
    )
    .bind(old)
    .bind(new)
    .bind(key)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    super::withheld::follow(connection, permit, key).await?;
    for (level, home) in &settled.levels {
        sqlx::query(
            "INSERT INTO identity.level_successor (level, home, since, reorganisation) VALUES ($1, $2, $3, $4)
             ON CONFLICT (level) DO UPDATE
             SET home = excluded.home, since = excluded.since, reorganisation = excluded.reorganisation",
        )
        .bind(level.as_str())
        .bind(home.as_str())
        .bind(settled.on)
        .bind(key)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    }
    Ok(i64::try_from(linked.rows_affected()).unwrap_or(i64::MAX))
}

fn position_columns(links: &[(PositionId, PositionId)]) -> (Vec<Uuid>, Vec<Uuid>) {
    links.iter().map(|(old, new)| (old.uuid(), new.uuid())).unzip()
}

/// Begins units and positions.
pub(crate) async fn begin_offices(connection: &mut PgConnection, _: &Permit, settled: &Settled) -> Result<()> {
    for unit in &settled.units_begin {
        sqlx::query(
            "INSERT INTO identity.unit (id, agency, code, kind, name, valid_from) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(unit.id.uuid())
        .bind(unit.agency.uuid())
        .bind(&unit.code)
        .bind(&unit.kind)
        .bind(&unit.name)
        .bind(settled.on)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    }
    for position in &settled.positions_begin {
        sqlx::query(
            "INSERT INTO identity.position (id, agency, unit, code, title, roles, valid_from)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(position.id.uuid())
        .bind(position.agency.uuid())
        .bind(position.unit.map(UnitId::uuid))
        .bind(&position.code)
        .bind(&position.title)
        .bind(&position.roles)
        .bind(settled.on)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    }
    Ok(())
}

/// Counts before anything moves: holdings that go on, and the accounts behind them.
pub(crate) async fn count_holdings(
    connection: &mut PgConnection,
    links: &[(PositionId, PositionId)],
    on: NaiveDate,
) -> Result<(i64, i64)> {
    let (old, new) = position_columns(links);
    let row = sqlx::query(
        "WITH held AS (
             SELECT DISTINCT holding.person, link.new AS position
             FROM identity.holding AS holding
             JOIN unnest($1::uuid[], $2::uuid[]) AS link(old, new) ON link.old = holding.position
             WHERE holding.valid_to IS NULL OR holding.valid_to >= $3
         )
         SELECT (SELECT count(*) FROM held),
                (SELECT count(DISTINCT account.id) FROM held JOIN identity.account ON account.person = held.person)",
    )
    .bind(old)
    .bind(new)
    .bind(on)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok((row.get(0), row.get(1)))
}

/// Somebody who goes on in a new position.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Went {
    /// Who.
    #[sqlx(try_from = "Uuid")]
    pub(crate) person: PersonId,
    /// The old position; of several, the one that was held longest.
    #[sqlx(try_from = "Uuid")]
    pub(crate) old: PositionId,
    /// The new one.
    #[sqlx(try_from = "Uuid")]
    pub(crate) new: PositionId,
    /// The days on which any of the old ones was to be held, from the day of the plan on; as the database writes them.
    days: String,
}

/// Everybody goes on in the new position from the day on; the old holding stays, until the day before. Gives who moved.
pub(crate) async fn move_holdings(
    connection: &mut PgConnection,
    _: &Permit,
    links: &[(PositionId, PositionId)],
    on: NaiveDate,
) -> Result<Vec<Went>> {
    let (old, new) = position_columns(links);
    // Whoever held the same office in two agencies that become one holds it once, on all days of both; what they hold there
    // already is not written again.
    let moved: Vec<Went> = sqlx::query_as(
        "WITH going AS (
             SELECT holding.person,
                    link.new,
                    (array_agg(holding.position ORDER BY holding.valid_to DESC NULLS FIRST, holding.valid_from))[1] AS old,
                    range_agg(daterange(greatest(holding.valid_from, $3), holding.valid_to, '[]')) AS days
             FROM identity.holding AS holding
             JOIN unnest($1::uuid[], $2::uuid[]) AS link(old, new) ON link.old = holding.position
             WHERE holding.valid_to IS NULL OR holding.valid_to >= $3
             GROUP BY holding.person, link.new
         ), written AS (
             INSERT INTO identity.holding (id, person, position, valid_from, valid_to)
             SELECT gen_random_uuid(), going.person, going.new, lower(free), upper(free) - 1
             FROM going
             CROSS JOIN LATERAL (
                 SELECT coalesce(range_agg(daterange(valid_from, valid_to, '[]')), '{}') AS days
                 FROM identity.holding
                 WHERE holding.person = going.person AND holding.position = going.new
             ) AS held
             CROSS JOIN LATERAL unnest(going.days - held.days) AS free
         )
         SELECT person, old, new, days::text AS days FROM going",
    )
    .bind(&old)
    .bind(new)
    .bind(on)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "UPDATE identity.holding SET valid_to = $2::date - 1
         WHERE position = ANY ($1) AND valid_from < $2 AND (valid_to IS NULL OR valid_to >= $2)",
    )
    .bind(&old)
    .bind(on)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(moved)
}

/// How many of those who had to go on hold the new position on every day on which they would have held an old one, and how many
/// accounts they have.
pub(crate) async fn count_moved(connection: &mut PgConnection, moved: &[Went]) -> Result<(i64, i64)> {
    let people: Vec<Uuid> = moved.iter().map(|went| went.person.uuid()).collect();
    let positions: Vec<Uuid> = moved.iter().map(|went| went.new.uuid()).collect();
    let days: Vec<&str> = moved.iter().map(|went| went.days.as_str()).collect();
    let row = sqlx::query(
        "WITH there AS (
             SELECT holding.person, holding.position
             FROM identity.holding AS holding
             JOIN unnest($1::uuid[], $2::uuid[], $3::text[]) AS went(person, position, days)
               ON went.person = holding.person AND went.position = holding.position
             GROUP BY holding.person, holding.position, went.days
             HAVING range_agg(daterange(holding.valid_from, holding.valid_to, '[]')) @> went.days::datemultirange
         )
         SELECT (SELECT count(*) FROM there),
                (SELECT count(DISTINCT account.id) FROM there JOIN identity.account ON account.person = there.person)",
    )
    .bind(people)
    .bind(positions)
    .bind(days)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok((row.get(0), row.get(1)))
}

/// Leaders' positions that more people hold than held any of the old ones: somebody has to say who leads.
pub(crate) async fn crowded(
    connection: &mut PgConnection,
    links: &[(PositionId, PositionId)],
    on: NaiveDate,
) -> Result<Vec<(String, String, i64)>> {
    let (old, new) = position_columns(links);
    sqlx::query_as(
        "WITH link AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS link(old, new)),
         was AS (
             SELECT link.new, max(people) AS most
             FROM (SELECT link.old, link.new, count(holding.person) AS people
                   FROM link LEFT JOIN identity.holding AS holding
                     ON holding.position = link.old AND daterange(holding.valid_from, holding.valid_to, '[]') @> ($3::date - 1)
                   GROUP BY link.old, link.new) AS link
             GROUP BY link.new
         ), now AS (
             SELECT position, count(*) AS people
             FROM identity.holding
             WHERE position IN (SELECT new FROM link) AND daterange(valid_from, valid_to, '[]') @> $3
             GROUP BY position
         )
         SELECT code.code, position.title, now.people
         FROM now
         JOIN was ON was.new = now.position
         JOIN identity.position AS position ON position.id = now.position
         JOIN identity.agency_code AS code
           ON code.agency = position.agency AND daterange(code.valid_from, code.valid_to, '[]') @> $3
         WHERE 'leader' = ANY (position.roles) AND now.people > greatest(was.most, 1)
         ORDER BY code.code, position.title",
    )
    .bind(old)
    .bind(new)
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Sessions go on from the position that took the place of the chosen one.
pub(crate) async fn move_sessions(
    connection: &mut PgConnection,
    _: &Permit,
    links: &[(PositionId, PositionId)],
) -> Result<()> {
    let (old, new) = position_columns(links);
    sqlx::query(
        "UPDATE identity.session SET position = link.new
         FROM unnest($1::uuid[], $2::uuid[]) AS link(old, new)
         WHERE session.position = link.old AND session.ended_at IS NULL",
    )
    .bind(old)
    .bind(new)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// People live in the ward that all of theirs became. Of a ward that was divided nobody knows without asking: they stay where they
/// are, and are listed by code.
pub(crate) async fn move_residences(
    connection: &mut PgConnection,
    _: &Permit,
    links: &[AreaLink],
) -> Result<(Moved, BTreeMap<String, i64>)> {
    let old: Vec<&str> = links.iter().map(|link| link.old.0.as_str()).collect();
    let (whole, to): (Vec<&str>, Vec<&str>) = links
        .iter()
        .filter(|link| link.whole)
        .map(|link| (link.old.0.as_str(), link.new.0.as_str()))
        .unzip();
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM identity.person WHERE residence_ward = ANY ($1)")
        .bind(&old)
        .fetch_one(&mut *connection)
        .await
        .map_err(db::fault)?;
    let divided: Vec<(String, i64)> = sqlx::query_as(
        "SELECT residence_ward, count(*)
         FROM identity.person
         WHERE residence_ward = ANY ($1) AND residence_ward <> ALL ($2)
         GROUP BY residence_ward",
    )
    .bind(&old)
    .bind(&whole)
    .fetch_all(&mut *connection)
    .await
    .map_err(db::fault)?;
    // All at once: 31321 goes to 31321 while 31318 comes to it, and nobody is moved twice.
    let moved = sqlx::query(
        "UPDATE identity.person SET residence_ward = link.new
         FROM unnest($1::text[], $2::text[]) AS link(old, new)
         WHERE person.residence_ward = link.old",
    )
    .bind(&whole)
    .bind(&to)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    let divided: BTreeMap<String, i64> = divided.into_iter().collect();
    let moved = Moved {
        stays: divided.values().sum(),
        ..Moved::of(
            "residences",
            found,
            i64::try_from(moved.rows_affected()).unwrap_or(i64::MAX),
        )
    };
    Ok((moved, divided))
}
