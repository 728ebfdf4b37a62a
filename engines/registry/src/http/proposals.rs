//! Entering where the owner approves, and deciding on what waits.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::{Nothing, TAG, engine};
use crate::{Command, FieldChange, Outcome, Proposal, ProposalBox, ProposalDetail, ProposalState, Registry, Written};

const DECIDES: Door = Door::Right("registry.approve");
const ENTERS: Door = Door::Right("registry.enter");

/// Something to be entered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterBody {
    /// Key of the register.
    pub register: String,
    /// The record (UUID); none for a new one.
    #[serde(default)]
    pub record: Option<Uuid>,
    /// The version of the record that the writer has seen.
    #[serde(default)]
    pub version: Option<i64>,
    /// What is to be done.
    pub command: Command,
    /// Why; a correction and an end need it.
    #[serde(default)]
    pub reason: String,
}

/// What came of it: `written` or `proposed`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutcomeAnswer {
    /// `written` or `proposed`.
    pub outcome: &'static str,
    /// The record, where it is written.
    pub record: Option<Uuid>,
    /// Its version now, where it is written.
    pub version: Option<i64>,
    /// The proposal, where it waits.
    pub proposal: Option<Uuid>,
}

impl From<Outcome> for OutcomeAnswer {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Written(Written { id, version }) => Self {
                outcome: "written",
                record: Some(id),
                version: Some(version),
                proposal: None,
            },
            Outcome::Proposed(id) => Self {
                outcome: "proposed",
                record: None,
                version: None,
                proposal: Some(id),
            },
        }
    }
}

/// Why something is refused or handed back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalBody {
    /// In words; whoever proposed reads it.
    pub note: String,
    /// Whether it may be proposed anew.
    #[serde(default)]
    pub anew: bool,
}

/// What is otherwise in a proposal that is made anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalBody {
    /// By field; fields that are not named are as they were proposed.
    #[serde(default)]
    pub edits: Map<String, Value>,
}

/// A proposal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalAnswer {
    /// The proposal (UUID).
    pub id: Uuid,
    /// Key of the register.
    pub register: String,
    /// The record; of a new one once it is approved.
    pub record: Option<Uuid>,
    /// `add`, `change`, `correct` or `end`.
    pub kind: String,
    /// What the record is called.
    pub title: String,
    /// Why, in the words of whoever proposed.
    pub reason: String,
    /// The agency that proposes.
    pub agency_name: String,
    /// Name of whoever proposes.
    pub proposed_name: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// The one in whose place it was made.
    pub follows: Option<Uuid>,
    /// How far it is.
    pub state: ProposalState,
    /// Name of whoever decided.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused or handed back.
    pub note: String,
    /// The version of the record that came of it.
    pub written: Option<i64>,
}

impl From<Proposal> for ProposalAnswer {
    fn from(own: Proposal) -> Self {
        Self {
            id: own.id,
            register: own.definition.record.clone(),
            record: own.record,
            kind: own.kind,
            title: own.title,
            reason: own.reason,
            agency_name: own.agency_name,
            proposed_name: own.proposed_name,
            proposed_at: own.proposed_at,
            follows: own.follows,
            state: own.state,
            decided_name: own.decided_name,
            decided_at: own.decided_at,
            note: own.note,
            written: own.written,
        }
    }
}

/// One proposal with what it changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalDetailAnswer {
    /// As in lists.
    pub proposal: ProposalAnswer,
    /// The first day of the period that it touches.
    pub valid_from: Option<NaiveDate>,
    /// The last one.
    pub valid_to: Option<NaiveDate>,
    /// What differs.
    pub changes: Vec<FieldChange>,
    /// Fields that the reader may not open.
    pub hidden: Vec<String>,
    /// The version that whoever proposed has seen; 0: none.
    pub seen: i64,
    /// The version of the record now; 0: none.
    pub version: i64,
    /// Whether the record has changed since.
    pub outdated: bool,
    /// Whether it is the reader's own.
    pub mine: bool,
    /// Whether the reader may decide on it.
    pub decides: bool,
    /// The proposal that was made in its place.
    pub next: Option<Uuid>,
}

impl From<ProposalDetail> for ProposalDetailAnswer {
    fn from(detail: ProposalDetail) -> Self {
        Self {
            proposal: detail.proposal.into(),
            valid_from: detail.days.map(|(from, _)| from),
            valid_to: detail.days.and_then(|(_, to)| to),
            changes: detail.changes,
            hidden: detail.hidden,
            seen: detail.seen,
            version: detail.version,
            outdated: detail.outdated,
            mine: detail.mine,
            decides: detail.decides,
            next: detail.next,
        }
    }
}

/// A page of proposals.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProposalList {
    /// The proposals.
    pub items: Vec<ProposalAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// How much waits for whoever asks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaitingAnswer {
    /// All of it.
    pub count: i64,
    /// By key of the register.
    pub registers: BTreeMap<String, i64>,
}

/// A record and its version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WrittenAnswer {
    /// The record.
    pub record: Uuid,
    /// Its version now.
    pub version: i64,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/register-proposals",
            Door::Official,
            Doc::new(
                "listRegisterProposals",
                TAG,
                "Proposals: `hop` is waiting (for one's agency, the oldest first), decided or mine; `register` narrows the first two.",
            )
            .with_query(&["hop", "register", "sau", "so"]),
            list,
        )
        .api_get(
            "/api/v1/register-proposals/waiting",
            Door::Official,
            Doc::new("countRegisterProposals", TAG, "How many proposals wait for whoever asks, by register."),
            waiting,
        )
        .api_post(
            "/api/v1/register-proposals",
            ENTERS,
            Doc::new(
                "enterIntoRegister",
                TAG,
                "Writes a record, or proposes it where the owner approves what is entered. The same once more gives the proposal that waits.",
            )
            .created(),
            enter,
        )
        .api_get(
            "/api/v1/register-proposals/{id}",
            Door::Official,
            Doc::new(
                "getRegisterProposal",
                TAG,
                "One proposal with what it changes, for whoever proposed it and whoever decides on it. Opening what is sealed is written down.",
            ),
            show,
        )
        .api_post(
            "/api/v1/register-proposals/{id}/approval",
            DECIDES,
            Doc::new(
                "approveRegisterProposal",
                TAG,
                "Writes what was proposed, as of now, if the record has not changed since.",
            ),
            approve,
        )
        .api_post(
            "/api/v1/register-proposals/{id}/refusal",
            DECIDES,
            Doc::new("refuseRegisterProposal", TAG, "Refuses a proposal, or hands it back to be made anew."),
            refuse,
        )
        .api_post(
            "/api/v1/register-proposals/{id}/withdrawal",
            Door::Official,
            Doc::new("withdrawRegisterProposal", TAG, "Takes one's own proposal back while it waits."),
            withdraw,
        )
        .api_post(
            "/api/v1/register-proposals/{id}/renewal",
            ENTERS,
            Doc::new(
                "renewRegisterProposal",
                TAG,
                "Proposes anew what was handed back or waits: what was changed, brought over the record as it is now.",
            ),
            renew,
        )
}

/// The box that an address names.
fn box_of(word: Option<&str>) -> ProposalBox {
    match word {
        Some("decided") => ProposalBox::Decided,
        Some("mine") => ProposalBox::Mine,
        _ => ProposalBox::Waiting,
    }
}

async fn list<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ProposalList> {
    let which = box_of(visit.query("hop"));
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .proposals(&mut op, which, visit.query("register"), &visit.page_request())
        .await?;
    Ok(ProposalList {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    })
}

async fn waiting<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<WaitingAnswer> {
    let mut op = visit.look().await?;
    let registers = engine(&visit).waiting_proposals(&mut op).await?;
    Ok(WaitingAnswer {
        count: registers.values().sum(),
        registers,
    })
}

async fn enter<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: EnterBody) -> Result<OutcomeAnswer> {
    let target = body.record.map(|record| (record, body.version.unwrap_or(0)));
    let mut op = visit.op().await?;
    let outcome = engine(&visit)
        .enter(&mut op, &body.register, target, body.command, &body.reason)
        .await?;
    op.commit().await?;
    Ok(outcome.into())
}

async fn show<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<ProposalDetailAnswer> {
    let mut op = visit.op().await?;
    let detail = engine(&visit).proposal(&mut op, visit.parse_param("id")?).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn approve<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: Nothing) -> Result<WrittenAnswer> {
    let mut op = visit.op().await?;
    let written = engine(&visit).approve(&mut op, visit.parse_param("id")?).await?;
    op.commit().await?;
    Ok(WrittenAnswer {
        record: written.id,
        version: written.version,
    })
}

async fn refuse<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: RefusalBody) -> Result<ProposalAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).refuse(&mut op, id, &body.note, body.anew).await?;
    let detail = engine(&visit).proposal(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.proposal.into())
}

async fn withdraw<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: Nothing) -> Result<ProposalAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).withdraw_proposal(&mut op, id).await?;
    let detail = engine(&visit).proposal(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.proposal.into())
}

async fn renew<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: RenewalBody) -> Result<OutcomeAnswer> {
    let mut op = visit.op().await?;
    let outcome = engine(&visit)
        .renew_proposal(&mut op, visit.parse_param("id")?, body.edits)
        .await?;
    op.commit().await?;
    Ok(outcome.into())
}
