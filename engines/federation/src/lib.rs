#![doc = include_str!("../README.md")]

// Reading order: what is declared of a provider (definition), what it says and whether that holds (jose, word, claims), then the verbs one
// file each (start, finish, link, links, farewell), then the store and the edges (call, keys, http, jobs).
mod access;
mod call;
mod claims;
mod config;
mod definition;
mod error;
mod farewell;
mod finish;
pub mod http;
mod jobs;
mod jose;
mod keeper;
mod keys;
mod link;
mod links;
mod reseal;
mod secret;
mod start;
mod store;
mod uniter;
mod word;

use std::sync::Arc;

use identity::Identity;
use kernel::Result;
use vault::Vault;

pub use access::ACTIONS;
pub use config::Config;
pub use definition::{ClaimSet, Provider};
pub use farewell::Farewell;
pub use finish::{Arrival, Callback, Refused};
pub use jobs::{register, register_reactions};
pub use links::{LinkView, ProviderView};
pub use start::{Departure, LONGEST_RESUME, Purpose, Start};

/// The tables of the engine.
pub const MIGRATIONS: &[db::Migration] =
    db::migrations!("federation", ["0001_federation.sql", "0002_link.sql", "0003_again.sql"]);

/// The façade. Clones are cheap and share the keys of the providers.
#[derive(Clone)]
pub struct Federation {
    identity: Identity,
    vault: Vault,
    config: Arc<Config>,
    keys: Arc<keys::KeyRings>,
    line: call::Line,
}

impl Federation {
    /// The engine on these accounts. Without providers nobody is sent anywhere. The vault keeps what a browser or a provider has trusted us with.
    pub fn new(identity: Identity, vault: Vault, config: Config) -> Self {
        Self {
            identity,
            vault,
            line: call::Line::new(config.patience),
            config: Arc::new(config),
            keys: Arc::default(),
        }
    }

    /// The providers, in the order in which they are offered.
    pub fn providers(&self) -> Vec<ProviderView> {
        self.config.providers.iter().map(ProviderView::of).collect()
    }

    pub(crate) fn provider(&self, key: &str) -> Result<&Provider> {
        let found = self.config.providers.iter().find(|provider| provider.key == key);
        found.ok_or_else(error::unknown_provider)
    }

    /// Where a provider sends people back to. Each has an address of its own, so that the answer of one is never taken for that of another.
    pub(crate) fn callback_address(&self, provider: &Provider) -> String {
        format!("{}{}", self.config.public_address, start::callback_path(&provider.key))
    }
}

impl AsRef<Federation> for Federation {
    fn as_ref(&self) -> &Federation {
        self
    }
}
