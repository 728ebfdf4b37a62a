//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Federation, store};

#[async_trait]
impl Uniter for Federation {
    fn engine(&self) -> &'static str {
        "federation"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some([from, _]) = union.accounts() else {
            return Ok(Vec::new());
        };
        let links = store::link::count(op.conn(), from).await?;
        Ok(vec![United::counted("links", links)])
    }

    /// A link follows where the account that remains has none of that provider; otherwise it ends, and is told with the others. It
    /// ends too where the owner of that account has undone one of that provider last. Whoever comes back from a
    /// provider for the old account at this moment comes in vain.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some([from, into]) = union.accounts() else {
            return Ok(Vec::new());
        };
        for account in [from, into] {
            store::link::lock_account(op.conn(), account).await?;
        }
        store::journey::forget(op.conn(), permit, from).await?;
        let now = op.now();
        let links = store::link::bring(op.conn(), permit, [from, into], now).await?;
        Ok(vec![United::of("links", links)])
    }
}
