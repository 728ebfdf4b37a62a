//! Columns of personal data (mã hóa dữ liệu cá nhân khi lưu trữ): what one row holds of them is sealed as a whole.

use kernel::{Fault, Result};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Vault, key_of};

/// Sealed JSON is filled up with spaces to a multiple of this, so that its length does not tell whether a telephone is known.
const STEP: usize = 64;

/// One sealed column: the purpose under which its values are sealed, `engine.what`. The row is named with each value, so what is copied into
/// another row, or into another column, does not open there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed(pub &'static str);

impl Sealed {
    /// Seals what a row holds with the newest key. `row` names it for good (`draft:<uuid>`). Fails as [`Vault::seal`].
    pub fn seal(self, vault: &Vault, row: &str, value: &impl Serialize) -> Result<Vec<u8>> {
        let mut plain = serde_json::to_vec(value).map_err(|why| unfit().caused_by(why))?;
        plain.resize(plain.len().next_multiple_of(STEP), b' ');
        vault.seal(self.0, row, &plain)
    }

    /// What the row holds. Fails as [`Vault::unseal`]: with `vault.sealed_broken` too where the text is not what this column holds.
    pub fn open<T: DeserializeOwned>(self, vault: &Vault, row: &str, sealed: &[u8]) -> Result<T> {
        let plain = vault.unseal(self.0, row, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| unfit())
    }

    /// The same value sealed with the newest key; `None` where it is that already. Fails as [`Vault::unseal`].
    pub fn reseal(self, vault: &Vault, row: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>> {
        vault.reseal(self.0, row, sealed)
    }

    /// How many values there are under each key, for [`crate::KeyUse`]: from the first five bytes of each and their number.
    pub fn uses(self, heads: Vec<(Vec<u8>, i64)>) -> Result<Vec<crate::KeyUse>> {
        let uses = heads.into_iter().map(|(head, count)| {
            Ok(crate::KeyUse {
                key: key_of(&head)?,
                purpose: self.0,
                kept: crate::Kept::Sealed,
                count,
            })
        });
        uses.collect()
    }
}

/// Which rows a change of keys takes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The key that seals; none: only what is not sealed at all.
    pub other_than: Option<u32>,
    /// Rows at a time.
    pub limit: i64,
}

impl Wanted {
    /// What an older program has left in plain.
    pub fn plain(limit: i64) -> Self {
        Self {
            other_than: None,
            limit,
        }
    }

    /// The key as it stands in the second to the fifth byte of what is sealed with it.
    pub fn key(self) -> Option<Vec<u8>> {
        self.other_than.map(|key| key.to_be_bytes().to_vec())
    }
}

impl Vault {
    /// Everything that is not sealed with the newest key, what is not sealed at all included. Fails with `vault.keys`.
    pub fn older(&self, limit: i64) -> Result<Wanted> {
        Ok(Wanted {
            other_than: self.numbers()?.pop(),
            limit,
        })
    }
}

/// Not with the reason of the parser: it quotes what it read.
fn unfit() -> Fault {
    Fault::internal("vault.sealed_broken")
}
