//! What the engine keeps about a person: what reviews said of their roles, and what they reported.

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Oversight, store};

#[async_trait]
impl Keeper for Oversight {
    fn engine(&self) -> &'static str {
        "oversight"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let lines = store::review::told(op.conn(), whom.person, most + 1).await?;
        let mut parts = vec![Kept::of("reviews", lines, most)];
        if let Some(account) = whom.account {
            let reports = store::report::told(op.conn(), account, most + 1).await?;
            parts.push(Kept::of("reports", reports, most));
        }
        Ok(parts)
    }

    /// Nothing goes: it is evidence of how rights were watched over.
    async fn forget(&self, _: &mut Op, _: &Permit, _: &Whom) -> Result<Vec<Forgotten>> {
        Ok(vec![Forgotten::kept("reviews"), Forgotten::kept("reports")])
    }
}
