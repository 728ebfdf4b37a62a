//! Breaches, for the officials who work on them.

use chrono::{DateTime, Utc};
use kernel::{Fault, PersonalNumber, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Method, Routes, Site, Visit};

use super::{Nothing, TAG, engine};
use crate::Privacy;
use crate::incidents::{Facts, Incident, IncidentState, ToldPeople};
use crate::model::Line;

const DOOR: Door = Door::Right("privacy.incidents");

/// A breach to be written down.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    /// What is known.
    pub facts: Facts,
    /// When it was noticed.
    pub noticed_at: DateTime<Utc>,
}

/// That the authority was notified.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoticeBody {
    /// How and to whom.
    pub how: String,
    /// Why late, if it is.
    #[serde(default)]
    pub late_reason: String,
}

/// Whom to tell.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleBody {
    /// Personal numbers, at most 500.
    pub personal_numbers: Vec<String>,
}

/// A breach.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentAnswer {
    /// The breach (UUID).
    pub id: String,
    /// What people quote.
    pub number: i64,
    /// What is known.
    pub facts: Facts,
    /// How far it is.
    pub state: IncidentState,
    /// By which law the clock runs.
    pub article: String,
    /// When it was noticed.
    pub noticed_at: DateTime<Utc>,
    /// Until when the authority is to be notified.
    pub notify_by: DateTime<Utc>,
    /// When it was.
    pub notified_at: Option<DateTime<Utc>>,
    /// Why late.
    pub late_reason: Option<String>,
    /// How many people were told.
    pub told: i64,
    /// The history; in lists empty.
    pub lines: Vec<Line>,
}

/// A page of breaches.
#[derive(Debug, Serialize, JsonSchema)]
pub struct IncidentList {
    /// The breaches, the latest first.
    pub items: Vec<IncidentAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

fn shown((incident, lines): (Incident, Vec<Line>)) -> IncidentAnswer {
    IncidentAnswer {
        id: incident.id.to_string(),
        number: incident.number,
        facts: incident.facts,
        state: incident.state,
        article: incident.article,
        noticed_at: incident.noticed_at,
        notify_by: incident.notify_by,
        notified_at: incident.notified_at,
        late_reason: incident.late_reason,
        told: incident.told,
        lines,
    }
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Privacy> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/data-incidents",
            DOOR,
            Doc::new(
                "listDataIncidents",
                TAG,
                "Breaches of the protection of personal data, the latest first.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/data-incidents",
            DOOR,
            Doc::new(
                "openDataIncident",
                TAG,
                "Writes a breach down; the clock runs from noticing it.",
            )
            .created(),
            open,
        )
        .api_get(
            "/api/v1/data-incidents/{id}",
            DOOR,
            Doc::new("getDataIncident", TAG, "One breach with its history."),
            show,
        )
        .api_send(
            Method::PUT,
            "/api/v1/data-incidents/{id}",
            DOOR,
            Doc::new("changeDataIncident", TAG, "Writes what is known now."),
            change,
        )
        .api_post(
            "/api/v1/data-incidents/{id}/notice",
            DOOR,
            Doc::new(
                "noteDataIncidentNotice",
                TAG,
                "Writes down that the authority was notified.",
            ),
            notice,
        )
        .api_post(
            "/api/v1/data-incidents/{id}/people",
            DOOR,
            Doc::new("tellDataIncidentPeople", TAG, "Tells the people concerned, each once."),
            people,
        )
        .api_post(
            "/api/v1/data-incidents/{id}/closing",
            DOOR,
            Doc::new(
                "closeDataIncident",
                TAG,
                "Closes a breach of which the authority was notified.",
            ),
            close,
        )
}

async fn list<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<IncidentList> {
    let mut op = visit.look().await?;
    let page = engine(&visit).incidents(&mut op, &visit.page_request()).await?;
    Ok(IncidentList {
        items: page.items.into_iter().map(|one| shown((one, Vec::new()))).collect(),
        next: page.next,
    })
}

async fn open<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: OpenBody) -> Result<IncidentAnswer> {
    let mut op = visit.op().await?;
    let id = engine(&visit)
        .open_incident(&mut op, body.facts, body.noticed_at)
        .await?;
    let incident = engine(&visit).incident(&mut op, id).await?;
    op.commit().await?;
    Ok(shown(incident))
}

async fn show<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<IncidentAnswer> {
    let mut op = visit.look().await?;
    engine(&visit)
        .incident(&mut op, visit.parse_param("id")?)
        .await
        .map(shown)
}

async fn change<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, facts: Facts) -> Result<IncidentAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).change_incident(&mut op, id, facts).await?;
    let incident = engine(&visit).incident(&mut op, id).await?;
    op.commit().await?;
    Ok(shown(incident))
}

async fn notice<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: NoticeBody) -> Result<IncidentAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit)
        .notify_authority(&mut op, id, &body.how, &body.late_reason)
        .await?;
    let incident = engine(&visit).incident(&mut op, id).await?;
    op.commit().await?;
    Ok(shown(incident))
}

async fn people<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: PeopleBody) -> Result<ToldPeople> {
    let numbers: std::result::Result<Vec<PersonalNumber>, Fault> = body
        .personal_numbers
        .iter()
        .map(|number| PersonalNumber::parse(number))
        .collect();
    let mut op = visit.op().await?;
    let told = engine(&visit)
        .tell_people(&mut op, visit.parse_param("id")?, &numbers?)
        .await?;
    op.commit().await?;
    Ok(told)
}

async fn close<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, _: Nothing) -> Result<IncidentAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).close_incident(&mut op, id).await?;
    let incident = engine(&visit).incident(&mut op, id).await?;
    op.commit().await?;
    Ok(shown(incident))
}
