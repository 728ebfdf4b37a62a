//! The JSON API. Pages are drawn by the portal.

mod consents;
mod desk;
mod incidents;
mod own;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Routes, Site, Visit};

use crate::model::{Kind, Line, Outcome, Request, State};
use crate::{Detail, Privacy};

const TAG: &str = "privacy";

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Privacy> + Clone + Send + Sync + 'static,
{
    own::routes()
        .merge(desk::routes())
        .merge(consents::routes())
        .merge(incidents::routes())
}

fn engine<S: AsRef<Privacy>>(visit: &Visit<S>) -> &Privacy {
    visit.state.as_ref()
}

/// A request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestAnswer {
    /// The request (UUID).
    pub id: String,
    /// What people quote.
    pub number: i64,
    /// What is asked.
    pub kind: Kind,
    /// In the person's words.
    pub details: String,
    /// Of a correction: `[field, value]`.
    pub wishes: Vec<(identity::PersonField, String)>,
    /// Of an objection: the purposes; none named: all to which one can object.
    pub purposes: Vec<String>,
    /// How far it is.
    pub state: State,
    /// By which law it is measured.
    pub article: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What is due next, while anything is.
    pub next_due: Option<DateTime<Utc>>,
    /// Until when it is to be answered.
    pub due_at: DateTime<Utc>,
    /// Why the time was extended.
    pub extension_reason: Option<String>,
    /// What the answer says.
    pub outcome: Option<Outcome>,
    /// The answer.
    pub answer: Option<String>,
    /// The legal ground of a refusal.
    pub ground: Option<String>,
    /// The history; in lists empty.
    pub lines: Vec<Line>,
    /// For what the data is not used since the answer; in lists empty.
    pub bounds: Vec<crate::Bound>,
}

impl From<Request> for RequestAnswer {
    fn from(request: Request) -> Self {
        Self {
            id: request.id.to_string(),
            next_due: request.next_due(),
            number: request.number,
            kind: request.kind,
            details: request.details,
            wishes: request.wishes,
            purposes: request.purposes,
            state: request.state,
            article: request.article,
            received_at: request.received_at,
            due_at: request.due_at,
            extension_reason: request.extension_reason,
            outcome: request.outcome,
            answer: request.answer,
            ground: request.ground,
            lines: Vec::new(),
            bounds: Vec::new(),
        }
    }
}

impl From<Detail> for RequestAnswer {
    fn from(detail: Detail) -> Self {
        Self {
            lines: detail.lines,
            bounds: detail.bounds,
            ..Self::from(detail.request)
        }
    }
}

/// A page of requests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RequestList {
    /// The requests.
    pub items: Vec<RequestAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}
