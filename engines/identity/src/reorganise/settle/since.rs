//! What began since: a plan that is carried out later than its day meets offices that were not there on that day.
//!
//! Nobody but people can say what becomes of them: the plan ends what was there on the eve, and a holder of anything else would
//! silently have no office.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::AgencyId;
use schema::{Position, Problems};

use super::agencies::Agencies;
use super::areas::Areas;
use super::{Before, OfficeKind};
use crate::reorganise::plan::Plan;

/// Reports everything that began on the day of the plan or later and belongs to what ends.
pub(super) fn report(
    plan: &Plan,
    on: NaiveDate,
    before: &Before,
    areas: &Areas,
    agencies: &Agencies,
    problems: &mut Problems,
) {
    let mut tell = |at: &Position, what: String, from: NaiveDate| {
        problems
            .at_position(
                at,
                "identity.plan_begun_since",
                format!("{what} begins on {from}, on the day of the plan or later, and belongs to what ends"),
            )
            .hint(format!(
                "let it begin before {on}, or carry the plan out --at a day after {from}, with a step for it where it is an agency or an area"
            ));
    };
    let step_of_areas = plan.areas.first().map(|step| &step.at);
    for area in &before.areas_since {
        let above = area.parent.as_deref().is_some_and(|parent| areas.ends(parent));
        if let Some(at) = step_of_areas.filter(|_| above || areas.ends(&area.code)) {
            tell(at, format!("{} (\"{}\")", area.name, area.code), area.from);
        }
    }
    // One that began under another one that began under one that ends belongs to it as well.
    let mut known: BTreeMap<AgencyId, &Position> = agencies.at.iter().map(|(id, at)| (*id, at)).collect();
    let mut waiting: Vec<_> = before.agencies_since.iter().collect();
    loop {
        let count = waiting.len();
        waiting.retain(|agency| {
            let above = agency.parent.and_then(|parent| known.get(&parent).copied());
            let gone = agency.area.as_deref().is_some_and(|area| areas.is_gone(area));
            let level = plan.levels.iter().find(|(level, ..)| level.as_str() == agency.level);
            let at = above.or(step_of_areas.filter(|_| gone)).or(level.map(|(.., at)| at));
            if let Some(at) = at {
                tell(at, format!("{} (\"{}\")", agency.name, agency.code), agency.from);
                known.insert(agency.id, at);
            }
            at.is_none()
        });
        if waiting.len() == count {
            break;
        }
    }
    for office in before.offices_elsewhen.iter().filter(|office| office.from >= on) {
        // The code of an agency that began since is told with the agency.
        let at = match office.kind {
            OfficeKind::Code => agencies.at.get(&office.agency),
            OfficeKind::Unit | OfficeKind::Position => known.get(&office.agency).copied(),
        };
        if let Some(at) = at {
            tell(at, format!("{} (\"{}\")", office.name, office.code), office.from);
        }
    }
}
