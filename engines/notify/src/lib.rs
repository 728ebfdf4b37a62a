#![doc = include_str!("../README.md")]

// Reading order: what a message is (model, words), the verbs, then the way outside (config, email, letter, jobs).
mod access;
mod config;
mod email;
mod http;
mod inbox;
mod jobs;
mod keeper;
mod letter;
mod model;
mod preference;
mod reseal;
mod send;
mod store;
mod uniter;
mod words;

use std::sync::Arc;

pub use access::ACTIONS;
pub use config::{EmailConfig, Security};
pub use email::{Addresses, Recipient};
pub use http::{MessagePage, MessageWords, ReadCount, ReadRequest, routes};
pub use jobs::{SEAL, register};
pub use model::{Delivery, DeliveryState, Letter, Message, MessageView, Which};
pub use words::Words;

use kernel::Result;
use vault::Vault;

/// The schema `notify`.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "notify",
    [
        "0001_message.sql",
        "0002_preference.sql",
        "0003_delivery.sql",
        "0004_wall.sql",
        "0005_logins.sql",
        "0006_sealed.sql"
    ]
);

/// Messages to people. Cheap to clone.
#[derive(Clone)]
pub struct Notify {
    vault: Vault,
    post: Option<Arc<email::Post>>,
}

impl Notify {
    /// The box inside the portal only. The vault seals what the messages say.
    pub fn new(vault: Vault) -> Self {
        Self { vault, post: None }
    }

    /// The same with e-mail.
    ///
    /// # Errors
    /// `notify.mail_config` when the settings cannot work.
    pub fn with_email(
        self,
        config: &EmailConfig,
        addresses: Arc<dyn Addresses>,
        words: Arc<dyn Words>,
    ) -> Result<Self> {
        Ok(Self {
            post: Some(Arc::new(email::Post::new(config, addresses, words)?)),
            ..self
        })
    }
}
