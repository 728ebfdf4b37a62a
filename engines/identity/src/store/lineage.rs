//! What became of what: areas, agencies, levels, followed from day to day.

use chrono::NaiveDate;
use kernel::{AgencyId, Result};
use sqlx::PgConnection;
use uuid::Uuid;

use super::area::AreaRow;
use crate::model::Area;

/// More reorganisations than anybody will live to see: a loop in bad data must not become ours.
pub(super) const MOST_STEPS: i32 = 64;

#[derive(sqlx::FromRow)]
struct ShareRow {
    #[sqlx(flatten)]
    area: AreaRow,
    whole: bool,
}

fn shares(rows: Vec<ShareRow>) -> Result<Vec<(Area, bool)>> {
    rows.into_iter()
        .map(|row| Ok((row.area.into_area()?, row.whole)))
        .collect()
}

/// The statement over what one direction has found: an area that is reached in several ways is whole only if it is in each.
macro_rules! ground {
    ($walk:literal) => {
        concat!(
            "WITH RECURSIVE ground AS (
                 SELECT code, valid_from, valid_to, true AS whole, 0 AS step
                 FROM identity.area
                 WHERE code = $1 AND valid_from = $2
                 UNION
                 SELECT area.code, area.valid_from, area.valid_to, ground.whole AND link.whole, ground.step + 1
                 FROM ground ",
            $walk,
            ")
             SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, bool_and(ground.whole) AS whole
             FROM ground
             JOIN identity.area ON area.code = ground.code AND area.valid_from = ground.valid_from
             WHERE area.valid_from <= $3 AND (area.valid_to IS NULL OR area.valid_to >= $3)
             GROUP BY area.code, area.valid_from
             ORDER BY area.name_key, area.code"
        )
    };
}

/// What stands on the day on the ground of this area, and whether all of it is there.
pub(crate) async fn ground(connection: &mut PgConnection, area: &Area, on: NaiveDate) -> Result<Vec<(Area, bool)>> {
    let statement = if area.validity.from > on {
        ground!(
            "JOIN identity.area_successor AS link ON link.new_code = ground.code AND link.new_from = ground.valid_from
             JOIN identity.area ON area.code = link.old_code AND area.valid_from = link.old_from
             WHERE ground.step < $4 AND ground.valid_from > $3"
        )
    } else {
        ground!(
            "JOIN identity.area_successor AS link ON link.old_code = ground.code AND link.old_from = ground.valid_from
             JOIN identity.area ON area.code = link.new_code AND area.valid_from = link.new_from
             WHERE ground.step < $4 AND ground.valid_to < $3"
        )
    };
    let rows: Vec<ShareRow> = sqlx::query_as(statement)
        .bind(&area.code)
        .bind(area.validity.from)
        .bind(on)
        .bind(MOST_STEPS)
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    shares(rows)
}

/// The areas that this one came from, and whether each was taken in wholly.
pub(crate) async fn came_from(connection: &mut PgConnection, area: &Area) -> Result<Vec<(Area, bool)>> {
    let rows: Vec<ShareRow> = sqlx::query_as(
        "SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, link.whole
         FROM identity.area_successor AS link
         JOIN identity.area ON area.code = link.old_code AND area.valid_from = link.old_from
         WHERE link.new_code = $1 AND link.new_from = $2
         ORDER BY area.name_key, area.code",
    )
    .bind(&area.code)
    .bind(area.validity.from)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    shares(rows)
}

/// What this area became directly, and whether all of it went there.
pub(crate) async fn became(connection: &mut PgConnection, area: &Area) -> Result<Vec<(Area, bool)>> {
    let rows: Vec<ShareRow> = sqlx::query_as(
        "SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, link.whole
         FROM identity.area_successor AS link
         JOIN identity.area ON area.code = link.new_code AND area.valid_from = link.new_from
         WHERE link.old_code = $1 AND link.old_from = $2
         ORDER BY area.name_key, area.code",
    )
    .bind(&area.code)
    .bind(area.validity.from)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    shares(rows)
}

/// The agency that does the work of this one on the day: itself while it is there, else the home of its work.
pub(crate) async fn in_charge(connection: &mut PgConnection, agency: AgencyId, on: NaiveDate) -> Result<AgencyId> {
    let id: Uuid = sqlx::query_scalar(
        "WITH RECURSIVE home AS (
             SELECT id, valid_to, 0 AS step FROM identity.agency WHERE id = $1
             UNION ALL
             SELECT agency.id, agency.valid_to, home.step + 1
             FROM home
             JOIN identity.agency_successor AS link ON link.old = home.id AND link.home
             JOIN identity.agency ON agency.id = link.new
             WHERE home.step < $3 AND home.valid_to < $2
         )
         SELECT id FROM home ORDER BY step DESC LIMIT 1",
    )
    .bind(agency.uuid())
    .bind(on)
    .bind(MOST_STEPS)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .unwrap_or(agency.uuid());
    Ok(id.into())
}

/// The agencies that took the place of this one directly: which, whether it is the only one, whether open work went on there.
pub(crate) async fn agency_became(
    connection: &mut PgConnection,
    agency: AgencyId,
) -> Result<Vec<(AgencyId, bool, bool)>> {
    links(
        connection,
        "SELECT link.new, link.whole, link.home
         FROM identity.agency_successor AS link JOIN identity.agency ON agency.id = link.new
         WHERE link.old = $1
         ORDER BY link.home DESC, agency.name_key, agency.id",
        agency,
    )
    .await
}

/// The agencies whose place this one took.
pub(crate) async fn agency_came_from(
    connection: &mut PgConnection,
    agency: AgencyId,
) -> Result<Vec<(AgencyId, bool, bool)>> {
    links(
        connection,
        "SELECT link.old, link.whole, link.home
         FROM identity.agency_successor AS link JOIN identity.agency ON agency.id = link.old
         WHERE link.new = $1
         ORDER BY agency.name_key, agency.id",
        agency,
    )
    .await
}

async fn links(
    connection: &mut PgConnection,
    statement: &'static str,
    agency: AgencyId,
) -> Result<Vec<(AgencyId, bool, bool)>> {
    let rows: Vec<(Uuid, bool, bool)> = sqlx::query_as(statement)
        .bind(agency.uuid())
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(id, whole, home)| (id.into(), whole, home))
        .collect())
}

/// The level that does the work of this one on the day: itself while there is one.
pub(crate) async fn level(connection: &mut PgConnection, level: &str, on: NaiveDate) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT home FROM identity.level_successor WHERE level = $1 AND since <= $2")
        .bind(level)
        .bind(on)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// Every meaning of a code, the oldest first.
pub(crate) async fn meanings(connection: &mut PgConnection, code: &str) -> Result<Vec<Area>> {
    let rows: Vec<AreaRow> = sqlx::query_as(
        "SELECT code, level, parent, name, valid_from, valid_to FROM identity.area WHERE code = $1 ORDER BY valid_from",
    )
    .bind(code)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    rows.into_iter().map(AreaRow::into_area).collect()
}
