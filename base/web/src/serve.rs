//! One request from the socket to the answer.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use axum::{
    RequestPartsExt,
    extract::{ConnectInfo, FromRequest, Query, RawPathParams, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use kernel::{Actor, Fault, FaultKind, Result, text};
use render::{Locale, PageFrame, PageUser};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Answer, Door, Fields, Site, Upload, Visit,
    again::{Again, Sent},
    body::TOKEN,
    cookie, patient, refuse,
    routes::{Kind, Route},
    token,
    visit::Beside,
};

/// Pages ask for nothing from elsewhere, run no inline script and are not shown inside other sites.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; frame-src 'self'";

pub(crate) async fn serve<S>(state: S, route: Arc<Route<S>>, request: Request) -> Response
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    let started = Instant::now();
    let site = state.as_ref().clone();
    let (mut parts, body) = request.into_parts();
    let protocol = route.kind == Kind::Protocol;
    let api = protocol || route.kind == Kind::Api;
    let arrival = Arrival::new(
        &site,
        &parts.headers,
        parts.extensions.get::<ConnectInfo<SocketAddr>>(),
        parts.uri.path(),
    );
    let params = match parts.extract::<RawPathParams>().await {
        Ok(params) => params
            .iter()
            .map(|(name, value)| (name.to_string(), text::clean_line(value)))
            .collect(),
        Err(_) => Vec::new(),
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
        .map(|Query(pairs)| {
            pairs
                .into_iter()
                .map(|(name, value)| (name, text::clean_line(&value)))
                .collect()
        })
        .unwrap_or_default();
    let mut sent = Sent::new(&parts);
    let unsafe_method = !matches!(parts.method, Method::GET | Method::HEAD);
    let foreign = unsafe_method && !api && from_other_site(&parts.headers);
    let presented = (!protocol)
        .then(|| presented_token(&site, &parts.headers, api))
        .flatten();
    // Who asks too often is turned away before the database is asked who they are.
    let (session, identified) = if site.within_rate(arrival.from) {
        identify(&site, presented.as_deref()).await
    } else {
        (None, Err(Fault::too_many("web.too_many")))
    };
    let user_agent = parts
        .headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect();
    let device = cookie::device(&site.config, &parts.headers).map(ToString::to_string);
    let journey = cookie::journey(&site.config, &parts.headers).map(ToString::to_string);
    let mut headers = parts.headers.clone();
    headers.remove(header::COOKIE);
    let beside = Arc::new(Beside::default());
    let visit = Visit {
        actor: identified
            .as_ref()
            .ok()
            .and_then(|view| view.as_ref().map(|view| view.actor.clone()))
            .unwrap_or(Actor::Anonymous),
        session: identified
            .as_ref()
            .ok()
            .and_then(|view| view.as_ref().map(|view| view.id)),
        shown_at: identified
            .as_ref()
            .ok()
            .and_then(|view| view.as_ref().map(|view| view.shown_at)),
        locale: arrival.locale,
        request: arrival.request,
        path: parts.uri.path().to_string(),
        raw_query: parts.uri.query().unwrap_or_default().to_string(),
        headers,
        beside: beside.clone(),
        params,
        query,
        from: arrival.from,
        user_agent,
        device,
        journey,
        holder: session.unwrap_or_else(|| arrival.visitor.clone()),
        state: state.clone(),
    };
    let (actor, holder) = (visit.actor.key(), visit.holder.clone());
    let request = Request::from_parts(parts, patient::drained(body));
    let outcome = within_time(&site, async {
        if foreign {
            identified?;
            return refuse::other_site(&visit).await;
        }
        let request = sent.keep(&route, request).await?;
        identified?;
        let admitted =
            route.door.admits(visit.rights()) || shows_another_token(&visit, &route, presented.as_deref()).await?;
        if !admitted {
            return refuse::turn_away(&visit, &route, request, &sent.local, presented.as_deref()).await;
        }
        (route.handler)(visit, request).await
    })
    .await;
    let mut response = match outcome {
        Ok(mut response) => {
            if beside.accepted.load(Ordering::Relaxed) {
                *response.status_mut() = StatusCode::ACCEPTED;
            }
            if let Some(tag) = beside.tag.get().and_then(|tag| HeaderValue::from_str(tag).ok()) {
                response.headers_mut().insert(header::ETAG, tag);
            }
            response
        }
        Err(fault) => {
            let again = sent.again(&fault, || token::issue(&site.config.secret, &holder));
            show(&site, &arrival, api, fault, again)
        }
    };
    dress(&site, &arrival, response.headers_mut(), actor != "anonymous");
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    metrics::histogram!("http_request_seconds", "route" => route.path, "method" => route.method.to_string(), "status" => status.to_string())
        .record(elapsed.as_secs_f64());
    tracing::info!(
        method = %route.method, route = route.path, status, actor, request = %arrival.request,
        milliseconds = elapsed.as_millis() as u64, "answered"
    );
    response
}

/// Whether somebody comes with a token that is and was no session, where applications may: the handler asks whose it is.
async fn shows_another_token<S: AsRef<Site>>(
    visit: &Visit<S>,
    route: &Route<S>,
    presented: Option<&str>,
) -> Result<bool> {
    if route.door != Door::Program || visit.actor != Actor::Anonymous || visit.header("authorization").is_none() {
        return Ok(false);
    }
    Ok(match presented {
        Some(token) => visit.site().identify.ended_session(token).await?.is_none(),
        None => true,
    })
}

/// A request that takes too long is dropped, and with it what it had begun in the database.
async fn within_time(site: &Site, answer: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(site.time_limit, answer)
        .await
        .unwrap_or_else(|_| Err(Fault::unavailable("web.too_slow")))
}

/// A fault outside all routes.
pub(crate) async fn fault_page<S>(state: S, request: Request, fault: Fault) -> Response
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    let site = state.as_ref().clone();
    let path = request.uri().path().to_string();
    let api = path.starts_with("/api/");
    let arrival = Arrival::new(
        &site,
        request.headers(),
        request.extensions().get::<ConnectInfo<SocketAddr>>(),
        &path,
    );
    let fault = if site.within_rate(arrival.from) {
        fault
    } else {
        Fault::too_many("web.too_many")
    };
    let mut response = show(&site, &arrival, api, fault, None);
    dress(&site, &arrival, response.headers_mut(), false);
    response
}

/// What is known of a request before anybody is asked.
struct Arrival {
    request: Uuid,
    path: String,
    locale: Locale,
    from: IpAddr,
    visitor: String,
    new_visitor: bool,
}

impl Arrival {
    fn new(site: &Site, headers: &HeaderMap, peer: Option<&ConnectInfo<SocketAddr>>, path: &str) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let known = cookie::visitor(&site.config, headers);
        let locale = match cookie::read(headers, cookie::LOCALE) {
            Some(code) => code.parse().ok(),
            None if path.starts_with("/api/") => text("accept-language").map(Locale::from_accept_language),
            None => None,
        };
        Self {
            request: Uuid::now_v7(),
            path: path.to_string(),
            locale: locale.unwrap_or(Locale::Vi),
            from: site.sender(headers, peer),
            visitor: known.map_or_else(token::random, ToString::to_string),
            new_visitor: known.is_none(),
        }
    }
}

type Identified = Result<Option<crate::SessionView>>;

/// The session token that the request carries. Pages go by the cookie, the API by the header; neither takes the other's.
fn presented_token(site: &Site, headers: &HeaderMap, api: bool) -> Option<String> {
    let token = if api {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
    } else {
        cookie::session(&site.config, headers)
    };
    token.filter(|token| !token.is_empty()).map(ToString::to_string)
}

/// The token of a living session, and whose it is.
async fn identify(site: &Site, token: Option<&str>) -> (Option<String>, Identified) {
    let Some(token) = token else {
        return (None, Ok(None));
    };
    match site.identify.session(token).await {
        Ok(Some(view)) => (Some(token.to_string()), Ok(Some(view))),
        Ok(None) => (None, Ok(None)),
        Err(fault) => (None, Err(fault)),
    }
}

/// Browsers say where a request comes from; what says "elsewhere" is refused, what says nothing still needs its token.
fn from_other_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return !matches!(site, "same-origin" | "none");
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").map(|(_, rest)| rest) != Some(host),
        _ => false,
    }
}

/// The fields of a form whose token holds.
pub(crate) async fn checked_fields<S: AsRef<Site>>(visit: &Visit<S>, request: Request) -> Result<Fields> {
    let fields = Fields::read(request).await?;
    refuse::check_token(visit, fields.get(TOKEN).unwrap_or_default()).await?;
    Ok(fields)
}

/// A form with files whose token holds.
pub(crate) async fn checked_upload<S: AsRef<Site>>(visit: &Visit<S>, request: Request, limit: usize) -> Result<Upload> {
    let mut upload = Upload::read(request, limit)?;
    let token = upload.token().await?;
    refuse::check_token(visit, &token).await?;
    Ok(upload)
}

/// The body of an API request.
pub(crate) async fn json_body<B: DeserializeOwned>(request: Request) -> Result<B> {
    let bytes = bytes::Bytes::from_request(request, &()).await.map_err(|rejected| {
        if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Fault::invalid("web.too_large")
        } else {
            Fault::invalid("web.bad_json")
        }
    })?;
    let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(bytes)
        .map_err(|error| Fault::invalid("web.bad_json").with("reason", &error).caused_by(error))
}

fn status_of(kind: FaultKind) -> StatusCode {
    match kind {
        FaultKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        FaultKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        FaultKind::Forbidden => StatusCode::FORBIDDEN,
        FaultKind::NotFound => StatusCode::NOT_FOUND,
        FaultKind::Conflict => StatusCode::CONFLICT,
        FaultKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        FaultKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A fault as a problem document or as a page that needs neither database nor session.
fn show(site: &Site, arrival: &Arrival, api: bool, fault: Fault, again: Option<Again>) -> Response {
    let status = if fault.code == "web.method" {
        StatusCode::METHOD_NOT_ALLOWED
    } else if fault.code == "web.too_large" {
        StatusCode::PAYLOAD_TOO_LARGE
    } else {
        status_of(fault.kind)
    };
    if status.is_server_error() {
        tracing::error!(code = fault.code, request = %arrival.request, error = %chain(&fault), "a request failed");
    }
    let texts = site.renderer.texts();
    let title = texts.error(arrival.locale, fault.code, &fault.params);
    let mut response = if api {
        let fields: Vec<_> = fault
            .fields
            .iter()
            .map(|field| json!({ "field": field.field, "code": field.code, "title": texts.error(arrival.locale, &field.code, &field.params) }))
            .collect();
        let problem = json!({
            "type": format!("urn:ngabay:problem:{}", fault.code), "title": title, "status": status.as_u16(), "code": fault.code,
            "params": fault.params, "fields": fields, "request": arrival.request.to_string(),
        });
        (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            problem.to_string(),
        )
            .into_response()
    } else {
        let context = json!({
            "fault": { "status": status.as_u16(), "code": fault.code, "text": title },
            "request": arrival.request.to_string(),
            "again": again,
            "page": PageFrame {
                locale: arrival.locale,
                title: None,
                user: PageUser::default(),
                unread: 0,
                csrf: String::new(),
                path: arrival.path.clone(),
                province: site.province(),
                flash: None,
                demo: site.config.demo,
            },
        });
        let html = site
            .renderer
            .page("web/fault.html", arrival.locale, &context)
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the page of a fault cannot be drawn");
                title.clone()
            });
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
    };
    if matches!(fault.kind, FaultKind::TooMany | FaultKind::Unavailable) {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// What a browser must not do with our answers, whatever it was that was asked for.
pub(crate) fn secure(site: &Site, headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 6] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(self), geolocation=(self), microphone=()",
        ),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if site.config.https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

/// Security headers, cookie of a new visitor, request number.
fn dress(site: &Site, arrival: &Arrival, headers: &mut HeaderMap, signed_in: bool) {
    secure(site, headers);
    let is = |media: &[u8]| {
        let kind = headers.get(header::CONTENT_TYPE);
        kind.is_some_and(|kind| kind.as_bytes().starts_with(media))
    };
    let html = is(b"text/html");
    // An answer of the API may be a token.
    if html || signed_in || is(b"application/json") {
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-store"));
    }
    if html && arrival.new_visitor && !signed_in {
        cookie::start_visitor(&site.config, headers, &arrival.visitor);
    }
    if let Ok(value) = HeaderValue::from_str(&arrival.request.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

/// An error with all its causes, for the log only.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
