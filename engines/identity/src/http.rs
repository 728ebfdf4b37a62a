//! The JSON API. Pages are drawn by the portal.

mod account;
mod counter_code;
mod desk;
mod merges;
mod offices;
mod organisation;
mod passkeys;
mod registrations;
mod representations;

use chrono::{DateTime, Utc};
use kernel::{Actor, Result};
use op::Ops;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

pub use account::{
    ConfirmRequest, LookInfo, LookPage, PasswordRequest, ProofRequest, RecoveryCodes, RenewedSession, ResetRequest,
    SessionInfo,
};
pub use desk::{
    AccountAct, AccountDetail, AccountInfo, AccountPage, AccountPosition, EntryCodeAnswer, ReasonRequest, StartRequest,
    Started, WithheldRole,
};
pub use merges::{
    MergeDecided, MergeDetail, MergeInfo, MergeNumber, MergePage, MergeProposed, MergeRequest, MergeSideInfo,
    MergeView, OwnMergeAnswer, UnitedInfo,
};
pub use passkeys::{AddRequest, AgainRequest, OfferRequest, PasskeyRequest, QuestionRequest, SteppedUp};

pub use organisation::{AgencyHistory, AgencyPlace, CataloguePage};

use crate::{Agency, AgencyLevel, Entered, Identity, SecondStep, SignIn, SignedIn, Source, Validity, error};

/// Name and password, the code where the account has a second factor, and the device token if there is one.
#[derive(Deserialize, JsonSchema)]
pub struct SessionRequest {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Six digits of the authenticator, or a recovery code. Without it `identity.code_needed` tells that one is needed, and the token `half`
    /// for a passkey in its place (`askForPasskey`).
    #[serde(default)]
    pub code: Option<String>,
    /// Device token of an earlier answer.
    #[serde(default)]
    pub device: Option<String>,
}

/// A new session.
#[derive(Serialize, JsonSchema)]
pub struct SessionAnswer {
    /// For `Authorization: Bearer`.
    pub token: String,
    /// To be kept and sent with the next sign-in from this device.
    pub device: String,
    /// When the session ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Who has signed in.
    pub actor: ActorAnswer,
    /// Holds a position, but cannot act from it before there is a second factor.
    pub second_factor_missing: bool,
}

/// Who acts.
#[derive(Serialize, JsonSchema)]
pub struct ActorAnswer {
    /// `citizen` or `official`.
    pub kind: &'static str,
    /// Full name.
    pub name: String,
    /// Account number.
    pub account: Option<String>,
    /// Person number.
    pub person: Option<String>,
    /// For whom the session acts; null: for its owner.
    pub acts_for: Option<String>,
    /// The position acted from, for officials.
    pub position: Option<PositionAnswer>,
}

/// A position of an official.
#[derive(Serialize, JsonSchema)]
pub struct PositionAnswer {
    /// Number of the position.
    pub id: String,
    /// Title as printed on papers.
    pub title: String,
    /// Code of the agency.
    pub agency_code: String,
    /// Name of the agency.
    pub agency_name: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// An agency, as the public may see it.
#[derive(Serialize, JsonSchema)]
pub struct AgencyAnswer {
    /// Code in the form of QĐ 20/2020/QĐ-TTg.
    pub code: String,
    /// The same in the form of QCVN 102:2016/BTTTT, where there is one.
    pub old_code: Option<String>,
    /// Name.
    pub name: String,
    /// Level.
    pub level: AgencyLevel,
    /// Kind.
    pub kind: String,
    /// Code of the area.
    pub area_code: Option<String>,
    /// Address.
    pub address: String,
    /// Telephone.
    pub phone: String,
    /// When it exists.
    pub validity: Validity,
}

/// A body without fields.
#[derive(Deserialize, JsonSchema)]
pub struct Nothing {}

/// Something was ended.
#[derive(Serialize, JsonSchema)]
pub struct Ended {
    /// Always true; a failure is a problem document.
    pub ended: bool,
}

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_post(
            "/api/v1/sessions",
            Door::Public,
            Doc::new(
                "createSession",
                "identity",
                "Sign in by password, and by a second factor where the account has one.",
            )
            .created(),
            create_session,
        )
        .api_send(
            axum::http::Method::DELETE,
            "/api/v1/sessions/current",
            Door::SignedIn,
            Doc::new("endSession", "identity", "Sign out."),
            end_session,
        )
        .api_get(
            "/api/v1/me",
            Door::SignedIn,
            Doc::new("getMe", "identity", "Who is signed in."),
            me,
        )
        .api_get(
            "/api/v1/areas",
            Door::Public,
            Doc::new(
                "listAreas",
                "identity",
                "Administrative areas under `parent` on a day, today if none is said; provinces without it. With `wards=1` all wards below.",
            )
            .with_query(&["parent", "wards", "on"]),
            organisation::areas,
        )
        .api_get(
            "/api/v1/agencies",
            Door::Public,
            Doc::new(
                "listAgencies",
                "identity",
                "State agencies of a day, today if none is said, by level, kind and area.",
            )
            .with_query(&["level", "kind", "area", "on"]),
            organisation::agencies,
        )
        .api_get(
            "/api/v1/areas/{code}",
            Door::Public,
            Doc::new(
                "getArea",
                "identity",
                "What the code of an area means on a day in this house, where that came from and what became of it. The whole country: `getAreaOfCatalogue`.",
            )
            .with_query(&["on"]),
            organisation::area,
        )
        .api_get(
            "/api/v1/area-catalogue",
            Door::Public,
            Doc::new(
                "listAreaCatalogue",
                "identity",
                "The national list of administrative areas: those with these words in their name or that of an area above, without marks, or with this code (`q`); of one day (`on`), else of all days; with what became of each.",
            )
            .with_query(&["q", "on", "sau", "so"]),
            organisation::catalogue,
        )
        .api_get(
            "/api/v1/area-catalogue/{code}",
            Door::Public,
            Doc::new(
                "getAreaOfCatalogue",
                "identity",
                "What a code means on a day by the national list, today if none is said: everything it ever meant, what it was made from, what it became and what it is called today.",
            )
            .with_query(&["on"]),
            organisation::of_catalogue,
        )
        .api_get(
            "/api/v1/agencies/{code}",
            Door::Public,
            Doc::new(
                "getAgency",
                "identity",
                "The agency that had a code on a day, in either form, where it came from, what became of it, and who does its work today.",
            )
            .with_query(&["on"]),
            organisation::agency,
        )
        .api_get(
            "/api/v1/reorganisations",
            Door::Public,
            Doc::new("listReorganisations", "identity", "Reorganisations that were carried out, the oldest first."),
            organisation::reorganisations,
        )
        .merge(account::routes())
        .merge(desk::routes())
        .merge(merges::routes())
        .merge(passkeys::routes())
        .merge(offices::routes())
        .merge(registrations::routes())
        .merge(counter_code::routes())
        .merge(representations::routes())
}

async fn create_session<S>(visit: Visit<S>, body: SessionRequest) -> Result<SessionAnswer>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let source = Source {
        device: body.device.as_deref(),
        ip: &ip,
        user_agent: visit.user_agent(),
    };
    let attempt = SignIn {
        login: &body.login,
        password: &body.password,
        source,
    };
    let signed_in = match (engine(&visit).sign_in(ops(&visit), attempt).await?, &body.code) {
        (Entered::In(signed_in), _) => *signed_in,
        (Entered::Half(half), None) => return Err(error::factor_needed(&half.token)),
        (Entered::Half(half), Some(code)) => {
            let step = SecondStep {
                half: &half.token,
                code,
                source,
            };
            engine(&visit).finish_sign_in(ops(&visit), step).await?
        }
    };
    Ok(session_answer(signed_in))
}

async fn end_session<S>(visit: Visit<S>, _: Nothing) -> Result<Ended>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let mut op = visit.op().await?;
    engine(&visit).sign_out(&mut op, session).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn me<S>(visit: Visit<S>) -> Result<ActorAnswer>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    Ok(actor_answer(&visit.actor))
}

fn engine<S: AsRef<Identity>>(visit: &Visit<S>) -> &Identity {
    visit.state.as_ref()
}

fn ops<S: AsRef<Site>>(visit: &Visit<S>) -> &Ops {
    &visit.site().ops
}

fn session_answer(signed_in: SignedIn) -> SessionAnswer {
    SessionAnswer {
        token: signed_in.token,
        device: signed_in.device,
        expires_at: signed_in.expires_at,
        actor: actor_answer(&signed_in.actor),
        second_factor_missing: signed_in.second_factor_missing,
    }
}

fn actor_answer(actor: &Actor) -> ActorAnswer {
    ActorAnswer {
        kind: if actor.is_official() { "official" } else { "citizen" },
        name: actor.name().to_owned(),
        account: actor.account().map(|id| id.to_string()),
        person: actor.person().map(|id| id.to_string()),
        acts_for: actor.acts_for().map(|acting| acting.name.clone()),
        position: actor.official().map(|official| PositionAnswer {
            id: official.position.to_string(),
            title: official.position_title.clone(),
            agency_code: official.agency_code.clone(),
            agency_name: official.agency_name.clone(),
            roles: official.roles.clone(),
        }),
    }
}

fn agency_answer(agency: Agency) -> AgencyAnswer {
    AgencyAnswer {
        code: agency.code.as_str().to_owned(),
        old_code: agency.old_code,
        name: agency.name,
        level: agency.level,
        kind: agency.kind,
        area_code: agency.area_code,
        address: agency.address,
        phone: agency.phone,
        validity: agency.validity,
    }
}
