//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Registry, store};

const PARTS: [&str; 4] = ["proposals", "bulks", "imports", "drafts"];

#[async_trait]
impl Uniter for Registry {
    fn engine(&self) -> &'static str {
        "registry"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let counts = store::united::count(op.conn(), union).await?;
        let parts = PARTS.iter().zip(counts);
        Ok(parts.map(|(what, count)| United::counted(what, count)).collect())
    }

    /// What somebody has proposed under their old number stays their own: nobody approves it under the new one.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let counts = store::united::bring(op.conn(), permit, union).await?;
        let parts = PARTS.iter().zip(counts);
        Ok(parts.map(|(what, count)| United::of(what, count)).collect())
    }
}
