//! What officials do with requests about data.

use identity::PersonField;
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use super::{RequestAnswer, TAG, engine};
use crate::extract::ExtractAnswer;
use crate::model::Outcome;
use crate::{DeskBox, Privacy, Verdict};

const DOOR: Door = Door::Right("privacy.desk");

/// That it is being worked on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeBody {
    /// Whether somebody outside must act too.
    #[serde(default)]
    pub third_party: bool,
}

/// More time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendBody {
    /// Why; the person is told.
    pub reason: String,
}

/// An answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// All, a part or nothing.
    pub outcome: Outcome,
    /// In words.
    pub answer: String,
    /// The legal ground, where not all is granted.
    #[serde(default)]
    pub ground: String,
    /// Of a correction granted in part: the fields that are put right.
    #[serde(default)]
    pub fields: Vec<PersonField>,
    /// Of a restriction or an objection granted in part: for what the data is not used.
    #[serde(default)]
    pub purposes: Vec<String>,
}

/// A request on the desk.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeskRowAnswer {
    /// The person's full name.
    pub name: String,
    /// The request.
    pub request: RequestAnswer,
}

/// A page of the desk.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DeskPage {
    /// The requests.
    pub items: Vec<DeskRowAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Privacy> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/data-request-desk",
            DOOR,
            Doc::new(
                "listDataRequestDesk",
                TAG,
                "Requests about personal data: `hop` is open (the earliest due first) or ended (the latest first).",
            )
            .with_query(&["hop", "sau", "so"]),
            desk,
        )
        .api_post(
            "/api/v1/data-requests/{id}/acknowledgement",
            DOOR,
            Doc::new(
                "acknowledgeDataRequest",
                TAG,
                "Tells the person that it is being worked on.",
            ),
            acknowledge,
        )
        .api_post(
            "/api/v1/data-requests/{id}/extension",
            DOOR,
            Doc::new("extendDataRequest", TAG, "Extends the time once, with a reason."),
            extend,
        )
        .api_post(
            "/api/v1/data-requests/{id}/answer",
            DOOR,
            Doc::new("answerDataRequest", TAG, "Answers, and does what was granted."),
            answer,
        )
        .api_get(
            "/api/v1/data-requests/{id}/extract",
            DOOR,
            Doc::new(
                "extractForDataRequest",
                TAG,
                "Everything kept about the person, once a request to see it or to have a copy was granted.",
            ),
            extract,
        )
}

async fn desk<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<DeskPage> {
    let which = visit.query("hop").and_then(DeskBox::parse).unwrap_or(DeskBox::Open);
    let mut op = visit.look().await?;
    let page = engine(&visit).desk(&mut op, which, &visit.page_request()).await?;
    let row = |row: crate::DeskRow| DeskRowAnswer {
        name: row.name,
        request: row.request.into(),
    };
    Ok(DeskPage {
        items: page.items.into_iter().map(row).collect(),
        next: page.next,
    })
}

async fn acknowledge<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: AcknowledgeBody) -> Result<RequestAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).acknowledge(&mut op, id, body.third_party).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn extend<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: ExtendBody) -> Result<RequestAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).extend(&mut op, id, &body.reason).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn answer<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: AnswerBody) -> Result<RequestAnswer> {
    let id = visit.parse_param("id")?;
    let verdict = Verdict {
        outcome: body.outcome,
        answer: body.answer,
        ground: body.ground,
        fields: body.fields,
        purposes: body.purposes,
    };
    let mut op = visit.op().await?;
    engine(&visit).answer(&mut op, id, verdict).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn extract<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<ExtractAnswer> {
    let mut op = visit.op().await?;
    let extract = engine(&visit).extract_for(&mut op, visit.parse_param("id")?).await?;
    op.commit().await?;
    Ok(extract.into())
}
