//! The inbox of an official: the work of their agency and roles.

use db::{Page, PageRequest};
use kernel::{Result, text};
use op::Op;

use super::official;
use crate::views::{InboxCounts, InboxFilter, InboxRow};
use crate::{Dossiers, store};

/// More words than this in a question do not find more.
const MOST_TERMS: usize = 12;

impl Dossiers {
    /// A page of one of the official's boxes, the most urgent first. Fails with `dossiers.not_allowed` for others.
    pub async fn inbox(&self, op: &mut Op, filter: &InboxFilter, request: &PageRequest) -> Result<Page<InboxRow>> {
        let reader = official(op, "dossiers.inbox", "inbox").await?;
        let terms = terms(filter.q.as_deref().unwrap_or_default());
        let after = request.after.as_deref().map(db::cursor::decode).transpose()?;
        let now = op.now();
        let rows = store::read_work::inbox(op.conn(), &reader, filter, &terms, after, request.probe(), now).await?;
        Ok(Page::cut(rows, request, |placed| placed.place).map(|placed| placed.row))
    }

    /// How much there is in the official's boxes. Fails with `dossiers.not_allowed` for others.
    pub async fn inbox_counts(&self, op: &mut Op) -> Result<InboxCounts> {
        let reader = official(op, "dossiers.inbox", "inbox").await?;
        let now = op.now();
        store::read_work::counts(op.conn(), &reader, now).await
    }
}

/// The words of a question, without tones.
pub(super) fn terms(question: &str) -> Vec<String> {
    let mut terms = text::search_terms(question);
    terms.truncate(MOST_TERMS);
    terms
}
