//! The feed of changes.

use chrono::{DateTime, Utc};
use kernel::Result;
use openid::Openid;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use web::{Method, Site, Visit};

use super::asker::{READ_SCOPE, asker};
use super::read::page_request;
use super::register;
use crate::{Registry, Since};

/// Something that has happened to a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeAnswer {
    /// The record.
    pub record: Uuid,
    /// `created`, `changed`, `corrected`, `ended` or `merged`.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The record that remains, where this one was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub into: Option<Uuid>,
}

/// A page of the feed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeList {
    /// What has happened, in the order in which it became known.
    pub items: Vec<ChangeAnswer>,
    /// For `since`, now or later.
    pub next: String,
    /// Whether there is more already.
    pub more: bool,
}

pub(super) async fn list<S>(mut visit: Visit<S>) -> Result<ChangeList>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry = asker(&mut visit, &Method::GET, READ_SCOPE).await?.registry;
    let since = match visit.query("since") {
        None => Since::Beginning,
        Some("now") => Since::Now,
        Some(cursor) => Since::Cursor(cursor.to_owned()),
    };
    let limit = page_request(&visit)?.limit;
    let mut op = visit.look().await?;
    let feed = registry.changes(&mut op, &register(&visit), since, limit).await?;
    let answer = |followed: crate::Followed| ChangeAnswer {
        record: followed.record,
        kind: followed.kind,
        at: followed.at,
        into: followed.into,
    };
    Ok(ChangeList {
        items: feed.items.into_iter().map(answer).collect(),
        next: feed.next,
        more: feed.more,
    })
}
