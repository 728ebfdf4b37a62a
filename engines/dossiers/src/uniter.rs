//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Dossiers, store};

#[async_trait]
impl Uniter for Dossiers {
    fn engine(&self) -> &'static str {
        "dossiers"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let cases = store::kept::count(op.conn(), union).await?;
        Ok(vec![United::counted("cases", cases)])
    }

    /// Cases follow: whose they are, and who has handed them in. What is written in them stays as it was handed in, the old number too.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let cases = store::kept::bring(op.conn(), permit, union).await?;
        Ok(vec![United::of("cases", cases)])
    }
}
