//! Administrative units (đơn vị hành chính).

use identity::{Area, AreaLevel, CatalogueChange, Identity, NationalList, Validity};
use kernel::Result;
use op::Op;

use super::tables::{self, NationalAreaRow, NationalChangeRow, ProvinceRow, UnitRow};

/// Writes the province, its districts and its wards, parents first as in the table.
pub(super) async fn load(identity: &Identity, op: &mut Op) -> Result<()> {
    for row in tables::csv::<UnitRow>("hau-giang/units.csv")? {
        let level = match row.level.as_str() {
            "province" => AreaLevel::Province,
            "district" => AreaLevel::District,
            _ => AreaLevel::Ward,
        };
        let parent = Some(row.parent).filter(|code| !code.is_empty());
        let area = Area {
            code: row.code,
            level,
            parent,
            name: row.name,
            validity: Validity::since(row.valid_from),
        };
        identity.upsert_area(op, &area).await?;
    }
    Ok(())
}

/// Writes the other provinces of the country: places in them are named in words, so nothing below them is known.
pub(super) async fn load_country(identity: &Identity, op: &mut Op) -> Result<()> {
    for row in tables::csv::<ProvinceRow>("hau-giang/provinces.csv")? {
        let area = Area {
            code: row.code,
            level: AreaLevel::Province,
            parent: None,
            name: row.name,
            validity: Validity {
                from: row.valid_from,
                to: row.valid_to,
            },
        };
        identity.upsert_area(op, &area).await?;
    }
    Ok(())
}

/// Puts the national list of areas, of all days, in the place of the one that is there. It is looked up; the house does not live by it.
pub(super) async fn load_national(identity: &Identity, op: &mut Op) -> Result<()> {
    let areas = tables::csv::<NationalAreaRow>("national/areas.csv")?.into_iter();
    let changes = tables::csv::<NationalChangeRow>("national/area_changes.csv")?.into_iter();
    let list = NationalList {
        areas: areas.map(national_area).collect(),
        changes: changes
            .map(|row| CatalogueChange {
                first_day: row.first_day,
                old_code: row.old_code,
                new_code: row.new_code,
                whole: row.share == "whole",
                note: row.note,
                basis: row.basis,
            })
            .collect(),
    };
    identity.replace_area_catalogue(op, &list).await
}

/// The length of a code is its level.
fn national_area(row: NationalAreaRow) -> (Area, bool) {
    let level = match row.code.len() {
        2 => AreaLevel::Province,
        3 => AreaLevel::District,
        _ => AreaLevel::Ward,
    };
    let area = Area {
        code: row.code,
        level,
        parent: Some(row.parent).filter(|code| !code.is_empty()),
        name: row.name,
        validity: Validity {
            from: row.valid_from,
            to: row.valid_to,
        },
    };
    (area, row.valid_from_basis == "known")
}
