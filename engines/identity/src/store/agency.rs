use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId, Result, collation, text};
use op::Permit;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::agencies::{AgencyFilter, NewAgency};
use crate::error;
use crate::model::{Agency, AgencyLevel, CodeOrigin, Validity};

#[derive(sqlx::FromRow)]
struct AgencyRow {
    id: Uuid,
    code: String,
    origin: String,
    name: String,
    level: String,
    kind: String,
    parent: Option<Uuid>,
    area_code: Option<String>,
    address: String,
    phone: String,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

impl AgencyRow {
    fn into_agency(self) -> Result<Agency> {
        let code = AgencyCode::parse(&self.code)?;
        Ok(Agency {
            id: self.id.into(),
            old_code: code.to_qcvn102().ok(),
            code,
            code_origin: CodeOrigin::parse(&self.origin).ok_or_else(|| super::unknown_word("agency_code.origin"))?,
            name: self.name,
            level: AgencyLevel::parse(&self.level).ok_or_else(|| super::unknown_word("agency.level"))?,
            kind: self.kind,
            parent: self.parent.map(AgencyId::from),
            area_code: self.area_code,
            address: self.address,
            phone: self.phone,
            validity: Validity {
                from: self.valid_from,
                to: self.valid_to,
            },
        })
    }
}

/// The agency with the code that it has on the day `$1`, else with its last one.
const SELECT: &str = "
    SELECT agency.id,
           code.code,
           code.origin,
           agency.name,
           agency.level,
           agency.kind,
           agency.parent,
           agency.area_code,
           agency.address,
           agency.phone,
           agency.valid_from,
           agency.valid_to
    FROM identity.agency AS agency
    CROSS JOIN LATERAL (
        SELECT held.code, held.origin
        FROM identity.agency_code AS held
        WHERE held.agency = agency.id
        ORDER BY daterange(held.valid_from, held.valid_to, '[]') @> ";

const SELECT_REST: &str = "::date DESC, held.valid_from DESC
        LIMIT 1
    ) AS code
    WHERE true";

fn select(on: NaiveDate) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(SELECT);
    query.push_bind(on).push(SELECT_REST);
    query
}

pub(crate) async fn get(connection: &mut PgConnection, id: AgencyId, on: NaiveDate) -> Result<Option<Agency>> {
    let mut query = select(on);
    query.push(" AND agency.id = ").push_bind(id.uuid());
    query
        .build_query_as::<AgencyRow>()
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(AgencyRow::into_agency)
        .transpose()
}

pub(crate) async fn list(connection: &mut PgConnection, filter: &AgencyFilter, on: NaiveDate) -> Result<Vec<Agency>> {
    let mut query = select(on);
    query.push(" AND agency.valid_from <= ").push_bind(on);
    query
        .push(" AND (agency.valid_to IS NULL OR agency.valid_to >= ")
        .push_bind(on)
        .push(")");
    if let Some(level) = filter.level {
        query.push(" AND agency.level = ").push_bind(level.as_str());
    }
    if let Some(kind) = &filter.kind {
        query.push(" AND agency.kind = ").push_bind(kind.clone());
    }
    if let Some(parent) = filter.parent {
        query.push(" AND agency.parent = ").push_bind(parent.uuid());
    }
    if let Some(area) = &filter.area_code {
        query.push(" AND agency.area_code = ").push_bind(area.clone());
    }
    query.push(" ORDER BY agency.name_key, agency.id");
    query
        .build_query_as::<AgencyRow>()
        .fetch_all(connection)
        .await
        .map_err(db::fault)?
        .into_iter()
        .map(AgencyRow::into_agency)
        .collect()
}

/// The agencies that have the code on any of the days.
pub(crate) async fn with_code(connection: &mut PgConnection, code: &str, days: Validity) -> Result<Vec<AgencyId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT DISTINCT agency
         FROM identity.agency_code
         WHERE code = $1 AND daterange(valid_from, valid_to, '[]') && daterange($2, $3, '[]')",
    )
    .bind(code)
    .bind(days.from)
    .bind(days.to)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(ids.into_iter().map(AgencyId::from).collect())
}

pub(crate) async fn last_with_code(
    connection: &mut PgConnection,
    code: &str,
    on: NaiveDate,
) -> Result<Option<AgencyId>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "SELECT agency
         FROM identity.agency_code
         WHERE code = $1
         ORDER BY daterange(valid_from, valid_to, '[]') @> $2::date DESC, valid_from DESC
         LIMIT 1",
    )
    .bind(code)
    .bind(on)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?;
    Ok(id.map(AgencyId::from))
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: AgencyId,
    new: &NewAgency,
    parent: Option<AgencyId>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO identity.agency
             (id, level, kind, name, name_folded, name_key, parent, area_code, address, phone, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id.uuid())
    .bind(new.level.as_str())
    .bind(&new.kind)
    .bind(&new.name)
    .bind(text::fold(&new.name))
    .bind(collation::collation_key(&new.name))
    .bind(parent.map(AgencyId::uuid))
    .bind(&new.area_code)
    .bind(&new.address)
    .bind(&new.phone)
    .bind(new.validity.from)
    .bind(new.validity.to)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "INSERT INTO identity.agency_code (code, agency, origin, valid_from, valid_to)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(new.code.as_str())
    .bind(id.uuid())
    .bind(new.origin.as_str())
    .bind(new.validity.from)
    .bind(new.validity.to)
    .execute(connection)
    .await
    .map_err(|e| code_fault(e, new))?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    _permit: &Permit,
    id: AgencyId,
    new: &NewAgency,
    parent: Option<AgencyId>,
) -> Result<()> {
    sqlx::query(
        "UPDATE identity.agency SET
             level = $2,
             kind = $3,
             name = $4,
             name_folded = $5,
             name_key = $6,
             parent = $7,
             area_code = $8,
             address = $9,
             phone = $10,
             valid_from = $11,
             valid_to = $12
         WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(new.level.as_str())
    .bind(&new.kind)
    .bind(&new.name)
    .bind(text::fold(&new.name))
    .bind(collation::collation_key(&new.name))
    .bind(parent.map(AgencyId::uuid))
    .bind(&new.area_code)
    .bind(&new.address)
    .bind(&new.phone)
    .bind(new.validity.from)
    .bind(new.validity.to)
    .execute(&mut *connection)
    .await
    .map_err(db::fault)?;
    sqlx::query(
        "UPDATE identity.agency_code SET origin = $3, valid_from = $4, valid_to = $5
         WHERE code = $1 AND agency = $2 AND daterange(valid_from, valid_to, '[]') && daterange($4, $5, '[]')",
    )
    .bind(new.code.as_str())
    .bind(id.uuid())
    .bind(new.origin.as_str())
    .bind(new.validity.from)
    .bind(new.validity.to)
    .execute(connection)
    .await
    .map_err(|e| code_fault(e, new))?;
    Ok(())
}

fn code_fault(error: sqlx::Error, new: &NewAgency) -> kernel::Fault {
    match db::violated(&error) {
        Some("agency_code_one_meaning" | "agency_code_pkey") => error::overlap(&new.code),
        _ => db::fault(error),
    }
}

/// The agencies below this one on the day, of every depth.
pub(crate) async fn below(connection: &mut PgConnection, agency: AgencyId, on: NaiveDate) -> Result<Vec<AgencyId>> {
    let below: Vec<Uuid> = sqlx::query_scalar(
        "WITH RECURSIVE below AS (
             SELECT agency.id FROM identity.agency AS agency
             WHERE agency.parent = $1 AND daterange(agency.valid_from, agency.valid_to, '[]') @> $2
             UNION
             SELECT agency.id FROM identity.agency AS agency
             JOIN below ON agency.parent = below.id
             WHERE daterange(agency.valid_from, agency.valid_to, '[]') @> $2
         )
         SELECT id FROM below",
    )
    .bind(agency.uuid())
    .bind(on)
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    Ok(below.into_iter().map(AgencyId::from).collect())
}
