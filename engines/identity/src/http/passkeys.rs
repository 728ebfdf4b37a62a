//! Passkeys of one's own, signing in with one, and step-up.

use axum::http::Method;
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use super::account::{ProofRequest, RecoveryCodes, RenewedSession, proof, source};
use super::{Nothing, SessionAnswer, engine, ops, session_answer};
use crate::sign_in::Source;
use crate::{
    Again, AgainWays, Assertion, CreationOptions, Identity, Passkey, PasskeyStep, Registration, RequestOptions, error,
};

/// A wish for a passkey: what it is to be called, and the password once more.
#[derive(Deserialize, JsonSchema)]
pub struct OfferRequest {
    /// What the owner calls it.
    pub name: String,
    /// The password.
    pub password: String,
}

/// The passkey that a browser has made.
#[derive(Deserialize, JsonSchema)]
pub struct AddRequest {
    /// As `PublicKeyCredential.toJSON()` gives it.
    pub credential: Registration,
}

/// Whose passkey is asked for.
#[derive(Deserialize, JsonSchema)]
pub struct QuestionRequest {
    /// Token of a sign-in that waits, told with `identity.code_needed`; without it any passkey of this site is asked for.
    #[serde(default)]
    pub half: Option<String>,
}

/// A passkey that is shown.
#[derive(Deserialize, JsonSchema)]
pub struct PasskeyRequest {
    /// As `PublicKeyCredential.toJSON()` gives it.
    pub credential: Assertion,
    /// Token of the sign-in that waits, where the passkey is the second factor.
    #[serde(default)]
    pub half: Option<String>,
    /// Device token of an earlier answer.
    #[serde(default)]
    pub device: Option<String>,
}

/// What is shown once more: one of the three.
#[derive(Deserialize, JsonSchema)]
pub struct AgainRequest {
    /// The password, where there is no second factor.
    #[serde(default)]
    pub password: Option<String>,
    /// A code of the authenticator, or a recovery code.
    #[serde(default)]
    pub code: Option<String>,
    /// A passkey.
    #[serde(default)]
    pub credential: Option<Assertion>,
}

/// The session is fresh.
#[derive(Serialize, JsonSchema)]
pub struct SteppedUp {
    /// Always true; a failure is a problem document.
    pub shown: bool,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Identity> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "identity", summary);
    Routes::new()
        .api_get(
            "/api/v1/me/passkeys",
            Door::SignedIn,
            doc("listPasskeys", "The passkeys of the account, the oldest first."),
            list,
        )
        .api_post(
            "/api/v1/me/passkeys/offer",
            Door::SignedIn,
            doc(
                "offerPasskey",
                "Begins a new passkey (W3C Web Authentication): options for `navigator.credentials.create`, answered with `addPasskey` within six minutes.",
            ),
            offer,
        )
        .api_post(
            "/api/v1/me/passkeys",
            Door::SignedIn,
            doc(
                "addPasskey",
                "Keeps a new passkey; all other sessions end. With the first second factor it tells recovery codes, once.",
            )
            .created(),
            add,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/passkeys/{id}",
            Door::SignedIn,
            doc(
                "removePasskey",
                "Removes a passkey, unless it is the last second factor of an account that needs one; all other sessions end.",
            ),
            remove,
        )
        .api_post(
            "/api/v1/sign-in/passkey-question",
            Door::Public,
            doc("askForPasskey", "Options for `navigator.credentials.get`, answered once with `signInWithPasskey`."),
            question,
        )
        .api_post(
            "/api/v1/sign-in/passkey",
            Door::Public,
            doc("signInWithPasskey", "Sign in with a passkey alone, or with one after the password.").created(),
            sign_in,
        )
        .api_get(
            "/api/v1/me/step-up",
            Door::SignedIn,
            doc("getStepUp", "What can be shown once more before an act that answers `identity.step_up_needed`."),
            ways,
        )
        .api_post(
            "/api/v1/me/step-up/passkey-question",
            Door::SignedIn,
            doc("askForOwnPasskey", "Options for `navigator.credentials.get`, answered once with `stepUp`."),
            own_question,
        )
        .api_post(
            "/api/v1/me/step-up",
            Door::SignedIn,
            doc("stepUp", "Shows once more who is there, by passkey, code or password; then the act can be repeated."),
            step_up,
        )
}

async fn list<S>(visit: Visit<S>) -> Result<Vec<Passkey>>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    engine(&visit).passkeys(&mut op).await
}

async fn offer<S>(visit: Visit<S>, body: OfferRequest) -> Result<CreationOptions>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &ip, &body.password)?;
    let identity = engine(&visit);
    identity
        .offer_passkey(ops(&visit), &visit.actor, &body.name, proof)
        .await?;
    let mut op = visit.op().await?;
    let site = &visit.site().province().name;
    let offered = identity.offered_passkey(&mut op, proof.session, site).await?;
    offered.map(|(_, options)| options).ok_or_else(error::passkey_expired)
}

async fn add<S>(visit: Visit<S>, body: AddRequest) -> Result<RecoveryCodes>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let here = (session, source(&visit, &ip));
    let new = engine(&visit)
        .add_passkey(ops(&visit), &visit.actor, &body.credential, here)
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
    let id = visit.param("id").parse().map_err(|_| error::passkey_not_found())?;
    let ip = visit.client_ip().to_string();
    let proof = proof(&visit, &ip, &body.password)?;
    let token = engine(&visit)
        .remove_passkey(ops(&visit), &visit.actor, id, proof)
        .await?;
    Ok(RenewedSession { token })
}

async fn question<S>(visit: Visit<S>, body: QuestionRequest) -> Result<RequestOptions>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    engine(&visit).passkey_question(ops(&visit), body.half.as_deref()).await
}

async fn sign_in<S>(visit: Visit<S>, body: PasskeyRequest) -> Result<SessionAnswer>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let step = PasskeyStep {
        assertion: &body.credential,
        half: body.half.as_deref(),
        source: Source {
            device: body.device.as_deref(),
            ip: &ip,
            user_agent: visit.user_agent(),
        },
    };
    let signed_in = engine(&visit).sign_in_with_passkey(ops(&visit), step).await?;
    Ok(session_answer(signed_in))
}

async fn ways<S>(visit: Visit<S>) -> Result<AgainWays>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let mut op = visit.look().await?;
    engine(&visit).again_ways(&mut op).await
}

async fn own_question<S>(visit: Visit<S>, _: Nothing) -> Result<RequestOptions>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let mut op = visit.op().await?;
    let options = engine(&visit).step_up_question(&mut op, session).await?;
    op.commit().await?;
    Ok(options)
}

async fn step_up<S>(visit: Visit<S>, body: AgainRequest) -> Result<SteppedUp>
where
    S: AsRef<Site> + AsRef<Identity>,
{
    let ip = visit.client_ip().to_string();
    let session = visit.session.ok_or_else(error::session_not_found)?;
    let again = match (&body.credential, &body.code, &body.password) {
        (Some(assertion), _, _) => Again::Passkey(assertion),
        (None, Some(code), _) => Again::Code(code),
        (None, None, password) => Again::Password(password.as_deref().unwrap_or_default()),
    };
    let from = source(&visit, &ip);
    engine(&visit)
        .step_up(ops(&visit), &visit.actor, session, again, from)
        .await?;
    Ok(SteppedUp { shown: true })
}
