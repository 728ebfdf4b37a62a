#![doc = include_str!("../README.md")]

mod columns;
mod keys;
mod rotation;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use chrono::{DateTime, Utc};
use kernel::{Fault, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use subtle::ConstantTimeEq;

pub use columns::{Sealed, Wanted};
use keys::Keys;
pub use rotation::{Kept, KeyUse, PASSES, PAUSE, Resealed, key_of};

/// Version of the layout of sealed texts and tags.
const VERSION: u8 = 1;
/// The purpose of what a key is known again by.
const PROOF: &str = "vault.check";
/// Version and number of the key.
const HEAD: usize = 5;

/// Seals and unseals. Clones are cheap and share the keys.
#[derive(Clone)]
pub struct Vault {
    folder: Arc<PathBuf>,
    keys: Arc<RwLock<Arc<Keys>>>,
}

impl Vault {
    /// The keys in this folder; where there is none, the first one is made, called by the second of `now`. Fails with `vault.keys`.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self> {
        let keys = keys::read_or_make(folder, now).map_err(unusable)?;
        Ok(Self::with(folder, keys))
    }

    /// The keys in this folder, where this one is known to be in use: none is made in place of what is lost. Fails with `vault.key_missing` {number}
    /// where there is no key at all, and with `vault.keys`.
    pub fn existing(folder: &Path, number: u32) -> Result<Self> {
        let read = match keys::read(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            read => read.map_err(unusable)?,
        };
        Ok(Self::with(folder, read.ok_or_else(|| missing(number))?))
    }

    fn with(folder: &Path, keys: Keys) -> Self {
        Self {
            folder: Arc::new(folder.to_owned()),
            keys: Arc::new(RwLock::new(Arc::new(keys))),
        }
    }

    /// By what each key is known again, the oldest first: its number, and a tag that only this key makes. Nothing opens with it. Fails with `vault.keys`.
    pub fn proofs(&self) -> Result<Vec<(u32, Vec<u8>)>> {
        let keys = self.read()?;
        let proof = |number: u32| {
            let key = keys.get(number).ok_or_else(|| missing(number))?;
            Ok((number, mac(&key, PROOF, &format!("key:{number}"), b"")?))
        };
        keys.numbers().into_iter().map(proof).collect()
    }

    /// Encrypts a secret with the newest key in the folder, whoever has put it there. `purpose` says what sort of secret it is and never changes (`identity.totp`), `about` what it belongs
    /// to (`account:<uuid>`); both are needed to unseal it. Fails with `vault.no_randomness`,
    /// `vault.keys`.
    pub fn seal(&self, purpose: &str, about: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let (number, key) = self.newest()?;
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new()
            .fill(&mut nonce)
            .map_err(|error| Fault::internal("vault.no_randomness").caused_by(error.to_string()))?;
        let mut text = plain.to_vec();
        cipher(&key, purpose)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad(purpose, about), &mut text)
            .map_err(|_| broken())?;
        Ok([head(number).as_slice(), &nonce, &text].concat())
    }

    /// The secret again. Fails with `vault.key_missing` {number} where its key is not in the folder, with `vault.sealed_broken` where the
    /// text was changed or belongs elsewhere.
    pub fn unseal(&self, purpose: &str, about: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let (number, rest) = parted(sealed)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let mut text = text.to_vec();
        let key = self.key(number)?;
        let plain = cipher(&key, purpose)?
            .open_in_place(nonce, aad(purpose, about), &mut text)
            .map_err(|_| {
                broken().caused_by(format!(
                    "{purpose} of {about} was changed, or was sealed for another row"
                ))
            })?;
        Ok(plain.to_vec())
    }

    /// What is kept of a secret that is only compared.
    pub fn tag(&self, purpose: &str, about: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let (number, key) = self.newest()?;
        let tag = mac(&key, purpose, about, secret)?;
        Ok([head(number).as_slice(), &tag].concat())
    }

    /// Whether the tag is that of this secret; takes the same time for all that are not. Fails with `vault.key_missing` {number} and
    /// `vault.sealed_broken`.
    pub fn tag_holds(&self, purpose: &str, about: &str, secret: &[u8], tag: &[u8]) -> Result<bool> {
        let (number, kept) = parted(tag)?;
        let tag = mac(&self.key(number)?, purpose, about, secret)?;
        Ok(tag.ct_eq(kept).into())
    }

    /// The tag of a secret under the key that has sealed something else, so that both change together: the number is that of
    /// [`key_of`]. Fails with `vault.key_missing` {number}.
    pub fn tag_under(&self, number: u32, purpose: &str, about: &str, secret: &[u8]) -> Result<Vec<u8>> {
        let tag = mac(&self.key(number)?, purpose, about, secret)?;
        Ok([head(number).as_slice(), &tag].concat())
    }

    /// The tags of a secret under every key in the folder, the newest first: what is looked up by its tag is found under whichever key it was
    /// written down. Where the folder cannot be read at this moment, the keys that are known do.
    pub fn tags(&self, purpose: &str, about: &str, secret: &[u8]) -> Result<Vec<Vec<u8>>> {
        let keys = self.read().unwrap_or_else(|_| self.known().clone());
        let tag = |number: u32| {
            let key = keys.get(number).ok_or_else(|| missing(number))?;
            Ok([head(number).as_slice(), &mac(&key, purpose, about, secret)?].concat())
        };
        keys.numbers().into_iter().rev().map(tag).collect()
    }

    /// Looks at the folder first: another program may have added a key, and what is sealed with an older one would have to be sealed anew.
    fn newest(&self) -> Result<(u32, [u8; keys::LENGTH])> {
        Ok(self.read()?.newest())
    }

    fn known(&self) -> RwLockReadGuard<'_, Arc<Keys>> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys as the folder has them now. It is read again only where it has changed.
    fn read(&self) -> Result<Arc<Keys>> {
        let known = self.known().clone();
        if known.hold(&self.folder) {
            return Ok(known);
        }
        let read = Arc::new(keys::read(&self.folder).map_err(unusable)?.ok_or_else(lost)?);
        self.learn(&read);
        Ok(read)
    }

    /// What was read a moment earlier than what somebody else has read does not take its place.
    fn learn(&self, read: &Arc<Keys>) {
        let mut known = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if read.newest().0 >= known.newest().0 {
            *known = read.clone();
        }
    }

    /// A key by its number. Another program may have made it a moment ago, so the folder is read once more before it is missing;
    /// none is made here.
    fn key(&self, number: u32) -> Result<[u8; keys::LENGTH]> {
        if let Some(key) = self.known().get(number) {
            return Ok(key);
        }
        let read = keys::read(&self.folder).map_err(unusable)?;
        let read = Arc::new(read.ok_or_else(|| missing(number))?);
        self.learn(&read);
        read.get(number).ok_or_else(|| missing(number))
    }
}

fn head(number: u32) -> [u8; HEAD] {
    let [a, b, c, d] = number.to_be_bytes();
    [VERSION, a, b, c, d]
}

/// The number of the key, and what follows it.
fn parted(text: &[u8]) -> Result<(u32, &[u8])> {
    match text {
        [VERSION, a, b, c, d, rest @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), rest)),
        _ => Err(broken()),
    }
}

/// Each purpose has keys of its own, so that a mistake with one does not open another.
fn derived<T>(key: &[u8; keys::LENGTH], what: &str, purpose: &str, kind: T) -> Result<[u8; keys::LENGTH]>
where
    T: hkdf::KeyType,
{
    let mut out = [0; keys::LENGTH];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"vault")
        .extract(key)
        .expand(&[what.as_bytes(), b"\0", purpose.as_bytes()], kind)
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| broken())?;
    Ok(out)
}

fn cipher(key: &[u8; keys::LENGTH], purpose: &str) -> Result<LessSafeKey> {
    let key = derived(key, "seal", purpose, &AES_256_GCM)?;
    Ok(LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, &key).map_err(|_| broken())?,
    ))
}

/// No part contains the zero that parts them: purposes and numbers of rows are words.
fn aad(purpose: &str, about: &str) -> Aad<Vec<u8>> {
    Aad::from([purpose.as_bytes(), b"\0", about.as_bytes()].concat())
}

fn mac(key: &[u8; keys::LENGTH], purpose: &str, about: &str, secret: &[u8]) -> Result<Vec<u8>> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &derived(key, "tag", purpose, hkdf::HKDF_SHA256)?);
    let mut context = hmac::Context::with_key(&key);
    context.update(about.as_bytes());
    context.update(b"\0");
    context.update(secret);
    Ok(context.sign().as_ref().to_vec())
}

fn missing(number: u32) -> Fault {
    Fault::internal("vault.key_missing").with("number", number)
}

fn lost() -> Fault {
    unusable(std::io::Error::from(std::io::ErrorKind::NotFound))
}

fn broken() -> Fault {
    Fault::internal("vault.sealed_broken")
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::internal("vault.keys").caused_by(error)
}
