//! Records and agencies that links lead to: chosen from a list, or found by what people type.

use identity::AgencyFilter;
use kernel::Result;
use op::Op;
use serde_json::{Value, json};
use uuid::Uuid;
use web::Visit;

use super::known;
use crate::House;

/// So many are offered where words mean several.
const MOST_OFFERED: u32 = 8;

/// Records that somebody may mean; none where there is no such register.
pub(super) async fn find(
    visit: &Visit<House>,
    op: &mut Op,
    register: &str,
    typed: &str,
) -> Result<Vec<(Uuid, String)>> {
    let found = visit.state.registry.find(op, register, typed, MOST_OFFERED).await;
    Ok(known(found)?.unwrap_or_default())
}

/// The agencies of today, as choices.
pub(super) async fn agencies(visit: &Visit<House>, op: &mut Op) -> Result<Value> {
    let all = visit.state.identity.agencies(op, &AgencyFilter::default()).await?;
    let each = all
        .iter()
        .map(|agency| json!({ "value": agency.id, "label": agency.name }));
    Ok(json!(each.collect::<Vec<_>>()))
}
