//! All crates joined.

use std::{
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use compose::{
    Engines, Materials,
    apps::{self, App},
};
use db::{Database, Migration};
use federation::Federation;
use files::Files;
use identity::{Config, Identity, SecondFactorRule, StepUpRule};
use kernel::{Clock, SystemClock};
use op::{Ops, Reactions};
use openid::Openid;
use portal::{House, UnreadCount};
use render::{ProvinceFrame, Renderer};
use scim::Scim;
use tokio::sync::watch;
use vault::Vault;
use web::{Site, SiteConfig};
use workflow::PublishedCalendar;

use crate::{secrets, variables};

/// Connections to the database that one process writes with at the most; it reads with as many more.
pub(crate) const CONNECTIONS: u32 = 16;
/// Connections of a command that works beside a program that serves.
pub(crate) const FEW_CONNECTIONS: u32 = 2;
/// The address of a process that makes no papers itself.
pub(crate) const LOCAL: &str = "http://127.0.0.1:8080";
/// How often a process looks whether another one has saved a year of the calendar.
const CALENDAR_AGE: Duration = Duration::from_secs(60);
/// How often a process looks what the province is called today.
const NAME_AGE: Duration = Duration::from_secs(10);

/// The schemas, lower floors first.
pub(crate) fn migrations() -> Vec<&'static [Migration]> {
    [op::MIGRATIONS]
        .into_iter()
        .chain(compose::MIGRATIONS.iter().copied())
        .collect()
}

/// Operations with the real clock and nobody listening: for commands that touch no case.
pub(crate) fn ops(database: &Database) -> Result<Ops> {
    let policy = compose::rights::policy()?;
    Ok(Ops::new(
        database.pool().clone(),
        Arc::new(SystemClock),
        Reactions::new(),
        policy,
    ))
}

/// The keys of the data directory, if they are those of the database.
pub(crate) async fn vault(database: &Database, data: &Path) -> Result<Vault> {
    Ok(compose::keys::vault(&ops(database)?, &data.join("keys")).await?)
}

/// The engine of single sign-on alone: for commands that touch no case.
pub(crate) async fn openid(database: &Database, data: &Path) -> Result<Openid> {
    let vault = vault(database, data).await?;
    let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
    let identity = Identity::new(database.pool().clone(), clock, vault.clone(), Config::default())?;
    // Nothing is signed here, so nobody reads the address.
    let mut settings = openid::Config::at("");
    // Nor is anything fetched: the program that serves looks at addresses of keys again.
    settings.own_machine = true;
    Ok(Openid::new(identity, vault, settings))
}

/// The engine of provisioning alone: for commands that touch no case.
pub(crate) async fn scim(database: &Database, data: &Path) -> Result<Scim> {
    let openid = openid(database, data).await?;
    Ok(Scim::new(openid.identity().clone(), openid))
}

/// What this process asks of whoever signs in.
pub(crate) struct Rules {
    /// Who needs a second factor.
    pub(crate) second_factor: SecondFactorRule,
    /// Whether acts that weigh ask anew who is there.
    pub(crate) step_up: StepUpRule,
    /// The declaration of other providers of identity.
    pub(crate) federation: Option<PathBuf>,
    /// A demonstration: simulators may vouch for its people.
    pub(crate) demo: bool,
    /// The gateway says with which certificates applications come.
    pub(crate) client_certificates: bool,
}

impl Default for Rules {
    /// As strict as may be; nobody signs in to a command.
    fn default() -> Self {
        Self {
            second_factor: SecondFactorRule::Officials,
            step_up: StepUpRule::USUAL,
            federation: None,
            demo: false,
            client_certificates: false,
        }
    }
}

/// The engines at work in one process.
pub(crate) struct Program {
    /// Operations with the real clock, heard by the engines.
    pub(crate) ops: Ops,
    /// The engines.
    pub(crate) engines: Engines,
    /// The systems.
    pub(crate) apps: Vec<App>,
    renderer: Arc<Renderer>,
}

impl Program {
    /// Puts everything together; nothing is written yet but by what the keys of the vault are known again.
    pub(crate) async fn new(
        database: &Database,
        data: &Path,
        apps: Vec<App>,
        public_address: &str,
        rules: &Rules,
    ) -> Result<Self> {
        let builder = Renderer::builder()
            .templates(web::templates)
            .templates(portal::templates);
        let renderer = Arc::new(apps::texts(builder, &apps).build()?);
        let policy = compose::rights::policy()?;
        let watched = compose::oversight_rules::declaration()?;
        let waits = compose::province::account_waits()?;
        let vault = vault(database, data).await?;
        let calendar = compose::calendar::of_the_file()?;
        let identity = Identity::new(
            database.pool().clone(),
            Arc::new(SystemClock) as Arc<dyn Clock>,
            vault.clone(),
            Config {
                second_factor: rules.second_factor,
                step_up: rules.step_up,
                public_address: public_address.to_owned(),
                dormant_days: watched.dormant_days,
                emergency_hours: watched.emergency_hours,
                registration_waits: waits.registration,
                merge_waits: waits.merge,
                concerned_days: waits.concerned,
                calendar: Arc::new(calendar.clone()),
                emergency_week_hours: watched.emergency_week_hours,
                policy: policy.clone(),
                ..Config::default()
            },
        )?;
        let email = variables::email(public_address)?;
        let notify = compose::post::notify(email.as_ref(), &identity, &renderer)?;
        let mut providers = federation::Config::at(public_address);
        if let Some(file) = &rules.federation {
            providers = providers.with_file(file, rules.demo)?;
        }
        let federation = Federation::new(identity.clone(), vault.clone(), providers);
        let mut settings = openid::Config::at(public_address);
        settings.certificates = rules.client_certificates;
        settings.own_machine = rules.demo;
        let openid = Openid::new(identity.clone(), vault, settings);
        let engines = Engines::new(Materials {
            identity,
            federation,
            openid,
            notify,
            files: Files::new(data.join("files"), variables::limits()?),
            calendar,
            renderer: renderer.clone(),
            apps: &apps,
            public_address: public_address.trim_end_matches('/').to_owned(),
        })?;
        let clock = Arc::new(SystemClock);
        let ops = Ops::new(database.pool().clone(), clock, engines.reactions(), policy);
        Ok(Self {
            ops,
            engines,
            apps,
            renderer,
        })
    }

    /// For commands that make no papers and let nobody in.
    pub(crate) async fn for_command(database: &Database, data: &Path, apps: Vec<App>) -> Result<Self> {
        Self::new(database, data, apps, LOCAL, &Rules::default()).await
    }

    /// The same engines without post: nobody gets an e-mail about what is long over.
    pub(crate) fn engines_of_the_past(&self) -> Result<Engines> {
        let engines = &self.engines;
        Ok(Engines::new(Materials {
            identity: engines.identity.clone(),
            federation: engines.federation.clone(),
            openid: engines.openid.clone(),
            notify: compose::post::notify(None, &engines.identity, &self.renderer)?,
            files: engines.files.clone(),
            calendar: engines.calendar.clone(),
            renderer: self.renderer.clone(),
            apps: &self.apps,
            public_address: engines.dossiers.public_address().to_owned(),
        })?)
    }

    /// Takes the calendar over.
    pub(crate) async fn settle(&self) -> Result<()> {
        Ok(compose::calendar::settle(&self.ops, &self.engines.calendar).await?)
    }

    /// Puts the systems into force, and tells how many have a procedure, and what became of the registers. Needs the catalogue of procedures and the
    /// organisations.
    pub(crate) async fn publish(&self) -> Result<(usize, apps::Registers)> {
        let published = apps::publish(&self.ops, &self.engines, &self.apps).await?.len();
        let registers = apps::publish_registers(&self.ops, &self.engines, &self.apps).await?;
        Ok((published, registers))
    }

    /// Everything that pages need.
    pub(crate) fn house(&self, data: &Path, demo: bool, https: bool, behind_gateway: bool) -> Result<House> {
        let engines = &self.engines;
        let frame = compose::province::frame()?;
        let config = SiteConfig {
            secret: secrets::form_key(data)?,
            https,
            demo,
            province: ProvinceFrame {
                name: frame.name,
                hotline: frame.hotline,
                emblem: None,
            },
            requests_per_second: NonZeroU32::new(50),
            behind_gateway,
        };
        let chrome = UnreadCount {
            ops: self.ops.clone(),
            notify: engines.notify.clone(),
            federation: engines.federation.clone(),
        };
        let site = Site::new(
            self.ops.clone(),
            self.renderer.clone(),
            Arc::new(engines.identity.clone()),
            Arc::new(chrome),
            config,
        );
        Ok(House {
            site,
            identity: engines.identity.clone(),
            federation: engines.federation.clone(),
            openid: engines.openid.clone(),
            scim: engines.scim.clone(),
            notify: engines.notify.clone(),
            files: engines.files.clone(),
            registry: engines.registry.clone(),
            workflow: engines.workflow.clone(),
            forms: engines.forms.clone(),
            dossiers: engines.dossiers.clone(),
            privacy: engines.privacy.clone(),
            oversight: engines.oversight.clone(),
            calendar: Arc::new(engines.calendar.clone()),
            front_page_fields: frame.front_page_fields,
        })
    }
}

/// Shows the province under the name that it has on the day, until told to stop: a reorganisation names it anew while people work.
pub(crate) async fn keep_name(ops: Ops, identity: Identity, site: Site, mut stop: watch::Receiver<bool>) {
    loop {
        match name_today(&ops, &identity).await {
            Ok(Some(name)) if site.rename_province(&name) => tracing::info!(name, "the province has another name"),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the name of the province could not be read"),
        }
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(NAME_AGE) => {}
        }
    }
}

/// Nothing where the areas below are not known, or those of several provinces are.
async fn name_today(ops: &Ops, identity: &Identity) -> kernel::Result<Option<String>> {
    let mut op = ops
        .look_for(kernel::Actor::System("name"), uuid::Uuid::now_v7())
        .await?;
    let today = kernel::local_date(op.now());
    let mut own = identity.divided_provinces(&mut op, today).await?;
    Ok(if own.len() == 1 {
        own.pop().map(|province| province.name)
    } else {
        None
    })
}

/// Takes over years of the calendar that other processes save, until told to stop.
pub(crate) async fn keep_calendar(ops: Ops, calendar: PublishedCalendar, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(CALENDAR_AGE) => {}
        }
        match calendar.refresh(&ops).await {
            Ok(true) => tracing::info!("the working calendar has changed"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the working calendar could not be read"),
        }
    }
}
