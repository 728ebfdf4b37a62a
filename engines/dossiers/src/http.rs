//! The JSON API of cases: everything that a page can do with them. Pages are drawn by the portal.

mod bodies;
mod citizen;
mod desk;
mod download;
mod lists;
mod public;
mod submit_whole;
mod upload;

use db::{Page, PageRequest};
use kernel::{DossierId, Result};
use op::Op;
use schemars::JsonSchema;
use serde::Serialize;
use web::{Routes, Site, Visit};

use crate::Dossiers;

pub use bodies::{
    ActRequest, ApologyRequest, ApplicantAnswer, ApplicantRequest, AssignRequest, Changed, Confirmation, Empty,
    PaymentRequest, RatingRequest, SupplyRequest, WithdrawalRequest,
};
pub use submit_whole::WholeDossier;
pub use upload::{Removed, Uploaded};

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Page_of_{T}")]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Cursor of the next page, for `sau`; none on the last one.
    pub next: Option<String>,
}

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            items: page.items,
            next: page.next,
        }
    }
}

/// All routes of cases. Those of the catalogue are in [`crate::catalogue::http`].
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Dossiers> + Clone + Send + Sync + 'static,
{
    public::routes()
        .merge(citizen::routes())
        .merge(desk::routes())
        .merge(lists::routes())
        .merge(upload::routes())
        .merge(submit_whole::routes())
        .merge(download::routes())
}

fn engine<S: AsRef<Dossiers>>(visit: &Visit<S>) -> &Dossiers {
    visit.state.as_ref()
}

fn page_request<S: AsRef<Site>>(visit: &Visit<S>) -> PageRequest {
    visit.page_request()
}

/// Commits, and says how the case stands after the change.
async fn changed(dossiers: &Dossiers, mut op: Op, id: DossierId) -> Result<Changed> {
    let row = dossiers.hold(&mut op, id).await?;
    op.commit().await?;
    Ok(Changed {
        id: row.id,
        code: row.code,
        status: row.state.status,
        plain: row.state.status.plain(),
        version: row.version,
    })
}
