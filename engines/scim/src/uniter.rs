//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Scim, error, store};

#[async_trait]
impl Uniter for Scim {
    fn engine(&self) -> &'static str {
        "scim"
    }

    /// An account that an application looks after is that application's to end. Fails with `scim.looked_after`.
    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        if store::user::is_looked_after(op.conn(), union.from.person).await? {
            return Err(error::looked_after());
        }
        Ok(Vec::new())
    }

    /// What applications said of an account that they look after no more is the person's, and follows.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let users = store::user::bring(op.conn(), permit, union).await?;
        Ok(vec![United::of("users", users)])
    }
}
