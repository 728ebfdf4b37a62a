//! What the engine itself keeps about a person.

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::store;

/// This engine among the keepers.
pub(crate) struct Own;

#[async_trait]
impl Keeper for Own {
    fn engine(&self) -> &'static str {
        "privacy"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let requests = store::request::told(op.conn(), whom.person, most + 1).await?;
        Ok(vec![Kept::of("requests", requests, most)])
    }

    /// Requests and their answers are evidence.
    async fn forget(&self, _: &mut Op, _: &Permit, _: &Whom) -> Result<Vec<Forgotten>> {
        Ok(vec![Forgotten::kept("requests")])
    }
}
