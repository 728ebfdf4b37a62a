//! What somebody was about to do when it could not be done, offered once more on the page that says so: nobody types anything twice.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
    http::{StatusCode, request::Parts},
};
use bytes::Bytes;
use kernel::{Fault, FaultKind, Result};
use serde::Serialize;

use crate::{
    Fields,
    body::TOKEN,
    refuse,
    routes::{Kind, Route},
};

/// A request as it came, as far as it may be wanted again.
pub(crate) struct Sent {
    /// The address with its query.
    pub(crate) local: String,
    /// The page of this site that it came from.
    from: Option<String>,
    /// It came from a page of this site, as the browser says.
    own: bool,
    is_page: bool,
    fields: Option<Fields>,
}

/// The way to do it again.
#[derive(Serialize)]
pub(crate) struct Again {
    /// Where to.
    path: String,
    /// What a form carried, its token first; none for a link.
    fields: Option<Vec<(String, String)>>,
}

impl Sent {
    pub(crate) fn new(parts: &Parts) -> Self {
        let local = parts.uri.path_and_query();
        let said = parts
            .headers
            .get("sec-fetch-site")
            .and_then(|value| value.to_str().ok());
        Self {
            local: local.map_or_else(|| "/".to_string(), ToString::to_string),
            from: refuse::referring_path(&parts.headers),
            own: said == Some("same-origin"),
            is_page: false,
            fields: None,
        }
    }

    /// Reads the body of a plain form, which is small, and gives the request on with the same body.
    pub(crate) async fn keep<S>(&mut self, route: &Route<S>, request: Request) -> Result<Request> {
        self.is_page = route.kind == Kind::Page;
        if route.kind != Kind::Form || !refuse::is_plain_form(&request) {
            return Ok(request);
        }
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), &())
            .await
            .map_err(|rejected| {
                if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Fault::invalid("web.too_large")
                } else {
                    Fault::invalid("web.bad_form").caused_by(rejected)
                }
            })?;
        let whole = |body: Bytes| Request::from_parts(parts.clone(), Body::from(body));
        self.fields = Fields::read(whole(bytes.clone())).await.ok();
        Ok(whole(bytes))
    }

    /// What to offer beside this fault. A form that came with the token of an earlier session gets one of this session, if the browser
    /// says that a page of this site sent it.
    pub(crate) fn again(self, fault: &Fault, fresh_token: impl FnOnce() -> String) -> Option<Again> {
        let later = matches!(fault.kind, FaultKind::Unavailable | FaultKind::TooMany);
        let outdated = fault.code == "web.form_expired" && self.own;
        match self.fields {
            Some(fields) if later || outdated => {
                let token = if outdated {
                    fresh_token()
                } else {
                    fields.get(TOKEN).unwrap_or_default().to_string()
                };
                let typed = fields
                    .iter()
                    .filter(|(name, _)| *name != TOKEN && !Fields::is_secret(name))
                    .map(|(name, value)| (name.to_string(), value.to_string()));
                Some(Again {
                    path: self.local,
                    fields: Some(std::iter::once((TOKEN.to_string(), token)).chain(typed).collect()),
                })
            }
            None if self.is_page && later => Some(Again {
                path: self.local,
                fields: None,
            }),
            None if later || outdated => self.from.map(|path| Again { path, fields: None }),
            _ => None,
        }
    }
}
