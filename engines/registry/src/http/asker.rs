//! Who asks: a visitor, somebody with a session, or an application for itself by its access token.

use kernel::{Actor, Fault, Result};
use openid::{Openid, Shown};
use web::{Method, Site, Visit};

use crate::{Application, Registry, error};

/// What an application needs to read.
pub const READ_SCOPE: &str = "registry";
/// What it needs to write.
pub const WRITE_SCOPE: &str = "registry.write";
/// With the code of an agency behind it: for whom the application asks. An administrator registers it.
pub const AGENCY_SCOPE: &str = "registry.agency:";

/// The name of the platform in operations of applications.
const ENGINE: Actor = Actor::System("registry");

/// Whoever asks.
pub(super) struct Asker {
    /// The engine as they may use it.
    pub registry: Registry,
    /// What tells them from others.
    pub key: String,
    /// Whether they are an official, or an application of an agency.
    pub inside: bool,
}

/// Finds out who asks. An application shows an access token that it has got for itself, and a proof where the token is bound to a key; from here on
/// the visit is its own.
///
/// # Errors
/// `openid.token_wrong`, `openid.proof_wrong`, `openid.scope_missing`, `registry.application_agency`.
pub(super) async fn asker<S>(visit: &mut Visit<S>, method: &Method, scope: &str) -> Result<Asker>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry: &Registry = visit.state.as_ref();
    let authorization = visit.header("authorization");
    if visit.actor != Actor::Anonymous || authorization.is_none() {
        return Ok(Asker {
            registry: registry.clone(),
            key: visit.actor.key(),
            inside: visit.actor.is_official(),
        });
    }
    let openid: &Openid = visit.state.as_ref();
    let shown = Shown {
        authorization,
        proof: visit.header("dpop"),
        certificate: visit.header("client-cert"),
        method,
        path: visit.path(),
    };
    let ops = &visit.site().ops;
    let client = openid.machine(ops, shown, scope).await?;
    let mut codes = client
        .scopes
        .iter()
        .filter_map(|scope| scope.strip_prefix(AGENCY_SCOPE));
    let agency = match (codes.next(), codes.next()) {
        (None, _) => None,
        (Some(code), None) => {
            let mut op = ops.look_for(ENGINE, uuid::Uuid::now_v7()).await?;
            let agency = registry.identity().agency_by_code(&mut op, code).await;
            let agency = agency.map_err(|fault| match fault.kind {
                kernel::FaultKind::NotFound => error::application_agency(),
                _ => fault,
            })?;
            // What was entrusted to an agency is not its heirs' until an administrator says so.
            let home = registry.identity().agency_in_charge(&mut op, agency.id).await?;
            match home.id == agency.id {
                true => Some(agency.id),
                false => return Err(error::application_agency()),
            }
        }
        // One application asks for one agency: what it did for whom would be told by nobody.
        (Some(_), Some(_)) => return Err(error::application_agency()),
    };
    let application = Application {
        id: client.id.clone(),
        name: client.name.clone(),
        agency,
    };
    let asker = Asker {
        key: format!("application:{}", application.id),
        inside: agency.is_some(),
        registry: registry.of(application),
    };
    visit.actor = ENGINE;
    Ok(asker)
}

/// The same for whoever has no session at an address that looks at none by itself: with one, it is theirs.
pub(super) async fn asker_of_norm<S>(visit: &mut Visit<S>, method: &Method, scope: &str) -> Result<Asker>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let token = visit
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    if let Some(token) = token
        && let Some(view) = visit.site().session(token).await?
    {
        visit.actor = view.actor;
        visit.session = Some(view.id);
    }
    asker(visit, method, scope).await
}

/// Who has not shown who they are writes nothing.
pub(super) fn known<S>(visit: &Visit<S>) -> Result<()> {
    match visit.actor {
        Actor::Anonymous => Err(Fault::unauthenticated("web.sign_in_first")),
        _ => Ok(()),
    }
}
