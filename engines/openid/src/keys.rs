//! The keys that sign tokens: made here, sealed in the database, published before they sign and after. There is one of each algorithm at work: access
//! tokens are signed with ES256, what an application is told of a sign-in with the algorithm that it is registered with.

use std::sync::{Arc, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::Jwk;
use kernel::{Actor, Fault, Result};
use op::{Decision, Entry, Op, Ops, Permit};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair as RsaKeyPair, PublicKeyComponents};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256};
use serde_json::{Value, json};
use vault::Vault;

use crate::config::Config;
use crate::model::SigningAlgorithm;
use crate::{Openid, access, jose, rsa, secret, store};

/// What the vault calls these secrets.
pub(crate) const PURPOSE: &str = "openid.signing_key";

/// A key as the database holds it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct StoredKey {
    pub(crate) kid: String,
    pub(crate) sealed: Vec<u8>,
    /// The word of a [`SigningAlgorithm`].
    pub(crate) algorithm: String,
    pub(crate) signs_from: DateTime<Utc>,
    pub(crate) leaves_at: Option<DateTime<Utc>>,
}

/// The numbers of new keys, one of each algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeys {
    /// Of the key for ES256.
    pub es256: String,
    /// Of the key for RS256.
    pub rs256: String,
}

/// The private part of a key. Each signs by one algorithm and no other.
enum Pair {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Pair {
    const fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::P256(_) => SigningAlgorithm::Es256,
            Self::Rsa(_) => SigningAlgorithm::Rs256,
        }
    }

    fn open(algorithm: &str, plain: &[u8]) -> Result<Self> {
        let broken = |error: ring::error::KeyRejected| no_key().caused_by(error.to_string());
        match SigningAlgorithm::parse(algorithm).ok_or_else(no_key)? {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, plain, &SystemRandom::new())
                    .map(Self::P256)
                    .map_err(broken)
            }
            SigningAlgorithm::Rs256 => RsaKeyPair::from_der(plain).map(Self::Rsa).map_err(broken),
        }
    }

    /// The public part as it is published (RFC 7517, RFC 7518).
    fn published(&self, kid: &str) -> Result<Value> {
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..65).map(|point| point.split_at(32)).ok_or_else(no_key)?;
                Ok(json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
                    "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
                }))
            }
            Self::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                Ok(json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
                    "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
                }))
            }
        }
    }

    fn sign(&self, random: &SystemRandom, message: &[u8]) -> Result<Vec<u8>> {
        match self {
            Self::P256(pair) => {
                let signature = pair.sign(random, message).map_err(|_| no_key())?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, random, message, &mut signature)
                    .map_err(|_| no_key())?;
                Ok(signature)
            }
        }
    }
}

/// A key at work.
pub(crate) struct SigningKey {
    kid: String,
    pair: Pair,
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
    pub(crate) fn sign(
        &self,
        now: DateTime<Utc>,
        algorithm: SigningAlgorithm,
        kind: &str,
        claims: &Value,
    ) -> Result<String> {
        let key = self
            .signing(now, algorithm)
            .max_by_key(|key| key.signs_from)
            .ok_or_else(no_key)?;
        let head = json!({ "alg": algorithm.as_str(), "typ": kind, "kid": key.kid });
        let message = format!("{}.{}", jose::part(&head), jose::part(claims));
        let signature = key.pair.sign(&key.random, message.as_bytes())?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The keys that sign by this algorithm now.
    fn signing(&self, now: DateTime<Utc>, algorithm: SigningAlgorithm) -> impl Iterator<Item = &SigningKey> {
        self.living(now)
            .filter(move |key| key.pair.algorithm() == algorithm && key.signs_from <= now)
    }

    fn signs(&self, now: DateTime<Utc>, algorithms: &[SigningAlgorithm]) -> bool {
        algorithms
            .iter()
            .all(|algorithm| self.signing(now, *algorithm).next().is_some())
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
        let pair = Pair::open(&stored.algorithm, &plain)?;
        let published = pair.published(&stored.kid)?;
        let public = serde_json::from_value(published.clone()).map_err(|error| no_key().caused_by(error))?;
        Ok(Self {
            kid: stored.kid.clone(),
            pair,
            published,
            public,
            signs_from: stored.signs_from,
            leaves_at: stored.leaves_at,
            random: SystemRandom::new(),
        })
    }
}

impl Openid {
    /// The keys, at most some seconds old, among them one that signs access tokens. The first call of all makes it.
    pub(crate) async fn keys(&self, ops: &Ops) -> Result<Arc<KeyRing>> {
        self.keys_for(ops, &[SigningAlgorithm::Es256]).await
    }

    /// The same with a key for each of these algorithms. The first of an algorithm signs at once: nobody keeps a list that lacks it and has seen a token
    /// of it.
    pub(crate) async fn keys_for(&self, ops: &Ops, algorithms: &[SigningAlgorithm]) -> Result<Arc<KeyRing>> {
        let now = ops.now();
        let kept = self.keys.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(ring) = kept.filter(|ring| ring.is_fresh(now) && ring.signs(now, algorithms)) {
            return Ok(ring);
        }
        let mut ring = KeyRing {
            keys: self.stored_keys(ops).await?,
            read_at: now,
        };
        if !ring.signs(now, algorithms) {
            let mut op = ops.open(Actor::System("openid")).await?;
            let permit = op.allow("openid.make_key", "openid:keys", Decision::Follows).await?;
            store::key::lock(op.conn()).await?;
            // Another process may have been faster.
            ring.keys = self.opened(store::key::published(op.conn(), now).await?);
            if !ring.signs(now, algorithms) {
                for algorithm in SigningAlgorithm::ALL {
                    if algorithms.contains(&algorithm) && !ring.signs(now, &[algorithm]) {
                        // Whoever asked has looked at the clock a little earlier.
                        self.make_key(&mut op, &permit, algorithm, now - Config::SKEW).await?;
                    }
                }
                op.commit().await?;
                ring.keys = self.stored_keys(ops).await?;
            }
        }
        let ring = Arc::new(ring);
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

    /// Makes a new key for each algorithm. They are published at once and sign after ten minutes, when everybody has them; the old ones stay published for a
    /// day after that. Nobody notices. Returns their numbers.
    pub async fn rotate_key(&self, op: &mut Op) -> Result<NewKeys> {
        Ok(NewKeys {
            es256: self.replace_key(op, SigningAlgorithm::Es256).await?,
            rs256: self.replace_key(op, SigningAlgorithm::Rs256).await?,
        })
    }

    async fn replace_key(&self, op: &mut Op, algorithm: SigningAlgorithm) -> Result<String> {
        let permit = op
            .allow(
                "openid.rotate_key",
                "openid:keys",
                access::manage_clients(op.rights(), "openid.rotate_key"),
            )
            .await?;
        store::key::lock(op.conn()).await?;
        let now = op.now();
        let published = store::key::published(op.conn(), now).await?;
        let signs = |key: &StoredKey| key.algorithm == algorithm.as_str() && key.signs_from <= now;
        // The first of an algorithm has nobody to wait for.
        let signs_from = if published.iter().any(signs) {
            now + Config::KEY_AHEAD
        } else {
            now - Config::SKEW
        };
        store::key::leave(op.conn(), &permit, algorithm.as_str(), signs_from + Config::KEY_AFTER).await?;
        self.make_key(op, &permit, algorithm, signs_from).await
    }

    /// Replaces the keys that have signed for three months; called every hour.
    pub(crate) async fn rotate_old_key(&self, op: &mut Op) -> Result<()> {
        let now = op.now();
        for (algorithm, signs_from) in store::key::newest(op.conn()).await? {
            if let Some(algorithm) = SigningAlgorithm::parse(&algorithm)
                && now - signs_from >= Config::KEY_LIFE
            {
                self.replace_key(op, algorithm).await?;
            }
        }
        Ok(())
    }

    async fn make_key(
        &self,
        op: &mut Op,
        permit: &Permit,
        algorithm: SigningAlgorithm,
        signs_from: DateTime<Utc>,
    ) -> Result<String> {
        let plain = match algorithm {
            SigningAlgorithm::Es256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                    .map_err(|error| no_key().caused_by(error.to_string()))?
                    .as_ref()
                    .to_vec()
            }
            SigningAlgorithm::Rs256 => tokio::task::spawn_blocking(rsa::generate)
                .await
                .map_err(|error| no_key().caused_by(error.to_string()))?
                .ok_or_else(no_key)?,
        };
        let kid = secret::new()?.chars().take(16).collect::<String>();
        let sealed = self.vault.seal(PURPOSE, &about(&kid), &plain)?;
        let now = op.now();
        store::key::insert(
            op.conn(),
            permit,
            &StoredKey {
                kid: kid.clone(),
                sealed,
                algorithm: algorithm.as_str().to_owned(),
                signs_from,
                leaves_at: None,
            },
            now,
        )
        .await?;
        let facts = json!({ "algorithm": algorithm, "signs_from": signs_from });
        op.record(Entry::new("openid.key_made", format!("key:{kid}")).detail(facts))
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
