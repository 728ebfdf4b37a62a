//! The addresses of both providers.

use axum::Router;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::{Host, Url};

use crate::{Behaviour, Granted, Provider, Simulator, page, sign};

pub(crate) fn router(simulator: Simulator) -> Router {
    let mut router = Router::new()
        .route("/", get(about))
        .route("/simulator/behaviour", post(behave));
    for provider in Provider::ALL {
        let of_programs = Router::new()
            .route(
                provider.token(),
                post(async move |state, head, form| token(provider, state, head, form)),
            )
            .route(
                provider.keys(),
                get(async move |state: State<Simulator>| keys(provider, &state.0)),
            )
            .route(
                provider.profile(),
                get(async move |state, query| profile(provider, state, query)),
            )
            .layer(middleware::from_fn_with_state(
                (simulator.clone(), provider),
                async |State((simulator, provider)): State<(Simulator, Provider)>, request: Request, next: Next| {
                    misbehave(&simulator, provider, request, next).await
                },
            ));
        router = router
            .route(
                provider.authorize(),
                get(async move |state, head, query| authorize(provider, state, head, query))
                    .post(async move |state, form| choose(provider, state, form)),
            )
            .route(provider.logout(), get(async move || logout(provider)))
            .merge(of_programs);
    }
    router.with_state(simulator)
}

async fn about(State(simulator): State<Simulator>) -> Html<String> {
    Html(page::about(&simulator.addresses().to_string()))
}

#[derive(Deserialize)]
struct Wanted {
    provider: String,
    behaviour: String,
}

/// Tests of the finished program tell it how to behave.
async fn behave(State(simulator): State<Simulator>, Form(wanted): Form<Wanted>) -> StatusCode {
    let provider = Provider::ALL
        .into_iter()
        .find(|provider| provider.as_str() == wanted.provider);
    match (provider, Behaviour::parse(&wanted.behaviour)) {
        (Some(provider), Some(behaviour)) => {
            simulator.behave(provider, behaviour);
            StatusCode::NO_CONTENT
        }
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What goes wrong before any of the addresses for programs is reached.
async fn misbehave(simulator: &Simulator, provider: Provider, request: Request, next: Next) -> Response {
    match simulator.behaviour(provider) {
        Behaviour::Slow => std::future::pending().await,
        Behaviour::Down => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Behaviour::Huge => ([(header::CONTENT_TYPE, "application/json")], " ".repeat(1 << 20)).into_response(),
        Behaviour::NotJson => Html("<!doctype html><title>Login</title>").into_response(),
        _ => next.run(request).await,
    }
}

/// What an application asks.
#[derive(Clone, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    response_type: String,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) nonce: String,
    #[serde(default)]
    pub(crate) code_challenge: String,
    /// `login`: the person is asked although they are signed in here.
    #[serde(default)]
    pub(crate) prompt: String,
}

/// The address back, if it is one: the simulator sends people to programs on this machine and nowhere else.
fn back(simulator: &Simulator, asked: &Asked) -> Option<Url> {
    let url = Url::parse(&asked.redirect_uri).ok()?;
    let here = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => name == "localhost",
    };
    (here && asked.client_id == simulator.settings().client_id && asked.response_type == "code").then_some(url)
}

fn cookie(provider: Provider) -> String {
    format!("simulator_{}", provider.as_str())
}

/// Who is signed in at the provider, and since when, by its own cookie.
fn signed_in(simulator: &Simulator, provider: Provider, head: &HeaderMap) -> Option<(usize, i64)> {
    let line = head.get(header::COOKIE)?.to_str().ok()?;
    let name = cookie(provider);
    let mut pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (human, since) = pairs.find(|(key, _)| *key == name)?.1.split_once('.')?;
    let human: usize = human.parse().ok()?;
    (human < simulator.people().len()).then_some((human, since.parse().ok()?))
}

fn authorize(
    provider: Provider,
    State(simulator): State<Simulator>,
    head: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let Some(back) = back(&simulator, &asked) else {
        return (StatusCode::BAD_REQUEST, Html(page::refused(provider))).into_response();
    };
    // Signed in here already: nobody is asked again, as single sign-on has it.
    let asks_anew = asked.prompt == "login" && simulator.behaviour(provider) != Behaviour::AsksNobodyAnew;
    match signed_in(&simulator, provider, &head).filter(|_| !asks_anew) {
        Some(human) => grant(&simulator, provider, human, &asked, back),
        None => Html(page::choose(provider, simulator.people(), &asked)).into_response(),
    }
}

#[derive(Deserialize)]
struct Chosen {
    /// Number in the list; none: the person goes back.
    #[serde(default)]
    human: Option<usize>,
    #[serde(flatten)]
    asked: Asked,
}

fn choose(provider: Provider, State(simulator): State<Simulator>, Form(chosen): Form<Chosen>) -> Response {
    let Some(mut back) = back(&simulator, &chosen.asked) else {
        return (StatusCode::BAD_REQUEST, Html(page::refused(provider))).into_response();
    };
    match chosen.human.filter(|human| *human < simulator.people().len()) {
        Some(human) => {
            let now = simulator.settings().clock.now().timestamp();
            let mut response = grant(&simulator, provider, (human, now), &chosen.asked, back);
            if let Ok(line) = format!("{}={human}.{now}; Path=/; HttpOnly; SameSite=Lax", cookie(provider)).parse() {
                response.headers_mut().append(header::SET_COOKIE, line);
            }
            response
        }
        None => {
            back.query_pairs_mut()
                .append_pair("error", "access_denied")
                .append_pair("state", &chosen.asked.state);
            Redirect::to(back.as_str()).into_response()
        }
    }
}

fn grant(
    simulator: &Simulator,
    provider: Provider,
    (human, auth_time): (usize, i64),
    asked: &Asked,
    mut back: Url,
) -> Response {
    let behaviour = simulator.behaviour(provider);
    if behaviour == Behaviour::Fails {
        back.query_pairs_mut()
            .append_pair("error", "server_error")
            .append_pair("state", &asked.state);
        return Redirect::to(back.as_str()).into_response();
    }
    let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let code = simulator.word();
    let granted = Granted {
        provider,
        human,
        redirect_uri: asked.redirect_uri.clone(),
        nonce: filled(&asked.nonce),
        challenge: filled(&asked.code_challenge),
        auth_time,
    };
    simulator.state().codes.insert(code.clone(), granted);
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &asked.state);
    if behaviour == Behaviour::WrongIssuerBack {
        back.query_pairs_mut().append_pair("iss", "https://elsewhere.example");
    }
    Redirect::to(back.as_str()).into_response()
}

#[derive(Deserialize)]
struct Exchange {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    client_secret: String,
}

fn decoded(text: &str) -> String {
    let line = format!("x={text}");
    let mut pairs = url::form_urlencoded::parse(line.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn error(status: StatusCode, word: &str) -> Response {
    (status, axum::Json(json!({ "error": word }))).into_response()
}

fn token(
    provider: Provider,
    State(simulator): State<Simulator>,
    head: HeaderMap,
    Form(exchange): Form<Exchange>,
) -> Response {
    let settings = simulator.settings();
    let pair = match head.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        Some(basic) => basic
            .strip_prefix("Basic ")
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            // RFC 6749, 2.3.1: both parts are form-encoded.
            .and_then(|pair| pair.split_once(":").map(|(id, secret)| (decoded(id), decoded(secret))))
            .map(|(id, secret)| format!("{id}:{secret}")),
        None => Some(format!("{}:{}", exchange.client_id, exchange.client_secret)),
    };
    if pair != Some(format!("{}:{}", settings.client_id, settings.client_secret)) {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if simulator.behaviour(provider) == Behaviour::NoCode {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let granted = simulator.state().codes.remove(&exchange.code);
    let granted = granted.filter(|granted| {
        exchange.grant_type == "authorization_code"
            && granted.provider == provider
            && granted.redirect_uri == exchange.redirect_uri
            && granted
                .challenge
                .as_ref()
                .is_none_or(|challenge| *challenge == sign::digest_text(&exchange.code_verifier))
    });
    let Some(granted) = granted else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let id_token = simulator.id_token(provider, &granted);
    simulator
        .state()
        .tokens
        .insert(id_token.clone(), (provider, granted.human));
    axum::Json(
        json!({ "id_token": id_token, "access_token": simulator.word(), "token_type": "Bearer", "expires_in": 300 }),
    )
    .into_response()
}

fn keys(provider: Provider, simulator: &Simulator) -> Response {
    simulator.state().key_calls += 1;
    axum::Json(simulator.key_set(provider)).into_response()
}

#[derive(Deserialize)]
struct About {
    token_id: String,
}

fn profile(provider: Provider, State(simulator): State<Simulator>, Query(about): Query<About>) -> Response {
    let known = simulator.state().tokens.get(&about.token_id).copied();
    match known.filter(|(own, _)| *own == provider) {
        Some((_, human)) => axum::Json(simulator.profile(provider, human)).into_response(),
        None => error(StatusCode::UNAUTHORIZED, "invalid_token"),
    }
}

fn logout(provider: Provider) -> Response {
    let mut response = Html(page::gone(provider)).into_response();
    if let Ok(line) = format!("{}=; Path=/; Max-Age=0", cookie(provider)).parse() {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
    response
}
