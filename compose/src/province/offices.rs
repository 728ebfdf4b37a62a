//! Organisations, their units and positions.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use identity::{AgencyLevel, CodeOrigin, Identity, NewAgency, NewPosition, NewUnit, Validity};
use kernel::{AgencyId, Fault, Result, code::AgencyCode};
use op::Op;

use super::tables::{self, OrgUnitRow, OrganisationRow, PositionsFile};

/// The day from which the tables count: the founding of the province.
pub(super) fn founding() -> NaiveDate {
    NaiveDate::from_ymd_opt(2004, 1, 1).unwrap_or_default()
}

fn level_of(row: &OrganisationRow) -> AgencyLevel {
    match (row.level.as_str(), row.kind.as_str()) {
        ("commune", _) => AgencyLevel::Commune,
        ("district", _) => AgencyLevel::District,
        (_, "committee" | "council") => AgencyLevel::Province,
        _ => AgencyLevel::Department,
    }
}

/// Organisations that become agencies: single bodies that have an agency code.
pub(super) fn agency_codes() -> Result<BTreeMap<String, String>> {
    let rows: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    let coded = rows.into_iter().filter(is_agency);
    Ok(coded.map(|row| (row.code, row.agency_code)).collect())
}

fn is_agency(row: &OrganisationRow) -> bool {
    row.real == "yes" && !row.agency_code.is_empty()
}

/// Writes every organisation that has an agency code, with its units and the positions of its kind.
pub(super) async fn load(identity: &Identity, op: &mut Op) -> Result<()> {
    let rows: Vec<OrganisationRow> = tables::csv("hau-giang/organisations.csv")?;
    let units: Vec<OrgUnitRow> = tables::csv("hau-giang/org_units.csv")?;
    let positions: PositionsFile = tables::yaml("hau-giang/positions.yaml")?;
    let codes: BTreeMap<&str, &str> = rows
        .iter()
        .map(|row| (row.code.as_str(), row.agency_code.as_str()))
        .collect();
    let mut coded: Vec<&OrganisationRow> = rows.iter().filter(|row| is_agency(row)).collect();
    // A parent's code is the beginning of its children's codes, so the shorter ones come first.
    coded.sort_by_key(|row| row.agency_code.len());
    for row in coded {
        let agency = agency(identity, op, row, &codes).await?;
        let own: Vec<&OrgUnitRow> = units.iter().filter(|unit| unit.organisation == row.code).collect();
        for unit in &own {
            let code = part(&unit.key).to_owned();
            let new = NewUnit {
                agency,
                code,
                kind: unit.kind.clone(),
                name: unit.name.clone(),
                validity: Validity::since(founding()),
            };
            identity.upsert_unit(op, &new).await?;
        }
        for kind in positions.kinds.iter().filter(|kind| kind.organisation_kind == row.kind) {
            let unit = own
                .iter()
                .find(|unit| {
                    if kind.unit == "@division" {
                        unit.kind == "division"
                    } else {
                        part(&unit.key) == kind.unit
                    }
                })
                .map(|unit| part(&unit.key).to_owned());
            let new = NewPosition {
                agency,
                unit,
                code: kind.key.clone(),
                title: kind.title_vi.clone(),
                roles: kind.roles.clone(),
                validity: Validity::since(founding()),
            };
            identity.upsert_position(op, &new).await?;
        }
    }
    Ok(())
}

async fn agency(
    identity: &Identity,
    op: &mut Op,
    row: &OrganisationRow,
    codes: &BTreeMap<&str, &str>,
) -> Result<AgencyId> {
    let parse = |code: &str| {
        code.parse::<AgencyCode>().map_err(|error| {
            Fault::internal("compose.table_broken")
                .with("reason", code)
                .caused_by(error)
        })
    };
    let parent = codes
        .get(row.parent.as_str())
        .copied()
        .filter(|code| !code.is_empty())
        .map(parse)
        .transpose()?;
    let new = NewAgency {
        code: parse(&row.agency_code)?,
        origin: if row.code_origin == "local" {
            CodeOrigin::Local
        } else {
            CodeOrigin::Official
        },
        name: row.name.clone(),
        level: level_of(row),
        kind: row.kind.clone(),
        parent,
        area_code: Some(row.unit_code.clone()).filter(|code| !code.is_empty()),
        address: String::new(),
        phone: String::new(),
        validity: Validity::since(founding()),
    };
    identity.upsert_agency(op, &new).await
}

/// The part of a unit's key after the dot: its code inside its organisation.
fn part(key: &str) -> &str {
    key.split_once('.').map_or(key, |(_, part)| part)
}
