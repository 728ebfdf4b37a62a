//! The JSON API. Signing in itself goes through a browser: the portal draws its pages.

use axum::http::Method;
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Routes, Site, Visit};

use crate::{Federation, LinkView, ProviderView};

/// A body without fields.
#[derive(Deserialize, JsonSchema)]
pub struct Nothing {}

/// A link was taken away.
#[derive(Serialize, JsonSchema)]
pub struct Unlinked {
    /// Always true; a failure is a problem document.
    pub unlinked: bool,
}

/// The routes of the engine.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Federation> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, "federation", summary);
    Routes::new()
        .api_get(
            "/api/v1/sign-in/providers",
            Door::Public,
            doc(
                "listProviders",
                "The other providers of identity by which people can sign in, in a browser.",
            ),
            providers,
        )
        .api_get(
            "/api/v1/me/providers",
            Door::SignedIn,
            doc(
                "listLinks",
                "The providers, and since when the account is linked with them.",
            ),
            links,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/me/providers/{provider}",
            Door::SignedIn,
            doc(
                "unlinkProvider",
                "Takes a way in away; the other sessions that it has opened end.",
            ),
            unlink,
        )
}

async fn providers<S: AsRef<Federation>>(visit: Visit<S>) -> Result<Vec<ProviderView>> {
    Ok(visit.state.as_ref().providers())
}

async fn links<S>(visit: Visit<S>) -> Result<Vec<LinkView>>
where
    S: AsRef<Site> + AsRef<Federation>,
{
    let mut op = visit.look().await?;
    let engine: &Federation = visit.state.as_ref();
    engine.links(&mut op).await
}

async fn unlink<S>(visit: Visit<S>, _: Nothing) -> Result<Unlinked>
where
    S: AsRef<Site> + AsRef<Federation>,
{
    let mut op = visit.op().await?;
    let engine: &Federation = visit.state.as_ref();
    engine.unlink(&mut op, visit.param("provider"), visit.session).await?;
    op.commit().await?;
    Ok(Unlinked { unlinked: true })
}
