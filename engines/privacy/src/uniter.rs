//! What follows a person whose two accounts become one (gộp tài khoản).

use async_trait::async_trait;
use kernel::Result;
use op::{Op, Permit, Union, United, Uniter};

use crate::{Privacy, store};

#[async_trait]
impl Uniter for Privacy {
    fn engine(&self) -> &'static str {
        "privacy"
    }

    async fn count(&self, op: &mut Op, _: &Permit, union: &Union) -> Result<Vec<United>> {
        let [requests, consents, bounds] = store::united::count(op.conn(), union).await?;
        Ok(vec![
            United::counted("requests", requests),
            United::counted("consents", consents),
            United::counted("bounds", bounds),
        ])
    }

    /// The stricter wins: what one of the two has asked not to be done is not done, and a consent that one of them has withdrawn is withdrawn. Requests keep
    /// their numbers and days.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let now = op.now();
        let [requests, consents, bounds] = store::united::bring(op.conn(), permit, union, now).await?;
        Ok(vec![
            United::of("requests", requests),
            United::of("consents", consents),
            United::of("bounds", bounds),
        ])
    }
}
