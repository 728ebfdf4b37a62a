//! Whether an account wants e-mail.

use kernel::{AccountId, Result};
use op::Op;

use crate::{Notify, access, store};

impl Notify {
    /// Whether the account gets e-mail where the platform sends any: yes, unless it said no.
    ///
    /// # Errors
    /// `notify.not_found` for anybody but the account.
    pub async fn email_wanted(&self, op: &mut Op, account: AccountId) -> Result<bool> {
        let decision = access::own_box(op.actor(), account);
        op.allow("notify.read", &access::subject(account), decision).await?;
        store::email_wanted(op.conn(), account).await
    }

    /// Switches e-mail on or off.
    ///
    /// # Errors
    /// `notify.not_found` for anybody but the account.
    pub async fn set_email(&self, op: &mut Op, account: AccountId, wanted: bool) -> Result<()> {
        let decision = access::own_box(op.actor(), account);
        let permit = op.allow("notify.prefer", &access::subject(account), decision).await?;
        let now = op.now();
        store::set_email(op.conn(), &permit, account, wanted, now).await
    }
}
