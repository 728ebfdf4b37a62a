//! Requests that are sent again because their answer was lost (`Idempotency-Key`): they get the first answer, and nothing is done twice.

use kernel::{Fault, Result};
use op::Op;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use web::{Site, Visit};

use super::asker::Asker;
use crate::error;

/// Shortest and longest key, in characters.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=100;

/// The key of one request, and what it says.
pub(super) struct Once {
    own: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    digest: String,
    answer: T,
}

impl Once {
    /// Reads the key; without one every request is a new one.
    ///
    /// # Errors
    /// `registry.request_key`.
    pub fn of<S: AsRef<Site>>(visit: &Visit<S>, asker: &Asker, body: &impl Serialize) -> Result<Self> {
        let Some(key) = visit.header("idempotency-key").map(str::trim) else {
            return Ok(Self { own: None });
        };
        if !KEY_LENGTH.contains(&key.chars().count()) {
            return Err(error::request_key());
        }
        let mut digest = Sha256::new();
        let body = serde_json::to_vec(body).map_err(|error| Fault::internal("web.bad_json").caused_by(error))?;
        for part in [
            visit.path().as_bytes(),
            visit.header("if-match").unwrap_or_default().as_bytes(),
            &body,
        ] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let key = format!("registry.api:{}:{key}", asker.key);
        Ok(Self {
            own: Some((key, hex::encode(digest.finalize()))),
        })
    }

    /// What the same request was answered before.
    ///
    /// # Errors
    /// `op.key_in_use` {key} where the key stands for another request.
    pub async fn before<T: DeserializeOwned>(&self, op: &mut Op) -> Result<Option<T>> {
        let Some((key, digest)) = &self.own else {
            return Ok(None);
        };
        match op.replay::<Kept<T>>(key).await? {
            None => Ok(None),
            Some(kept) if kept.digest == *digest => Ok(Some(kept.answer)),
            Some(_) => Err(Fault::conflict("op.key_in_use").with("key", key.rsplit(':').next().unwrap_or_default())),
        }
    }

    /// Keeps the answer, with what was done.
    pub async fn keep<T: Serialize>(&self, op: &mut Op, answer: &T) -> Result<()> {
        match &self.own {
            Some((key, digest)) => {
                let digest = digest.clone();
                op.remember(key, &Kept { digest, answer }).await
            }
            None => Ok(()),
        }
    }
}
