//! Where things are: the wards with the ground that they are given, and the agencies.

use std::collections::BTreeMap;

use kernel::{Fault, Result};

use super::words::{Level, Words};
use crate::province::tables::{self, OrganisationRow, UnitRow};

/// Columns of the grid in which the wards of a district are laid out.
const GRID: usize = 4;

/// A ward with what stands around it.
pub(super) struct Ward {
    pub(super) code: String,
    /// `ward`, `commune`, `township`.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) district: String,
    pub(super) district_name: String,
    /// West, south, east, north.
    pub(super) bounds: [f64; 4],
}

/// An agency to which links lead, by its identifier.
pub(super) struct Office {
    /// Code of the organisation.
    pub(super) code: String,
    pub(super) identifier: String,
    pub(super) level: Level,
    /// Its ward or district.
    pub(super) unit: String,
}

/// The province on the map.
pub(super) struct Land {
    pub(super) wards: Vec<Ward>,
    pub(super) offices: Vec<Office>,
    by_code: BTreeMap<String, usize>,
}

impl Land {
    pub(super) fn read(words: &Words) -> Result<Self> {
        let units: Vec<UnitRow> = tables::csv("hau-giang/units.csv")?;
        let broken = |what: &str| Fault::internal("compose.table_broken").with("reason", what);
        let mut wards = Vec::new();
        let mut placed: BTreeMap<&str, usize> = BTreeMap::new();
        for row in units.iter().filter(|row| row.level == "commune") {
            let district = units.iter().find(|unit| unit.code == row.parent);
            let district = district.ok_or_else(|| broken(&row.code))?;
            let around = words.file.districts.get(&district.code);
            let around = around.ok_or_else(|| broken(&district.code))?;
            let place = placed.entry(&row.parent).or_default();
            wards.push(Ward {
                code: row.code.clone(),
                kind: row.kind.clone(),
                name: row.name.clone(),
                district: district.code.clone(),
                district_name: district.name.clone(),
                bounds: cell(*around, *place),
            });
            *place += 1;
        }
        let mut offices = Vec::new();
        for row in tables::csv::<OrganisationRow>("hau-giang/organisations.csv")? {
            if row.real != "yes" || row.agency_code.is_empty() {
                continue;
            }
            let level = match row.level.as_str() {
                "commune" => Level::Commune,
                "district" => Level::District,
                _ => Level::Province,
            };
            offices.push(Office {
                code: row.code,
                identifier: row.agency_code,
                level,
                unit: row.unit_code,
            });
        }
        let by_code = wards
            .iter()
            .enumerate()
            .map(|(at, ward)| (ward.code.clone(), at))
            .collect();
        Ok(Self {
            wards,
            offices,
            by_code,
        })
    }

    /// The place of a ward in the list.
    pub(super) fn ward(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// The agencies of a level that a ward belongs to; all of the level where there is none.
    pub(super) fn offices_of(&self, level: Level, ward: usize) -> Vec<&Office> {
        let ward = &self.wards[ward];
        let own = |office: &&Office| match level {
            Level::Commune => office.level == Level::Commune && office.unit == ward.code,
            Level::District => office.level == Level::District && office.unit == ward.district,
            Level::Province => office.level == Level::Province,
            Level::Any => true,
        };
        self.offices.iter().filter(own).collect()
    }
}

/// A cell of the grid of a district, with a little room around it.
fn cell(around: [f64; 4], place: usize) -> [f64; 4] {
    let [west, south, east, north] = around;
    // The largest district has fourteen communes: four rows of four.
    let (column, row) = (place % GRID, (place / GRID) % GRID);
    let (width, height) = ((east - west) / GRID as f64, (north - south) / GRID as f64);
    let (left, bottom) = (west + width * column as f64, south + height * row as f64);
    [
        left + width * 0.1,
        bottom + height * 0.1,
        left + width * 0.9,
        bottom + height * 0.9,
    ]
}

/// A name in the middle of a sentence: `Phường Ngã Bảy` becomes `phường Ngã Bảy`.
pub(super) fn inside(name: &str) -> String {
    let mut letters = name.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("{first}{}", letters.as_str())
}
