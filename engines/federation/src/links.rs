//! One's own links: seen, and taken away.

use chrono::{DateTime, Utc};
use kernel::{Result, SessionId};
use op::{Entry, Event, Op};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::definition::{ClaimSet, Provider};
use crate::store::link::End;
use crate::{Federation, access, error, store};

/// A provider as people may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProviderView {
    /// Its key.
    pub key: String,
    /// Which provider it is.
    pub set: ClaimSet,
    /// It is a simulator.
    pub simulator: bool,
}

impl ProviderView {
    pub(crate) fn of(provider: &Provider) -> Self {
        Self {
            key: provider.key.clone(),
            set: provider.set,
            simulator: provider.simulator,
        }
    }
}

/// A provider, and whether one's account is linked with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LinkView {
    /// The provider.
    pub provider: ProviderView,
    /// Since when it is linked; none: it is not.
    pub linked_at: Option<DateTime<Utc>>,
    /// When somebody last signed in by it.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Federation {
    /// All providers, and whether the actor's account is linked with them.
    pub async fn links(&self, op: &mut Op) -> Result<Vec<LinkView>> {
        let account = op.actor().account().ok_or_else(error::not_allowed)?;
        let rows = store::link::of_account(op.conn(), account).await?;
        let view = |provider: &Provider| {
            let row = rows.iter().find(|row| row.provider == provider.key);
            LinkView {
                provider: ProviderView::of(provider),
                linked_at: row.map(|row| row.linked_at),
                last_used_at: row.map(|row| row.last_used_at),
            }
        };
        Ok(self.config.providers.iter().map(view).collect())
    }

    /// Takes a way into the actor's account away: nobody comes in by it until the owner links it anew, and the sessions that it has opened end, all but
    /// the one in which this is said. Fails with `federation.link_not_found`, and with `federation.last_way` where nothing else opens the account.
    pub async fn unlink(&self, op: &mut Op, provider: &str, here: Option<SessionId>) -> Result<()> {
        let account = op.actor().account().ok_or_else(error::not_allowed)?;
        let subject = format!("account:{account}");
        let permit = op
            .allow("federation.unlink", &subject, access::own(op.actor(), account))
            .await?;
        store::link::lock_account(op.conn(), account).await?;
        let rows = store::link::of_account(op.conn(), account).await?;
        if !rows.iter().any(|row| row.provider == provider) {
            return Err(error::link_not_found());
        }
        let others = rows
            .iter()
            .any(|row| row.provider != provider && self.provider(&row.provider).is_ok());
        if !others && !self.identity.own_ways(op).await?.any() {
            return Err(error::last_way());
        }
        let now = op.now();
        store::link::end(op.conn(), &permit, account, provider, End::Unlinked, now).await?;
        self.identity.end_sessions_of_provider(op, provider, here).await?;
        let set = self.provider(provider).ok().map(|provider| provider.set);
        let facts = json!({ "account": account, "provider": provider, "set": set });
        op.record(Entry::new("federation.unlinked", &subject).detail(&facts))
            .await?;
        op.emit(Event::new("federation.unlinked", subject, facts));
        Ok(())
    }
}
