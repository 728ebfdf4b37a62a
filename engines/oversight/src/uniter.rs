//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Oversight, store};

#[async_trait]
impl Uniter for Oversight {
    fn engine(&self) -> &'static str {
        "oversight"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let [lines, reports] = store::united::count(op.conn(), union).await?;
        Ok(vec![
            United::counted("reviews", lines),
            United::counted("reports", reports),
        ])
    }

    /// What was said of somebody who held an office before, and what they reported, is theirs to read.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let [lines, reports] = store::united::bring(op.conn(), permit, union).await?;
        Ok(vec![United::of("reviews", lines), United::of("reports", reports)])
    }
}
