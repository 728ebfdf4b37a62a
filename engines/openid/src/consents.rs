//! What a person has allowed, and taking it back.

use kernel::Result;
use op::{Entry, Op};
use serde_json::json;

use crate::model::{self, ConsentView, End};
use crate::{Openid, access, error, store};

impl Openid {
    /// The applications that the actor has allowed to learn something, the newest first.
    pub async fn consents(&self, op: &mut Op) -> Result<Vec<ConsentView>> {
        let account = op.actor().account().ok_or_else(error::not_allowed)?;
        store::consent::of_account(op.conn(), account).await
    }

    /// Takes a consent back: the application learns nothing more, and its sign-ins end. A second time nothing happens.
    pub async fn withdraw_consent(&self, op: &mut Op, client: &str) -> Result<()> {
        let account = op.actor().account().ok_or_else(error::not_allowed)?;
        let subject = model::subject(client);
        let permit = op
            .allow(
                "openid.withdraw_consent",
                &subject,
                access::act_for(op.actor(), account),
            )
            .await?;
        let now = op.now();
        let before = store::consent::end(op.conn(), &permit, account, client, "withdrawn", now).await?;
        if before.is_none() {
            return Ok(());
        }
        let ended =
            store::authorisation::end_of_account(op.conn(), &permit, account, client, End::ConsentWithdrawn, now)
                .await?;
        op.record(Entry::new("openid.consent_withdrawn", subject).detail(json!({ "ended": ended })))
            .await
    }
}
