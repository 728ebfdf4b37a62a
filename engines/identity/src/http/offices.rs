//! From which position one acts, who stands in for whom, and what somebody may do.

use axum::http::Method;
use chrono::NaiveDate;
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::{ActorAnswer, actor_answer, engine};
use crate::{HeldPosition, HeldRights, Identity, NewSubstitution, Substitution, error};

/// A position from which one may act.
#[derive(Serialize, JsonSchema)]
pub struct OwnPosition {
    /// Number of the position.
    pub id: Uuid,
    /// Title as printed on papers.
    pub title: String,
    /// Code of the agency.
    pub agency_code: String,
    /// Name of the agency.
    pub agency_name: String,
    /// Roles.
    pub roles: Vec<String>,
    /// Who holds it, where it is lent.
    pub stands_for: Option<String>,
    /// Whether the session acts from it.
    pub now: bool,
}

/// As whom to act.
#[derive(Deserialize, JsonSchema)]
pub struct PositionRequest {
    /// Number of a position; null: as oneself, a citizen.
    pub position: Option<Uuid>,
}

/// A position lent by one official to another.
#[derive(Serialize, JsonSchema)]
pub struct SubstitutionAnswer {
    /// Its number.
    pub id: Uuid,
    /// Number of the position.
    pub position: Uuid,
    /// Title of the position.
    pub title: String,
    /// Name of the agency.
    pub agency_name: String,
    /// Who holds the position.
    pub holder_name: String,
    /// Who stands in.
    pub substitute_name: String,
    /// The roles that went along.
    pub roles: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// Why.
    pub reason: String,
    /// Whether it was ended before its last day.
    pub ended: bool,
}

/// A position to be lent: the one from which the session acts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubstitutionRequest {
    /// Number of the person who is to stand in.
    pub substitute: Uuid,
    /// The roles that go along.
    pub roles: Vec<String>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day, included.
    pub to: NaiveDate,
    /// Why, as in the decision.
    pub reason: String,
}

/// The number of what was made.
#[derive(Serialize, JsonSchema)]
pub struct Made {
    /// Its number.
    pub id: Uuid,
}

/// It has ended.
#[derive(Serialize, JsonSchema)]
pub struct Ended {
    /// Always true; a failure is a problem document.
    pub ended: bool,
}

/// What somebody may do today.
#[derive(Serialize, JsonSchema)]
pub struct RightsAnswer {
    /// The login.
    pub login: String,
    /// Full name.
    pub name: String,
    /// From each position; the last entry is the person as a citizen.
    pub positions: Vec<PositionRightsAnswer>,
}

/// What one position gives.
#[derive(Serialize, JsonSchema)]
pub struct PositionRightsAnswer {
    /// Title of the position; null: as a citizen.
    pub title: Option<String>,
    /// Name of the agency.
    pub agency_name: Option<String>,
    /// Who holds it, where it is lent.
    pub stands_for: Option<String>,
    /// Whether a role of it is watched more closely.
    pub privileged: bool,
    /// Every action with how far it reaches and the role that gives it.
    pub rights: Vec<RightAnswer>,
}

/// One action.
#[derive(Serialize, JsonSchema)]
pub struct RightAnswer {
    /// `engine.verb`.
    pub action: String,
    /// `own`, `agency`, `below`, `province`.
    pub scope: &'static str,
    /// The fields of work to which it is limited; none: all.
    pub fields: Vec<String>,
    /// The role that gives it.
    pub role: String,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_get(
            "/api/v1/me/positions",
            Door::SignedIn,
            doc(
                "listOwnPositions",
                "The positions from which one may act today: those held, then those lent by colleagues.",
            ),
            positions,
        )
        .api_send(
            Method::PUT,
            "/api/v1/me/position",
            Door::SignedIn,
            doc(
                "choosePosition",
                "Chooses from which position the session acts; it counts from the next request on.",
            ),
            choose,
        )
        .api_get(
            "/api/v1/me/substitutions",
            Door::SignedIn,
            doc(
                "listSubstitutions",
                "What one has lent to colleagues and was lent by them, a year back.",
            ),
            substitutions,
        )
        .api_post(
            "/api/v1/me/substitutions",
            Door::Official,
            doc(
                "lendPosition",
                "Lets a colleague of the agency act from the position of this session, for some days.",
            )
            .created(),
            lend,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/substitutions/{id}",
            Door::SignedIn,
            doc("endSubstitution", "Takes back what was lent, or gives it back."),
            end,
        )
        .api_get(
            "/api/v1/rights/{login}",
            Door::SignedIn,
            doc(
                "getRights",
                "What the owner of an account may do today, and which role gives it; others' for administrators.",
            ),
            rights,
        )
}

async fn positions<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<Vec<OwnPosition>> {
    let mut op = visit.look().await?;
    let positions = engine(&visit).own_positions(&mut op).await?;
    let now = visit.actor.official().map(|official| official.position);
    let own = |position: HeldPosition| OwnPosition {
        id: position.position.uuid(),
        now: now == Some(position.position),
        title: position.title,
        agency_code: position.agency_code,
        agency_name: position.agency_name,
        roles: position.roles,
        stands_for: position.stands_for.map(|holder| holder.name),
    };
    Ok(positions.into_iter().map(own).collect())
}

async fn choose<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: PositionRequest) -> Result<ActorAnswer> {
    let session = visit.session.ok_or_else(error::sign_in_again)?;
    let mut op = visit.op().await?;
    let position = body.position.map(Into::into);
    let actor = engine(&visit).choose_position(&mut op, session, position).await?;
    op.commit().await?;
    Ok(actor_answer(&actor))
}

async fn substitutions<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<Vec<SubstitutionAnswer>> {
    let mut op = visit.look().await?;
    let rows = engine(&visit).substitutions(&mut op).await?;
    let answer = |row: Substitution| SubstitutionAnswer {
        id: row.id,
        position: row.position.uuid(),
        title: row.title,
        agency_name: row.agency_name,
        holder_name: row.holder_name,
        substitute_name: row.substitute_name,
        roles: row.roles,
        from: row.from,
        to: row.to,
        reason: row.reason,
        ended: row.ended_at.is_some(),
    };
    Ok(rows.into_iter().map(answer).collect())
}

async fn lend<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, body: SubstitutionRequest) -> Result<Made> {
    let position = visit.actor.official().map(|official| official.position);
    let new = NewSubstitution {
        position: position.ok_or_else(error::position_not_held)?,
        substitute: body.substitute.into(),
        roles: body.roles,
        from: body.from,
        to: body.to,
        reason: body.reason,
    };
    let mut op = visit.op().await?;
    let id = engine(&visit).substitute(&mut op, &new).await?;
    op.commit().await?;
    Ok(Made { id })
}

async fn end<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>, _: super::Nothing) -> Result<Ended> {
    let id: Uuid = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).end_substitution(&mut op, id).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn rights<S: AsRef<Site> + AsRef<Identity>>(visit: Visit<S>) -> Result<RightsAnswer> {
    let login = visit.param("login").to_owned();
    let mut op = visit.op().await?;
    let found: HeldRights = engine(&visit).rights_of(&mut op, &login).await?;
    op.commit().await?;
    let positions = found.positions.into_iter().map(|part| PositionRightsAnswer {
        title: part.position.as_ref().map(|position| position.title.clone()),
        agency_name: part.position.as_ref().map(|position| position.agency_name.clone()),
        stands_for: part
            .position
            .and_then(|position| position.stands_for)
            .map(|holder| holder.name),
        privileged: part.privileged,
        rights: part
            .rights
            .into_iter()
            .map(|right| RightAnswer {
                action: right.action,
                scope: right.scope.word(),
                fields: right.fields,
                role: right.role,
            })
            .collect(),
    });
    Ok(RightsAnswer {
        login: found.login,
        name: found.name,
        positions: positions.collect(),
    })
}
