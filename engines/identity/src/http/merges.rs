//! Two accounts of one person that become one.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::Result;
use op::United;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::desk::ReasonRequest;
use super::{Nothing, engine};
use crate::{
    AccountState, Identity, MergePreview, MergeRow, MergeSide, MergeState, NewMerge, Objection, OwnMerge, error,
};

const DOOR: Door = Door::Right("identity.merge_accounts");

/// Who is to remain.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeNumber {
    /// Personal number or passport.
    pub number: String,
}

/// A merge as it is proposed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// Personal number or passport of whoever remains.
    pub number: String,
    /// The paper that was seen.
    pub paper: String,
    /// It was seen that name or birth date differ.
    #[serde(default)]
    pub differs: bool,
    /// Why they differ.
    #[serde(default)]
    pub why: String,
}

/// One of the two.
#[derive(Serialize, JsonSchema)]
pub struct MergeSideInfo {
    /// The account, if there is one.
    pub account: Option<Uuid>,
    /// Full name.
    pub name: String,
    /// Date of birth.
    pub birth_date: Option<NaiveDate>,
    /// Personal number or passport, its last letters alone.
    pub number_masked: String,
    /// Two-letter country code.
    pub nationality: String,
    /// The name of the account, its last letters alone.
    pub login: String,
    /// The state of the account.
    pub state: Option<AccountState>,
    /// The platform can tell them: they have a box, or an e-mail address is kept. Where not, an official does.
    pub told: bool,
    /// Since when there is an account.
    pub created_at: Option<DateTime<Utc>>,
    /// When somebody last came in.
    pub last_sign_in_at: Option<DateTime<Utc>>,
}

/// How much of something follows.
#[derive(Serialize, JsonSchema)]
pub struct UnitedInfo {
    /// The engine.
    pub engine: String,
    /// What: `cases`, `drafts`, `messages` …
    pub what: String,
    /// How many.
    pub count: u64,
}

/// The two side by side.
#[derive(Serialize, JsonSchema)]
pub struct MergeView {
    /// Whose account closes.
    pub from: MergeSideInfo,
    /// Who remains.
    pub into: MergeSideInfo,
    /// Name or birth date are not the same.
    pub differs: bool,
    /// What would follow.
    pub counts: Vec<UnitedInfo>,
    /// What the two have said against earlier proposals, the latest first.
    pub objections: Vec<ObjectionInfo>,
}

/// An owner did not agree to an earlier proposal.
#[derive(Serialize, JsonSchema)]
pub struct ObjectionInfo {
    /// When.
    pub at: DateTime<Utc>,
    /// Why, in the owner's words.
    pub reason: String,
}

/// A merge.
#[derive(Serialize, JsonSchema)]
pub struct MergeInfo {
    /// Its number.
    pub id: Uuid,
    /// The account that closes.
    pub from_account: Uuid,
    /// Name of its owner.
    pub from_name: String,
    /// The account that remains; null: the other one becomes theirs.
    pub into_account: Option<Uuid>,
    /// Name of whoever remains.
    pub into_name: String,
    /// Name or birth date are not the same.
    pub differs: bool,
    /// The paper that was seen.
    pub paper: String,
    /// Why they differ.
    pub why: String,
    /// `proposed`, `done`, `refused`, `expired`.
    pub state: MergeState,
    /// Who has proposed it.
    pub proposed_by: String,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// From when another official may confirm it.
    pub confirmable_from: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// Who has decided.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    pub reason: String,
    /// What has followed.
    pub counts: Vec<UnitedInfo>,
}

/// A merge, and while it waits the two side by side.
#[derive(Serialize, JsonSchema)]
pub struct MergeDetail {
    /// The merge.
    pub merge: MergeInfo,
    /// The two as they are now; null where nothing waits, or where it cannot be done as things stand.
    pub now: Option<MergeView>,
    /// Why it cannot be done as things stand: the code of a fault.
    pub hindered_by: Option<String>,
}

/// A page of them.
#[derive(Serialize, JsonSchema)]
pub struct MergePage {
    /// Those that wait, the oldest first; those that were decided, the newest first.
    pub items: Vec<MergeInfo>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

/// A merge that was proposed.
#[derive(Serialize, JsonSchema)]
pub struct MergeProposed {
    /// Its number.
    pub id: Uuid,
}

/// The proposals that wait for whoever is signed in.
#[derive(Serialize, JsonSchema)]
pub struct OwnMergeAnswer {
    /// The oldest first; none: nothing waits.
    pub items: Vec<OwnMergeInfo>,
}

/// One of them, as an owner may know it.
#[derive(Serialize, JsonSchema)]
pub struct OwnMergeInfo {
    /// Its number.
    pub id: Uuid,
    /// How the number of the other account ends.
    pub other: String,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// From when a second official may confirm it; until then it can be objected to in any case.
    pub confirmable_from: DateTime<Utc>,
    /// Until when it waits for a second official.
    pub expires_at: DateTime<Utc>,
}

/// Why an owner does not agree.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectionRequest {
    /// The proposal; none: all that wait.
    #[serde(default)]
    pub merge: Option<Uuid>,
    /// Why; officials read it.
    pub reason: String,
}

/// It is decided.
#[derive(Serialize, JsonSchema)]
pub struct MergeDecided {
    /// How it stands now.
    pub state: MergeState,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_post(
            "/api/v1/accounts/{id}/merge-preview",
            DOOR,
            doc(
                "previewMerge",
                "The account and whoever the number means, side by side, with what would follow. Both see that it was looked at.",
            ),
            preview,
        )
        .api_post(
            "/api/v1/accounts/{id}/merge",
            DOOR,
            doc(
                "proposeMerge",
                "Proposes that the account be joined to whoever the number means; another official confirms. Both owners are told. Asks for step-up.",
            )
            .created(),
            propose,
        )
        .api_get(
            "/api/v1/account-merges",
            DOOR,
            doc("listMerges", "Merges that wait; with `show=decided` those that were decided.").with_query(&["show"]),
            list,
        )
        .api_get(
            "/api/v1/account-merges/{id}",
            DOOR,
            doc("getMerge", "One merge, and while it waits the two side by side. Both see it."),
            show,
        )
        .api_get(
            "/api/v1/me/merge",
            Door::SignedIn,
            doc("getOwnMerge", "The proposals to join one's account to another one that wait, the oldest first."),
            own,
        )
        .api_post(
            "/api/v1/me/merge/objection",
            Door::Citizen,
            doc("objectToMerge", "Does not agree to one proposal, or to all that wait: they are refused, both owners are told."),
            object,
        )
        .api_post(
            "/api/v1/account-merges/{id}/confirmation",
            DOOR,
            doc(
                "confirmMerge",
                "Joins the two, by another official than the one who has proposed it and not before `confirmable_from`: everything follows, the other account closes. Asks for step-up.",
            ),
            confirm,
        )
        .api_post(
            "/api/v1/account-merges/{id}/refusal",
            DOOR,
            doc("refuseMerge", "Refuses, or takes back what one has proposed. Both owners are told why. Asks for step-up."),
            refuse,
        )
}

async fn own<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<OwnMergeAnswer> {
    let mut op = visit.look().await?;
    let found = engine(&visit).own_merges(&mut op).await?;
    let info = |one: OwnMerge| OwnMergeInfo {
        id: one.id,
        other: one.other,
        proposed_at: one.proposed_at,
        confirmable_from: one.confirmable_from,
        expires_at: one.expires_at,
    };
    Ok(OwnMergeAnswer {
        items: found.into_iter().map(info).collect(),
    })
}

async fn object<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ObjectionRequest) -> Result<MergeDecided> {
    let mut op = visit.op().await?;
    engine(&visit)
        .object_to_merge(&mut op, body.merge, &body.reason)
        .await?;
    op.commit().await?;
    Ok(MergeDecided {
        state: MergeState::Refused,
    })
}

fn side(side: MergeSide) -> MergeSideInfo {
    MergeSideInfo {
        account: side.account.map(kernel::AccountId::uuid),
        name: side.name,
        birth_date: side.birth_date,
        number_masked: side.number_masked,
        nationality: side.nationality,
        login: side.login,
        state: side.state,
        told: side.told,
        created_at: side.created_at,
        last_sign_in_at: side.last_sign_in_at,
    }
}

fn counts(counts: Vec<United>) -> Vec<UnitedInfo> {
    let info = |one: United| UnitedInfo {
        engine: one.engine,
        what: one.what,
        count: one.count,
    };
    counts.into_iter().map(info).collect()
}

fn view(preview: MergePreview) -> MergeView {
    MergeView {
        from: side(preview.from),
        into: side(preview.into),
        differs: preview.differs,
        counts: counts(preview.counts),
        objections: preview.objections.into_iter().map(objection).collect(),
    }
}

fn objection(one: Objection) -> ObjectionInfo {
    ObjectionInfo {
        at: one.at,
        reason: one.reason,
    }
}

fn info(engine: &Identity, row: MergeRow) -> MergeInfo {
    MergeInfo {
        confirmable_from: engine.confirmable_from(&row),
        id: row.id,
        from_account: row.from_account.uuid(),
        from_name: row.from_name,
        into_account: row.into_account.map(kernel::AccountId::uuid),
        into_name: row.into_name,
        differs: row.differs,
        paper: row.paper,
        why: row.why,
        state: row.state,
        proposed_by: row.proposer_name,
        proposed_at: row.proposed_at,
        expires_at: row.expires_at,
        decided_by: row.decider_name,
        decided_at: row.decided_at,
        reason: row.reason,
        counts: counts(row.counts),
    }
}

async fn preview<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: MergeNumber) -> Result<MergeView> {
    let account = visit.parse_param("id")?;
    let op = visit.op().await?;
    let found = engine(&visit).merge_preview(op, account, &body.number).await?;
    Ok(view(found))
}

async fn propose<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: MergeRequest) -> Result<MergeProposed> {
    let account = visit.parse_param("id")?;
    let new = NewMerge {
        number: body.number,
        paper: body.paper,
        differs: body.differs,
        why: body.why,
    };
    let op = visit.op().await?;
    let id = engine(&visit).propose_merge(op, account, &new).await?;
    Ok(MergeProposed { id })
}

async fn list<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<MergePage> {
    let decided = match visit.query("show") {
        None | Some("" | "waiting") => false,
        Some("decided") => true,
        Some(_) => return Err(error::malformed("show")),
    };
    let mut op = visit.op().await?;
    let page = engine(&visit).merges(&mut op, decided, &visit.page_request()).await?;
    op.commit().await?;
    Ok(MergePage {
        items: page.items.into_iter().map(|row| info(engine(&visit), row)).collect(),
        next: page.next,
    })
}

async fn show<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<MergeDetail> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    let (row, now) = engine(&visit).merge(&mut op, id).await?;
    op.commit().await?;
    let (now, hindered_by) = match now {
        None => (None, None),
        Some(Ok(preview)) => (Some(view(preview)), None),
        Some(Err(fault)) => (None, Some(fault.code.to_owned())),
    };
    Ok(MergeDetail {
        merge: info(engine(&visit), row),
        now,
        hindered_by,
    })
}

async fn confirm<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, _: Nothing) -> Result<MergeDecided> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).confirm_merge(&mut op, id).await?;
    op.commit().await?;
    Ok(MergeDecided {
        state: MergeState::Done,
    })
}

async fn refuse<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: ReasonRequest) -> Result<MergeDecided> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).refuse_merge(&mut op, id, &body.reason).await?;
    op.commit().await?;
    Ok(MergeDecided {
        state: MergeState::Refused,
    })
}
