//! The addresses that RFC 7644 describes. Answers and errors have the form that it fixes.

mod asked;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::IntoResponse;
use kernel::{Fault, Result};
use op::{Op, Ops};
use openid::Shown;
use render::Locale;
use serde_json::{Value, json};
use uuid::Uuid;
use web::{Answer, Response, Routes, Site, Visit};

use self::asked::{Asked, Said};
use crate::answer::{Choice, Kept};
use crate::events::ENGINE;
use crate::schema::{Resource, SCHEMAS, provider};
use crate::{Caller, Change, Expected, SCOPE, Scim, document, error, mentions, patch};

/// Below it is everything.
pub const BASE: &str = "/scim/v2";

/// What stands at an address.
#[derive(Clone, Copy)]
enum Place {
    Provider,
    Types,
    Type,
    Schemas,
    Schema,
    List(Resource),
    One(Resource),
    /// A question in a body; of all kinds where none is named.
    Search(Option<Resource>),
    Me,
    Nothing,
}

const ADDRESSES: &[(&str, Place)] = &[
    ("/scim/v2/ServiceProviderConfig", Place::Provider),
    ("/scim/v2/ResourceTypes", Place::Types),
    ("/scim/v2/ResourceTypes/{id}", Place::Type),
    ("/scim/v2/Schemas", Place::Schemas),
    ("/scim/v2/Schemas/{id}", Place::Schema),
    ("/scim/v2/Users", Place::List(Resource::User)),
    ("/scim/v2/Users/{id}", Place::One(Resource::User)),
    ("/scim/v2/Users/.search", Place::Search(Some(Resource::User))),
    ("/scim/v2/Groups", Place::List(Resource::Group)),
    ("/scim/v2/Groups/{id}", Place::One(Resource::Group)),
    ("/scim/v2/Groups/.search", Place::Search(Some(Resource::Group))),
    ("/scim/v2/.search", Place::Search(None)),
    ("/scim/v2/Me", Place::Me),
    ("/scim/v2", Place::Nothing),
    ("/scim/v2/{*rest}", Place::Nothing),
];

/// The routes of the engine. Every method is answered in the form of the norm, also those that an address does not take.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Scim> + Clone + Send + Sync + 'static,
{
    let mut routes = Routes::new();
    for (path, place) in ADDRESSES {
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            routes = routes.protocol(method, path, |visit, request| answer(visit, request, *place));
        }
    }
    routes
}

async fn answer<S>(visit: Visit<S>, request: Request, place: Place) -> Answer
where
    S: AsRef<Site> + AsRef<Scim>,
{
    let scim: &Scim = visit.state.as_ref();
    let site = visit.site();
    let outcome = async {
        let asked = Asked::new(&visit, &request);
        let caller = scim.caller(&site.ops, &asked, visit.path()).await?;
        scim.respond(&site.ops, &caller, (asked, request), place).await
    };
    Ok(outcome.await.unwrap_or_else(|fault| refusal(site, &fault)))
}

impl Scim {
    /// Which application asks.
    async fn caller(&self, ops: &Ops, asked: &Asked, path: &str) -> Result<Caller> {
        let shown = Shown {
            authorization: asked.header(&header::AUTHORIZATION)?,
            proof: asked.header(&HeaderName::from_static("dpop"))?,
            certificate: asked.header(&HeaderName::from_static("client-cert"))?,
            method: &asked.method,
            path,
        };
        let client = self.openid.machine(ops, shown, SCOPE).await?;
        Ok(Caller {
            id: client.id.clone(),
            name: client.name.clone(),
        })
    }

    async fn respond(
        &self,
        ops: &Ops,
        caller: &Caller,
        (asked, request): (Asked, Request),
        place: Place,
    ) -> Result<Response> {
        let method = if asked.method == Method::HEAD {
            Method::GET
        } else {
            asked.method.clone()
        };
        match place {
            Place::List(resource) if method == Method::GET => {
                let search = asked.query()?.search()?;
                let mut op = ops.open(ENGINE).await?;
                let list = self.search(&mut op, caller, &[resource], search).await?;
                op.commit().await?;
                Ok(told(StatusCode::OK, &list))
            }
            Place::List(resource) if method == Method::POST => {
                let choice = asked.query()?.choice()?;
                let body = asked.body(request).await?;
                let document = document::read(resource, &body)?;
                let mut op = ops.open(ENGINE).await?;
                let kept = match resource {
                    Resource::User => self.create_user(&mut op, caller, document).await?,
                    Resource::Group => self.create_group(&mut op, caller, document).await?,
                };
                op.commit().await?;
                let mut response = self.shown(StatusCode::CREATED, &kept, &choice);
                if let Ok(place) = HeaderValue::from_str(&kept.location(&self.base())) {
                    response.headers_mut().insert(header::LOCATION, place);
                }
                Ok(response)
            }
            Place::One(resource) => self.one(ops, caller, (asked, request), (resource, method)).await,
            Place::Search(one) if method == Method::POST => {
                let search = Said::of_body(&asked.body(request).await?)?.search()?;
                let only = one.map(|resource| [resource]);
                let resources = only.as_ref().map_or(Resource::ALL, |only| only);
                let mut op = ops.open(ENGINE).await?;
                let list = self.search(&mut op, caller, resources, search).await?;
                op.commit().await?;
                Ok(told(StatusCode::OK, &list))
            }
            Place::Me => Err(error::unsupported()),
            Place::Nothing => Err(error::not_found()),
            _ if method == Method::GET => self.described(&asked, place),
            _ => Err(error::method()),
        }
    }

    /// What this server is.
    fn described(&self, asked: &Asked, place: Place) -> Result<Response> {
        // RFC 7644, 4: what is described is not filtered.
        if asked.query()?.filter.is_some() {
            return Err(error::not_filtered());
        }
        let base = self.base();
        let list = |all: Vec<Value>| {
            json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": all.len(), "startIndex": 1, "itemsPerPage": all.len(), "Resources": all,
            })
        };
        let described = match place {
            Place::Provider => provider(&base),
            Place::Types => list(Resource::ALL.iter().map(|resource| resource.told(&base)).collect()),
            Place::Schemas => list(SCHEMAS.iter().map(|schema| schema.told(&base)).collect()),
            Place::Type => {
                let mut all = Resource::ALL.iter();
                let found = all.find(|resource| resource.name() == asked.id);
                found.ok_or_else(error::not_found)?.told(&base)
            }
            Place::Schema => {
                let mut all = SCHEMAS.iter();
                let found = all.find(|schema| schema.urn.eq_ignore_ascii_case(&asked.id));
                found.ok_or_else(error::not_found)?.told(&base)
            }
            _ => return Err(error::method()),
        };
        Ok(told(StatusCode::OK, &described))
    }

    /// A resource: shown, replaced, changed, ended.
    async fn one(
        &self,
        ops: &Ops,
        caller: &Caller,
        (asked, request): (Asked, Request),
        (resource, method): (Resource, Method),
    ) -> Result<Response> {
        if ![Method::GET, Method::PUT, Method::PATCH, Method::DELETE].contains(&method) {
            return Err(error::method());
        }
        let id = Uuid::try_parse(&asked.id).map_err(|_| error::not_found())?;
        let choice = asked.query()?.choice()?;
        let expected = Expected(asked.header(&header::IF_MATCH)?.map(str::to_owned));
        if method == Method::GET {
            let known = asked.header(&header::IF_NONE_MATCH)?;
            let mut op = ops.open(ENGINE).await?;
            let kept = self.read(&mut op, caller, resource, id).await?;
            op.commit().await?;
            if known.is_some_and(|known| mentions(known, &kept.version())) {
                let mut response = StatusCode::NOT_MODIFIED.into_response();
                tag(&mut response, &kept);
                return Ok(response);
            }
            return Ok(self.shown(StatusCode::OK, &kept, &choice));
        }
        if method == Method::DELETE {
            let mut op = ops.open(ENGINE).await?;
            match resource {
                Resource::User => self.close_user(&mut op, caller, id, &expected).await?,
                Resource::Group => self.close_group(&mut op, caller, id, &expected).await?,
            }
            op.commit().await?;
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let body = asked.body(request).await?;
        let change = match method {
            Method::PUT => Change::Whole(document::read(resource, &body)?),
            _ => Change::Pieces(patch::read(&body)?),
        };
        let mut op = ops.open(ENGINE).await?;
        let kept = self.changed(&mut op, caller, (resource, id), &expected, change).await?;
        op.commit().await?;
        Ok(self.shown(StatusCode::OK, &kept, &choice))
    }

    async fn changed(
        &self,
        op: &mut Op,
        caller: &Caller,
        (resource, id): (Resource, Uuid),
        expected: &Expected,
        change: Change,
    ) -> Result<Kept> {
        match resource {
            Resource::User => self.change_user(op, caller, id, expected, change).await,
            Resource::Group => self.change_group(op, caller, id, expected, change).await,
        }
    }

    fn shown(&self, status: StatusCode, kept: &Kept, choice: &Choice) -> Response {
        let whole = kept.whole(&self.base());
        let mut response = told(status, &Value::Object(choice.of(kept.resource, whole)));
        tag(&mut response, kept);
        response
    }
}

fn tag(response: &mut Response, kept: &Kept) {
    if let Ok(version) = HeaderValue::from_str(&kept.version()) {
        response.headers_mut().insert(header::ETAG, version);
    }
}

fn told(status: StatusCode, value: &Value) -> Response {
    (
        status,
        [
            (header::CONTENT_TYPE, "application/scim+json"),
            (header::CACHE_CONTROL, "private, no-store"),
        ],
        value.to_string(),
    )
        .into_response()
}

/// The error as the norm writes it. What was wrong is said in English, for whoever looks after the application.
fn refusal(site: &Site, fault: &Fault) -> Response {
    let (status, sort) = error::told(fault);
    if status == 500 || status == 503 {
        tracing::error!(code = fault.code, error = %fault, "a request of an application has failed");
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let said = site.renderer.texts().error(Locale::En, fault.code, &fault.params);
    let mut answer = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status.as_u16().to_string(), "detail": said,
    });
    if let Some(sort) = sort {
        answer["scimType"] = json!(sort);
    }
    let mut response = told(status, &answer);
    let challenge = match fault.code {
        "openid.token_wrong" => Some("Bearer error=\"invalid_token\""),
        "openid.proof_wrong" => Some("DPoP error=\"invalid_dpop_proof\""),
        "openid.scope_missing" => Some("Bearer error=\"insufficient_scope\", scope=\"scim\""),
        _ => None,
    };
    if let Some(challenge) = challenge {
        let challenge = HeaderValue::from_static(challenge);
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
