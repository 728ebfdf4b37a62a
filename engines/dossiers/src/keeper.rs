//! What is kept here about a person, told for the person (quyền của chủ thể dữ liệu). The law keeps cases; nothing of them goes.

use async_trait::async_trait;
use kernel::Result;
use op::{Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Dossiers, store};

#[async_trait]
impl Keeper for Dossiers {
    fn engine(&self) -> &'static str {
        "dossiers"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let cases = store::kept::cases(op.conn(), self.vault(), whom.person, most + 1).await?;
        Ok(vec![Kept::of("cases", cases, most)])
    }

    async fn forget(&self, _: &mut Op, _: &Permit, _: &Whom) -> Result<Vec<Forgotten>> {
        Ok(vec![Forgotten::kept("cases")])
    }
}
