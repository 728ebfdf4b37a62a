//! Looking for a procedure.

use db::{Page, PageRequest};
use kernel::{Result, text};
use op::Op;

use super::{Catalogue, FieldCount, Level, ProcedureCard, ProcedureQuery, store};

impl Catalogue {
    /// Procedures that answer a question, the best first: those that can be done online here, then those whose name holds the words
    /// as they were typed, then by rank and code. Without words: online first, then by code.
    pub async fn search_procedures(&self, op: &mut Op, query: &ProcedureQuery) -> Result<Page<ProcedureCard>> {
        let request = query.page.clone().unwrap_or_else(PageRequest::first);
        let after = request
            .after
            .as_deref()
            .map(db::cursor::decode::<store::Place>)
            .transpose()?;
        let terms = text::search_terms(query.text.as_deref().unwrap_or_default());
        let found = store::search(op.conn(), query, &terms, after.as_ref(), request.probe()).await?;
        Ok(Page::cut(found, &request, store::Found::place).map(store::Found::into_card))
    }

    /// How many procedures answer a question.
    pub async fn count_procedures(&self, op: &mut Op, query: &ProcedureQuery) -> Result<i64> {
        let terms = text::search_terms(query.text.as_deref().unwrap_or_default());
        store::count(op.conn(), query, &terms).await
    }

    /// The fields of work that have procedures at this level.
    pub async fn fields_at(&self, op: &mut Op, level: Level) -> Result<Vec<FieldCount>> {
        store::fields_at(op.conn(), level.key()).await
    }

    /// All fields of work with the number of their procedures, in Vietnamese order.
    pub async fn fields(&self, op: &mut Op) -> Result<Vec<FieldCount>> {
        let mut fields = store::fields(op.conn()).await?;
        fields.sort_by_cached_key(|row| text::collation_key(&row.field));
        Ok(fields)
    }
}
