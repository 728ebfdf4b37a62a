//! The engines in the order in which they need each other.

use std::sync::Arc;

use db::Migration;
use dossiers::{Dossiers, Parts};
use federation::Federation;
use files::Files;
use forms::Forms;
use identity::Identity;
use kernel::Result;
use notify::Notify;
use op::{Jobs, Keepers, Movers, Reactions};
use openid::Openid;
use oversight::Oversight;
use privacy::Privacy;
use registry::Registry;
use render::{Documents, Renderer};
use scim::Scim;
use workflow::{Actions, PublishedCalendar, Workflow};

use crate::apps::{self, App};
use crate::{account_news, oversight_rules, personal_data, province, register_news};

/// The tables of all engines, lower floors first. Those of `op` come before them.
pub const MIGRATIONS: &[&[Migration]] = &[
    files::MIGRATIONS,
    identity::MIGRATIONS,
    federation::MIGRATIONS,
    openid::MIGRATIONS,
    scim::MIGRATIONS,
    notify::MIGRATIONS,
    registry::MIGRATIONS,
    workflow::MIGRATIONS,
    forms::MIGRATIONS,
    privacy::MIGRATIONS,
    oversight::MIGRATIONS,
    dossiers::MIGRATIONS,
];

/// What can be done in all engines.
pub fn actions() -> impl Iterator<Item = &'static op::Action> {
    [
        identity::ACTIONS,
        federation::ACTIONS,
        openid::ACTIONS,
        scim::ACTIONS,
        notify::ACTIONS,
        registry::ACTIONS,
        workflow::ACTIONS,
        forms::ACTIONS,
        privacy::ACTIONS,
        oversight::ACTIONS,
        dossiers::ACTIONS,
    ]
    .into_iter()
    .flatten()
}

/// What the engines are made from.
pub struct Materials<'a> {
    /// People and agencies.
    pub identity: Identity,
    /// Signing in by other providers.
    pub federation: Federation,
    /// Signing in to applications.
    pub openid: Openid,
    /// Messages.
    pub notify: Notify,
    /// Stored files.
    pub files: Files,
    /// The working calendar.
    pub calendar: PublishedCalendar,
    /// The words, those of the systems included; see [`apps::texts`].
    pub renderer: Arc<Renderer>,
    /// The systems, for their documents.
    pub apps: &'a [App],
    /// Address of the portal as people type it, for the codes on papers.
    pub public_address: String,
}

/// All engines of one program. Clones are cheap and share everything.
#[derive(Clone)]
pub struct Engines {
    /// People and agencies.
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
    /// The working calendar.
    pub calendar: PublishedCalendar,
}

impl Engines {
    /// Puts them together. Fails with `compose.table_broken` where the province's declaration is not sound, and when documents bear the same name.
    pub fn new(materials: Materials<'_>) -> Result<Self> {
        let Materials {
            identity,
            federation,
            openid,
            notify,
            files,
            calendar,
            renderer,
            apps,
            public_address,
        } = materials;
        let templates = dossiers::documents::templates()
            .into_iter()
            .chain(privacy::documents::templates())
            .chain(oversight::documents::templates())
            .chain(apps::documents(apps));
        let documents = Arc::new(Documents::new(templates)?);
        let actions = Actions::new();
        let workflow = Workflow::new(actions.clone(), Arc::new(calendar.clone()));
        let forms = Forms::new(files.clone(), identity.clone());
        let registry = Registry::new(identity.clone())
            .with_files(files.clone())
            .knowing(province::register_organisations()?);
        let dossiers = Dossiers::new(Parts {
            forms: forms.clone(),
            files: files.clone(),
            identity: identity.clone(),
            notify: notify.clone(),
            workflow: workflow.clone(),
            calendar: Arc::new(calendar.clone()),
            renderer: renderer.clone(),
            documents: documents.clone(),
            public_address,
        });
        dossiers::register_actions(&actions, &dossiers);
        let mut keepers = Keepers::new();
        let scim = Scim::new(identity.clone(), openid.clone());
        keepers.add(identity.clone());
        keepers.add(federation.clone());
        keepers.add(openid.clone());
        keepers.add(notify.clone());
        keepers.add(scim.clone());
        keepers.add(registry.clone());
        keepers.add(forms.clone());
        let oversight = Oversight::new(oversight::Parts {
            identity: identity.clone(),
            notify: notify.clone(),
            calendar: Arc::new(calendar.clone()),
            renderer: renderer.clone(),
            documents: documents.clone(),
            declaration: oversight_rules::declaration()?,
        });
        keepers.add(oversight.clone());
        keepers.add(dossiers.clone());
        let privacy = Privacy::new(privacy::Parts {
            identity: identity.clone(),
            notify: notify.clone(),
            calendar: Arc::new(calendar.clone()),
            renderer,
            documents,
            declaration: Arc::new(personal_data::declaration()?),
            keepers,
        });
        Ok(Self {
            scim,
            identity,
            federation,
            openid,
            notify,
            files,
            registry,
            workflow,
            forms,
            dossiers,
            privacy,
            oversight,
            calendar,
        })
    }

    /// Who listens to whom.
    pub fn reactions(&self) -> Reactions {
        let mut reactions = Reactions::new();
        dossiers::register_reactions(&mut reactions, &self.dossiers);
        account_news::register(&mut reactions, &self.notify);
        register_news::register(&mut reactions, &self.identity, &self.notify, &self.registry);
        openid::register_reactions(&mut reactions, &self.openid);
        oversight::register_reactions(&mut reactions, &self.oversight);
        scim::register_reactions(&mut reactions, &self.scim);
        federation::register_reactions(&mut reactions, &self.federation);
        privacy::register_bounds(&mut reactions, &self.privacy);
        self.register_uniters(&mut reactions);
        reactions
    }

    /// Who brings something along when two accounts of one person become one, lower engines first. What is not here keeps nothing for a person: a test
    /// holds every column against it.
    fn register_uniters(&self, reactions: &mut Reactions) {
        reactions.unite(self.federation.clone());
        reactions.unite(self.openid.clone());
        reactions.unite(self.scim.clone());
        reactions.unite(self.registry.clone());
        reactions.unite(self.notify.clone());
        reactions.unite(self.forms.clone());
        reactions.unite(self.privacy.clone());
        reactions.unite(self.oversight.clone());
        reactions.unite(self.dossiers.clone());
    }

    /// Who brings something along when agencies end, lower engines first.
    pub fn movers(&self) -> Movers {
        let mut movers = Movers::new();
        registry::register_movers(&mut movers, &self.registry);
        workflow::register_movers(&mut movers, &self.workflow);
        dossiers::register_movers(&mut movers, &self.dossiers);
        movers
    }

    /// The kinds of work for later.
    pub fn jobs(&self) -> Jobs {
        let mut jobs = Jobs::new();
        op::register(&mut jobs);
        identity::jobs::register(&mut jobs, &self.identity);
        identity::jobs::register_seal(&mut jobs, &self.identity);
        openid::register(&mut jobs, &self.openid);
        federation::register(&mut jobs, &self.federation);
        files::register(&mut jobs, &self.files);
        notify::register(&mut jobs, &self.notify);
        registry::jobs::register(&mut jobs, &self.registry);
        workflow::jobs::register(&mut jobs, self.workflow.clone());
        forms::register(&mut jobs, &self.forms);
        privacy::register(&mut jobs, &self.privacy);
        oversight::register(&mut jobs, &self.oversight);
        dossiers::register_jobs(&mut jobs, &self.dossiers);
        jobs
    }
}
