//! The endpoints that the norms describe. Answers and errors have the form that they fix.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use identity::Assurance;
use kernel::{Fault, Result};
use render::Locale;
use serde_json::{Value, json};
use web::{Answer, Response, Site, Visit};

use super::{AUTHORIZE, INTROSPECT, JWKS, LOGOUT, PAR, REVOKE, TOKEN, USERINFO};
use crate::config::Config;
use crate::dpop::Proof;
use crate::error::oauth;
use crate::model::{SCOPES, SigningAlgorithm};
use crate::params::Params;
use crate::token::{Call, acr};
use crate::{Openid, error, jose};

/// Longest request that becomes an address, in bytes.
const LONGEST_QUERY: usize = 8 << 10;
/// How long others keep the list of keys and the description.
const KEPT: &str = "public, max-age=300";

/// OpenID Connect Discovery, and RFC 8414.
pub(crate) async fn discovery<S>(visit: Visit<S>, _: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let at = |path: &str| openid.address(path);
    let mut claims: Vec<&str> = SCOPES.iter().flat_map(|(_, claims)| *claims).copied().collect();
    claims.extend([
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "at_hash",
        "sid",
    ]);
    let mut ways = vec!["client_secret_basic", "client_secret_post", "private_key_jwt"];
    if openid.believes_certificates() {
        ways.push("self_signed_tls_client_auth");
    }
    let with_proof = ways.clone();
    ways.push("none");
    let described = json!({
        "issuer": openid.issuer(),
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "userinfo_endpoint": at(USERINFO),
        "jwks_uri": at(JWKS),
        "pushed_authorization_request_endpoint": at(PAR),
        "introspection_endpoint": at(INTROSPECT),
        "revocation_endpoint": at(REVOKE),
        "end_session_endpoint": at(LOGOUT),
        "scopes_supported": SCOPES.iter().map(|(scope, _)| *scope).collect::<Vec<_>>(),
        "claims_supported": claims,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [SigningAlgorithm::Rs256.as_str(), SigningAlgorithm::Es256.as_str()],
        "token_endpoint_auth_methods_supported": ways,
        "token_endpoint_auth_signing_alg_values_supported": jose::ACCEPTED_NAMES,
        "introspection_endpoint_auth_methods_supported": with_proof,
        "introspection_endpoint_auth_signing_alg_values_supported": jose::ACCEPTED_NAMES,
        "revocation_endpoint_auth_methods_supported": ways,
        "revocation_endpoint_auth_signing_alg_values_supported": jose::ACCEPTED_NAMES,
        "tls_client_certificate_bound_access_tokens": openid.believes_certificates(),
        "dpop_signing_alg_values_supported": jose::ACCEPTED_NAMES,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": [acr(Assurance::Low), acr(Assurance::Substantial), acr(Assurance::High)],
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "claims_locales_supported": ["vi"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    });
    Ok(open(kept(json_answer(StatusCode::OK, &described))))
}

/// The public keys (RFC 7517).
pub(crate) async fn jwks<S>(visit: Visit<S>, _: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let ops = &visit.site().ops;
    // Both are published before an application is registered for the second.
    let keys = openid.keys_for(ops, &SigningAlgorithm::ALL).await?;
    Ok(open(kept(json_answer(StatusCode::OK, &keys.published(ops.now())))))
}

pub(crate) async fn token<S>(visit: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let outcome = async {
        let asked = Asked::read(request).await?;
        openid.token(&visit.site().ops, asked.call()?).await
    };
    match outcome.await {
        Ok(tokens) => {
            let tokens =
                serde_json::to_value(tokens).map_err(|error| Fault::internal("openid.answer").caused_by(error))?;
            Ok(open(json_answer(StatusCode::OK, &tokens)))
        }
        Err(fault) => Ok(open(refusal(visit.site(), &fault))),
    }
}

pub(crate) async fn userinfo<S>(visit: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let method = request.method().clone();
    let outcome = async {
        let asked = Asked::read(request).await?;
        openid.userinfo(&visit.site().ops, asked.call()?, &method).await
    };
    Ok(open(match outcome.await {
        Ok(claims) => json_answer(StatusCode::OK, &claims),
        // A proof that comes with a token is a part of it (RFC 9449, 7.1).
        Err(fault) if fault.code == "openid.proof_wrong" => {
            let mut response = refusal(visit.site(), &fault);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        }
        Err(fault) => refusal(visit.site(), &fault),
    }))
}

pub(crate) async fn push<S>(visit: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let ops = &visit.site().ops;
    let outcome = async {
        let asked = Asked::read(request).await?;
        let call = asked.call()?;
        let client = openid.authenticate(ops, &call).await?;
        let jkt = match call.proof {
            Some(text) => Some(Proof::read(text, &Method::POST, &openid.address(PAR), None, ops.now())?.jkt),
            None => None,
        };
        openid.push(ops, &client, call.params, jkt).await
    };
    Ok(open(match outcome.await {
        Ok(address) => {
            let pushed = json!({ "request_uri": address, "expires_in": Config::PUSHED.num_seconds() });
            json_answer(StatusCode::CREATED, &pushed)
        }
        Err(fault) => refusal(visit.site(), &fault),
    }))
}

pub(crate) async fn introspect<S>(visit: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let outcome = async {
        let asked = Asked::read(request).await?;
        openid.introspect(&visit.site().ops, asked.call()?).await
    };
    Ok(match outcome.await {
        Ok(claims) => json_answer(StatusCode::OK, &claims),
        Err(fault) => refusal(visit.site(), &fault),
    })
}

pub(crate) async fn revoke<S>(visit: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site> + AsRef<Openid>,
{
    let openid: &Openid = visit.state.as_ref();
    let outcome = async {
        let asked = Asked::read(request).await?;
        openid.revoke(&visit.site().ops, asked.call()?).await
    };
    Ok(open(match outcome.await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => refusal(visit.site(), &fault),
    }))
}

/// OpenID Connect lets requests come as forms too: they become the same request by its address, which the page answers.
pub(crate) async fn authorize_by_form<S>(_: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site>,
{
    by_address(AUTHORIZE, request).await
}

pub(crate) async fn logout_by_form<S>(_: Visit<S>, request: Request) -> Answer
where
    S: AsRef<Site>,
{
    by_address(LOGOUT, request).await
}

async fn by_address(path: &str, request: Request) -> Answer {
    let asked = Asked::read(request).await?;
    if asked.body.len() > LONGEST_QUERY {
        return Err(error::request_wrong("body"));
    }
    Ok(web::redirect(&format!("{path}?{}", asked.body)))
}

pub(crate) async fn preflight<S>(_: Visit<S>, _: Request) -> Answer
where
    S: AsRef<Site>,
{
    let mut response = open(StatusCode::NO_CONTENT.into_response());
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, dpop"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Ok(response)
}

/// A request as it came.
struct Asked {
    headers: HeaderMap,
    body: String,
    params: Params,
}

impl Asked {
    async fn read(request: Request) -> Result<Self> {
        let headers = request.headers().clone();
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| {
                kind.to_ascii_lowercase()
                    .starts_with("application/x-www-form-urlencoded")
            });
        let body = if request.method() == Method::POST {
            String::from_request(request, &())
                .await
                .map_err(|_| error::request_wrong("body"))?
        } else {
            String::new()
        };
        if !body.is_empty() && !is_form {
            return Err(error::request_wrong("content-type"));
        }
        let params = Params::parse(&body)?;
        Ok(Self { headers, body, params })
    }

    fn call(&self) -> Result<Call<'_>> {
        let one = |name: &HeaderName| -> Result<Option<&str>> {
            let mut all = self.headers.get_all(name).iter();
            let first = all.next();
            if all.next().is_some() {
                return Err(error::request_wrong(name.as_str()));
            }
            first
                .map(|value| value.to_str().map_err(|_| error::request_wrong(name.as_str())))
                .transpose()
        };
        Ok(Call {
            authorization: one(&header::AUTHORIZATION)?,
            proof: one(&HeaderName::from_static("dpop"))?,
            certificate: one(&HeaderName::from_static("client-cert"))?,
            params: &self.params,
        })
    }
}

fn json_answer(status: StatusCode, value: &Value) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ],
        value.to_string(),
    )
        .into_response()
}

/// The error as the norms write it. What was wrong is said in English, for whoever writes the application.
fn refusal(site: &Site, fault: &Fault) -> Response {
    let (status, word) = oauth(fault);
    if status >= 500 {
        tracing::error!(code = fault.code, error = %fault, "an endpoint has failed");
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let said = site.renderer.texts().error(Locale::En, fault.code, &fault.params);
    let mut response = json_answer(status, &json!({ "error": word, "error_description": said }));
    let challenge = match word {
        "invalid_client" => Some("Basic realm=\"openid\"".to_owned()),
        "invalid_token" | "insufficient_scope" => Some(format!("Bearer error=\"{word}\"")),
        "invalid_dpop_proof" => Some(format!("DPoP error=\"{word}\"")),
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Answers that hold no secret and change seldom.
fn kept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    response
}

/// Applications that run in a browser at another address may read it: cookies are not looked at here.
fn open(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
