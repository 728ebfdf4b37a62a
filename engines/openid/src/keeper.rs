//! What is kept here about a person, told and forgotten for the person (quyền của chủ thể dữ liệu).

use async_trait::async_trait;
use kernel::Result;
use op::{Entry, Forgotten, Keeper, Kept, Op, Permit, Whom};
use serde_json::json;

use crate::model::{End, subject};
use crate::{Openid, store};

#[async_trait]
impl Keeper for Openid {
    fn engine(&self) -> &'static str {
        "openid"
    }

    async fn tell(&self, op: &mut Op, _: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        let consents = store::kept::consents(op.conn(), account, most + 1).await?;
        let sign_ins = store::kept::sign_ins(op.conn(), account, most + 1).await?;
        Ok(vec![
            Kept::of("consents", consents, most),
            Kept::of("sign_ins", sign_ins, most),
        ])
    }

    /// Consents end, and with them the sign-ins that they allowed. Those that have ended stay: they are evidence.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let Some(account) = whom.account else {
            return Ok(Vec::new());
        };
        let now = op.now();
        let mut gone = 0;
        for consent in store::consent::of_account(op.conn(), account).await? {
            let client = &consent.client;
            let before = store::consent::end(op.conn(), permit, account, client, "withdrawn", now).await?;
            if before.is_none() {
                continue;
            }
            gone += 1;
            let ended =
                store::authorisation::end_of_account(op.conn(), permit, account, client, End::ConsentWithdrawn, now)
                    .await?;
            let entry = Entry::new("openid.consent_withdrawn", subject(client)).detail(json!({ "ended": ended }));
            op.record(entry.about(Some(whom.person))).await?;
        }
        Ok(vec![Forgotten::gone("consents", gone), Forgotten::kept("sign_ins")])
    }
}
