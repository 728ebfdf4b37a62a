//! What time brings, and what is heard.

use chrono::TimeDelta;
use kernel::{Fault, Result};
use op::{Event, Jobs, Op, Reactions};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::Oversight;

/// The kind of job that writes down the lines of a review.
pub(crate) const FILL: &str = "oversight.fill";
/// The hourly kinds, each by itself: what one of them cannot do does not undo the others.
const OPENING: &str = "oversight.open_by_itself";
const REVIEWS: &str = "oversight.keep_watch";
const REPORTS: &str = "oversight.reports";
/// The daily kind.
const DAILY: &str = "oversight.accounts";

/// Registers the jobs of the engine.
pub fn register(jobs: &mut Jobs, oversight: &Oversight) {
    let own = oversight.clone();
    jobs.within(FILL, move |op, job| {
        let own = own.clone();
        Box::pin(async move {
            let facts: Facts = read(&job.payload)?;
            own.fill(op, facts.campaign.unwrap_or_default()).await
        })
    });
    let own = oversight.clone();
    jobs.within(OPENING, move |op, _| {
        let own = own.clone();
        Box::pin(async move { own.open_by_itself(op).await })
    });
    let own = oversight.clone();
    jobs.within(REVIEWS, move |op, _| {
        let own = own.clone();
        Box::pin(async move { own.keep_watch_over_reviews(op).await })
    });
    let own = oversight.clone();
    jobs.within(REPORTS, move |op, _| {
        let own = own.clone();
        Box::pin(async move { own.keep_watch_over_reports(op).await })
    });
    for kind in [OPENING, REVIEWS, REPORTS] {
        jobs.every(TimeDelta::hours(1), kind);
    }
    let own = oversight.clone();
    jobs.within(DAILY, move |op, _| {
        let own = own.clone();
        Box::pin(async move { own.keep_watch_over_accounts(op).await })
    });
    jobs.every(TimeDelta::days(1), DAILY);
}

/// Listens to rights that are taken for emergencies.
pub fn register_reactions(reactions: &mut Reactions, oversight: &Oversight) {
    let own = oversight.clone();
    reactions.on("identity.emergency_taken", move |op: &mut Op, event: &Event| {
        let own = own.clone();
        Box::pin(async move {
            let facts: Facts = read(&event.payload)?;
            own.taken(op, facts.emergency.unwrap_or_default()).await
        })
    });
}

#[derive(Deserialize)]
struct Facts {
    #[serde(default)]
    campaign: Option<Uuid>,
    #[serde(default)]
    emergency: Option<Uuid>,
}

fn read(payload: &Value) -> Result<Facts> {
    serde_json::from_value(payload.clone()).map_err(|error| {
        Fault::internal("oversight.broken_row")
            .with("what", "payload")
            .caused_by(error)
    })
}
