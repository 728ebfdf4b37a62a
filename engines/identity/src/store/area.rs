use chrono::NaiveDate;
use kernel::{Result, collation, text};
use op::Permit;
use sqlx::PgConnection;

use crate::error;
use crate::model::{Area, AreaLevel, Validity};

#[derive(sqlx::FromRow)]
pub(super) struct AreaRow {
    code: String,
    level: String,
    parent: Option<String>,
    name: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl AreaRow {
    /// What tells it from all others.
    pub(super) fn key(&self) -> (&str, NaiveDate) {
        (&self.code, self.valid_from)
    }

    pub(super) fn into_area(self) -> Result<Area> {
        Ok(Area {
            level: AreaLevel::parse(&self.level).ok_or_else(|| super::unknown_word("area.level"))?,
            code: self.code,
            parent: self.parent,
            name: self.name,
            validity: Validity {
                from: self.valid_from,
                to: self.valid_to,
            },
        })
    }
}

pub(crate) async fn upsert(connection: &mut PgConnection, _permit: &Permit, area: &Area) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.area (code, level, parent, name, name_folded, name_key, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (code, valid_from) DO UPDATE SET
             level = excluded.level,
             parent = excluded.parent,
             name = excluded.name,
             name_folded = excluded.name_folded,
             name_key = excluded.name_key,
             valid_to = excluded.valid_to",
    )
    .bind(&area.code)
    .bind(area.level.as_str())
    .bind(&area.parent)
    .bind(&area.name)
    .bind(text::fold(&area.name))
    .bind(collation::collation_key(&area.name))
    .bind(area.validity.from)
    .bind(area.validity.to)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("area_one_meaning") => error::overlap(&area.code),
        _ => db::fault(e),
    })?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, code: &str, on: NaiveDate) -> Result<Option<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area
         WHERE code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)",
    )
    .bind(code)
    .bind(on)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .map(AreaRow::into_area)
    .transpose()
}

/// The area and those above it, the lowest first; nothing where the code means nothing on the day. There are three levels: a loop
/// in bad data must not become ours. A parent that does not exist on the day ends the path.
pub(crate) async fn path(connection: &mut PgConnection, code: &str, on: NaiveDate) -> Result<Vec<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "WITH RECURSIVE path AS (
             SELECT code, level, parent, name, valid_from, valid_to, 1 AS step
             FROM identity.area
             WHERE code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
             UNION ALL
             SELECT area.code, area.level, area.parent, area.name, area.valid_from, area.valid_to, path.step + 1
             FROM path
             JOIN identity.area ON area.code = path.parent
             WHERE path.step < 3 AND area.valid_from <= $2 AND (area.valid_to IS NULL OR area.valid_to >= $2)
         )
         SELECT code, level, parent, name, valid_from, valid_to FROM path ORDER BY step",
    )
    .bind(code)
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(AreaRow::into_area)
    .collect()
}

pub(crate) async fn children(connection: &mut PgConnection, parent: Option<&str>, on: NaiveDate) -> Result<Vec<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area
         WHERE (parent = $1::text OR ($1::text IS NULL AND level = 'province'))
           AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
         ORDER BY name_key, code",
    )
    .bind(parent)
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(AreaRow::into_area)
    .collect()
}

/// The codes of all wards with their days.
pub(crate) async fn ward_days(connection: &mut PgConnection) -> Result<Vec<(String, NaiveDate, Option<NaiveDate>)>> {
    sqlx::query_as("SELECT code, valid_from, valid_to FROM identity.area WHERE level = 'ward'")
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

/// Every area of the day, those above first.
pub(crate) async fn all(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area
         WHERE valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1)
         ORDER BY length(code), name_key, code",
    )
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(AreaRow::into_area)
    .collect()
}

/// What the code means on the day, else what it meant last before, else what it will mean first.
pub(crate) async fn meaning(connection: &mut PgConnection, code: &str, on: NaiveDate) -> Result<Option<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area
         WHERE code = $1
         ORDER BY valid_from <= $2 DESC, CASE WHEN valid_from <= $2 THEN $2 - valid_from ELSE valid_from - $2 END
         LIMIT 1",
    )
    .bind(code)
    .bind(on)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .map(AreaRow::into_area)
    .transpose()
}

/// Provinces with something below them.
pub(crate) async fn divided(connection: &mut PgConnection, on: NaiveDate) -> Result<Vec<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area AS province
         WHERE level = 'province' AND valid_from <= $1 AND (valid_to IS NULL OR valid_to >= $1)
           AND EXISTS (
               SELECT FROM identity.area AS below
               WHERE below.parent = province.code
                 AND below.valid_from <= $1 AND (below.valid_to IS NULL OR below.valid_to >= $1))
         ORDER BY name_key, code",
    )
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(AreaRow::into_area)
    .collect()
}

pub(crate) async fn wards(connection: &mut PgConnection, area: &str, on: NaiveDate) -> Result<Vec<Area>> {
    sqlx::query_as::<_, AreaRow>(
        "SELECT code, level, parent, name, valid_from, valid_to
         FROM identity.area
         WHERE level = 'ward'
           AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
           AND parent IN (
               SELECT $1::text
               UNION ALL
               SELECT code FROM identity.area
               WHERE parent = $1 AND level = 'district'
                 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2))
         ORDER BY name_key, code",
    )
    .bind(area)
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?
    .into_iter()
    .map(AreaRow::into_area)
    .collect()
}
