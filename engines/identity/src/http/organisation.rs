//! Areas and agencies on a day, and what became of them.

use chrono::NaiveDate;
use kernel::{Result, local_date};
use op::Op;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Site, Visit};

use super::{AgencyAnswer, agency_answer, engine};
use crate::{
    AgencyFilter, AgencyLevel, AgencyShare, Area, AreaLineage, CatalogueEntry, CatalogueLineage, CatalogueQuery,
    Identity, Reorganisation, error,
};

/// An agency that took the place of another one, or whose place was taken.
#[derive(Serialize, JsonSchema)]
pub struct AgencyPlace {
    /// The agency.
    pub agency: AgencyAnswer,
    /// Whether it is the only one.
    pub whole: bool,
    /// Whether open work went on there.
    pub home: bool,
}

/// An agency with its history.
#[derive(Serialize, JsonSchema)]
pub struct AgencyHistory {
    /// The agency that had the code on the day, else the one that had it last.
    pub agency: AgencyAnswer,
    /// Whether it is there on the day.
    pub in_force: bool,
    /// Whose place it took.
    pub came_from: Vec<AgencyPlace>,
    /// Who took its place.
    pub became: Vec<AgencyPlace>,
    /// Who does its work today.
    pub in_charge: AgencyAnswer,
}

/// A page of areas of the national list.
#[derive(Serialize, JsonSchema)]
pub struct CataloguePage {
    /// Those whose own name is meant first, then in the order of names.
    pub items: Vec<CatalogueEntry>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

pub(super) async fn areas<S>(visit: Visit<S>) -> Result<Vec<Area>>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.op().await?;
    let on = day(&visit, &op)?;
    match (visit.query("parent"), visit.query("wards")) {
        (Some(parent), Some(_)) => engine(&visit).wards_of(&mut op, parent, on).await,
        (parent, _) => engine(&visit).areas(&mut op, parent, on).await,
    }
}

pub(super) async fn area<S>(visit: Visit<S>) -> Result<AreaLineage>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.op().await?;
    let on = day(&visit, &op)?;
    engine(&visit).area_lineage(&mut op, visit.param("code"), on).await
}

pub(super) async fn catalogue<S>(visit: Visit<S>) -> Result<CataloguePage>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    let query = CatalogueQuery {
        words: visit.query("q").unwrap_or_default().to_owned(),
        on: match visit.query("on") {
            None => None,
            Some(_) => Some(day(&visit, &op)?),
        },
    };
    let page = engine(&visit)
        .search_area_catalogue(&mut op, &query, &visit.page_request())
        .await?;
    Ok(CataloguePage {
        items: page.items,
        next: page.next,
    })
}

pub(super) async fn of_catalogue<S>(visit: Visit<S>) -> Result<CatalogueLineage>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    let on = day(&visit, &op)?;
    engine(&visit).catalogue_lineage(&mut op, visit.param("code"), on).await
}

pub(super) async fn agencies<S>(visit: Visit<S>) -> Result<Vec<AgencyAnswer>>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let level = match visit.query("level") {
        None => None,
        Some(word) => Some(AgencyLevel::parse(word).ok_or_else(|| error::malformed("level"))?),
    };
    let filter = AgencyFilter {
        level,
        kind: visit.query("kind").map(str::to_owned),
        parent: None,
        area_code: visit.query("area").map(str::to_owned),
    };
    let mut op = visit.op().await?;
    let on = day(&visit, &op)?;
    let found = engine(&visit).agencies_on(&mut op, &filter, on).await?;
    Ok(found.into_iter().map(agency_answer).collect())
}

pub(super) async fn agency<S>(visit: Visit<S>) -> Result<AgencyHistory>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.op().await?;
    let on = day(&visit, &op)?;
    let found = engine(&visit).agency_lineage(&mut op, visit.param("code"), on).await?;
    let places = |shares: Vec<AgencyShare>| shares.into_iter().map(place).collect();
    Ok(AgencyHistory {
        agency: agency_answer(found.agency),
        in_force: found.in_force,
        came_from: places(found.came_from),
        became: places(found.became),
        in_charge: agency_answer(found.in_charge),
    })
}

pub(super) async fn reorganisations<S>(visit: Visit<S>) -> Result<Vec<Reorganisation>>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.op().await?;
    engine(&visit).reorganisations(&mut op).await
}

fn place(share: AgencyShare) -> AgencyPlace {
    AgencyPlace {
        agency: agency_answer(share.agency),
        whole: share.whole,
        home: share.home,
    }
}

/// The day that is asked for; today if none is. Fails with `identity.malformed`.
fn day<S: AsRef<Site>>(visit: &Visit<S>, op: &Op) -> Result<NaiveDate> {
    match visit.query("on") {
        None => Ok(local_date(op.now())),
        Some(text) => text.parse().map_err(|_| error::malformed("on")),
    }
}
