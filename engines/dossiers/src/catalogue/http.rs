//! The catalogue in the JSON API.

use kernel::Result;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Doc, Door, Routes, Site, Visit};

use super::{Catalogue, FieldCount, ProcedureCard, ProcedureQuery, ProcedureView};

/// A page of procedures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProcedureList {
    /// The procedures, best first.
    pub items: Vec<ProcedureCard>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// Fields of work.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldList {
    /// In Vietnamese order.
    pub items: Vec<FieldCount>,
}

/// Reads the question from the address: `q`, `linh-vuc`, `cap`, `doi-tuong`, `truc-tuyen=1`, `sau`, `so`.
pub fn query_of<S: AsRef<Site>>(visit: &Visit<S>) -> ProcedureQuery {
    ProcedureQuery {
        text: visit.query("q").map(|text| text.chars().take(200).collect()),
        field: visit.query("linh-vuc").map(ToString::to_string),
        level: visit.query("cap").and_then(|key| key.parse().ok()),
        audience: visit.query("doi-tuong").and_then(|key| key.parse().ok()),
        online_only: visit.query("truc-tuyen") == Some("1"),
        page: Some(visit.page_request()),
    }
}

/// `GET /api/v1/procedures`, `/api/v1/procedures/{code}`, `/api/v1/procedure-fields`.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/procedures",
            Door::Public,
            Doc::new(
                "searchProcedures",
                "procedures",
                "Finds administrative procedures, with or without tones.",
            )
            .with_query(&["q", "linh-vuc", "cap", "doi-tuong", "truc-tuyen", "sau", "so"]),
            list,
        )
        .api_get(
            "/api/v1/procedures/{code}",
            Door::Public,
            Doc::new(
                "getProcedure",
                "procedures",
                "Everything known about one administrative procedure.",
            ),
            show,
        )
        .api_get(
            "/api/v1/procedure-fields",
            Door::Public,
            Doc::new(
                "listProcedureFields",
                "procedures",
                "Fields of work with the number of their procedures.",
            ),
            fields,
        )
}

async fn list<S: AsRef<Site>>(visit: Visit<S>) -> Result<ProcedureList> {
    let mut op = visit.look().await?;
    let page = Catalogue.search_procedures(&mut op, &query_of(&visit)).await?;
    Ok(ProcedureList {
        items: page.items,
        next: page.next,
    })
}

async fn show<S: AsRef<Site>>(visit: Visit<S>) -> Result<ProcedureView> {
    let mut op = visit.look().await?;
    Catalogue.procedure(&mut op, visit.param("code")).await
}

async fn fields<S: AsRef<Site>>(visit: Visit<S>) -> Result<FieldList> {
    let mut op = visit.look().await?;
    Ok(FieldList {
        items: Catalogue.fields(&mut op).await?,
    })
}
