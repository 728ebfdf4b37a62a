#![doc = include_str!("../README.md")]

mod columns;
mod keys;
mod rotation;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use kernel::{Fault, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{hkdf, hmac};
use subtle::ConstantTimeEq;

pub use columns::{Sealed, Wanted};
use keys::Keys;
pub use rotation::{Kept, KeyUse, Resealed, key_of};

/// Version of the layout of sealed texts and tags.
const VERSION: u8 = 1;
/// Version and number of the key.
const HEAD: usize = 5;

/// Seals and unseals. Clones are cheap and share the keys.
#[derive(Clone)]
pub struct Vault {
    folder: Arc<PathBuf>,
    keys: Arc<RwLock<Keys>>,
}

impl Vault {
    /// The keys in this folder; where there is none, the first one is made, called by the second of `now`. Fails with `vault.keys`.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<Self> {
        let keys = keys::read_or_make(folder, now).map_err(unusable)?;
        Ok(Self {
            folder: Arc::new(folder.to_owned()),
            keys: Arc::new(RwLock::new(keys)),
        })
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

    /// The tags of a secret under every key in the folder, the newest first: what is looked up by its tag is found under whichever key it was
    /// written down.
    pub fn tags(&self, purpose: &str, about: &str, secret: &[u8]) -> Result<Vec<Vec<u8>>> {
        let keys: Vec<(u32, [u8; keys::LENGTH])> = {
            let keys = self.read()?;
            let numbers = keys.numbers().into_iter().rev();
            numbers.filter_map(|number| Some((number, keys.get(number)?))).collect()
        };
        keys.into_iter()
            .map(|(number, key)| Ok([head(number).as_slice(), &mac(&key, purpose, about, secret)?].concat()))
            .collect()
    }

    /// Reads the folder first: another program may have added a key, and what is sealed with an older one would have to be sealed anew. It
    /// is rarely done, and always before something is written that has to last.
    fn newest(&self) -> Result<(u32, [u8; keys::LENGTH])> {
        let newest = self.read()?.newest();
        Ok(newest)
    }

    fn read(&self) -> Result<std::sync::RwLockReadGuard<'_, Keys>> {
        let lost = || unusable(std::io::Error::from(std::io::ErrorKind::NotFound));
        let read = keys::read(&self.folder).map_err(unusable)?.ok_or_else(lost)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A key by its number. Another program may have made it a moment ago, so the folder is read once more before it is missing;
    /// none is made here.
    fn key(&self, number: u32) -> Result<[u8; keys::LENGTH]> {
        let known = |keys: &Keys| keys.get(number);
        if let Some(key) = known(&self.keys.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(key);
        }
        let missing = || Fault::internal("vault.key_missing").with("number", number);
        let read = keys::read(&self.folder).map_err(unusable)?.ok_or_else(missing)?;
        let found = known(&read).ok_or_else(missing)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(found)
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

fn broken() -> Fault {
    Fault::internal("vault.sealed_broken")
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::internal("vault.keys").caused_by(error)
}
