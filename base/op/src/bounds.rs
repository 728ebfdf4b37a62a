//! What people have asked not to be done with their data (hạn chế xử lý, phản đối xử lý, sự đồng ý theo mục đích), asked before everything that
//! serving them does not need.
//!
//! Whoever lists, counts, exports or writes to people knows no engine that keeps such wishes; one registers itself ([`crate::Reactions::bound_by`]).

use std::collections::BTreeSet;

use async_trait::async_trait;
use kernel::{AccountId, PersonId, Result};

use crate::Op;

/// The engine that keeps what people have asked.
#[async_trait]
pub trait Bounds: Send + Sync {
    /// Those of these people whose data is not to be used for the purpose: its use is restricted, they object to the purpose, or it needs a consent
    /// that they have not given. A purpose that nobody has declared holds for nobody.
    async fn withheld(&self, op: &mut Op, people: &[PersonId], purpose: &str) -> Result<BTreeSet<PersonId>>;

    /// Whether the use of everything about a person is restricted to serving them.
    async fn is_restricted(&self, op: &mut Op, person: PersonId) -> Result<bool>;

    /// Whose account it is, for whoever knows no people.
    async fn person_of(&self, op: &mut Op, account: AccountId) -> Result<Option<PersonId>>;
}

impl Op {
    /// Those of these people whose data is not to be used for the purpose, asked anew each time: a restriction counts at once. Where no engine
    /// keeps such wishes there are none.
    pub async fn withheld(&mut self, people: &[PersonId], purpose: &str) -> Result<BTreeSet<PersonId>> {
        match self.bounds() {
            Some(bounds) if !people.is_empty() => bounds.withheld(self, people, purpose).await,
            _ => Ok(BTreeSet::new()),
        }
    }

    /// Whether the use of everything about a person is restricted to serving them (hạn chế xử lý): shown to whoever works for them.
    pub async fn is_restricted(&mut self, person: PersonId) -> Result<bool> {
        match self.bounds() {
            Some(bounds) => bounds.is_restricted(self, person).await,
            None => Ok(false),
        }
    }

    /// Whether the owner of an account may be written to for the purpose. An account that nobody knows may not.
    pub async fn may_write_to(&mut self, account: AccountId, purpose: &str) -> Result<bool> {
        let Some(bounds) = self.bounds() else {
            return Ok(true);
        };
        let Some(person) = bounds.person_of(self, account).await? else {
            return Ok(false);
        };
        Ok(bounds.withheld(self, &[person], purpose).await?.is_empty())
    }
}
