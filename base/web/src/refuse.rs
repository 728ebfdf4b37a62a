//! Whoever is not let in: what they are told, and what is written down about it.

use axum::{extract::Request, http::header, response::Response};
use kernel::{Actor, Fault, Result};
use op::Entry;
use serde_json::{Value, json};

use crate::{
    Answer, Fields, Resume, Site, StatusCode, Visit, address, redirect,
    routes::{Kind, Route},
    token,
};

/// Somebody stands before a door that is not theirs. `presented` is the session token that the request carries.
pub(crate) async fn turn_away<S>(
    visit: &Visit<S>,
    route: &Route<S>,
    request: Request,
    local: &str,
    presented: Option<&str>,
) -> Answer
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    let detail = json!({ "route": route.path, "method": route.method.to_string() });
    if !matches!(visit.actor, Actor::Anonymous) {
        note(visit, detail).await?;
        return Err(Fault::forbidden("web.not_for_you"));
    }
    if let Some(presented) = presented
        && let Some(session) = visit.site().identify.ended_session(presented).await?
    {
        let mut detail = detail;
        detail["reason"] = json!("session_ended");
        detail["session"] = json!(session);
        note(visit, detail).await?;
    }
    match route.kind {
        Kind::Api | Kind::Protocol => Err(Fault::unauthenticated("web.sign_in_first")),
        Kind::Page => Ok(redirect(&address("/dang-nhap", [("ve", local)]))),
        Kind::Form if !is_plain_form(&request) => {
            // A file cannot be carried along; the page with the upload form is where to go on.
            Ok(back_to(referring_path(request.headers())))
        }
        Kind::Form => {
            let back = referring_path(request.headers());
            let fields = Fields::read(request).await?;
            // Nor can a secret: it would stand in a page.
            if fields.iter().any(|(name, _)| Fields::is_secret(name)) {
                return Ok(back_to(back));
            }
            let resume = Resume::new(&visit.path, &fields);
            let content =
                json!({ "resume": resume.to_field(), "back": "", "login": "", "interrupted": true, "fault": null });
            visit.sign_in_page(StatusCode::UNAUTHORIZED, content).await
        }
    }
}

/// To the sign-in, and from there to the page of the form.
fn back_to(page: Option<String>) -> Response {
    redirect(&address("/dang-nhap", [("ve", page.as_deref().unwrap_or("/"))]))
}

/// A request that another site made a browser send.
pub(crate) async fn other_site<S: AsRef<Site>>(visit: &Visit<S>) -> Answer {
    note(visit, json!({ "reason": "other_site" })).await?;
    Err(Fault::forbidden("web.other_site"))
}

/// Whether the form token was issued to this visitor.
pub(crate) async fn check_token<S: AsRef<Site>>(visit: &Visit<S>, token: &str) -> Result<()> {
    if token::holds(&visit.site().config.secret, &visit.holder, token) {
        return Ok(());
    }
    note(visit, json!({ "reason": "form_token" })).await?;
    Err(Fault::forbidden("web.form_expired"))
}

async fn note<S: AsRef<Site>>(visit: &Visit<S>, detail: Value) -> Result<()> {
    tracing::warn!(path = visit.path, actor = %visit.actor.key(), from = %visit.from, %detail, "refused at the door");
    let mut op = visit.op().await?;
    op.record(Entry::new("web.refused", &visit.path).detail(detail)).await?;
    op.commit().await
}

/// Whether a body holds plain fields only, no files.
pub(crate) fn is_plain_form(request: &Request) -> bool {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"))
}

/// The page of this site that a request comes from.
pub(crate) fn referring_path(headers: &header::HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    text(header::REFERER)
        .and_then(|address| address.split_once("://"))
        .and_then(|(_, rest)| rest.strip_prefix(host))
        .filter(|path| path.starts_with('/'))
        .map(ToString::to_string)
}
