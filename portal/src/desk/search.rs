//! Looking for a case of one's own agency.

use serde_json::{Value, json};
use web::{Answer, Door, Routes, Visit, address};

use crate::{House, words::Words};

pub(super) fn routes() -> Routes<House> {
    Routes::new().get("/can-bo/tim", Door::Official, search)
}

async fn search(visit: Visit<House>) -> Answer {
    let q = visit
        .query("q")
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect::<String>();
    let mut items = Vec::new();
    let mut next = String::new();
    if !q.is_empty() {
        let mut op = visit.op().await?;
        let page = visit.state.dossiers.search(&mut op, &q, &visit.page_request()).await?;
        op.commit().await?;
        items = page
            .items
            .iter()
            .map(|row| {
                let mut item = json!(row);
                item["procedure"] = json!(Words::new(&visit, &row.app).app("short_name"));
                item
            })
            .collect::<Vec<Value>>();
        next = page
            .next
            .map(|cursor| address("/can-bo/tim", [("q", q.as_str()), ("sau", cursor.as_str())]))
            .unwrap_or_default();
    }
    visit
        .page(
            "portal/desk/search.html",
            json!({ "q": q, "items": items, "next": next }),
        )
        .await
}
