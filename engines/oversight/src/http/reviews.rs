//! Reviews of rights, and lists of accounts as tables.

use axum::http::Method;
use chrono::{DateTime, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Answer as PageAnswer, Body, Doc, Door, Routes, Site, Visit, attachment};

use super::{Done, Made, Nothing, TAG, engine};
use crate::model::{AgencyProgress, Answer, Campaign, Line, Verdict};
use crate::{Oversight, error};

/// A review of all rights, counted in the reader's reach.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignAnswer {
    /// Its number.
    pub id: Uuid,
    /// `2026-Q1`.
    pub quarter: String,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// Until when heads of agencies answer.
    pub due_at: DateTime<Utc>,
    /// When those above were told.
    pub escalated_at: Option<DateTime<Utc>>,
    /// When the rule settles the rest.
    pub final_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Lines in reach.
    pub lines: i64,
    /// Those that nobody has answered.
    pub open: i64,
    /// Roles that ended.
    pub ended: i64,
}

impl From<Campaign> for CampaignAnswer {
    fn from(one: Campaign) -> Self {
        Self {
            id: one.id,
            quarter: one.quarter,
            opened_at: one.opened_at,
            due_at: one.due_at,
            escalated_at: one.escalated_at,
            final_at: one.final_at,
            closed_at: one.closed_at,
            lines: one.lines,
            open: one.open,
            ended: one.ended,
        }
    }
}

/// A page of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignPage {
    /// The newest first.
    pub items: Vec<CampaignAnswer>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// One review, and how far the agencies are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignDetail {
    /// The review.
    pub campaign: CampaignAnswer,
    /// The agencies in reach, those with most to answer first.
    pub agencies: Vec<AgencyProgress>,
}

/// One official, one position, one role.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineAnswer {
    /// Its number.
    pub id: Uuid,
    /// Full name.
    pub name: String,
    /// Title of the position.
    pub title: String,
    /// The role.
    pub role: String,
    /// Whether it is watched more closely.
    pub privileged: bool,
    /// What was said of it; null: nothing yet.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: String,
    /// Who said it; empty: the rule.
    pub answered_name: String,
    /// When.
    pub answered_at: Option<DateTime<Utc>>,
}

impl From<Line> for LineAnswer {
    fn from(line: Line) -> Self {
        Self {
            id: line.id,
            name: line.name,
            title: line.title,
            role: line.role,
            privileged: line.privileged,
            verdict: line.verdict,
            reason: line.reason,
            answered_name: line.answered_name,
            answered_at: line.answered_at,
        }
    }
}

/// A page of them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinePage {
    /// In the order of names.
    pub items: Vec<LineAnswer>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// An answer about one line.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerItem {
    /// The line.
    pub line: Uuid,
    /// Whether the role stays.
    pub keep: bool,
    /// Why; needed where it does not stay.
    #[serde(default)]
    pub reason: String,
}

/// Answers, all or none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswersRequest {
    /// At most 200.
    pub answers: Vec<AnswerItem>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Oversight> + Clone + Send + Sync + 'static,
{
    let door = Door::Right("oversight.campaigns");
    Routes::new()
        .api_get(
            "/api/v1/reviews",
            door,
            Doc::new("listReviews", TAG, "Reviews of all rights, the newest first."),
            list,
        )
        .api_post(
            "/api/v1/reviews",
            Door::Right("oversight.open_campaign"),
            Doc::new(
                "openReview",
                TAG,
                "Begins the review of this quarter. Asks for step-up.",
            )
            .created(),
            open,
        )
        .api_get(
            "/api/v1/reviews/{id}",
            door,
            Doc::new("getReview", TAG, "One review and how far the agencies in reach are."),
            show,
        )
        .api_get(
            "/api/v1/reviews/{id}/agencies/{agency}",
            door,
            Doc::new(
                "listReviewLines",
                TAG,
                "The officials, positions and roles of one agency (`open=1`: those without an answer).",
            )
            .with_query(&["open"]),
            lines,
        )
        .api_send(
            Method::PUT,
            "/api/v1/reviews/{id}/answers",
            Door::Right("oversight.answer"),
            Doc::new(
                "answerReview",
                TAG,
                "Keeps roles or takes them back, all or none. Taking back asks for step-up.",
            ),
            answer,
        )
        .api_download(
            "/api/v1/reviews/{id}/report.csv",
            Door::Right("oversight.export_review"),
            Doc::new("getReviewTable", TAG, "What the review says, as CSV. Asks for step-up."),
            table,
        )
        .api_download(
            "/api/v1/reviews/{id}/report.pdf",
            Door::Right("oversight.export_review"),
            Doc::new("getReviewPaper", TAG, "What the review has come to, as PDF."),
            paper,
        )
}

async fn list<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> Result<CampaignPage> {
    let mut op = visit.look().await?;
    let page = engine(&visit).campaigns(&mut op, &visit.page_request()).await?;
    Ok(CampaignPage {
        next: page.next,
        items: page.items.into_iter().map(Into::into).collect(),
    })
}

async fn open<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>, _: Nothing) -> Result<Made> {
    let mut op = visit.op().await?;
    let id = engine(&visit).open_campaign(&mut op).await?;
    op.commit().await?;
    Ok(Made { id })
}

async fn show<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> Result<CampaignDetail> {
    let mut op = visit.look().await?;
    let (campaign, agencies) = engine(&visit).campaign(&mut op, visit.parse_param("id")?).await?;
    Ok(CampaignDetail {
        campaign: campaign.into(),
        agencies,
    })
}

async fn lines<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> Result<LinePage> {
    let which = (visit.parse_param("id")?, visit.parse_param("agency")?);
    let only_open = visit.query("open") == Some("1");
    let mut op = visit.op().await?;
    let page = engine(&visit)
        .lines(&mut op, which, only_open, &visit.page_request())
        .await?;
    op.commit().await?;
    Ok(LinePage {
        next: page.next,
        items: page.items.into_iter().map(Into::into).collect(),
    })
}

async fn answer<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>, body: AnswersRequest) -> Result<Done> {
    let campaign = visit.parse_param("id")?;
    let answers: Vec<Answer> = body
        .answers
        .into_iter()
        .map(|one| Answer {
            line: one.line,
            keep: one.keep,
            reason: one.reason,
        })
        .collect();
    if answers.is_empty() {
        return Err(error::nothing_chosen());
    }
    let mut op = visit.op().await?;
    engine(&visit).answer(&mut op, campaign, &answers).await?;
    op.commit().await?;
    Ok(Done { done: true })
}

async fn table<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> PageAnswer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let csv = engine(&visit).review_csv(&mut op, id).await?;
    op.commit().await?;
    let name = format!("ra-soat-quyen-{id}.csv");
    Ok(attachment(&name, "text/csv; charset=utf-8", Body::from(csv), false))
}

async fn paper<S: AsRef<Site> + AsRef<Oversight>>(visit: Visit<S>) -> PageAnswer {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let pdf = engine(&visit).review_pdf(&mut op, id).await?;
    op.commit().await?;
    let name = format!("ra-soat-quyen-{id}.pdf");
    Ok(attachment(&name, "application/pdf", Body::from(pdf), true))
}
