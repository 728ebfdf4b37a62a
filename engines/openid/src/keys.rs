//! The keys that sign tokens: made here, sealed in the database, published before they sign and after.

use std::sync::{Arc, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use kernel::{Actor, Fault, Result};
use op::{Decision, Entry, Op, Ops, Permit};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use vault::Vault;

use crate::config::Config;
use crate::{Openid, access, jose, secret, store};

/// What the vault calls these secrets.
pub(crate) const PURPOSE: &str = "openid.signing_key";

/// A key as the database holds it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct StoredKey {
    pub(crate) kid: String,
    pub(crate) sealed: Vec<u8>,
    pub(crate) signs_from: DateTime<Utc>,
    pub(crate) leaves_at: Option<DateTime<Utc>>,
}

/// A key at work.
pub(crate) struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
    /// The public part as it is published.
    published: Value,
    public: Jwk,
    signs_from: DateTime<Utc>,
    leaves_at: Option<DateTime<Utc>>,
    random: SystemRandom,
}

/// All keys that are published now.
pub(crate) struct KeyRing {
    keys: Vec<SigningKey>,
    read_at: DateTime<Utc>,
}

impl KeyRing {
    /// The public keys for `jwks_uri` (RFC 7517).
    pub(crate) fn published(&self, now: DateTime<Utc>) -> Value {
        let keys: Vec<&Value> = self.living(now).map(|key| &key.published).collect();
        json!({ "keys": keys })
    }

    /// A signed token. `kind` is its `typ`.
    pub(crate) fn sign(&self, now: DateTime<Utc>, kind: &str, claims: &Value) -> Result<String> {
        let key = self
            .living(now)
            .filter(|key| key.signs_from <= now)
            .max_by_key(|key| key.signs_from)
            .ok_or_else(no_key)?;
        let head = json!({ "alg": "ES256", "typ": kind, "kid": key.kid });
        let message = format!("{}.{}", jose::part(&head), jose::part(claims));
        let signature = key.pair.sign(&key.random, message.as_bytes()).map_err(|_| no_key())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token of this kind that one of our keys has signed.
    pub(crate) fn read(&self, now: DateTime<Utc>, kind: &str, token: &str) -> Option<Value> {
        let head = jose::header(token)?;
        if head.typ.as_deref() != Some(kind) {
            return None;
        }
        let kid = head.kid?;
        let key = self.living(now).find(|key| key.kid == kid)?;
        jose::read(token, &key.public)
    }

    fn living(&self, now: DateTime<Utc>) -> impl Iterator<Item = &SigningKey> {
        self.keys
            .iter()
            .filter(move |key| key.leaves_at.is_none_or(|end| end > now))
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now - self.read_at < Config::FRESH && now >= self.read_at
    }
}

impl SigningKey {
    fn open(vault: &Vault, stored: &StoredKey) -> Result<Self> {
        let plain = vault.unseal(PURPOSE, &about(&stored.kid), &stored.sealed)?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &plain, &random)
            .map_err(|error| no_key().caused_by(error.to_string()))?;
        let point = pair.public_key().as_ref();
        let (x, y) = point.get(1..65).map(|point| point.split_at(32)).ok_or_else(no_key)?;
        let published = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": stored.kid,
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        let public = serde_json::from_value(published.clone()).map_err(|error| no_key().caused_by(error))?;
        Ok(Self {
            kid: stored.kid.clone(),
            pair,
            published,
            public,
            signs_from: stored.signs_from,
            leaves_at: stored.leaves_at,
            random,
        })
    }
}

impl Openid {
    /// The keys, at most some seconds old. The first call of all makes the first key.
    pub(crate) async fn keys(&self, ops: &Ops) -> Result<Arc<KeyRing>> {
        let now = ops.now();
        let kept = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(ring) = kept.filter(|ring| ring.is_fresh(now)) {
            return Ok(ring);
        }
        let mut keys = self.stored_keys(ops).await?;
        if !keys.iter().any(|key| key.signs_from <= now) {
            let mut op = ops.open(Actor::System("openid")).await?;
            let permit = op.allow("openid.make_key", "openid:keys", Decision::Follows).await?;
            store::key::lock(op.conn()).await?;
            // Another process may have been faster.
            keys = self.opened(store::key::published(op.conn(), now).await?);
            if !keys.iter().any(|key| key.signs_from <= now) {
                // Whoever asked has looked at the clock a little earlier.
                self.make_key(&mut op, &permit, now - Config::SKEW).await?;
                op.commit().await?;
                keys = self.stored_keys(ops).await?;
            }
        }
        let ring = Arc::new(KeyRing { keys, read_at: now });
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(ring.clone());
        Ok(ring)
    }

    async fn stored_keys(&self, ops: &Ops) -> Result<Vec<SigningKey>> {
        let mut connection = ops.pool().acquire().await.map_err(db::fault)?;
        let stored = store::key::published(&mut connection, ops.now()).await?;
        Ok(self.opened(stored))
    }

    /// One that cannot be opened (its vault was lost) must not take the others with it.
    fn opened(&self, stored: Vec<StoredKey>) -> Vec<SigningKey> {
        let open = |key: &StoredKey| match SigningKey::open(&self.vault, key) {
            Ok(key) => Some(key),
            Err(error) => {
                tracing::error!(kid = key.kid, %error, "a signing key cannot be opened");
                None
            }
        };
        stored.iter().filter_map(open).collect()
    }

    /// Makes a new key. It is published at once and signs after ten minutes, when everybody has it; the old ones stay published for a
    /// day after that. Nobody notices. Returns its number.
    pub async fn rotate_key(&self, op: &mut Op) -> Result<String> {
        let permit = op
            .allow(
                "openid.rotate_key",
                "openid:keys",
                access::manage_clients(op.rights(), "openid.rotate_key"),
            )
            .await?;
        store::key::lock(op.conn()).await?;
        let signs_from = op.now() + Config::KEY_AHEAD;
        store::key::leave(op.conn(), &permit, signs_from + Config::KEY_AFTER).await?;
        self.make_key(op, &permit, signs_from).await
    }

    /// Replaces a key that has signed for three months; called every hour.
    pub(crate) async fn rotate_old_key(&self, op: &mut Op) -> Result<()> {
        let now = op.now();
        match store::key::newest(op.conn()).await? {
            Some(signs_from) if now - signs_from >= Config::KEY_LIFE => self.rotate_key(op).await.map(|_| ()),
            _ => Ok(()),
        }
    }

    async fn make_key(&self, op: &mut Op, permit: &Permit, signs_from: DateTime<Utc>) -> Result<String> {
        let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|error| no_key().caused_by(error.to_string()))?;
        let kid = secret::new()?.chars().take(16).collect::<String>();
        let sealed = self.vault.seal(PURPOSE, &about(&kid), pair.as_ref())?;
        let now = op.now();
        store::key::insert(
            op.conn(),
            permit,
            &StoredKey {
                kid: kid.clone(),
                sealed,
                signs_from,
                leaves_at: None,
            },
            now,
        )
        .await?;
        op.record(Entry::new("openid.key_made", format!("key:{kid}")).detail(json!({ "signs_from": signs_from })))
            .await?;
        Ok(kid)
    }
}

pub(crate) fn about(kid: &str) -> String {
    format!("kid:{kid}")
}

fn no_key() -> Fault {
    Fault::internal("openid.key_broken")
}
