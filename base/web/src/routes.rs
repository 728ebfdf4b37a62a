//! Addresses with their doors.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use futures::future::BoxFuture;
use kernel::{Fault, Result};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Answer, Doc, Door, Fields, Site, Upload, Visit, openapi, patient::Patient, serve};

/// Bodies of forms and of JSON: 1 MiB.
const PLAIN_BODY: usize = 1 << 20;
/// Bodies at addresses that a norm fixes: tokens and parameters, 64 KiB.
const PROTOCOL_BODY: usize = 64 << 10;

pub(crate) type Handler<S> = Arc<dyn Fn(Visit<S>, Request) -> BoxFuture<'static, Answer> + Send + Sync>;

/// How the body of a request is protected and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Page,
    Form,
    Api,
    /// An address whose requests and answers a norm fixes.
    Protocol,
}

pub(crate) struct Route<S> {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) door: Door,
    pub(crate) kind: Kind,
    pub(crate) handler: Handler<S>,
    pub(crate) doc: Option<openapi::Operation>,
    body: usize,
}

/// What a route looks like from outside; for completeness tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteView {
    /// `GET`, `POST`, …
    pub method: String,
    /// The address, with `{names}`.
    pub path: &'static str,
    /// The door.
    pub door: Door,
    /// Whether it belongs to the JSON API.
    pub api: bool,
    /// Whether a norm fixes its requests and answers ([`Routes::protocol`]).
    pub protocol: bool,
}

/// A collection of routes. The only way to put an address on the network.
pub struct Routes<S> {
    pub(crate) routes: Vec<Route<S>>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self { routes: Vec::new() }
    }
}

impl<S> Routes<S>
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A page to look at.
    pub fn get<F, A>(self, path: &'static str, door: Door, handler: F) -> Self
    where
        F: Fn(Visit<S>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        self.add(Route {
            method: Method::GET,
            path,
            door,
            kind: Kind::Page,
            doc: None,
            body: PLAIN_BODY,
            handler: Arc::new(move |visit, _| Box::pin(handler(visit))),
        })
    }

    /// A form. Its token has been checked when the handler gets the fields.
    pub fn post<F, A>(self, path: &'static str, door: Door, handler: F) -> Self
    where
        F: Fn(Visit<S>, Fields) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.add(Route {
            method: Method::POST,
            path,
            door,
            kind: Kind::Form,
            doc: None,
            body: PLAIN_BODY,
            handler: Arc::new(move |visit, request| {
                let handler = handler.clone();
                Box::pin(async move {
                    let fields = serve::checked_fields(&visit, request).await?;
                    handler(visit, fields).await
                })
            }),
        })
    }

    /// A form with files; `limit` is the size of its whole body in bytes. Its token, the first field, has been checked.
    pub fn upload<F, A>(self, path: &'static str, door: Door, limit: usize, handler: F) -> Self
    where
        F: Fn(Visit<S>, Upload) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let handler = Arc::new(handler);
        self.add(Route {
            method: Method::POST,
            path,
            door,
            kind: Kind::Form,
            doc: None,
            body: limit,
            handler: Arc::new(move |visit, request| {
                let handler = handler.clone();
                Box::pin(async move {
                    let upload = serve::checked_upload(&visit, request, limit).await?;
                    handler(visit, upload).await
                })
            }),
        })
    }

    /// A resource of the JSON API.
    pub fn api_get<F, A, T>(self, path: &'static str, door: Door, doc: Doc, handler: F) -> Self
    where
        F: Fn(Visit<S>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        T: Serialize + JsonSchema + 'static,
    {
        let operation = openapi::Operation::new(doc).gives::<T>();
        let handler = Arc::new(handler);
        self.add(Route {
            method: Method::GET,
            path,
            door,
            kind: Kind::Api,
            doc: Some(operation),
            body: PLAIN_BODY,
            handler: Arc::new(move |visit, _| {
                let handler = handler.clone();
                Box::pin(async move { json(StatusCode::OK, &handler(visit).await?) })
            }),
        })
    }

    /// A resource of the JSON API that is not JSON itself (a file).
    pub fn api_download<F, A>(self, path: &'static str, door: Door, doc: Doc, handler: F) -> Self
    where
        F: Fn(Visit<S>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let operation = openapi::Operation::new(doc);
        self.add(Route {
            method: Method::GET,
            path,
            door,
            kind: Kind::Api,
            doc: Some(operation),
            body: PLAIN_BODY,
            handler: Arc::new(move |visit, _| Box::pin(handler(visit))),
        })
    }

    /// An action of the JSON API.
    pub fn api_post<B, F, A, T>(self, path: &'static str, door: Door, doc: Doc, handler: F) -> Self
    where
        F: Fn(Visit<S>, B) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        T: Serialize + JsonSchema + 'static,
    {
        self.api_send(Method::POST, path, door, doc, handler)
    }

    /// An action of the JSON API with another method.
    pub fn api_send<B, F, A, T>(self, method: Method, path: &'static str, door: Door, doc: Doc, handler: F) -> Self
    where
        F: Fn(Visit<S>, B) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        B: DeserializeOwned + JsonSchema + Send + 'static,
        T: Serialize + JsonSchema + 'static,
    {
        let operation = openapi::Operation::new(doc).takes::<B>().gives::<T>();
        let status = StatusCode::from_u16(doc.status).unwrap_or(StatusCode::OK);
        let handler = Arc::new(handler);
        self.add(Route {
            method,
            path,
            door,
            kind: Kind::Api,
            doc: Some(operation),
            body: doc.body.unwrap_or(PLAIN_BODY),
            handler: Arc::new(move |visit, request| {
                let handler = handler.clone();
                Box::pin(async move {
                    let body = serve::json_body(request).await?;
                    json(status, &handler(visit, body).await?)
                })
            }),
        })
    }

    /// An upload to the JSON API: the raw bytes of one file; its name comes in the query.
    pub fn api_upload<F, A, T>(self, path: &'static str, door: Door, doc: Doc, limit: usize, handler: F) -> Self
    where
        F: Fn(Visit<S>, axum::body::BodyDataStream) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        T: Serialize + JsonSchema + 'static,
    {
        let operation = openapi::Operation::new(doc).takes_bytes().gives::<T>();
        let handler = Arc::new(handler);
        self.add(Route {
            method: Method::POST,
            path,
            door,
            kind: Kind::Api,
            doc: Some(operation),
            body: limit,
            handler: Arc::new(move |visit, request: Request| {
                let handler = handler.clone();
                let stream = axum::body::Body::from_stream(Patient::new(request.into_body(), limit)).into_data_stream();
                Box::pin(async move { json(StatusCode::CREATED, &handler(visit, stream).await?) })
            }),
        })
    }

    /// An action of the JSON API with files: `multipart/form-data`, of which `part` holds the JSON described by `B` and stands
    /// before the files. `limit` is the size of the whole body in bytes.
    pub fn api_multipart<B, F, A, T>(
        self,
        path: &'static str,
        door: Door,
        doc: Doc,
        part: &'static str,
        limit: usize,
        handler: F,
    ) -> Self
    where
        F: Fn(Visit<S>, Upload) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Result<T>> + Send + 'static,
        B: JsonSchema + 'static,
        T: Serialize + JsonSchema + 'static,
    {
        let operation = openapi::Operation::new(doc).takes_part::<B>(part).gives::<T>();
        let status = StatusCode::from_u16(doc.status).unwrap_or(StatusCode::OK);
        let handler = Arc::new(handler);
        self.add(Route {
            method: Method::POST,
            path,
            door,
            kind: Kind::Api,
            doc: Some(operation),
            body: limit,
            handler: Arc::new(move |visit, request| {
                let handler = handler.clone();
                Box::pin(async move {
                    let upload = Upload::read(request, limit)?;
                    json(status, &handler(visit, upload).await?)
                })
            }),
        })
    }

    /// An address of a protocol that others have written (OAuth 2.0), for programs: neither session nor form token are looked at,
    /// and whoever comes is nobody until the handler has found out by the means of the protocol. Faults that the handler does not
    /// put into the protocol's own form become problem documents.
    pub fn protocol<F, A>(self, method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Visit<S>, Request) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        self.add(Route {
            method,
            path,
            door: Door::Public,
            kind: Kind::Protocol,
            doc: None,
            body: PROTOCOL_BODY,
            handler: Arc::new(move |visit, request| Box::pin(handler(visit, request))),
        })
    }

    /// These routes and those.
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        self
    }

    /// All routes, for completeness tests and documentation.
    pub fn views(&self) -> Vec<RouteView> {
        self.routes
            .iter()
            .map(|route| RouteView {
                method: route.method.to_string(),
                path: route.path,
                door: route.door,
                api: route.kind == Kind::Api,
                protocol: route.kind == Kind::Protocol,
            })
            .collect()
    }

    /// The service. What has no route is answered with a page that says so.
    pub fn into_router(self, state: S) -> Router {
        let mut router = Router::new();
        for route in self.routes {
            let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
            let (path, body) = (route.path, route.body);
            let route = Arc::new(route);
            let state = state.clone();
            let service = on(filter, move |request: Request| {
                serve::serve(state.clone(), route.clone(), request)
            });
            router = router.route(path, service.layer(DefaultBodyLimit::max(body)));
        }
        let lost = state.clone();
        let wrong = state;
        router
            .fallback(move |request: Request| {
                serve::fault_page(lost.clone(), request, Fault::not_found("web.not_found"))
            })
            .method_not_allowed_fallback(move |request: Request| {
                serve::fault_page(wrong.clone(), request, Fault::not_found("web.method"))
            })
    }

    fn add(mut self, route: Route<S>) -> Self {
        self.routes.push(route);
        self
    }
}

fn json(status: StatusCode, value: &impl Serialize) -> std::result::Result<Response, Fault> {
    let body = serde_json::to_vec(value).map_err(|e| Fault::internal("web.broken_page").caused_by(e))?;
    Ok((status, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}
