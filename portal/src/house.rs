//! The engines, put together.

use std::sync::Arc;

use async_trait::async_trait;
use dossiers::Dossiers;
use federation::Federation;
use files::Files;
use forms::Forms;
use identity::Identity;
use kernel::Actor;
use notify::Notify;
use op::Ops;
use openid::Openid;
use oversight::Oversight;
use privacy::Privacy;
use registry::Registry;
use scim::Scim;
use web::{Chrome, Site, WayIn};
use workflow::{PublishedCalendar, Workflow};

/// What pages draw on. Clones are cheap.
#[derive(Clone)]
pub struct House {
    /// Sessions, pages, settings.
    pub site: Site,
    /// People, agencies, sign-in.
    pub identity: Identity,
    /// Signing in by other providers.
    pub federation: Federation,
    /// Signing in to applications.
    pub openid: Openid,
    /// Accounts that applications look after.
    pub scim: Scim,
    /// Messages.
    pub notify: Notify,
    /// Stored files.
    pub files: Files,
    /// Registers.
    pub registry: Registry,
    /// Processes.
    pub workflow: Workflow,
    /// Forms and drafts.
    pub forms: Forms,
    /// Cases.
    pub dossiers: Dossiers,
    /// Answering people about their data.
    pub privacy: Privacy,
    /// Watching over rights.
    pub oversight: Oversight,
    /// The working calendar by which this program reckons.
    pub calendar: Arc<PublishedCalendar>,
    /// Fields of work (lĩnh vực) that the front page shows, in this order.
    pub front_page_fields: Vec<String>,
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

impl AsRef<Federation> for House {
    fn as_ref(&self) -> &Federation {
        &self.federation
    }
}

impl AsRef<Openid> for House {
    fn as_ref(&self) -> &Openid {
        &self.openid
    }
}

impl AsRef<Scim> for House {
    fn as_ref(&self) -> &Scim {
        &self.scim
    }
}

impl AsRef<Notify> for House {
    fn as_ref(&self) -> &Notify {
        &self.notify
    }
}

impl AsRef<Files> for House {
    fn as_ref(&self) -> &Files {
        &self.files
    }
}

impl AsRef<Registry> for House {
    fn as_ref(&self) -> &Registry {
        &self.registry
    }
}

impl AsRef<Workflow> for House {
    fn as_ref(&self) -> &Workflow {
        &self.workflow
    }
}

impl AsRef<Forms> for House {
    fn as_ref(&self) -> &Forms {
        &self.forms
    }
}

impl AsRef<Dossiers> for House {
    fn as_ref(&self) -> &Dossiers {
        &self.dossiers
    }
}

impl AsRef<Privacy> for House {
    fn as_ref(&self) -> &Privacy {
        &self.privacy
    }
}

impl AsRef<Oversight> for House {
    fn as_ref(&self) -> &Oversight {
        &self.oversight
    }
}

impl AsRef<PublishedCalendar> for House {
    fn as_ref(&self) -> &PublishedCalendar {
        &self.calendar
    }
}

/// The number of unread messages in the frame of every page, and the ways in on that of the sign-in.
pub struct UnreadCount {
    /// Where the connections are.
    pub ops: Ops,
    /// The box.
    pub notify: Notify,
    /// The other providers.
    pub federation: Federation,
}

#[async_trait]
impl Chrome for UnreadCount {
    /// A box that cannot be read now counts as empty: the frame must not break the page.
    async fn unread(&self, actor: &Actor) -> u32 {
        let Some(account) = actor.account() else { return 0 };
        let Ok(mut connection) = self.ops.pool().acquire().await else {
            return 0;
        };
        self.notify.unread(&mut connection, account).await.unwrap_or_default()
    }

    fn ways_in(&self) -> Vec<WayIn> {
        let providers = self.federation.providers().into_iter();
        providers
            .map(|provider| WayIn {
                key: provider.key,
                name: provider.set.as_str().to_owned(),
                simulator: provider.simulator,
            })
            .collect()
    }
}
