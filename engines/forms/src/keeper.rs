//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Forms, store};

/// The holder of drafts that somebody fills in for themself, and the beginning of that of drafts for others for whom they act; those at the counter are
/// work, and about others.
fn holder(whom: &Whom) -> Option<String> {
    whom.account.map(|account| format!("citizen:{account}"))
}

#[async_trait]
impl Keeper for Forms {
    fn engine(&self) -> &'static str {
        "forms"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let Some(holder) = holder(whom) else {
            return Ok(Vec::new());
        };
        let drafts = store::draft::told(op.conn(), self.vault(), &holder, most + 1).await?;
        Ok(vec![Kept::of("drafts", drafts, most)])
    }

    /// Every open draft goes, with its answers and files.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let Some(holder) = holder(whom) else {
            return Ok(Vec::new());
        };
        let drafts = store::draft::lock_open(op.conn(), &holder).await?;
        for draft in &drafts {
            self.remove(op, permit, draft, "forgotten").await?;
        }
        let gone = u64::try_from(drafts.len()).unwrap_or(u64::MAX);
        Ok(vec![Forgotten::gone("drafts", gone)])
    }
}
