//! All crates joined.

use std::{num::NonZeroU32, path::Path, sync::Arc};

use anyhow::Result;
use db::{Database, Migration};
use identity::{Config, Identity};
use kernel::{Clock, SystemClock};
use notify::Notify;
use op::{Jobs, Ops, Reactions};
use portal::{House, UnreadCount};
use render::{ProvinceFrame, Renderer};
use web::{Site, SiteConfig};

use crate::secrets;

/// Connections to the database that one process holds at the most.
pub(crate) const CONNECTIONS: u32 = 24;

/// The schemas, lower floors first.
pub(crate) const MIGRATIONS: &[&[Migration]] = &[
    op::MIGRATIONS,
    identity::MIGRATIONS,
    notify::MIGRATIONS,
    dossiers::MIGRATIONS,
];

/// Operations with the real clock.
pub(crate) fn ops(database: &Database) -> Ops {
    Ops::new(database.pool().clone(), Arc::new(SystemClock), Reactions::new())
}

/// The kinds of work for later.
pub(crate) fn jobs(notify: &Notify) -> Jobs {
    let mut jobs = Jobs::new();
    identity::jobs::register(&mut jobs);
    notify::register(&mut jobs, notify);
    jobs
}

/// People and sign-in.
pub(crate) fn identity(database: &Database) -> Result<Identity> {
    Ok(Identity::new(
        database.pool().clone(),
        Arc::new(SystemClock) as Arc<dyn Clock>,
        Config::default(),
    )?)
}

/// Everything that pages need.
pub(crate) fn house(
    database: &Database,
    ops: &Ops,
    data: &Path,
    demo: bool,
    https: bool,
    behind_gateway: bool,
) -> Result<House> {
    let identity = identity(database)?;
    let notify = Notify::new();
    let renderer = Renderer::builder()
        .templates(web::templates)
        .templates(portal::templates)
        .build()?;
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
        ops: ops.clone(),
        notify: notify.clone(),
    };
    let site = Site::new(
        ops.clone(),
        Arc::new(renderer),
        Arc::new(identity.clone()),
        Arc::new(chrome),
        config,
    );
    Ok(House { site, identity, notify })
}
