//! The keys of the providers, kept for an hour. A key that is not among them makes us look once more, at most once a minute.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Ops;

use crate::config::Config;
use crate::definition::Provider;
use crate::jose::{self, Key, Token};
use crate::word::Unfit;
use crate::{Federation, error};

/// What was fetched, and when.
#[derive(Clone)]
struct KeyRing {
    keys: Arc<Vec<Key>>,
    at: DateTime<Utc>,
}

/// The rings by the keys of the providers. Two who fetch at once fetch twice, and the later answer stays.
#[derive(Default)]
pub(crate) struct KeyRings(RwLock<HashMap<String, KeyRing>>);

impl Federation {
    /// The claims that a key of the provider has signed. Fails with `federation.word_refused`, `federation.provider_away`.
    pub(crate) async fn signed(&self, ops: &Ops, provider: &Provider, token: &str) -> Result<serde_json::Value> {
        let token = Token::parse(token).map_err(error::word_refused)?;
        let kept = self.kept(&provider.key);
        let now = ops.now();
        let age = kept.as_ref().map(|ring| now - ring.at);
        let known = kept.as_ref().and_then(|ring| token.key(&ring.keys));
        let key = match (known, age) {
            (Some(key), Some(age)) if age < Config::KEYS_FRESH => key.clone(),
            // Asked a moment ago: whoever makes names of keys up does not make us ask for each.
            (None, Some(age)) if age < Config::KEYS_PAUSE => return Err(error::word_refused(Unfit::UnknownKey)),
            _ => match self.fetch(provider, now).await {
                Ok(ring) => token
                    .key(&ring.keys)
                    .cloned()
                    .ok_or_else(|| error::word_refused(Unfit::UnknownKey))?,
                // The last ones do for a day.
                Err(fault) => match (known, age) {
                    (Some(key), Some(age)) if age < Config::KEYS_KEPT => key.clone(),
                    _ => return Err(fault),
                },
            },
        };
        token.claims(&key).map_err(error::word_refused)
    }

    fn kept(&self, provider: &str) -> Option<KeyRing> {
        let rings = self.keys.0.read().unwrap_or_else(PoisonError::into_inner);
        rings.get(provider).cloned()
    }

    async fn fetch(&self, provider: &Provider, now: DateTime<Utc>) -> Result<KeyRing> {
        let set = self.line.get(&provider.keys).await?;
        let keys = jose::keys(&set);
        if keys.is_empty() {
            return Err(error::provider_away("no key that can be used"));
        }
        let ring = KeyRing {
            keys: Arc::new(keys),
            at: now,
        };
        let mut rings = self.keys.0.write().unwrap_or_else(PoisonError::into_inner);
        rings.insert(provider.key.clone(), ring.clone());
        Ok(ring)
    }
}
