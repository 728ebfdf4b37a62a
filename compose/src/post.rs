//! E-mail: addresses come from identity, words from the texts.

use std::{collections::BTreeMap, sync::Arc};

use identity::Identity;
use kernel::{AccountId, PersonId, Result};
use notify::{Addresses, EmailConfig, Notify, Recipient};
use op::Op;
use render::{Locale, Renderer};

/// Messages with e-mail where a mail server is configured. Fails with `notify.mail_config` when the settings cannot work.
pub fn notify(config: Option<&EmailConfig>, identity: &Identity, renderer: &Arc<Renderer>) -> Result<Notify> {
    let notify = Notify::new(identity.vault().clone());
    let Some(config) = config else {
        return Ok(notify);
    };
    let renderer = renderer.clone();
    let words =
        move |locale: Locale, key: &str, params: &BTreeMap<String, String>| renderer.texts().get(locale, key, params);
    notify.with_email(config, Arc::new(Book(identity.clone())), Arc::new(words))
}

/// The address that somebody gave with their person, or that was written down at the counter.
struct Book(Identity);

#[async_trait::async_trait]
impl Addresses for Book {
    async fn recipient(&self, op: &mut Op, account: AccountId) -> Result<Option<Recipient>> {
        let contact = self.0.contact(op, account).await?;
        Ok(contact.email.map(|email| Recipient {
            email,
            name: contact.name,
            // Nobody has told us another language: identity keeps none.
            locale: Locale::Vi,
        }))
    }

    async fn recipient_of(&self, op: &mut Op, person: PersonId) -> Result<Option<Recipient>> {
        let known = self.0.person(op, person, "notify").await?;
        Ok(known.email.map(|email| Recipient {
            email,
            name: known.full_name,
            locale: Locale::Vi,
        }))
    }
}
