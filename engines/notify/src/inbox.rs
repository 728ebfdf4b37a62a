//! The box: what is in it, how much is new, and marking read.

use db::{Page, PageRequest};
use kernel::{AccountId, Fault, MessageId, Result};
use op::Op;
use sqlx::PgConnection;

use crate::{Delivery, MessageView, Notify, Which, access, store};

impl Notify {
    /// The messages of an account, newest first.
    ///
    /// # Errors
    /// `notify.not_found` for anybody but the account; `db.bad_cursor`.
    pub async fn box_page(&self, op: &mut Op, account: AccountId, request: PageRequest) -> Result<Page<MessageView>> {
        let decision = access::own_box(op.actor(), account);
        op.allow("notify.read", &access::subject(account), decision).await?;
        let rows = store::page(op.conn(), &self.vault, account, &request).await?;
        Ok(Page::cut(rows, &request, |view| (view.created_at, view.id)))
    }

    /// How many messages of an account are unread. For the badge in the frame of every page, so it asks no permission, because a
    /// number tells nothing, and no operation, because that is two more questions to the database a page.
    pub async fn unread(&self, connection: &mut PgConnection, account: AccountId) -> Result<u32> {
        store::unread(connection, account).await
    }

    /// Marks one or all messages of an account read. Returns how many were unread before.
    ///
    /// # Errors
    /// `notify.not_found` for anybody but the account, and for a message that is not in its box.
    pub async fn mark_read(&self, op: &mut Op, account: AccountId, which: Which) -> Result<u32> {
        let decision = access::own_box(op.actor(), account);
        let permit = op
            .allow("notify.mark_read", &access::subject(account), decision)
            .await?;
        let now = op.now();
        match which {
            Which::All => store::mark_all(op.conn(), &permit, account, now).await,
            Which::One(id) => store::mark_one(op.conn(), &permit, account, id, now)
                .await?
                .ok_or_else(|| Fault::not_found("notify.not_found")),
        }
    }

    /// How the e-mail of a message fares; `None` if none was ordered.
    pub async fn delivery(&self, op: &mut Op, message: MessageId) -> Result<Option<Delivery>> {
        store::delivery(op.conn(), message).await
    }
}
