//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Entry, Forgotten, Keeper, Kept, Op, Permit, Whom};

use crate::{Scim, store};

#[async_trait]
impl Keeper for Scim {
    fn engine(&self) -> &'static str {
        "scim"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let users = store::user::told(op.conn(), whom.person, most + 1).await?;
        Ok(vec![Kept::of("users", users, most)])
    }

    /// What applications have said of accounts that they look after no more goes. What one looks after is that application's word, which would only
    /// say it again: it stays, and is named.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let gone = store::user::forget_closed(op.conn(), permit, whom.person).await?;
        let mut parts = vec![Forgotten::gone("users", gone)];
        if store::user::is_looked_after(op.conn(), whom.person).await? {
            parts.push(Forgotten::kept("managed"));
        }
        if gone > 0 {
            let entry = Entry::new("scim.users_forgotten", format!("person:{}", whom.person));
            op.record(entry.about(Some(whom.person))).await?;
        }
        Ok(parts)
    }
}
