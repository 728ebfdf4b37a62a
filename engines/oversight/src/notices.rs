//! Who is told what. Messages name a day, a number of things and a page; no reasons, no roles of anybody.

use std::collections::BTreeSet;

use kernel::{AccountId, AgencyId, Result};
use notify::Message;
use op::Op;

use crate::Oversight;

/// Officials of one role who are told; a province has a handful.
const MOST_OFFICIALS: u32 = 50;

impl Oversight {
    /// Everybody who holds one of the roles that may do this everywhere.
    pub(crate) async fn watchers(&self, op: &mut Op, action: &str) -> Result<BTreeSet<AccountId>> {
        let mut found = BTreeSet::new();
        for role in self.parts.identity.roles_with(action, op::Scope::Province) {
            let officials = self.parts.identity.officials_with(op, &role, MOST_OFFICIALS).await?;
            found.extend(officials.into_iter().filter_map(|official| official.account));
        }
        Ok(found)
    }

    /// Everybody of an agency who may do this there.
    pub(crate) async fn heads(&self, op: &mut Op, agency: AgencyId, action: &str) -> Result<BTreeSet<AccountId>> {
        let mut found = BTreeSet::new();
        for role in self.parts.identity.roles_with(action, op::Scope::Agency) {
            let officials = self.parts.identity.officials(op, agency, Some(&role)).await?;
            found.extend(officials.into_iter().filter_map(|official| official.account));
        }
        Ok(found)
    }

    pub(crate) async fn tell(
        &self,
        op: &mut Op,
        to: impl IntoIterator<Item = AccountId>,
        make: impl Fn(AccountId) -> Message,
    ) -> Result<()> {
        for account in to {
            self.parts.notify.send(op, make(account)).await?;
        }
        Ok(())
    }
}
