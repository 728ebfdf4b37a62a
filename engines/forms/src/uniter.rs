//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Forms, store};

#[async_trait]
impl Uniter for Forms {
    fn engine(&self) -> &'static str {
        "forms"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some([from, _]) = union.accounts() else {
            return Ok(Vec::new());
        };
        let drafts = store::draft::count_of_citizen(op.conn(), from).await?;
        Ok(vec![United::counted("drafts", drafts)])
    }

    /// Drafts of the person follow, with their files, those for others for whom they act too. Whoever hands one in at this moment is done first, or finds it
    /// gone. Drafts at the counter are work, and stay with whoever took them in.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some(accounts) = union.accounts() else {
            return Ok(Vec::new());
        };
        let drafts = store::draft::bring(op.conn(), permit, accounts).await?;
        Ok(vec![United::of("drafts", drafts)])
    }
}
