//! Privileged accounts in which nobody comes in (tài khoản đặc quyền không hoạt động, R045): told, then suspended.

use chrono::{DateTime, TimeDelta, Utc};
use db::PageRequest;
use identity::AccountFilter;
use kernel::{AccountId, Result};
use notify::Message;
use op::Op;

use crate::{Oversight, access};

/// Accounts in one look.
const BATCH: u32 = 200;

impl Oversight {
    /// Tells owners of dormant privileged accounts, and suspends those who were told long enough ago and have not come since. The last one who can sign in with a
    /// role that a province cannot be without is left, and those who watch are told. By the platform, once a day.
    pub(crate) async fn keep_watch_over_accounts(&self, op: &mut Op) -> Result<()> {
        op.allow("oversight.keep_watch", "account:dormant", access::by_rule(op.actor()))
            .await?;
        let declared = &self.parts.declaration;
        let now = op.now();
        let since = now - TimeDelta::days(i64::from(declared.dormant_days));
        let notice = TimeDelta::days(i64::from(declared.notice_days));
        let mut after = None;
        loop {
            let request = PageRequest::new(after, Some(BATCH));
            let page = self
                .parts
                .identity
                .accounts(op, "", AccountFilter::Dormant(since), &request)
                .await?;
            for row in page.items.iter().filter(|row| row.privileged) {
                let warned = self.parts.identity.warned_of_dormancy(op, row.id, since).await?;
                match warned {
                    None => {
                        self.parts.identity.warn_of_dormancy(op, row.id).await?;
                        let day = kernel::local(now + notice).format("%d/%m/%Y").to_string();
                        let message = Message::new(row.id, "account_dormant", "/tai-khoan")
                            .with("days", declared.dormant_days)
                            .with("day", day);
                        self.parts.notify.send(op, message).await?;
                    }
                    Some(at) if at + notice <= now => {
                        self.suspend_unless_last(op, row.id, (since, at)).await?;
                    }
                    Some(_) => {}
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    async fn suspend_unless_last(
        &self,
        op: &mut Op,
        account: AccountId,
        (since, warned): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<()> {
        match self.parts.identity.suspend_dormant(op, account, since).await {
            Err(fault) if fault.code == "identity.last_of_role" => {
                let mut told = self.watchers(op, "oversight.review_report").await?;
                told.insert(account);
                self.tell(op, told, |to| {
                    Message::new(to, "account_dormant_kept", format!("/can-bo/tai-khoan/{account}"))
                        .once(format!("account_dormant_kept:{account}:{}", warned.timestamp()))
                })
                .await
            }
            done => done.map(|_| ()),
        }
    }
}
