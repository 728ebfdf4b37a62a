//! Consents for declared purposes (sự đồng ý theo mục đích): given, withdrawn, asked by engines above.

use chrono::{DateTime, Utc};
use kernel::{PersonId, Result};
use op::{Entry, Event, Op};
use render::{Locale, Params};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::declaration::Purpose;
use crate::{Privacy, access, error, store};

/// Consents of the past that a page shows.
const MOST_PAST: i64 = 100;

/// A consent, in force or of the past.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Consent {
    /// Key of the purpose.
    pub purpose: String,
    /// The version of its words.
    pub version: u32,
    /// The words that the person read.
    pub words: String,
    /// When it was given.
    pub given_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A purpose as one person stands to it.
#[derive(Debug, Clone, PartialEq)]
pub struct PurposeView {
    /// The purpose.
    pub purpose: Purpose,
    /// The consent in force, if there is one.
    pub consent: Option<Consent>,
}

impl PurposeView {
    /// Whether the consent is to words that have changed since: it counts no longer, and is asked for anew.
    pub fn is_outdated(&self) -> bool {
        self.consent
            .as_ref()
            .is_some_and(|consent| consent.version != self.purpose.version)
    }
}

impl Privacy {
    /// Every declared purpose with the actor's consent, and the consents of the past, the latest first.
    pub async fn my_consents(&self, op: &mut Op) -> Result<(Vec<PurposeView>, Vec<Consent>)> {
        op.allow("privacy.consents", "consent:mine", access::own(op.actor()))
            .await?;
        let person = op.actor().person().ok_or_else(error::sign_in)?;
        let known = store::consent::of_person(op.conn(), person, MOST_PAST).await?;
        let views = self.parts.declaration.purposes.iter().map(|purpose| PurposeView {
            purpose: purpose.clone(),
            consent: known
                .iter()
                .find(|consent| consent.purpose == purpose.key && consent.ended_at.is_none())
                .cloned(),
        });
        let views = views.collect();
        let past = known.into_iter().filter(|consent| consent.ended_at.is_some()).collect();
        Ok((views, past))
    }

    /// Consents to a purpose in the words of this version. A second time nothing happens.
    ///
    /// # Errors
    /// `privacy.purpose_not_found`, `privacy.purpose_changed` where the words have changed since they were read,
    /// `privacy.purpose_by_law` where nobody is asked.
    pub async fn give_consent(&self, op: &mut Op, purpose: &str, version: u32, locale: Locale) -> Result<()> {
        let (purpose, person) = self.asked(op, purpose)?;
        let about = format!("consent:{}", purpose.key);
        let permit = op
            .allow("privacy.give_consent", &about, access::own(op.actor()))
            .await?;
        if !purpose.optional {
            return Err(error::purpose_by_law());
        }
        if purpose.version != version {
            return Err(error::purpose_changed());
        }
        let account = op.actor().account().ok_or_else(error::sign_in)?;
        let now = op.now();
        store::consent::hold(op.conn(), person, &purpose.key).await?;
        if store::consent::in_force(op.conn(), person, &purpose.key).await? == Some(version) {
            return Ok(());
        }
        store::consent::end(op.conn(), &permit, person, Some(&purpose.key), "renewed", now).await?;
        let words = self.purpose_words(purpose, locale);
        let new = store::consent::NewConsent {
            id: Uuid::now_v7(),
            person,
            account,
            purpose: &purpose.key,
            version,
            locale: locale.tag(),
            words: &words,
            at: now,
        };
        store::consent::insert(op.conn(), &permit, &new).await?;
        let facts = json!({ "purpose": purpose.key, "version": version });
        op.record(Entry::new("privacy.consent_given", &about).detail(&facts))
            .await?;
        op.emit(Event::new(
            "privacy.consent_given",
            about,
            json!({ "person": person, "purpose": purpose.key }),
        ));
        Ok(())
    }

    /// Takes a consent back, with effect at once. A second time nothing happens.
    ///
    /// # Errors
    /// `privacy.purpose_not_found`.
    pub async fn end_consent(&self, op: &mut Op, purpose: &str) -> Result<()> {
        let (purpose, person) = self.asked(op, purpose)?;
        let about = format!("consent:{}", purpose.key);
        let permit = op.allow("privacy.end_consent", &about, access::own(op.actor())).await?;
        let now = op.now();
        if store::consent::end(op.conn(), &permit, person, Some(&purpose.key), "withdrawn", now).await? == 0 {
            return Ok(());
        }
        op.record(Entry::new("privacy.consent_ended", &about)).await?;
        op.emit(Event::new(
            "privacy.consent_ended",
            about,
            json!({ "person": person, "purpose": purpose.key }),
        ));
        Ok(())
    }

    /// Whether a person's data may be used for a purpose: they have consented to its present words, or the law allows it without asking. For
    /// engines above; they ask each time, so a withdrawal counts at once. An undeclared purpose allows nothing.
    pub async fn consents(&self, op: &mut Op, person: PersonId, purpose: &str) -> Result<bool> {
        let Some(purpose) = self.parts.declaration.purpose(purpose) else {
            return Ok(false);
        };
        if !purpose.optional {
            return Ok(true);
        }
        let version = store::consent::in_force(op.conn(), person, &purpose.key).await?;
        Ok(version == Some(purpose.version))
    }

    /// The words of a purpose: what it is, what is used.
    pub fn purpose_words(&self, purpose: &Purpose, locale: Locale) -> String {
        let texts = self.parts.renderer.texts();
        let say = |part: &str| texts.get(locale, &format!("{}.{part}", purpose.text), &Params::new());
        format!("{}\n{}", say("title"), say("text"))
    }

    fn asked(&self, op: &Op, purpose: &str) -> Result<(&Purpose, PersonId)> {
        let purpose = self.parts.declaration.purpose(purpose);
        let purpose = purpose.ok_or_else(error::purpose_not_found)?;
        Ok((purpose, op.actor().person().ok_or_else(error::sign_in)?))
    }
}
