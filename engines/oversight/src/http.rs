//! The JSON API. Pages are drawn by the portal.

mod emergencies;
mod reviews;

use web::{Routes, Site, Visit};

use crate::Oversight;

pub use emergencies::{
    DeedAnswer, EmergencyAnswer, EmergencyDetail, EmergencyPage, EmergencyRequest, EmergencyRole, ReportAnswer,
    ReportRequest, ReviewRequest,
};
pub use reviews::{AnswerItem, AnswersRequest, CampaignAnswer, CampaignDetail, CampaignPage, LineAnswer, LinePage};

const TAG: &str = "oversight";

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Oversight> + AsRef<identity::Identity> + Clone + Send + Sync + 'static,
{
    reviews::routes().merge(emergencies::routes())
}

fn engine<S: AsRef<Oversight>>(visit: &Visit<S>) -> &Oversight {
    visit.state.as_ref()
}

/// The number of what was made.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Made {
    /// Its number.
    pub id: uuid::Uuid,
}

/// It is done.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Done {
    /// Always true; a failure is a problem document.
    pub done: bool,
}

/// A body without fields.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub struct Nothing {}
