//! The head of the audit trail of each day (dấu niêm phong nhật ký hằng ngày), for everybody to keep: page and API.

use chrono::{DateTime, NaiveDate, Utc};
use db::Page;
use kernel::Result;
use op::audit::{self, Head};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use web::{Answer, Doc, Door, Routes, Visit};

use crate::House;

const ADDRESS: &str = "/niem-phong-nhat-ky";

pub(crate) fn routes() -> Routes<House> {
    Routes::new()
        .get(ADDRESS, Door::Public, show)
        .api_get(
            "/api/v1/audit/heads",
            Door::Public,
            Doc::new(
                "listAuditHeads",
                "audit",
                "The last link of the audit trail at the end of each day, the newest first. Who keeps it can prove later what the trail was.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
}

/// The last link of the audit trail when a day ended.
#[derive(Serialize, JsonSchema)]
struct HeadInfo {
    /// The day, in Vietnam.
    day: NaiveDate,
    /// How many entries the trail had: the position of the link.
    position: i64,
    /// The link: SHA-256, as hex.
    head: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
}

/// A page of them.
#[derive(Serialize, JsonSchema)]
struct HeadPage {
    /// The newest first.
    items: Vec<HeadInfo>,
    /// Cursor of the next page (`?sau=`), if there is one.
    next: Option<String>,
}

async fn heads(visit: &Visit<House>) -> Result<Page<Head>> {
    let mut op = visit.look().await?;
    audit::heads(op.conn(), &visit.page_request()).await
}

async fn show(visit: Visit<House>) -> Answer {
    let page = heads(&visit).await?;
    let next = page
        .next
        .map(|cursor| format!("{ADDRESS}?sau={cursor}"))
        .unwrap_or_default();
    let content = json!({ "rows": page.items, "next": next });
    visit.page("portal/trail.html", content).await
}

async fn list(visit: Visit<House>) -> Result<HeadPage> {
    let page = heads(&visit).await?.map(|head| HeadInfo {
        day: head.day,
        position: head.position,
        head: head.head,
        recorded_at: head.recorded_at,
    });
    Ok(HeadPage {
        items: page.items,
        next: page.next,
    })
}
