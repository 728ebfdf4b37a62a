//! Rights taken for an emergency.

use axum::http::Method;
use chrono::{DateTime, Utc};
use identity::Emergency;
use kernel::Result;
use op::audit::Deed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::{Done, Made, Nothing, TAG, engine};
use crate::Oversight;
use crate::model::{Report, ReportState};

/// A right that was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmergencyAnswer {
    /// Its number.
    pub id: Uuid,
    /// Who took it.
    pub name: String,
    /// From which position.
    pub title: String,
    /// Name of the agency.
    pub agency_name: String,
    /// The role.
    pub role: String,
    /// Why.
    pub reason: String,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// Until when at the longest.
    pub until: DateTime<Utc>,
    /// When it ended before, or by itself.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its report.
    pub report: ReportAnswer,
}

/// What is reported of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReportAnswer {
    /// Until when it is to be written.
    pub due_at: DateTime<Utc>,
    /// How far it is.
    pub state: ReportState,
    /// What is reported.
    pub text: String,
    /// When it was written.
    pub written_at: Option<DateTime<Utc>>,
    /// What somebody else says of it.
    pub note: String,
    /// Who that is.
    pub reviewed_by: String,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
}

/// A page of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmergencyPage {
    /// The newest first.
    pub items: Vec<EmergencyAnswer>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// Something that was done under it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeedAnswer {
    /// When.
    pub at: DateTime<Utc>,
    /// What, as the audit trail calls it.
    pub action: String,
    /// To what.
    pub subject: String,
    /// For what: the code of a dossier, or words.
    pub purpose: String,
}

/// One of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmergencyDetail {
    /// The right.
    pub emergency: EmergencyAnswer,
    /// A page of the deeds under it, the newest first.
    pub done: Vec<DeedAnswer>,
    /// How many there are altogether.
    pub deeds: i64,
    /// Cursor of the next page of deeds (`?sau=`), if there is one.
    pub next: Option<String>,
    /// Whether the reader may write its report now.
    pub writes: bool,
    /// Whether the reader may look at its report, once it is written.
    pub reviews: bool,
}

/// A role that may be taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EmergencyRole {
    /// Its word.
    pub role: String,
    /// For how many hours at the longest.
    pub hours: u16,
}

/// A right to be taken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyRequest {
    /// The role.
    pub role: String,
    /// For how many hours.
    pub hours: u16,
    /// Why, in a sentence.
    pub reason: String,
}

/// A report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportRequest {
    /// What happened, what was done, what follows.
    pub text: String,
}

/// What somebody else says of a report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// Whether it is in order.
    pub accepted: bool,
    /// When the text was written that is meant (`written_at`); where it was written anew meanwhile, nothing is done.
    pub written_at: DateTime<Utc>,
    /// What is unclear, where it is not.
    #[serde(default)]
    pub note: String,
}

fn answer((one, report): (Emergency, Report)) -> EmergencyAnswer {
    EmergencyAnswer {
        id: one.id,
        name: one.name,
        title: one.title,
        agency_name: one.agency_name,
        role: one.role,
        reason: one.reason,
        taken_at: one.taken_at,
        until: one.until,
        ended_at: one.ended_at,
        report: ReportAnswer {
            due_at: report.due_at,
            state: report.state,
            text: report.text,
            written_at: report.written_at,
            note: report.note,
            reviewed_by: report.reviewed_by,
            reviewed_at: report.reviewed_at,
        },
    }
}

fn deed(deed: Deed) -> DeedAnswer {
    DeedAnswer {
        at: deed.at,
        action: deed.action,
        subject: deed.subject,
        purpose: deed.purpose,
    }
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Oversight> + AsRef<identity::Identity> + Clone + Send + Sync + 'static,
{
    let door = Door::Right("identity.emergencies");
    Routes::new()
        .api_get(
            "/api/v1/emergencies",
            door,
            Doc::new("listEmergencies", TAG, "Rights taken for emergencies: one's own, and all for those who watch over them."),
            list,
        )
        .api_get(
            "/api/v1/emergency-roles",
            Door::Right("identity.take_emergency"),
            Doc::new("listEmergencyRoles", TAG, "The roles that may be taken in an emergency."),
            roles,
        )
        .api_post(
            "/api/v1/emergencies",
            Door::Right("identity.take_emergency"),
            Doc::new(
                "takeEmergency",
                TAG,
                "Takes a role for an emergency, for hours; administrators and data protection are told at once. Asks for step-up.",
            )
            .created(),
            take,
        )
        .api_get(
            "/api/v1/emergencies/{id}",
            door,
            Doc::new("getEmergency", TAG, "One of them, with its report and what was done under it."),
            show,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/emergencies/{id}",
            door,
            Doc::new("endEmergency", TAG, "Gives the right back before its time."),
            end,
        )
        .api_send(
            Method::PUT,
            "/api/v1/emergencies/{id}/report",
            Door::Right("oversight.write_report"),
            Doc::new("reportEmergency", TAG, "Writes the report; by whoever took the right."),
            report,
        )
        .api_post(
            "/api/v1/emergencies/{id}/review",
            Door::Right("oversight.review_report"),
            Doc::new("reviewEmergency", TAG, "Accepts or questions the report; by somebody else. Asks for step-up."),
            review,
        )
}

async fn list<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> Result<EmergencyPage> {
    let mut op = visit.op().await?;
    let page = engine(&visit).emergencies(&mut op, &visit.page_request()).await?;
    op.commit().await?;
    Ok(EmergencyPage {
        next: page.next,
        items: page.items.into_iter().map(answer).collect(),
    })
}

async fn roles<S: AsRef<Site> + AsRef<identity::Identity>>(visit: Visit<S>) -> Result<Vec<EmergencyRole>> {
    let identity: &identity::Identity = visit.state.as_ref();
    let (roles, hours) = identity.emergency_roles();
    Ok(roles.into_iter().map(|role| EmergencyRole { role, hours }).collect())
}

async fn take<S: AsRef<Site> + AsRef<identity::Identity>>(visit: Visit<S>, body: EmergencyRequest) -> Result<Made> {
    let identity: &identity::Identity = visit.state.as_ref();
    let mut op = visit.op().await?;
    let id = identity
        .take_emergency(&mut op, &body.role, body.hours, &body.reason)
        .await?;
    op.commit().await?;
    Ok(Made { id })
}

async fn show<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> Result<EmergencyDetail> {
    let mut op = visit.op().await?;
    let sheet = engine(&visit)
        .emergency(&mut op, visit.parse_param("id")?, &visit.page_request())
        .await?;
    op.commit().await?;
    Ok(EmergencyDetail {
        emergency: answer((sheet.emergency, sheet.report)),
        next: sheet.done.next,
        done: sheet.done.items.into_iter().map(deed).collect(),
        deeds: sheet.deeds,
        writes: sheet.writes,
        reviews: sheet.reviews,
    })
}

async fn end<S: AsRef<Site> + AsRef<identity::Identity>>(visit: Visit<S>, _: Nothing) -> Result<Done> {
    let identity: &identity::Identity = visit.state.as_ref();
    let mut op = visit.op().await?;
    identity.end_emergency(&mut op, visit.parse_param("id")?).await?;
    op.commit().await?;
    Ok(Done { done: true })
}

async fn report<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>, body: ReportRequest) -> Result<Done> {
    let mut op = visit.op().await?;
    engine(&visit)
        .write_report(&mut op, visit.parse_param("id")?, &body.text)
        .await?;
    op.commit().await?;
    Ok(Done { done: true })
}

async fn review<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>, body: ReviewRequest) -> Result<Done> {
    let mut op = visit.op().await?;
    engine(&visit)
        .review_report(
            &mut op,
            (visit.parse_param("id")?, Some(body.written_at)),
            body.accepted,
            &body.note,
        )
        .await?;
    op.commit().await?;
    Ok(Done { done: true })
}
