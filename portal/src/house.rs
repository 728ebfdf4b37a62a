//! The engines, put together.

use async_trait::async_trait;
use identity::Identity;
use kernel::Actor;
use notify::Notify;
use op::Ops;
use web::{Chrome, Site};

/// What pages draw on. Clones are cheap.
#[derive(Clone)]
pub struct House {
    /// Sessions, pages, settings.
    pub site: Site,
    /// People, agencies, sign-in.
    pub identity: Identity,
    /// Messages.
    pub notify: Notify,
}

impl AsRef<Site> for House {
    fn as_ref(&self) -> &Site {
        &self.site
    }
}

impl AsRef<Identity> for House {
    fn as_ref(&self) -> &Identity {
        &self.identity
    }
}

impl AsRef<Notify> for House {
    fn as_ref(&self) -> &Notify {
        &self.notify
    }
}

/// The number of unread messages in the frame of every page.
pub struct UnreadCount {
    /// Opens the operation that counts.
    pub ops: Ops,
    /// The box.
    pub notify: Notify,
}

#[async_trait]
impl Chrome for UnreadCount {
    /// A box that cannot be read now counts as empty: the frame must not break the page.
    async fn unread(&self, actor: &Actor) -> u32 {
        let Some(account) = actor.account() else { return 0 };
        let Ok(mut op) = self.ops.open(actor.clone()).await else {
            return 0;
        };
        self.notify.unread(&mut op, account).await.unwrap_or_default()
    }
}
