//! Argon2id in a place where it disturbs nobody: on the blocking threads, no more at once than there are cores.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use kernel::{Fault, Result};
use tokio::sync::Semaphore;

use crate::config::Hashing;
use crate::{error, password};

/// How long a sign-in waits for a free place before it is asked to come again.
const WAITS: Duration = Duration::from_secs(20);

/// The stored form of a password: a PHC string of Argon2id with its salt and cost.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    text: String,
}

impl PasswordHash {
    /// Takes over a PHC string. Fails with `identity.password_hash_malformed`.
    pub fn parse(text: &str) -> Result<Self> {
        let parsed =
            phc::PasswordHash::new(text).map_err(|e| error::password_hash_malformed().caused_by(e.to_string()))?;
        let whole = parsed.algorithm == Algorithm::Argon2id.ident() && parsed.salt.is_some() && parsed.hash.is_some();
        if !whole || Params::try_from(&parsed).is_err() {
            return Err(error::password_hash_malformed());
        }
        Ok(Self { text: text.to_owned() })
    }

    /// The PHC string, for the store.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Hides the hash: it must not reach a log.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the right one.
    pub right: bool,
    /// It was hashed at another cost than is asked for now.
    pub outdated: bool,
}

/// Computes and verifies password hashes.
#[derive(Clone)]
pub struct Hasher {
    params: Params,
    places: Arc<Semaphore>,
    /// A hash of nothing that anybody knows, verified when there is no account: it takes the same time.
    nobody: PasswordHash,
}

impl Hasher {
    /// A hasher of this cost. Computes one hash, some 20 ms.
    pub fn new(hashing: Hashing) -> Result<Self> {
        let broken = |e: argon2::Error| Fault::internal("identity.hashing_cost").caused_by(e.to_string());
        let params = Params::new(hashing.memory_kib, hashing.passes, hashing.lanes, None).map_err(broken)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = if hashing.at_once == 0 { cores } else { hashing.at_once };
        let nobody = compute(&params, &crate::token::new()?)?;
        Ok(Self {
            params,
            places: Arc::new(Semaphore::new(at_once)),
            nobody,
        })
    }

    /// Hashes a password with a new salt. Rules are not checked here.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash> {
        let password = password::normalise(password);
        let params = self.params.clone();
        self.in_place(move || compute(&params, &password)).await?
    }

    /// Verifies a password. Without a hash it does the same work and says wrong.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<Verdict> {
        // Nothing that could have been set is longer; the cost of composing a huge text is not for us.
        let whole = password.len() <= password::LONGEST * 4 * 3;
        let password = if whole {
            password::normalise(password)
        } else {
            String::new()
        };
        let known = hash.is_some() && whole;
        let hash = hash.unwrap_or(&self.nobody).clone();
        let params = self.params.clone();
        let (right, outdated) = self.in_place(move || check(&params, &password, &hash)).await?;
        Ok(Verdict {
            right: right && known,
            outdated,
        })
    }

    /// Runs the work on a blocking thread. The place is given back when the work is done, not when the request goes away.
    async fn in_place<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = tokio::time::timeout(WAITS, self.places.clone().acquire_owned())
            .await
            .map_err(|e| error::busy().caused_by(e))?
            .map_err(|e| error::busy().caused_by(e))?;
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(place);
            outcome
        })
        .await
        .map_err(|e| Fault::internal("identity.hashing_failed").caused_by(e))
    }
}

fn argon2id(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn compute(params: &Params, password: &str) -> Result<PasswordHash> {
    argon2id(params)
        .hash_password(password.as_bytes())
        .map(|hash| PasswordHash { text: hash.to_string() })
        .map_err(|e| Fault::internal("identity.hashing_failed").caused_by(e.to_string()))
}

fn check(params: &Params, password: &str, hash: &PasswordHash) -> (bool, bool) {
    let Ok(parsed) = phc::PasswordHash::new(&hash.text) else {
        tracing::error!("a stored password hash cannot be read");
        return (false, false);
    };
    let right = argon2id(params).verify_password(password.as_bytes(), &parsed).is_ok();
    let cost = |p: &Params| (p.m_cost(), p.t_cost(), p.p_cost());
    let outdated = Params::try_from(&parsed).map_or(true, |own| cost(&own) != cost(params));
    (right, outdated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Hashing = Hashing {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
        at_once: 2,
    };

    #[tokio::test]
    async fn right_and_wrong() {
        let hasher = Hasher::new(CHEAP).unwrap();
        let hash = hasher.hash("ruộng lúa xanh").await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert_ne!(hasher.hash("ruộng lúa xanh").await.unwrap(), hash);
        assert!(hasher.verify("ruộng lúa xanh", Some(&hash)).await.unwrap().right);
        let decomposed = "ruo\u{323}\u{302}ng lu\u{301}a xanh";
        assert!(hasher.verify(decomposed, Some(&hash)).await.unwrap().right);
        // A form drops what stands around a text; the API does the same.
        assert!(hasher.verify(" ruộng  lúa xanh ", Some(&hash)).await.unwrap().right);
        for wrong in ["ruộnglúa xanh", "Ruộng lúa xanh", "", &"x".repeat(1_000_000)] {
            assert!(!hasher.verify(wrong, Some(&hash)).await.unwrap().right);
        }
        assert!(!hasher.verify("ruộng lúa xanh", None).await.unwrap().right);
    }

    #[tokio::test]
    async fn an_old_cost_is_noticed() {
        let hash = Hasher::new(CHEAP).unwrap().hash("con vịt").await.unwrap();
        let dearer = Hasher::new(Hashing {
            memory_kib: 128,
            ..CHEAP
        })
        .unwrap();
        assert_eq!(
            dearer.verify("con vịt", Some(&hash)).await.unwrap(),
            Verdict {
                right: true,
                outdated: true
            }
        );
        let again = dearer.hash("con vịt").await.unwrap();
        assert_eq!(
            dearer.verify("con vịt", Some(&again)).await.unwrap(),
            Verdict {
                right: true,
                outdated: false
            }
        );
    }

    #[test]
    fn only_argon2id_is_taken_over() {
        let whole = Hasher::new(CHEAP).unwrap().nobody;
        assert_eq!(PasswordHash::parse(whole.as_str()).unwrap(), whole);
        for text in [
            "",
            "secret",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=64,t=1,p=1",
            "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo",
        ] {
            assert_eq!(
                PasswordHash::parse(text).unwrap_err().code,
                "identity.password_hash_malformed",
                "{text}"
            );
        }
        assert_eq!(format!("{whole:?}"), "PasswordHash(…)");
    }

    #[test]
    fn the_usual_cost_is_the_one_of_owasp() {
        assert_eq!(
            Hashing::default(),
            Hashing {
                memory_kib: 19_456,
                passes: 2,
                lanes: 1,
                at_once: 0
            }
        );
    }
}
