//! Imports of a register, and one of them.

use db::{Page, PageRequest, cursor};
use kernel::Result;
use op::Op;
use uuid::Uuid;

use super::Import;
use crate::published::Seen;
use crate::store::import::ImportRow;
use crate::{Registry, error, store};

impl Registry {
    /// The imports of a register, the newest first, for whoever may import there.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.not_allowed`, `db.bad_cursor`.
    pub async fn imports(&self, op: &mut Op, register: &str, page: &PageRequest) -> Result<Page<Import>> {
        let (seen, _) = self.importing(op, register).await?;
        let after: Option<Uuid> = page.after.as_deref().map(cursor::decode).transpose()?;
        let rows = store::import::of_register(op.conn(), register, after, page.probe()).await?;
        let cut = Page::cut(rows, page, |row| row.id);
        let items = cut
            .items
            .into_iter()
            .map(|row| Import::of(&seen.published.definition, row))
            .collect::<Result<_>>()?;
        Ok(Page { items, next: cut.next })
    }

    /// One import.
    ///
    /// # Errors
    /// Those of [`Self::imports`], `registry.import_not_found`.
    pub async fn import(&self, op: &mut Op, register: &str, id: Uuid) -> Result<Import> {
        let (seen, row) = self.import_row(op, register, id).await?;
        Import::of(&seen.published.definition, row)
    }

    pub(super) async fn import_row(&self, op: &mut Op, register: &str, id: Uuid) -> Result<(Seen, ImportRow)> {
        let (seen, _) = self.importing(op, register).await?;
        let row = store::import::get(op.conn(), id)
            .await?
            .filter(|row| row.register == register)
            .ok_or_else(error::import_not_found)?;
        Ok((seen, row))
    }
}
