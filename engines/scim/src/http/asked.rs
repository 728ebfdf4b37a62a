//! What a request says: headers that stand there once, a body of JSON, a question in the query or in a body.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use bytes::Bytes;
use kernel::Result;
use serde_json::Value;
use url::form_urlencoded;
use web::{Site, Visit};

use crate::answer::Choice;
use crate::error;
use crate::schema::MOST_RESULTS;
use crate::search::Search;

/// Most attributes that a request names.
const MOST_NAMES: usize = 100;

/// A request as it came, without its body.
pub(super) struct Asked {
    pub(super) method: Method,
    headers: HeaderMap,
    /// `{id}` of the address.
    pub(super) id: String,
    query: String,
}

impl Asked {
    pub(super) fn new<S: AsRef<Site>>(visit: &Visit<S>, request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            id: visit.param("id").to_owned(),
            query: visit.raw_query().to_owned(),
        }
    }

    /// A header that stands there once or not at all. Fails with `scim.syntax`.
    pub(super) fn header(&self, name: &HeaderName) -> Result<Option<&str>> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next();
        if all.next().is_some() {
            return Err(error::syntax(name.as_str()));
        }
        first
            .map(|value| value.to_str().map_err(|_| error::syntax(name.as_str())))
            .transpose()
    }

    /// What the query asks for.
    pub(super) fn query(&self) -> Result<Said> {
        let mut said = Said::default();
        for (name, value) in form_urlencoded::parse(self.query.as_bytes()) {
            let names = || {
                value
                    .split(',')
                    .map(|one| one.trim().to_owned())
                    .filter(|one| !one.is_empty())
            };
            let known = match &*name {
                "filter" => said.filter.replace(value.into_owned()).is_some(),
                "sortBy" => said.sort_by.replace(value.into_owned()).is_some(),
                "sortOrder" => said.sort_order.replace(value.into_owned()).is_some(),
                "startIndex" => said.start.replace(whole(&value, "startIndex")?).is_some(),
                "count" => said.count.replace(whole(&value, "count")?).is_some(),
                "attributes" => !std::mem::replace(&mut said.only, names().collect()).is_empty(),
                "excludedAttributes" => !std::mem::replace(&mut said.but, names().collect()).is_empty(),
                _ => false,
            };
            if known {
                return Err(error::syntax(&name));
            }
        }
        Ok(said)
    }

    /// The body. Fails with `scim.syntax` and `scim.too_large`.
    pub(super) async fn body(&self, request: Request) -> Result<Value> {
        let kind = self.header(&header::CONTENT_TYPE)?.unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/scim+json" && kind != "application/json" {
            return Err(error::syntax("Content-Type"));
        }
        let bytes = Bytes::from_request(request, &()).await.map_err(|rejected| {
            if rejected.status() == StatusCode::PAYLOAD_TOO_LARGE {
                error::too_large()
            } else {
                error::syntax("body")
            }
        })?;
        serde_json::from_slice(&bytes).map_err(|_| error::syntax("body"))
    }
}

fn whole(text: &str, name: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| error::value(name))
}

/// A question as it was asked.
#[derive(Default)]
pub(super) struct Said {
    pub(super) filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start: Option<i64>,
    count: Option<i64>,
    only: Vec<String>,
    but: Vec<String>,
}

impl Said {
    /// A question in a body (RFC 7644, 3.4.3).
    pub(super) fn of_body(body: &Value) -> Result<Self> {
        let fields = body.as_object().ok_or_else(|| error::syntax("body"))?;
        let mut said = Self::default();
        for (name, value) in fields {
            let text = || value.as_str().map(str::to_owned).ok_or_else(|| error::value(name));
            let number = || value.as_i64().ok_or_else(|| error::value(name));
            let names = || {
                let all = value.as_array().ok_or_else(|| error::value(name))?;
                let name_of = |one: &Value| one.as_str().map(str::to_owned).ok_or_else(|| error::value(name));
                all.iter().map(name_of).collect::<Result<Vec<String>>>()
            };
            match name.to_ascii_lowercase().as_str() {
                _ if value.is_null() => {}
                "filter" => said.filter = Some(text()?),
                "sortby" => said.sort_by = Some(text()?),
                "sortorder" => said.sort_order = Some(text()?),
                "startindex" => said.start = Some(number()?),
                "count" => said.count = Some(number()?),
                "attributes" => said.only = names()?,
                "excludedattributes" => said.but = names()?,
                _ => {}
            }
        }
        Ok(said)
    }

    /// Which attributes are wanted.
    pub(super) fn choice(self) -> Result<Choice> {
        if self.only.len() + self.but.len() > MOST_NAMES {
            return Err(error::value("attributes"));
        }
        Choice::new(self.only, self.but)
    }

    /// The whole question.
    pub(super) fn search(mut self) -> Result<Search> {
        let descending = match self
            .sort_order
            .take()
            .as_deref()
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(error::value("sortOrder")),
        };
        Ok(Search {
            filter: self.filter.take(),
            sort_by: self.sort_by.take(),
            descending,
            start: self.start.unwrap_or(1),
            count: self.count.unwrap_or(MOST_RESULTS),
            choice: self.choice()?,
        })
    }
}
