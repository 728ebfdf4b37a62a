//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Entry, Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Federation, store};

#[async_trait]
impl Keeper for Federation {
    fn engine(&self) -> &'static str {
        "federation"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        let links = store::link::told(op.conn(), account, most + 1).await?;
        Ok(vec![Kept::of("links", links, most)])
    }

    /// Links go, with the number by which a provider calls the person: those that have ended, and those in force unless nothing else opens the
    /// account. Whoever signs in by the provider again is asked as a stranger is.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        store::link::lock_account(op.conn(), account).await?;
        let living = !store::link::of_account(op.conn(), account).await?.is_empty();
        let opens = self.identity.ways_of(op, account).await?.any();
        let gone = store::link::forget(op.conn(), permit, account, opens).await?;
        let mut parts = vec![Forgotten::gone("links", gone)];
        if living && !opens {
            parts.push(Forgotten::kept("ways"));
        }
        if gone > 0 {
            let entry = Entry::new("federation.links_forgotten", format!("account:{account}"));
            op.record(entry.about(Some(whom.person))).await?;
        }
        Ok(parts)
    }
}
