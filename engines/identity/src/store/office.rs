use chrono::NaiveDate;
use kernel::{AccountId, AgencyId, PersonId, PositionId, Result, UnitId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error;
use crate::model::{HeldPosition, OfficialView, Position, Unit, Validity};
use crate::offices::{NewPosition, NewUnit};

#[derive(sqlx::FromRow)]
pub(super) struct UnitRow {
    id: Uuid,
    agency: Uuid,
    code: String,
    kind: String,
    name: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl UnitRow {
    pub(super) fn into_unit(self) -> Unit {
        Unit {
            id: self.id.into(),
            agency: self.agency.into(),
            code: self.code,
            kind: self.kind,
            name: self.name,
            validity: Validity {
                from: self.valid_from,
                to: self.valid_to,
            },
        }
    }
}

#[derive(sqlx::FromRow)]
struct HeldRow {
    position: Uuid,
    code: String,
    title: String,
    roles: Vec<String>,
    agency: Uuid,
    agency_code: String,
    agency_name: String,
    unit: Option<Uuid>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

#[derive(sqlx::FromRow)]
struct PositionRow {
    id: Uuid,
    agency: Uuid,
    unit: Option<Uuid>,
    code: String,
    title: String,
    roles: Vec<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl PositionRow {
    fn into_position(self) -> Position {
        Position {
            id: self.id.into(),
            agency: self.agency.into(),
            unit: self.unit.map(UnitId::from_uuid),
            code: self.code,
            title: self.title,
            roles: self.roles,
            validity: Validity {
                from: self.valid_from,
                to: self.valid_to,
            },
        }
    }
}

#[derive(sqlx::FromRow)]
struct OfficialRow {
    account: Option<Uuid>,
    person: Uuid,
    name: String,
    position: Uuid,
    title: String,
    roles: Vec<String>,
    unit: Option<Uuid>,
}

pub(crate) async fn upsert_unit(connection: &mut PgConnection, _permit: &Permit, new: &NewUnit) -> Result<UnitId> {
    let id: Uuid = sqlx::query_scalar(
        "INSERT INTO identity.unit (id, agency, code, kind, name, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (agency, code) DO UPDATE SET
             kind = excluded.kind,
             name = excluded.name,
             valid_from = excluded.valid_from,
             valid_to = excluded.valid_to
         RETURNING id",
    )
    .bind(UnitId::new().uuid())
    .bind(new.agency.uuid())
    .bind(&new.code)
    .bind(&new.kind)
    .bind(&new.name)
    .bind(new.validity.from)
    .bind(new.validity.to)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(id.into())
}

pub(crate) async fn units(connection: &mut PgConnection, agency: AgencyId, on: NaiveDate) -> Result<Vec<Unit>> {
    let rows = sqlx::query_as::<_, UnitRow>(
        "SELECT id, agency, code, kind, name, valid_from, valid_to
         FROM identity.unit
         WHERE agency = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)
         ORDER BY id",
    )
    .bind(agency.uuid())
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(UnitRow::into_unit).collect())
}

pub(crate) async fn unit_by_code(
    connection: &mut PgConnection,
    agency: AgencyId,
    code: &str,
) -> Result<Option<UnitId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.unit WHERE agency = $1 AND code = $2")
        .bind(agency.uuid())
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(UnitId::from))
}

pub(crate) async fn upsert_position(
    connection: &mut PgConnection,
    _permit: &Permit,
    new: &NewPosition,
    unit: Option<UnitId>,
) -> Result<PositionId> {
    let id: Uuid = sqlx::query_scalar(
        "INSERT INTO identity.position (id, agency, unit, code, title, roles, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (agency, code) DO UPDATE SET
             unit = excluded.unit,
             title = excluded.title,
             roles = excluded.roles,
             valid_from = excluded.valid_from,
             valid_to = excluded.valid_to
         RETURNING id",
    )
    .bind(PositionId::new().uuid())
    .bind(new.agency.uuid())
    .bind(unit.map(UnitId::uuid))
    .bind(&new.code)
    .bind(&new.title)
    .bind(&new.roles)
    .bind(new.validity.from)
    .bind(new.validity.to)
    .fetch_one(connection)
    .await
    .map_err(db::fault)?;
    Ok(id.into())
}

pub(crate) async fn position_by_code(
    connection: &mut PgConnection,
    agency: AgencyId,
    code: &str,
) -> Result<Option<PositionId>> {
    let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM identity.position WHERE agency = $1 AND code = $2")
        .bind(agency.uuid())
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?;
    Ok(id.map(PositionId::from))
}

pub(crate) async fn position_exists(connection: &mut PgConnection, id: PositionId) -> Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM identity.position WHERE id = $1)")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn position(connection: &mut PgConnection, id: PositionId) -> Result<Option<Position>> {
    let row = sqlx::query_as::<_, PositionRow>(
        "SELECT id, agency, unit, code, title, roles, valid_from, valid_to
         FROM identity.position
         WHERE id = $1",
    )
    .bind(id.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(row.map(PositionRow::into_position))
}

/// What a person holds on the day or will hold later.
pub(crate) async fn held_from(
    connection: &mut PgConnection,
    person: PersonId,
    from: NaiveDate,
) -> Result<Vec<Position>> {
    let rows = sqlx::query_as::<_, PositionRow>(
        "SELECT id, agency, unit, code, title, roles, valid_from, valid_to
         FROM identity.position AS position
         WHERE EXISTS (
             SELECT
             FROM identity.holding AS holding
             WHERE holding.position = position.id
               AND holding.person = $1
               AND (holding.valid_to IS NULL OR holding.valid_to >= $2)
         )
         ORDER BY id",
    )
    .bind(person.uuid())
    .bind(from)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows.into_iter().map(PositionRow::into_position).collect())
}

/// Whether anything changed.
pub(crate) async fn upsert_holding(
    connection: &mut PgConnection,
    _permit: &Permit,
    person: PersonId,
    position: PositionId,
    days: Validity,
) -> Result<bool> {
    let written = sqlx::query(
        "INSERT INTO identity.holding (id, person, position, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (person, position, valid_from) DO UPDATE SET valid_to = excluded.valid_to
         WHERE identity.holding.valid_to IS DISTINCT FROM excluded.valid_to",
    )
    .bind(Uuid::now_v7())
    .bind(person.uuid())
    .bind(position.uuid())
    .bind(days.from)
    .bind(days.to)
    .execute(connection)
    .await
    .map_err(|e| match db::violated(&e) {
        Some("holding_once") => error::overlap(position),
        _ => db::fault(e),
    })?;
    Ok(written.rows_affected() > 0)
}

/// Whether there was a hold that reached beyond the day. One that had begun is cut, one that would begin later is taken back.
pub(crate) async fn end_holding(
    connection: &mut PgConnection,
    _permit: &Permit,
    person: PersonId,
    position: PositionId,
    last_day: NaiveDate,
) -> Result<bool> {
    let taken_back =
        sqlx::query("DELETE FROM identity.holding WHERE person = $1 AND position = $2 AND valid_from > $3")
            .bind(person.uuid())
            .bind(position.uuid())
            .bind(last_day)
            .execute(&mut *connection)
            .await
            .map_err(db::fault)?;
    let cut = sqlx::query(
        "UPDATE identity.holding SET valid_to = $3
         WHERE person = $1 AND position = $2 AND (valid_to IS NULL OR valid_to > $3)",
    )
    .bind(person.uuid())
    .bind(position.uuid())
    .bind(last_day)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(taken_back.rows_affected() + cut.rows_affected() > 0)
}

pub(crate) async fn held(connection: &mut PgConnection, person: PersonId, on: NaiveDate) -> Result<Vec<HeldPosition>> {
    let rows = sqlx::query_as::<_, HeldRow>(
        "SELECT position.id AS position,
                position.code,
                position.title,
                ARRAY (
                    SELECT own.role
                    FROM unnest(position.roles) WITH ORDINALITY AS own(role, place)
                    WHERE NOT EXISTS (
                        SELECT
                        FROM identity.withheld_role AS withheld
                        WHERE withheld.person = holding.person
                          AND withheld.position = position.id
                          AND withheld.role = own.role
                          AND withheld.returned_at IS NULL)
                    ORDER BY own.place) AS roles,
                position.agency,
                code.code AS agency_code,
                agency.name AS agency_name,
                position.unit,
                holding.valid_from,
                holding.valid_to
         FROM identity.holding AS holding
         JOIN identity.position AS position ON position.id = holding.position
         JOIN identity.agency AS agency ON agency.id = position.agency
         CROSS JOIN LATERAL (
             SELECT held.code
             FROM identity.agency_code AS held
             WHERE held.agency = agency.id
             ORDER BY daterange(held.valid_from, held.valid_to, '[]') @> $2 DESC, held.valid_from DESC
             LIMIT 1
         ) AS code
         WHERE holding.person = $1
           AND daterange(holding.valid_from, holding.valid_to, '[]') @> $2
           AND daterange(position.valid_from, position.valid_to, '[]') @> $2
           AND daterange(agency.valid_from, agency.valid_to, '[]') @> $2
         ORDER BY holding.valid_from, holding.id",
    )
    .bind(person.uuid())
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| HeldPosition {
            position: row.position.into(),
            code: row.code,
            title: row.title,
            roles: row.roles,
            agency: row.agency.into(),
            agency_code: row.agency_code,
            agency_name: row.agency_name,
            unit: row.unit.map(UnitId::from),
            validity: Validity {
                from: row.valid_from,
                to: row.valid_to,
            },
            stands_for: None,
        })
        .collect())
}

pub(crate) async fn officials(
    connection: &mut PgConnection,
    agency: AgencyId,
    role: Option<&str>,
    on: NaiveDate,
) -> Result<Vec<OfficialView>> {
    let rows = sqlx::query_as::<_, OfficialRow>(
        "SELECT account.id AS account,
                person.id AS person,
                person.full_name AS name,
                position.id AS position,
                position.title,
                ARRAY (
                    SELECT own.role
                    FROM unnest(position.roles) WITH ORDINALITY AS own(role, place)
                    WHERE NOT EXISTS (
                        SELECT
                        FROM identity.withheld_role AS withheld
                        WHERE withheld.person = holding.person
                          AND withheld.position = position.id
                          AND withheld.role = own.role
                          AND withheld.returned_at IS NULL)
                    ORDER BY own.place) AS roles,
                position.unit
         FROM identity.position AS position
         JOIN identity.holding AS holding ON holding.position = position.id
         JOIN identity.person AS person ON person.id = holding.person
         LEFT JOIN identity.account AS account ON account.person = person.id AND account.state = 'active'
         WHERE position.agency = $1
           AND ($2::text IS NULL OR $2 = ANY (position.roles) AND NOT EXISTS (
               SELECT
               FROM identity.withheld_role AS withheld
               WHERE withheld.person = holding.person
                 AND withheld.position = position.id
                 AND withheld.role = $2
                 AND withheld.returned_at IS NULL))
           AND daterange(holding.valid_from, holding.valid_to, '[]') @> $3
           AND daterange(position.valid_from, position.valid_to, '[]') @> $3
         ORDER BY person.name_key, person.id, position.id",
    )
    .bind(agency.uuid())
    .bind(role)
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| OfficialView {
            account: row.account.map(AccountId::from),
            person: row.person.into(),
            name: row.name,
            position: row.position.into(),
            title: row.title,
            roles: row.roles,
            unit: row.unit.map(UnitId::from),
        })
        .collect())
}

pub(crate) async fn officials_with(
    connection: &mut PgConnection,
    role: &str,
    on: NaiveDate,
    most: u32,
) -> Result<Vec<OfficialView>> {
    let rows = sqlx::query_as::<_, OfficialRow>(
        "SELECT account.id AS account,
                person.id AS person,
                person.full_name AS name,
                position.id AS position,
                position.title,
                ARRAY (
                    SELECT own.role
                    FROM unnest(position.roles) WITH ORDINALITY AS own(role, place)
                    WHERE NOT EXISTS (
                        SELECT
                        FROM identity.withheld_role AS withheld
                        WHERE withheld.person = holding.person
                          AND withheld.position = position.id
                          AND withheld.role = own.role
                          AND withheld.returned_at IS NULL)
                    ORDER BY own.place) AS roles,
                position.unit
         FROM identity.position AS position
         JOIN identity.holding AS holding ON holding.position = position.id
         JOIN identity.person AS person ON person.id = holding.person
         LEFT JOIN identity.account AS account ON account.person = person.id AND account.state = 'active'
         WHERE $1 = ANY (position.roles)
           AND NOT EXISTS (
               SELECT
               FROM identity.withheld_role AS withheld
               WHERE withheld.person = holding.person
                 AND withheld.position = position.id
                 AND withheld.role = $1
                 AND withheld.returned_at IS NULL)
           AND daterange(holding.valid_from, holding.valid_to, '[]') @> $2
           AND daterange(position.valid_from, position.valid_to, '[]') @> $2
         ORDER BY person.name_key, person.id, position.id
         LIMIT $3",
    )
    .bind(role)
    .bind(on)
    .bind(i64::from(most))
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|row| OfficialView {
            account: row.account.map(AccountId::from),
            person: row.person.into(),
            name: row.name,
            position: row.position.into(),
            title: row.title,
            roles: row.roles,
            unit: row.unit.map(UnitId::from),
        })
        .collect())
}
