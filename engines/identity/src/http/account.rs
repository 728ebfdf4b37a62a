//! One's own account: password, second factor, sessions.

use axum::http::Method;
use chrono::{DateTime, Utc};
use kernel::{Result, SessionId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use super::{Ended, Nothing, engine, ops};
use crate::sign_in::Source;
use crate::{Assurance, Identity, OwnerProof, PasswordChange, SecondFactor, SessionRow, TotpOffer, WayIn, error};

/// A wish to change one's own password.
#[derive(Deserialize, JsonSchema)]
pub struct PasswordRequest {
    /// The password so far.
    pub old: String,
    /// The new one.
    pub new: String,
}

/// The password, once more.
#[derive(Deserialize, JsonSchema)]
pub struct ProofRequest {
    /// The password.
    pub password: String,
}

/// A code of the authenticator whose secret was offered, and the password once more.
#[derive(Deserialize, JsonSchema)]
pub struct ConfirmRequest {
    /// Six digits.
    pub code: String,
    /// The password.
    pub password: String,
}

/// Recovery codes; they are told this once.
#[derive(Serialize, JsonSchema)]
pub struct RecoveryCodes {
    /// Each is good for one sign-in.
    pub codes: Vec<String>,
    /// The token under which this session goes on; all others have ended.
    pub token: String,
}

/// The session goes on under another token; all others have ended.
#[derive(Serialize, JsonSchema)]
pub struct RenewedSession {
    /// For `Authorization: Bearer`.
    pub token: String,
}

/// How the owner of an account has shown who they are.
#[derive(Deserialize, JsonSchema)]
pub struct ResetRequest {
    /// A few words, for the audit trail.
    pub purpose: String,
}

/// A session of one's own.
#[derive(Serialize, JsonSchema)]
pub struct SessionInfo {
    /// Number of the session.
    pub id: String,
    /// Whether this request belongs to it.
    pub current: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Address at sign-in.
    pub ip: String,
    /// Browser or program at sign-in, as it names itself.
    pub user_agent: String,
    /// What it was opened with: `password`, `passkey`, `provider`.
    pub way: WayIn,
    /// Key of the provider of identity that has vouched for its owner.
    pub provider: Option<String>,
    /// How sure it is who has opened it.
    pub assurance: Assurance,
}

impl SessionInfo {
    pub(super) fn of(row: SessionRow, current: Option<SessionId>) -> Self {
        Self {
            assurance: row.assurance(),
            way: row.way.way,
            provider: row.way.provider,
            id: row.id.to_string(),
            current: current == Some(row.id),
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
            ip: row.ip,
            user_agent: row.user_agent,
        }
    }
}

/// Somebody has looked at the data of the account's owner.
#[derive(Serialize, JsonSchema)]
pub struct LookInfo {
    /// When.
    pub at: DateTime<Utc>,
    /// What was done: `dossiers.read`.
    pub action: String,
    /// For what: the code of a dossier, or words.
    pub purpose: String,
    /// Name of the official; empty where the platform did it.
    pub name: String,
    /// Position of the official at that time.
    pub position: String,
    /// Agency of the official at that time.
    pub agency: String,
}

/// A page of them.
#[derive(Serialize, JsonSchema)]
pub struct LookPage {
    /// The newest first.
    pub items: Vec<LookInfo>,
    /// Cursor of the next page (`?sau=`), if there is one.
    pub next: Option<String>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_send(
            Method::PUT,
            "/api/v1/me/password",
            Door::SignedIn,
            doc("changePassword", "Changes the password; all other sessions end, and this one goes on under another token."),
            change_password,
        )
        .api_get(
            "/api/v1/me/second-factor",
            Door::SignedIn,
            doc("getSecondFactor", "Whether the account has a second factor, and needs one."),
            second_factor,
        )
        .api_post(
            "/api/v1/me/second-factor/offer",
            Door::SignedIn,
            doc(
                "offerSecondFactor",
                "A secret for an authenticator app (RFC 6238); the same again for an hour. What is in force stays so until `setSecondFactor`.",
            ),
            offer,
        )
        .api_post(
            "/api/v1/me/second-factor",
            Door::SignedIn,
            doc(
                "setSecondFactor",
                "Puts the offered secret into force with its first code; all other sessions end. Tells the recovery codes, once.",
            ),
            confirm,
        )
        .api_post(
            "/api/v1/me/second-factor/recovery-codes",
            Door::SignedIn,
            doc("renewRecoveryCodes", "New recovery codes in place of the old ones; all other sessions end."),
            renew,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/second-factor",
            Door::SignedIn,
            doc("removeSecondFactor", "Takes the second factor away, unless the account needs one; all other sessions end."),
            remove,
        )
        .api_get(
            "/api/v1/me/sessions",
            Door::SignedIn,
            doc("listSessions", "The living sessions of the account, the newest first."),
            sessions,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/sessions",
            Door::SignedIn,
            doc("endOtherSessions", "Ends all sessions but this one."),
            end_others,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/sessions/{id}",
            Door::SignedIn,
            doc("endOneSession", "Ends one session of the account."),
            end_one,
        )
        .api_get(
            "/api/v1/me/looks",
            Door::SignedIn,
            doc("listLooks", "Who has looked at the data of the signed-in person, the newest first.").with_query(&["sau", "so"]),
            looks,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/accounts/{id}/second-factor",
            Door::Official,
            doc(
                "resetSecondFactor",
                "For administrators: takes the second factor away from somebody who has lost it and has shown who they are.",
            ),
            reset,
        )
}

/// Where a request comes from, for the limits on guessing. Programs send no device token but at the sign-in.
pub(super) fn source<'a, S: AsRef<Site>>(visit: &'a Visit<S>, ip: &'a str) -> Source<'a> {
    Source {
        device: visit.device(),
        ip,
        user_agent: visit.user_agent(),
    }
}

pub(super) fn proof<'a, S: AsRef<Site>>(visit: &'a Visit<S>, ip: &'a str, password: &'a str) -> Result<OwnerProof<'a>> {
    Ok(OwnerProof {
        password,
        session: visit.session.ok_or_else(error::session_not_found)?,
        source: source(visit, ip),
    })
}

async fn change_password<S>(visit: Visit<S>, body: PasswordRequest) -> Result<RenewedSession>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let change = PasswordChange {
        old: &body.old,
        new: &body.new,
        session: visit.session.ok_or_else(error::session_not_found)?,
        source: source(&visit, &ip),
    };
    let token = engine(&visit)
        .change_password(ops(&visit), &visit.actor, change)
        .await?;
    Ok(RenewedSession { token })
}

async fn second_factor<S>(visit: Visit<S>) -> Result<SecondFactor>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    engine(&visit).second_factor(&mut op).await
}

async fn offer<S>(visit: Visit<S>, _: Nothing) -> Result<TotpOffer>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let mut op = visit.op().await?;
    engine(&visit).offer_totp(&mut op, session).await?;
    let issuer = &visit.site().province().name;
    let offer = engine(&visit).offered_totp(&mut op, session, issuer).await?;
    op.commit().await?;
    offer.ok_or_else(error::offer_gone)
}

async fn confirm<S>(visit: Visit<S>, body: ConfirmRequest) -> Result<RecoveryCodes>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &ip, &body.password)?;
    let new = engine(&visit)
        .confirm_totp(ops(&visit), &visit.actor, &body.code, proof)
        .await?;
    Ok(RecoveryCodes {
        codes: new.codes,
        token: new.token,
    })
}

async fn renew<S>(visit: Visit<S>, body: ProofRequest) -> Result<RecoveryCodes>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &ip, &body.password)?;
    let new = engine(&visit)
        .renew_recovery_codes(ops(&visit), &visit.actor, proof)
        .await?;
    Ok(RecoveryCodes {
        codes: new.codes,
        token: new.token,
    })
}

async fn remove<S>(visit: Visit<S>, body: ProofRequest) -> Result<RenewedSession>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &ip, &body.password)?;
    let token = engine(&visit)
        .remove_second_factor(ops(&visit), &visit.actor, proof)
        .await?;
    Ok(RenewedSession { token })
}

async fn sessions<S>(visit: Visit<S>) -> Result<Vec<SessionInfo>>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    let rows = engine(&visit).sessions_of(&mut op).await?;
    Ok(rows
        .into_iter()
        .map(|row| SessionInfo::of(row, visit.session))
        .collect())
}

async fn end_others<S>(visit: Visit<S>, _: Nothing) -> Result<Ended>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let mut op = visit.op().await?;
    engine(&visit).end_other_sessions(&mut op, session).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn end_one<S>(visit: Visit<S>, _: Nothing) -> Result<Ended>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let session = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).end_session(&mut op, session).await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}

async fn looks<S>(visit: Visit<S>) -> Result<LookPage>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    let page = engine(&visit).looks_at_me(&mut op, &visit.page_request()).await?;
    let page = page.map(|look| LookInfo {
        at: look.at,
        action: look.action,
        purpose: look.purpose,
        name: look.name,
        position: look.position,
        agency: look.agency,
    });
    Ok(LookPage {
        items: page.items,
        next: page.next,
    })
}

async fn reset<S>(visit: Visit<S>, body: ResetRequest) -> Result<Ended>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let account = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit)
        .reset_second_factor(&mut op, account, &body.purpose)
        .await?;
    op.commit().await?;
    Ok(Ended { ended: true })
}
