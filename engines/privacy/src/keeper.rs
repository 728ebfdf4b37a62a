//! What the engine itself keeps about a person.

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::store;

/// This engine among the keepers.
pub(crate) struct Own {
    pub(crate) vault: vault::Vault,
}

#[async_trait]
impl Keeper for Own {
    fn engine(&self) -> &'static str {
        "privacy"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let requests = store::request::told(op.conn(), &self.vault, whom.person, most + 1).await?;
        let consents = store::consent::told(op.conn(), whom.person, most + 1).await?;
        Ok(vec![
            Kept::of("requests", requests, most),
            Kept::of("consents", consents, most),
        ])
    }

    /// Consents end; that they were given, and requests with their answers, is evidence.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let now = op.now();
        let gone = store::consent::end(op.conn(), permit, whom.person, None, "forgotten", now).await?;
        Ok(vec![Forgotten::gone("consents", gone), Forgotten::kept("requests")])
    }
}
