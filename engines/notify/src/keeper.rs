//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Notify, store};

#[async_trait]
impl Keeper for Notify {
    fn engine(&self) -> &'static str {
        "notify"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        let messages = store::told_messages(op.conn(), &self.vault, account, most + 1).await?;
        let preferences = store::told_preferences(op.conn(), account).await?;
        Ok(vec![
            Kept::of("messages", messages, most),
            Kept::of("preferences", preferences, most),
        ])
    }

    /// Messages that were read go, and what was chosen. What nobody has read yet tells of something that still runs.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        let messages = store::forget_read(op.conn(), permit, account).await?;
        let preferences = store::forget_preferences(op.conn(), permit, account).await?;
        Ok(vec![
            Forgotten::gone("messages", messages),
            Forgotten::gone("preferences", preferences),
        ])
    }
}
