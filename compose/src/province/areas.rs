//! Administrative units (đơn vị hành chính).

use identity::{Area, AreaLevel, Identity, Validity};
use kernel::Result;
use op::Op;

use super::tables::{self, ProvinceRow, UnitRow};

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
