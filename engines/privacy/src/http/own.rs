//! What a person does about their data.

use identity::PersonField;
use kernel::Result;
use schemars::JsonSchema;
use serde::Deserialize;
use web::{Doc, Door, Routes, Site, Visit};

use super::{Nothing, RequestAnswer, RequestList, TAG, engine};
use crate::extract::ExtractAnswer;
use crate::model::Kind;
use crate::{NewRequest, Privacy};

/// A request to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// What is asked.
    pub kind: Kind,
    /// In the person's words.
    #[serde(default)]
    pub details: String,
    /// Of a correction: `[field, value]`; an empty value clears the field.
    #[serde(default)]
    pub wishes: Vec<(PersonField, String)>,
    /// Of an objection: the purposes; none named: all to which one can object.
    #[serde(default)]
    pub purposes: Vec<String>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Privacy> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/data-requests",
            Door::SignedIn,
            Doc::new(
                "listDataRequests",
                TAG,
                "One's own requests about one's data, the newest first.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
        .api_post(
            "/api/v1/data-requests",
            Door::SignedIn,
            Doc::new(
                "askAboutData",
                TAG,
                "Makes a request about one's data. The same once more gives the one that is open.",
            )
            .created(),
            ask,
        )
        .api_get(
            "/api/v1/data-requests/{id}",
            Door::SignedIn,
            Doc::new(
                "getDataRequest",
                TAG,
                "One request with its history, for its person and for those who handle it.",
            ),
            show,
        )
        .api_post(
            "/api/v1/data-requests/{id}/withdrawal",
            Door::SignedIn,
            Doc::new("withdrawDataRequest", TAG, "Takes an open request back."),
            withdraw,
        )
        .api_post(
            "/api/v1/data-requests/{id}/lifting",
            Door::SignedIn,
            Doc::new(
                "liftDataRequest",
                TAG,
                "Takes back what came of one's granted restriction or objection.",
            ),
            lift,
        )
        .api_get(
            "/api/v1/my-data",
            Door::SignedIn,
            Doc::new(
                "extractMyData",
                TAG,
                "Everything that the platform keeps about the person, after they have shown once more who they are.",
            ),
            extract,
        )
}

async fn list<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<RequestList> {
    let mut op = visit.look().await?;
    let page = engine(&visit).mine(&mut op, &visit.page_request()).await?;
    Ok(RequestList {
        items: page.items.into_iter().map(RequestAnswer::from).collect(),
        next: page.next,
    })
}

async fn ask<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: AskBody) -> Result<RequestAnswer> {
    let new = NewRequest {
        kind: body.kind,
        details: body.details,
        wishes: body.wishes,
        purposes: body.purposes,
    };
    let mut op = visit.op().await?;
    let id = engine(&visit).ask(&mut op, new).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn show<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<RequestAnswer> {
    let mut op = visit.op().await?;
    let detail = engine(&visit).request(&mut op, visit.parse_param("id")?).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn withdraw<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, _: Nothing) -> Result<RequestAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).withdraw(&mut op, id).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn lift<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, _: Nothing) -> Result<RequestAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).lift(&mut op, id).await?;
    let detail = engine(&visit).request(&mut op, id).await?;
    op.commit().await?;
    Ok(detail.into())
}

async fn extract<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<ExtractAnswer> {
    let mut op = visit.op().await?;
    let extract = engine(&visit).extract(&mut op).await?;
    op.commit().await?;
    Ok(extract.into())
}
