//! Acting for somebody else.

use axum::http::Method;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::offices::{Ended, Made};
use super::{ActorAnswer, Nothing, actor_answer, engine};
use crate::{Identity, NewAttorney, Question, RegistrationKind, Representation, RepresentationKind, Source, error};

/// One acts for another.
#[derive(Serialize, JsonSchema)]
pub struct RepresentationAnswer {
    /// Its number.
    pub id: Uuid,
    /// By what.
    pub kind: RepresentationKind,
    /// Who is represented.
    pub represented_name: String,
    /// Who acts.
    pub representative_name: String,
    /// The codes of the procedures; none: all.
    pub procedures: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// Whether it counts today.
    pub in_force: bool,
    /// Whether somebody has ended it.
    pub ended: bool,
}

/// For whom one acts, and who acts for one.
#[derive(Serialize, JsonSchema)]
pub struct RepresentationsAnswer {
    /// For whom one acts, or has acted.
    pub received: Vec<RepresentationAnswer>,
    /// Who acts for one, or has acted.
    pub given: Vec<RepresentationAnswer>,
    /// What others ask for and one is asked about: to act for one, or beside one.
    pub questions: Vec<QuestionAnswer>,
    /// Cursor of the next questions (`?sau=`), if there are more.
    pub more_questions: Option<String>,
}

/// Somebody asks to act for another; whoever is concerned agrees or objects.
#[derive(Serialize, JsonSchema)]
pub struct QuestionAnswer {
    /// The number to answer to.
    pub registration: Uuid,
    /// What is asked for.
    pub kind: RegistrationKind,
    /// Who asks.
    pub asker_name: String,
    /// For whom.
    pub represented_name: String,
    /// Who decides.
    pub agency_name: String,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// What has been said to it.
    pub agrees: Option<bool>,
    /// The last day on which nobody decides without one's answer.
    pub answer_until: NaiveDate,
}

/// What one says to it.
#[derive(Deserialize, JsonSchema)]
pub struct VoiceRequest {
    /// Whether one agrees.
    pub agrees: bool,
}

/// It was written down.
#[derive(Serialize, JsonSchema)]
pub struct Said {
    /// Always true; a failure is a problem document.
    pub said: bool,
}

/// A power of attorney.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttorneyRequest {
    /// Personal number of whoever is to act.
    pub number: String,
    /// Their full name.
    pub name: String,
    /// The codes of the procedures; none: all.
    #[serde(default)]
    pub procedures: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// What for.
    #[serde(default)]
    pub reason: String,
}

/// For whom to act.
#[derive(Deserialize, JsonSchema)]
pub struct ActingRequest {
    /// Number of a representation; null: for oneself.
    pub representation: Option<Uuid>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_get(
            "/api/v1/me/representations",
            Door::SignedIn,
            doc("listRepresentations", "For whom one acts, and who acts for one.").with_query(&["sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/me/representations",
            Door::Citizen,
            doc(
                "giveAttorney",
                "Give a power of attorney to somebody with an account, for some days.",
            )
            .created(),
            give,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/representations/{id}",
            Door::SignedIn,
            doc("endRepresentation", "Take back what was given, or give it back."),
            end,
        )
        .api_send(
            Method::PUT,
            "/api/v1/me/standings/{id}/voice",
            Door::SignedIn,
            doc(
                "sayToStanding",
                "Agree or object when somebody asks to act for one, or beside one; the official who decides sees it.",
            ),
            say,
        )
        .api_send(
            Method::PUT,
            "/api/v1/me/acting",
            Door::SignedIn,
            doc(
                "chooseActing",
                "Choose for whom the session acts; it counts from the next request on.",
            ),
            choose,
        )
}

async fn list<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<RepresentationsAnswer> {
    let mut op = visit.look().await?;
    let mut actings = engine(&visit).actings(&mut op).await?;
    if visit.query("sau").or(visit.query("so")).is_some() {
        let page = engine(&visit).questions(&mut op, &visit.page_request()).await?;
        (actings.questions, actings.more_questions) = (page.items, page.next);
    }
    let answer = |row: Representation| RepresentationAnswer {
        id: row.id,
        kind: row.kind,
        represented_name: row.represented_name,
        representative_name: row.representative_name,
        procedures: row.procedures,
        from: row.from,
        to: row.to,
        reason: row.reason,
        in_force: row.in_force,
        ended: row.ended_at.is_some(),
    };
    Ok(RepresentationsAnswer {
        received: actings.received.into_iter().map(answer).collect(),
        given: actings.given.into_iter().map(answer).collect(),
        questions: actings.questions.into_iter().map(question).collect(),
        more_questions: actings.more_questions,
    })
}

fn question(row: Question) -> QuestionAnswer {
    QuestionAnswer {
        registration: row.registration,
        kind: row.kind,
        asker_name: row.asker_name,
        represented_name: row.represented_name,
        agency_name: row.agency_name,
        asked_at: row.asked_at,
        expires_at: row.expires_at,
        agrees: row.agrees,
        answer_until: row.answer_until,
    }
}

async fn say<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: VoiceRequest) -> Result<Said> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).say_to_standing(&mut op, id, body.agrees).await?;
    op.commit().await?;
    Ok(Said { said: true })
}

async fn give<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: AttorneyRequest) -> Result<Made> {
    let new = NewAttorney {
        number: body.number,
        name: body.name,
        procedures: body.procedures,
        from: body.from,
        to: body.to,
        reason: body.reason,
    };
    let ip = visit.client_ip().to_string();
    let source = Source {
        device: None,
        ip: &ip,
        user_agent: visit.user_agent(),
    };
    let op = visit.op().await?;
    let id = engine(&visit).give_attorney(op, &new, source).await?;
    Ok(Made { id })
}

async fn end<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, _: Nothing) -> Result<Ended> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).end_representation(&mut op, id).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn choose<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ActingRequest) -> Result<ActorAnswer> {
    let session = visit.session.ok_or_else(error::sign_in_again)?;
    let mut op = visit.op().await?;
    let actor = engine(&visit).act_for(&mut op, session, body.representation).await?;
    op.commit().await?;
    Ok(actor_answer(&actor))
}
