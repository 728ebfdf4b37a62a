//! Old codes still resolve: what stood where, what became of it, in both directions (R048).

use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId, Result};
use op::Op;
use schemars::JsonSchema;
use serde::Serialize;

use crate::agencies::today;
use crate::model::{Agency, Area};
use crate::{Identity, error, store};

/// An area and how much of another one is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AreaShare {
    /// The area.
    pub area: Area,
    /// Whether all of the other one is here, or a part of it.
    pub whole: bool,
}

/// What a code means, where that came from and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AreaLineage {
    /// What the code means on the day asked for, else what it meant last before.
    pub area: Area,
    /// The area and those above it, on the last of its days that is not later than the day asked for.
    pub path: Vec<Area>,
    /// Whether it is there on the day asked for.
    pub in_force: bool,
    /// What was on its ground before, and whether all of that is in it.
    pub came_from: Vec<AreaShare>,
    /// What it became, and whether all of it went there.
    pub became: Vec<AreaShare>,
    /// What stands on its ground today.
    pub today: Vec<AreaShare>,
    /// Everything that the code ever meant, the oldest first.
    pub meanings: Vec<Area>,
}

/// An agency that took the place of another one, or whose place was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgencyShare {
    /// The agency.
    pub agency: Agency,
    /// Whether it is the only one.
    pub whole: bool,
    /// Whether open work went on there.
    pub home: bool,
}

/// An agency, where it came from and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AgencyLineage {
    /// The agency that had the code on the day asked for, else the one that had it last.
    pub agency: Agency,
    /// Whether it is there on the day asked for.
    pub in_force: bool,
    /// Whose place it took.
    pub came_from: Vec<AgencyShare>,
    /// Who took its place.
    pub became: Vec<AgencyShare>,
    /// Who does its work today.
    pub in_charge: Agency,
}

impl Identity {
    /// What a code means on a day, with its history. Fails with `identity.area_not_found` where it never meant anything.
    pub async fn area_lineage(&self, op: &mut Op, code: &str, on: NaiveDate) -> Result<AreaLineage> {
        let missing = || error::area_not_found(code);
        let area = store::area::meaning(op.conn(), code.trim(), on)
            .await?
            .ok_or_else(missing)?;
        let day = area.validity.to.map_or(on, |last| last.min(on)).max(area.validity.from);
        let now = today(op);
        Ok(AreaLineage {
            path: store::area::path(op.conn(), &area.code, day).await?,
            in_force: area.validity.covers(on),
            came_from: area_shares(store::lineage::came_from(op.conn(), &area).await?),
            became: area_shares(store::lineage::became(op.conn(), &area).await?),
            today: same_level(&area, store::lineage::ground(op.conn(), &area, now).await?),
            meanings: store::lineage::meanings(op.conn(), &area.code).await?,
            area,
        })
    }

    /// What stands on a day on the ground of what a code meant on another day, earlier or later; of the same level where there is
    /// one.
    /// Fails with `identity.area_not_found`.
    pub async fn same_ground(
        &self,
        op: &mut Op,
        code: &str,
        meant_on: NaiveDate,
        wanted_on: NaiveDate,
    ) -> Result<Vec<AreaShare>> {
        let area = store::area::get(op.conn(), code.trim(), meant_on)
            .await?
            .ok_or_else(|| error::area_not_found(code))?;
        let found = store::lineage::ground(op.conn(), &area, wanted_on).await?;
        Ok(same_level(&area, found))
    }

    /// The agency that had a code on a day, in either written form, with its history. Fails with `identity.agency_not_found`.
    pub async fn agency_lineage(&self, op: &mut Op, code: &str, on: NaiveDate) -> Result<AgencyLineage> {
        let missing = || error::agency_not_found(code);
        let canonical = AgencyCode::parse(code).map_err(|e| missing().caused_by(e))?;
        let id = store::agency::last_with_code(op.conn(), canonical.as_str(), on)
            .await?
            .ok_or_else(missing)?;
        let agency = store::agency::get(op.conn(), id, on).await?.ok_or_else(missing)?;
        let came_from = store::lineage::agency_came_from(op.conn(), id).await?;
        let became = store::lineage::agency_became(op.conn(), id).await?;
        Ok(AgencyLineage {
            in_force: agency.validity.covers(on),
            came_from: self.agency_shares(op, came_from).await?,
            became: self.agency_shares(op, became).await?,
            in_charge: self.agency_in_charge(op, id).await?,
            agency,
        })
    }

    /// The agency that does the work of this one today: itself while it is there, else the home of its work.
    pub async fn agency_in_charge(&self, op: &mut Op, agency: AgencyId) -> Result<Agency> {
        let day = today(op);
        let id = store::lineage::in_charge(op.conn(), agency, day).await?;
        self.agency(op, id).await
    }

    async fn agency_shares(&self, op: &mut Op, links: Vec<(AgencyId, bool, bool)>) -> Result<Vec<AgencyShare>> {
        let mut shares = Vec::with_capacity(links.len());
        for (id, whole, home) in links {
            let agency = self.agency(op, id).await?;
            shares.push(AgencyShare { agency, whole, home });
        }
        Ok(shares)
    }
}

/// Where there is something of the same level, that is meant: the ground of a ward was also that of a district.
fn same_level(area: &Area, found: Vec<(Area, bool)>) -> Vec<AreaShare> {
    let (same, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(one, _)| one.level == area.level);
    area_shares(if same.is_empty() { others } else { same })
}

fn area_shares(found: Vec<(Area, bool)>) -> Vec<AreaShare> {
    found
        .into_iter()
        .map(|(area, whole)| AreaShare { area, whole })
        .collect()
}
