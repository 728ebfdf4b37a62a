//! A province to test in, with all engines and all systems.

use std::sync::Arc;

use compose::scenarios::Player;
use compose::{Engines, Materials, apps};
use federation::Federation;
use files::{Files, Limits};
use identity::{Config, Hashing, Identity, SecondFactorRule};
use kernel::Clock;
use notify::EmailConfig;
use op::{Jobs, Ops};
use openid::Openid;
use render::Renderer;
use testkit::Scratch;
use vault::Vault;

/// The tables of all engines and the province.
pub async fn loaded() -> (Scratch, Identity) {
    let (scratch, identity, _) = loaded_with_vault().await;
    (scratch, identity)
}

async fn loaded_with_vault() -> (Scratch, Identity, Vault) {
    let scratch = Scratch::new(compose::MIGRATIONS).await;
    let hashing = Hashing {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        at_once: 2,
    };
    let config = Config {
        hashing,
        second_factor: SecondFactorRule::Offered,
        policy: compose::rights::policy().unwrap(),
        ..Config::default()
    };
    let clock = scratch.clock.clone() as Arc<dyn Clock>;
    let vault = Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).unwrap();
    let identity = Identity::new(scratch.pool.clone(), clock, vault.clone(), config).unwrap();
    compose::province::load(&scratch.ops, &identity, true, &|_, _, _| {})
        .await
        .unwrap();
    (scratch, identity, vault)
}

/// Everything, with the systems in force and the accounts of the demonstration.
pub struct House {
    pub scratch: Scratch,
    pub player: Player,
    pub jobs: Jobs,
    pub apps: Vec<apps::App>,
}

pub async fn house() -> House {
    house_with(None).await
}

/// The same, with a mail server where one is given.
pub async fn house_with(mail: Option<&EmailConfig>) -> House {
    let (scratch, identity, vault) = loaded_with_vault().await;
    let apps = apps::embedded_procedures().unwrap();
    let renderer = Arc::new(apps::texts(Renderer::builder(), &apps).build().unwrap());
    let engines = Engines::new(Materials {
        federation: Federation::new(
            identity.clone(),
            vault.clone(),
            federation::Config::at("http://localhost"),
        ),
        openid: Openid::new(identity.clone(), vault, openid::Config::at("http://localhost")),
        identity: identity.clone(),
        notify: compose::post::notify(mail, &identity, &renderer).unwrap(),
        files: Files::new(scratch.directory().join("files"), Limits::default()),
        calendar: compose::calendar::of_the_file().unwrap(),
        renderer,
        apps: &apps,
        public_address: "http://localhost".to_owned(),
    })
    .unwrap();
    let clock = scratch.clock.clone() as Arc<dyn Clock>;
    let ops = Ops::new(
        scratch.pool.clone(),
        clock,
        engines.reactions(),
        compose::rights::policy().unwrap(),
    );
    compose::calendar::settle(&ops, &engines.calendar).await.unwrap();
    apps::publish(&ops, &engines, &apps).await.unwrap();
    compose::province::demo_accounts(&ops, &identity, &|name| format!("mat khau cua {name}"))
        .await
        .unwrap();
    let jobs = engines.jobs();
    House {
        scratch,
        player: Player { ops, engines },
        jobs,
        apps,
    }
}
