//! What a message is.

use std::{collections::BTreeMap, fmt::Display};

use chrono::{DateTime, Utc};
use kernel::{AccountId, Fault, MessageId, PersonId, Result};
use render::Locale;
use serde::Serialize;

use crate::Words;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose box it goes to.
    pub to: AccountId,
    /// What it tells, the key of its words: `dossier_received`, or an app's `apps.<key>.<kind>`.
    pub kind: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
    /// Where in the portal the reader can act on it; begins with `/`.
    pub link: String,
    /// If given, the account gets at most one message with this key.
    pub once: Option<String>,
    /// If given, what the message serves beside a case: it goes only to those whose data may be used for that purpose.
    pub purpose: Option<&'static str>,
}

impl Message {
    /// A message without values.
    pub fn new(to: AccountId, kind: impl Into<String>, link: impl Into<String>) -> Self {
        Self {
            to,
            kind: kind.into(),
            params: BTreeMap::new(),
            link: link.into(),
            once: None,
            purpose: None,
        }
    }

    /// Adds a value for the words.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Display) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }

    /// At most one message with this key.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.once = Some(key.into());
        self
    }

    /// It is not about a case of the reader: who objects to the purpose, has restricted the use of their data or has not consented where that is
    /// asked does not get it.
    #[must_use]
    pub fn for_purpose(mut self, purpose: &'static str) -> Self {
        self.purpose = Some(purpose);
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        check(&self.kind, &self.link)
    }
}

/// A letter to somebody who has no account, and so no box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub to: PersonId,
    /// What it tells, the key of its words, as in a message.
    pub kind: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
    /// Where in the portal the reader can act on it; begins with `/`.
    pub link: String,
}

impl Letter {
    /// A letter without values.
    pub fn new(to: PersonId, kind: impl Into<String>, link: impl Into<String>) -> Self {
        Self {
            to,
            kind: kind.into(),
            params: BTreeMap::new(),
            link: link.into(),
        }
    }

    /// Adds a value for the words.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Display) -> Self {
        self.params.insert(key.to_owned(), value.to_string());
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        check(&self.kind, &self.link)
    }
}

/// A kind must be able to be a text key, a link must stay inside the portal. Both come from our own code and declarations.
fn check(kind: &str, link: &str) -> Result<()> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    if !kind.split('.').all(part) {
        return Err(Fault::internal("notify.bad_kind").with("kind", kind));
    }
    let local = link.starts_with('/') && !link.starts_with("//") && !link.contains('\\');
    if !local || link.chars().any(char::is_control) {
        return Err(Fault::internal("notify.bad_link").with("link", link));
    }
    Ok(())
}

/// A message in a box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageView {
    /// The identifier.
    pub id: MessageId,
    /// The key of its words.
    pub kind: String,
    /// Values for the words.
    pub params: BTreeMap<String, String>,
    /// Where in the portal the reader can act on it.
    pub link: String,
    /// When it was sent.
    pub created_at: DateTime<Utc>,
    /// When it was first marked read.
    pub read_at: Option<DateTime<Utc>>,
}

impl MessageView {
    /// Whether it has not been marked read.
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none()
    }

    /// The title in this language.
    pub fn title(&self, words: &dyn Words, locale: Locale) -> String {
        words.text(locale, &self.key("title"), &self.params)
    }

    /// The body in this language.
    pub fn body(&self, words: &dyn Words, locale: Locale) -> String {
        words.text(locale, &self.key("body"), &self.params)
    }

    fn key(&self, part: &str) -> String {
        if self.kind.contains('.') {
            format!("{}.{part}", self.kind)
        } else {
            format!("messages.{}.{part}", self.kind)
        }
    }
}

/// Which messages of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    One(MessageId),
    /// Every one.
    All,
}

/// How a message fares on its way outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The message.
    pub message: MessageId,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong the last time, for operators.
    pub last_error: Option<String>,
    /// When it came to this state or was last tried.
    pub at: DateTime<Utc>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It waits, perhaps after failures.
    Queued,
    /// The mail server took it.
    Sent,
    /// It will not be tried again.
    Failed,
}

impl DeliveryState {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "sent" => Self::Sent,
            "failed" => Self::Failed,
            _ => Self::Queued,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_links_are_checked() {
        let to = AccountId::new();
        for (kind, link) in [
            ("dossier_received", "/ho-so/1"),
            ("apps.household-business.granted", "/"),
        ] {
            assert!(Message::new(to, kind, link).check().is_ok());
        }
        for (kind, link, code) in [
            ("", "/x", "notify.bad_kind"),
            ("a..b", "/x", "notify.bad_kind"),
            ("Được", "/x", "notify.bad_kind"),
            ("a", "https://elsewhere", "notify.bad_link"),
            ("a", "//elsewhere", "notify.bad_link"),
            ("a", "/\\elsewhere", "notify.bad_link"),
            ("a", "/x\r\nBcc: y", "notify.bad_link"),
        ] {
            assert_eq!(Message::new(to, kind, link).check().unwrap_err().code, code);
        }
    }

    #[test]
    fn words_come_from_the_kind() {
        let words = |_: Locale, key: &str, params: &BTreeMap<String, String>| format!("{key} {}", params["code"]);
        let mut view = MessageView {
            id: MessageId::new(),
            kind: "result_ready".into(),
            params: BTreeMap::from([("code".into(), "H30".into())]),
            link: "/".into(),
            created_at: DateTime::UNIX_EPOCH,
            read_at: None,
        };
        assert_eq!(view.title(&words, Locale::Vi), "messages.result_ready.title H30");
        view.kind = "apps.shop.paid".into();
        assert_eq!(view.body(&words, Locale::Vi), "apps.shop.paid.body H30");
    }
}
