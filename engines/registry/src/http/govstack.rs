//! The Digital Registries building block of GovStack, as an adapter over the same verbs. The README says what conforms and what does not.

mod data;
mod find;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use kernel::{Fault, FaultKind, Result};
use op::Op;
use openid::Openid;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::{Answer, Method, Response, Routes, Site, StatusCode, Visit};

use super::asker::{Asker, READ_SCOPE, WRITE_SCOPE, asker_of_norm, known};
use super::{short, told};
use crate::definition::FORMAT;
use crate::{Published, Registry, access, error};

/// Below it is everything.
pub(super) const BASE: &str = "/govstack/registries";
/// Who speaks through the information mediator, as the norm has it: instance, class, member, subsystem.
const CLIENT: &str = "information-mediator-client";
/// The fewest digits of a version of a declaration that stand for it.
const FEWEST_DIGITS: usize = 8;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    List,
    Read,
    ReadValue,
    Exists,
    Create,
    CreateEntries,
    Update,
    UpdateEntries,
    UpdateOrCreate,
    Delete,
}

impl Verb {
    fn writes(self) -> bool {
        !matches!(self, Self::List | Self::Read | Self::ReadValue | Self::Exists)
    }
}

/// The addresses: in the spelling of the description of the norm, and where its tests have another one in that too.
const ADDRESSES: &[(Method, &str, Verb)] = &[
    (
        Method::GET,
        "/govstack/registries/data/{registry}/{version}",
        Verb::List,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/read",
        Verb::Read,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/exists",
        Verb::Exists,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/create",
        Verb::Create,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/createEntries",
        Verb::CreateEntries,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/createEntries",
        Verb::CreateEntries,
    ),
    (
        Method::PUT,
        "/govstack/registries/data/{registry}/{version}/update",
        Verb::Update,
    ),
    (
        Method::PUT,
        "/govstack/registries/data/{registry}/{version}/updateEntries",
        Verb::UpdateEntries,
    ),
    (
        Method::PUT,
        "/govstack/registries/data/{registry}/{version}/update-entries",
        Verb::UpdateEntries,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/updateOrCreate",
        Verb::UpdateOrCreate,
    ),
    (
        Method::POST,
        "/govstack/registries/data/{registry}/{version}/update-or-create",
        Verb::UpdateOrCreate,
    ),
    (
        Method::DELETE,
        "/govstack/registries/data/{registry}/{version}/{id}/delete",
        Verb::Delete,
    ),
    (
        Method::GET,
        "/govstack/registries/data/{registry}/{version}/{id}/readValue/{value}",
        Verb::ReadValue,
    ),
    (
        Method::GET,
        "/govstack/registries/data/{registry}/{version}/{id}/read-value/{value}",
        Verb::ReadValue,
    ),
];

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    ADDRESSES.iter().fold(Routes::new(), |routes, (method, path, verb)| {
        routes.protocol(method.clone(), path, |visit, request| answer(visit, request, *verb))
    })
}

async fn answer<S>(mut visit: Visit<S>, request: Request, verb: Verb) -> Answer
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let outcome = respond(&mut visit, request, verb).await;
    Ok(outcome.unwrap_or_else(|fault| refusal(&visit, &fault)))
}

/// One request, with all that it is about.
struct Call<'v, S> {
    visit: &'v Visit<S>,
    registry: Registry,
    published: Published,
    op: Op,
    client: String,
}

async fn respond<S>(visit: &mut Visit<S>, request: Request, verb: Verb) -> Result<Response>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let client = visit.header(CLIENT).filter(|client| is_client(client));
    let client = client.map(str::to_owned).ok_or_else(error::mediator_client)?;
    let scope = if verb.writes() { WRITE_SCOPE } else { READ_SCOPE };
    let method = request.method().clone();
    let Asker { registry, .. } = asker_of_norm(visit, &method, scope).await?;
    if verb.writes() {
        known(visit)?;
    }
    // That something sealed was asked for is written down, also by whoever only reads.
    let mut op = visit.op().await?;
    let register = visit.param("registry");
    let published = registry.narrowed(&mut op, register).await?;
    let sees = !published.definition.fields.is_empty();
    let action = if verb.writes() {
        "registry.enter"
    } else {
        "registry.read"
    };
    let decision = access::ask(register, sees, verb.writes());
    op.allow(action, &format!("register:{register}"), decision).await?;
    // One address of the norm names no version.
    let version = visit.param("version");
    if !version.is_empty() && !is_version(version, &published.digest) {
        return Err(error::version_unknown(&short(version)));
    }
    let mut call = Call {
        visit,
        registry,
        published,
        op,
        client,
    };
    let response = match verb {
        Verb::List => call.list().await?,
        Verb::Read => call.read(body(request).await?).await?,
        Verb::ReadValue => call.read_value().await?,
        Verb::Exists => call.exists(body(request).await?).await?,
        Verb::Create => call.create(body(request).await?).await?,
        Verb::CreateEntries => call.create_entries(body(request).await?).await?,
        Verb::Update => call.update(body(request).await?).await?,
        Verb::UpdateEntries => call.update_entries(body(request).await?).await?,
        Verb::UpdateOrCreate => call.update_or_create(body(request).await?).await?,
        Verb::Delete => call.delete().await?,
    };
    call.op.commit().await?;
    Ok(response)
}

/// `INSTANCE/CLASS/MEMBER/SUBSYSTEM`. It names who speaks; who they are is shown by their token.
fn is_client(client: &str) -> bool {
    let parts: Vec<&str> = client.split('/').collect();
    parts.len() == 4 && client.len() <= 255 && parts.iter().all(|part| !part.trim().is_empty())
}

/// The declaration in force: by the beginning of its digest, or by the grammar that it is written in.
fn is_version(said: &str, digest: &str) -> bool {
    let grammar = FORMAT.to_string();
    let by_grammar = said == grammar || said.strip_suffix(".0") == Some(&grammar);
    by_grammar || (said.len() >= FEWEST_DIGITS && digest.starts_with(&said.to_ascii_lowercase()))
}

async fn body<B: DeserializeOwned>(request: Request) -> Result<B> {
    let bytes = Bytes::from_request(request, &()).await;
    let bytes = bytes.map_err(|rejected| match rejected.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Fault::invalid("web.too_large"),
        _ => Fault::invalid("web.bad_json").with("reason", "body"),
    })?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::invalid("web.bad_json").with("reason", &error).caused_by(error))
}

fn shown(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// A fault as the norm has it: `detail`. What it does not have (code and fields) stands beside it.
fn refusal<S: AsRef<Site>>(visit: &Visit<S>, fault: &Fault) -> Response {
    let status = match (fault.code, fault.kind) {
        ("web.too_large", _) => StatusCode::PAYLOAD_TOO_LARGE,
        (_, FaultKind::Invalid) => StatusCode::BAD_REQUEST,
        (_, kind) => StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    if status.is_server_error() {
        tracing::error!(code = fault.code, error = %fault, "a request failed");
    }
    let detail = match fault.code {
        "registry.record_not_found" => "no record found".to_owned(),
        _ => visit
            .site()
            .renderer
            .texts()
            .error(visit.locale, fault.code, &fault.params),
    };
    let body = json!({ "detail": detail, "code": fault.code, "fields": told(visit, &fault.fields) });
    shown(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_one_in_force() {
        let digest = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
        for said in ["1", "1.0", "0a1b2c3d", "0A1B2C3D4E", digest] {
            assert!(is_version(said, digest), "{said}");
        }
        for said in [
            "",
            "2",
            "1.1",
            "111",
            "0a1b2c3",
            "0a1b2c3e",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f90",
        ] {
            assert!(!is_version(said, digest), "{said}");
        }
    }

    #[test]
    fn a_client_has_four_parts() {
        assert!(is_client("eGovStack/GOV/90000009/digitalregistries"));
        for client in [
            "",
            "a/b/c",
            "a/b/c/d/e",
            "a//c/d",
            &format!("a/b/c/{}", "d".repeat(300)),
        ] {
            assert!(!is_client(client), "{client}");
        }
    }
}
