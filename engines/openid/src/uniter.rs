//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::model::End;
use crate::{Openid, store};

#[async_trait]
impl Uniter for Openid {
    fn engine(&self) -> &'static str {
        "openid"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let Some([from, _]) = union.accounts() else {
            return Ok(Vec::new());
        };
        let [consents, sign_ins] = store::kept::count(op.conn(), from).await?;
        Ok(vec![
            United::counted("consents", consents),
            United::counted("sign_ins", sign_ins),
        ])
    }

    /// What the old account has allowed applications ends, and so does every sign-in: an application knows the account by its number, and whoever remains
    /// allows anew. That it was allowed is the person's evidence and follows.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let now = op.now();
        let Some(accounts) = union.accounts() else {
            // The account follows as it is; of whom it is stands beside it.
            store::kept::bring_person(op.conn(), permit, union).await?;
            return Ok(Vec::new());
        };
        store::authorisation::end_everything(op.conn(), accounts[0], End::AccountSecured, now).await?;
        let [consents, sign_ins] = store::kept::bring(op.conn(), permit, union, accounts, now).await?;
        Ok(vec![United::of("consents", consents), United::of("sign_ins", sign_ins)])
    }
}
