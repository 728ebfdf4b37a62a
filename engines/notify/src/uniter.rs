//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Notify, store};

#[async_trait]
impl Uniter for Notify {
    fn engine(&self) -> &'static str {
        "notify"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some([from, _]) = union.accounts() else {
            return Ok(Vec::new());
        };
        let messages = store::count_messages(op.conn(), from).await?;
        Ok(vec![United::counted("messages", messages)])
    }

    /// Messages follow, read or not; what was chosen follows where the account that remains has chosen nothing.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some(accounts) = union.accounts() else {
            return Ok(Vec::new());
        };
        let messages = store::bring_messages(op.conn(), permit, accounts).await?;
        store::bring_preferences(op.conn(), permit, accounts).await?;
        Ok(vec![United::of("messages", messages)])
    }
}
