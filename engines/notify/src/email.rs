//! The post: from a message to a mail, and to the mail server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use kernel::{AccountId, PersonId, Result, text};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use op::Op;
use render::Locale;

use crate::{EmailConfig, MessageView, Security, Words, config::bad};

/// Longest wait for each answer of the mail server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where mail to an account goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The e-mail address.
    pub email: String,
    /// The name to greet.
    pub name: String,
    /// The language to write in.
    pub locale: Locale,
}

/// Knows the e-mail addresses of accounts, and of people. Implemented where the program is put together, on the identity engine.
#[async_trait]
pub trait Addresses: Send + Sync {
    /// Where mail to this account goes, or `None` if it has no address.
    async fn recipient(&self, op: &mut Op, account: AccountId) -> Result<Option<Recipient>>;

    /// Where a letter to this person goes, who may have no account, or `None` if no address is kept.
    async fn recipient_of(&self, op: &mut Op, person: PersonId) -> Result<Option<Recipient>>;
}

/// A configured mail server.
pub(crate) struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    portal: String,
    addresses: Arc<dyn Addresses>,
    words: Arc<dyn Words>,
}

/// Why a mail did not go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// It may go later.
    #[error("{0}")]
    Away(String),
    /// It will never go like this.
    #[error("{0}")]
    Refused(String),
}

impl Post {
    pub fn new(config: &EmailConfig, addresses: Arc<dyn Addresses>, words: Arc<dyn Words>) -> Result<Self> {
        let from: Mailbox = config.from.parse().map_err(|e| bad("from").caused_by(e))?;
        let (tls, port) = match config.security {
            Security::None => (Tls::None, 25),
            Security::StartTls => (Tls::Required(parameters(&config.host)?), 587),
            Security::Tls => (Tls::Wrapper(parameters(&config.host)?), 465),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(PATIENCE));
        match (&config.user, &config.password) {
            // A password is never sent where others can read it.
            (Some(_), Some(_)) if config.security == Security::None => return Err(bad("security")),
            (Some(user), Some(password)) => {
                builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
            }
            (None, None) => {}
            _ => return Err(bad("user, password")),
        }
        if !config.portal.starts_with("https://") && !config.portal.starts_with("http://") {
            return Err(bad("portal"));
        }
        let portal = config.portal.trim_end_matches('/').to_owned();
        Ok(Self {
            transport: builder.build(),
            from,
            portal,
            addresses,
            words,
        })
    }

    pub async fn recipient(&self, op: &mut Op, account: AccountId) -> Result<Option<Recipient>> {
        self.addresses.recipient(op, account).await
    }

    pub async fn recipient_of(&self, op: &mut Op, person: PersonId) -> Result<Option<Recipient>> {
        self.addresses.recipient_of(op, person).await
    }

    /// Writes and sends one mail. No operation is open meanwhile.
    pub async fn send(&self, to: &Recipient, message: &MessageView) -> Result<(), PostError> {
        let mail = self.mail(to, message)?;
        self.transport.send(mail).await.map(|_| ()).map_err(|error| {
            if error.is_permanent() {
                PostError::Refused(error.to_string())
            } else {
                PostError::Away(describe(&error))
            }
        })
    }

    fn mail(&self, to: &Recipient, message: &MessageView) -> Result<lettre::Message, PostError> {
        let address = to
            .email
            .trim()
            .parse()
            .map_err(|error| PostError::Refused(format!("address: {error}")))?;
        let recipient = Mailbox::new(
            Some(text::clean_line(&to.name)).filter(|name| !name.is_empty()),
            address,
        );
        let params = BTreeMap::from([("name".to_owned(), text::clean_line(&to.name))]);
        let say = |key: &str| self.words.text(to.locale, key, &params);
        let title = text::clean_line(&message.title(&*self.words, to.locale));
        let body = format!(
            "{}\n\n{}\n\n{}\n{}{}\n\n-- \n{}\n",
            say("messages.email.greeting"),
            message.body(&*self.words, to.locale),
            say("messages.email.open"),
            self.portal,
            message.link,
            say("messages.email.footer"),
        );
        // RFC 3834: robots shall not answer.
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        lettre::Message::builder()
            .from(self.from.clone())
            .to(recipient)
            .subject(title)
            // The same for every attempt, so that a double is recognised.
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .raw_header(automatic)
            .singlepart(SinglePart::plain(body))
            .map_err(|error| PostError::Refused(error.to_string()))
    }
}

fn parameters(host: &str) -> Result<TlsParameters> {
    TlsParameters::new(host.to_owned()).map_err(|e| bad("host").caused_by(e))
}

/// The error with its cause ("connection refused"), which its own words leave out.
fn describe(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", describe(cause)),
        None => error.to_string(),
    }
}
