//! Consents for declared purposes.

use chrono::{DateTime, Utc};
use kernel::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Doc, Door, Method, Routes, Site, Visit};

use super::{Nothing, TAG, engine};
use crate::{Consent, Privacy, PurposeView};

/// A consent to the words of one version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentBody {
    /// The version of the words that the person has read.
    pub version: u32,
}

/// A purpose, with its words in the language of the request.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PurposeAnswer {
    /// Its key.
    pub purpose: String,
    /// The version of its words.
    pub version: u32,
    /// Title and text.
    pub words: String,
    /// By what law it is allowed.
    pub basis: String,
    /// Classes of data.
    pub data: Vec<String>,
    /// Whether people are asked.
    pub optional: bool,
    /// Since when the person consents.
    pub given_at: Option<DateTime<Utc>>,
    /// Whether that was to other words, so that it counts no longer.
    pub outdated: bool,
}

/// All purposes, and consents of the past.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConsentsAnswer {
    /// The purposes.
    pub purposes: Vec<PurposeAnswer>,
    /// What has ended, the latest first.
    pub past: Vec<Consent>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Privacy> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_get(
            "/api/v1/consents",
            Door::SignedIn,
            Doc::new(
                "listConsents",
                TAG,
                "For what one's data is used: by law, and by consent.",
            ),
            list,
        )
        .api_send(
            Method::PUT,
            "/api/v1/consents/{purpose}",
            Door::SignedIn,
            Doc::new(
                "giveConsent",
                TAG,
                "Consents to a purpose. Repeating it changes nothing.",
            ),
            give,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/consents/{purpose}",
            Door::SignedIn,
            Doc::new("endConsent", TAG, "Takes a consent back. Repeating it changes nothing."),
            end,
        )
}

async fn answer<S: AsRef<Site> + AsRef<Privacy>>(visit: &Visit<S>) -> Result<ConsentsAnswer> {
    let mut op = visit.look().await?;
    let (views, past) = engine(visit).my_consents(&mut op).await?;
    let purpose = |view: PurposeView| PurposeAnswer {
        words: engine(visit).purpose_words(&view.purpose, visit.locale),
        outdated: view.is_outdated(),
        purpose: view.purpose.key,
        version: view.purpose.version,
        basis: view.purpose.basis,
        data: view.purpose.data,
        optional: view.purpose.optional,
        given_at: view.consent.map(|consent| consent.given_at),
    };
    Ok(ConsentsAnswer {
        purposes: views.into_iter().map(purpose).collect(),
        past,
    })
}

async fn list<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>) -> Result<ConsentsAnswer> {
    answer(&visit).await
}

async fn give<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, body: ConsentBody) -> Result<ConsentsAnswer> {
    let mut op = visit.op().await?;
    let (purpose, locale) = (visit.param("purpose"), visit.locale);
    engine(&visit)
        .give_consent(&mut op, purpose, body.version, locale)
        .await?;
    op.commit().await?;
    answer(&visit).await
}

async fn end<S: AsRef<Site> + AsRef<Privacy>>(visit: Visit<S>, _: Nothing) -> Result<ConsentsAnswer> {
    let mut op = visit.op().await?;
    engine(&visit).end_consent(&mut op, visit.param("purpose")).await?;
    op.commit().await?;
    answer(&visit).await
}
