//! Who has looked at one's own data (ai đã xem dữ liệu của tôi).

use db::{Page, PageRequest};
use kernel::Result;
use op::{Op, audit};

use crate::{Identity, error};

impl Identity {
    /// Who has looked at the data of the person who asks, for what and from which position, the newest first: their record, their
    /// dossiers, the papers in them. An entry is there as soon as what was read has been shown.
    pub async fn looks_at_me(&self, op: &mut Op, request: &PageRequest) -> Result<Page<audit::Look>> {
        let person = op.actor().person().ok_or_else(error::sign_in_again)?;
        audit::about(op.conn(), person, request).await
    }
}
