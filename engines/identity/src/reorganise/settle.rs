//! A plan meets what there is: who ends, who begins, who takes whose place. Pure; everything that is wrong is reported at once.

use chrono::NaiveDate;
use kernel::{AgencyCode, AgencyId, PositionId, UnitId};
use op::{Listed, Moves};
use schema::{Position, Problems};

use super::plan::Plan;
use crate::model::{Agency, AgencyLevel, Area, CodeOrigin, Unit};

mod agencies;
mod areas;
mod offices;
mod since;

/// Everything on the last day before the plan, and what lies elsewhere in time and may stand in its way.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// Areas of that day.
    pub areas: Vec<Area>,
    /// Agencies of that day, with their codes of that day.
    pub agencies: Vec<Agency>,
    /// Their units.
    pub units: Vec<Unit>,
    /// Their positions.
    pub positions: Vec<PositionBefore>,
    /// Areas that begin on the day of the plan or later.
    pub areas_since: Vec<AreaSince>,
    /// Agencies that begin on the day of the plan or later.
    pub agencies_since: Vec<AgencySince>,
    /// Offices that had ended before, or begin on the day of the plan or later.
    pub offices_elsewhen: Vec<OfficeElsewhen>,
}

/// An area that was not there yet.
#[derive(Debug, Clone)]
pub struct AreaSince {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The area above.
    pub parent: Option<String>,
    /// Its first day.
    pub from: NaiveDate,
}

/// An agency that was not there yet.
#[derive(Debug, Clone)]
pub struct AgencySince {
    /// The agency.
    pub id: AgencyId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its level, as a word.
    pub level: String,
    /// The agency above.
    pub parent: Option<AgencyId>,
    /// The area that it governs.
    pub area: Option<String>,
    /// Its first day.
    pub from: NaiveDate,
}

/// Which kind of thing an agency has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfficeKind {
    /// A unit.
    Unit,
    /// A position.
    Position,
    /// A code of the agency itself.
    Code,
}

/// Something of an agency that was not there on the last day before the plan.
#[derive(Debug, Clone)]
pub struct OfficeElsewhen {
    /// Of which agency.
    pub agency: AgencyId,
    /// What.
    pub kind: OfficeKind,
    /// Its code.
    pub code: String,
    /// Its name or title.
    pub name: String,
    /// Its first day.
    pub from: NaiveDate,
}

/// A position as it was.
#[derive(Debug, Clone)]
pub struct PositionBefore {
    /// The position.
    pub id: PositionId,
    /// Its agency.
    pub agency: AgencyId,
    /// Its unit.
    pub unit: Option<UnitId>,
    /// Code inside the agency.
    pub code: String,
    /// Title.
    pub title: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The first day of what is new.
    pub on: NaiveDate,
    /// Levels that vanish.
    pub levels: Vec<(AgencyLevel, AgencyLevel)>,
    /// Areas that end: code and first day.
    pub areas_end: Vec<(String, NaiveDate)>,
    /// Areas that begin.
    pub areas_begin: Vec<Area>,
    /// What became of the areas.
    pub area_links: Vec<AreaLink>,
    /// Agencies that begin.
    pub agencies_begin: Vec<AgencyBegins>,
    /// What became of the agencies.
    pub agency_links: Vec<AgencyLink>,
    /// The agencies that end, and where their work goes on.
    pub moves: Moves,
    /// Units that begin.
    pub units_begin: Vec<Unit>,
    /// Positions that begin.
    pub positions_begin: Vec<PositionBefore>,
    /// Which position goes on as which.
    pub position_links: Vec<(PositionId, PositionId)>,
    /// What somebody has to look at.
    pub listed: Vec<Listed>,
}

/// One area became another one, wholly or in part. Each is told by its code and first day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaLink {
    /// The one that ended.
    pub old: (String, NaiveDate),
    /// One that stands on its ground.
    pub new: (String, NaiveDate),
    /// Whether all of it went there.
    pub whole: bool,
}

/// An agency that begins.
#[derive(Debug, Clone)]
pub struct AgencyBegins {
    /// Its number.
    pub id: AgencyId,
    /// Its code.
    pub code: AgencyCode,
    /// Where the code comes from.
    pub origin: CodeOrigin,
    /// Its name.
    pub name: String,
    /// Its level.
    pub level: AgencyLevel,
    /// Its kind.
    pub kind: String,
    /// The agency above.
    pub parent: Option<AgencyId>,
    /// The area that it governs.
    pub area: Option<String>,
    /// Where people find it: where they found the first that it comes from.
    pub address: String,
    /// Telephone, likewise.
    pub phone: String,
}

/// One agency became another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgencyLink {
    /// The one that ended.
    pub old: AgencyId,
    /// One that took its place.
    pub new: AgencyId,
    /// Whether it is the only one.
    pub whole: bool,
    /// Whether open work goes on there.
    pub home: bool,
}

/// Settles the plan on the day; `None` if anything does not fit.
pub fn settle(plan: &Plan, on: NaiveDate, before: &Before, problems: &mut Problems) -> Option<Settled> {
    let mut own = Problems::new();
    let areas = areas::settle(plan, on, before, &mut own);
    let agencies = agencies::settle(plan, on, before, &areas, &mut own);
    since::report(plan, on, before, &areas, &agencies, &mut own);
    let offices = offices::settle(plan, before, &agencies, &mut own);
    let sound = own.is_empty();
    problems.append(own);
    sound.then(|| Settled {
        on,
        levels: plan.levels.iter().map(|(level, home, _)| (*level, *home)).collect(),
        areas_end: areas.end,
        areas_begin: areas.begin,
        area_links: areas.links,
        agencies_begin: agencies.begin,
        agency_links: agencies.links,
        moves: agencies.moves,
        units_begin: offices.units,
        positions_begin: offices.positions,
        position_links: offices.links,
        listed: offices.listed,
    })
}

/// Reports a code that means nothing on the day, with the nearest that does.
fn unknown<'c>(
    at: &Position,
    code: &'static str,
    what: &str,
    known: impl IntoIterator<Item = &'c str>,
    problems: &mut Problems,
) {
    let problem = problems.at_position(
        at,
        code,
        format!("\"{what}\" is nothing that there is or that begins on that day"),
    );
    if let Some(near) = schema::nearest(what, known) {
        problem.hint(format!("did you mean \"{near}\"?"));
    }
}
