//! Columns of personal data (mã hóa dữ liệu cá nhân khi lưu trữ): what one row holds of them is sealed as a whole.

use kernel::{Fault, Result};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::{Kept, KeyUse, Vault, key_of};

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

/// How long one turn of a job may seal: everything else that waits for its turn waits no longer.
const TURN: Duration = Duration::from_secs(10);

/// Which rows a change of keys takes next: those under one key, so that an index leads to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The key; 0: what is not sealed at all.
    key: u32,
    /// Rows at a time.
    pub limit: i64,
    until: Option<Instant>,
}

impl Wanted {
    /// What an older program has left in plain.
    pub fn plain(limit: i64) -> Self {
        Self {
            key: 0,
            limit,
            until: None,
        }
    }

    /// For one turn of a job: no batch begins after it.
    pub fn for_a_turn(self) -> Self {
        self.within(TURN)
    }

    /// No batch begins after this time; the first one always does.
    pub fn within(self, time: Duration) -> Self {
        Self {
            until: Some(Instant::now() + time),
            ..self
        }
    }

    /// Whether the time is over.
    pub fn over(self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// The key as it stands in the second to the fifth byte of what is sealed with it, and in the indexes of tables: zeroes for what is not sealed.
    pub fn key(self) -> Vec<u8> {
        self.key.to_be_bytes().to_vec()
    }
}

impl Vault {
    /// Everything that is not sealed with the newest key: what is under each other key that is in use, then what is not sealed at all. Fails with
    /// `vault.keys`.
    pub fn older(&self, uses: &[KeyUse], limit: i64) -> Result<Vec<Wanted>> {
        let newest = self.numbers()?.pop();
        let sealed = uses.iter().filter(|used| used.kept == Kept::Sealed);
        let others: BTreeSet<u32> = sealed.map(|used| used.key).filter(|key| Some(*key) != newest).collect();
        let plain = Wanted::plain(limit);
        // What is not sealed comes last: where a number stands twice, the row that had it first keeps it.
        let each = others.into_iter().map(|key| Wanted { key, ..plain });
        Ok(each.chain([plain]).collect())
    }
}

/// The statement that counts what a table keeps under each key, for [`Sealed::uses`]. The index on the key leads from one to the next, and no
/// sealed text is read.
#[macro_export]
macro_rules! count_by_key {
    ($table:literal) => {
        concat!(
            "WITH RECURSIVE found (head) AS (
                 (SELECT coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') AS head
                    FROM ",
            $table,
            "
                   WHERE coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') > '\\x00000000'
                   ORDER BY coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000')
                   LIMIT 1)
                 UNION ALL
                 SELECT (SELECT coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000')
                           FROM ",
            $table,
            "
                          WHERE coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') > found.head
                          ORDER BY coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000')
                          LIMIT 1)
                   FROM found
                  WHERE found.head IS NOT NULL
             )
             SELECT '\\x01'::bytea || head,
                    (SELECT count(*)
                       FROM ",
            $table,
            "
                      WHERE coalesce(substring(sealed FROM 2 FOR 4), '\\x00000000') = found.head)
               FROM found
              WHERE head IS NOT NULL
              ORDER BY head"
        )
    };
}

/// Not with the reason of the parser: it quotes what it read.
fn unfit() -> Fault {
    Fault::internal("vault.sealed_broken")
}
