//! Changing keys while programs run (thay khóa): a new key is put into the folder, what was sealed with older ones is sealed anew, and a
//! key that nothing needs any more is taken away.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use kernel::{Fault, Result};
use serde::Serialize;

use crate::{Vault, keys, parted, unusable};

/// How long after the next key was made one may be taken away: whatever was sealed with it, in an operation that had begun before, is
/// written down by then.
const SETTLED: TimeDelta = TimeDelta::minutes(10);

/// How something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Sealed: can be sealed anew with another key.
    Sealed,
    /// A tag: nobody knows what it was made of, so it needs its key until it is used up or replaced.
    Tag,
}

/// What an engine keeps under one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyUse {
    /// Number of the key.
    pub key: u32,
    /// The purpose: `identity.totp`.
    pub purpose: &'static str,
    /// How.
    pub kept: Kept,
    /// How many.
    pub count: i64,
}

/// What came of sealing anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// Now under the newest key.
    pub done: u64,
    /// Left as they were, because they cannot be unsealed: their key is missing, or they were changed.
    pub unreadable: u64,
    /// Left as they were, because another row has the same number or name: a person has to look at both.
    pub conflicting: u64,
    /// The time was over before everything was looked at, or others held some of it all the time.
    pub left: bool,
}

impl std::ops::AddAssign for Resealed {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.unreadable += other.unreadable;
        self.conflicting += other.conflicting;
        self.left |= other.left;
    }
}

/// How often rows that others held are looked for again before they are left to the next change.
pub const PASSES: usize = 10;
/// How long those who hold them are given in between.
pub const PAUSE: Duration = Duration::from_millis(200);

impl Resealed {
    /// One pass after another: what was done adds up, what is left is what the later one has left.
    #[must_use]
    pub fn then(self, later: Self) -> Self {
        Self {
            done: self.done + later.done,
            ..later
        }
    }
}

/// The number of the key of a sealed text or a tag; of the first five bytes too. Fails with `vault.sealed_broken`.
pub fn key_of(kept: &[u8]) -> Result<u32> {
    Ok(parted(kept)?.0)
}

impl Vault {
    /// The numbers of all keys in the folder, the oldest first: the seconds in which they were made. The last one seals. Fails with `vault.keys`.
    pub fn numbers(&self) -> Result<Vec<u32>> {
        Ok(self.read()?.numbers())
    }

    /// Makes a new key, which seals from now on, in all programs that use the folder. Fails with `vault.keys`.
    pub fn add_key(&self, now: DateTime<Utc>) -> Result<u32> {
        let (newest, _) = self.newest()?;
        keys::add(&self.folder, newest, now).map_err(unusable)
    }

    /// The same secret sealed with the newest key; `None` where it is that already. Fails as [`Vault::unseal`].
    pub fn reseal(&self, purpose: &str, about: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        let (newest, _) = self.newest()?;
        if key_of(sealed)? == newest {
            return Ok(None);
        }
        let plain = self.unseal(purpose, about, sealed)?;
        self.seal(purpose, about, &plain).map(Some)
    }

    /// Whether more is sealed with older keys, after a pass, than it could not open or had to leave: what others held was passed over, so that nobody waits.
    /// Fails with `vault.keys`.
    pub fn passed_over(&self, uses: &[KeyUse], pass: &Resealed) -> Result<bool> {
        let newest = self.numbers()?.pop();
        let older = uses
            .iter()
            .filter(|used| used.kept == Kept::Sealed && Some(used.key) != newest);
        let left: i64 = older.map(|used| used.count).sum();
        Ok(u64::try_from(left).unwrap_or_default() > pass.unreadable + pass.conflicting)
    }

    /// Whether a key may be taken away, as far as the vault can tell: it knows its age, and not what is kept under it. Fails with
    /// `vault.key_in_force` {number} where it is the newest, with `vault.key_not_settled` {minutes} where the next one is younger than ten
    /// minutes, with `vault.keys`.
    pub fn may_remove(&self, number: u32, now: DateTime<Utc>) -> Result<()> {
        let numbers = self.numbers()?;
        let Some(next) = numbers.into_iter().find(|other| *other > number) else {
            return Err(Fault::conflict("vault.key_in_force").with("number", number));
        };
        let age = TimeDelta::seconds(now.timestamp() - i64::from(next));
        if age < SETTLED {
            let minutes = ((SETTLED - age).num_seconds() + 59) / 60;
            return Err(Fault::conflict("vault.key_not_settled").with("minutes", minutes));
        }
        Ok(())
    }

    /// Takes a key away for good. The caller has made sure that nothing is kept under it. Fails as [`Vault::may_remove`].
    pub fn remove_key(&self, number: u32, now: DateTime<Utc>) -> Result<()> {
        self.may_remove(number, now)?;
        keys::remove(&self.folder, number, now).map_err(unusable)?;
        self.numbers().map(drop)
    }
}
