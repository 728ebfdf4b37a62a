//! What follows a person who had two accounts to the one that remains (gộp tài khoản).
//!
//! The engine that keeps people and accounts decides who becomes whom; each engine that keeps something for a person or an account brings its part
//! along. None of them knows the others, and one that comes later registers itself ([`crate::Reactions::unite`]).

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{AccountId, Result};
use serde::{Deserialize, Serialize};

use crate::{Op, Permit, Whom};

/// One kind of thing that follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct United {
    /// The engine.
    #[serde(default)]
    pub engine: String,
    /// What: `cases`, `drafts`, `messages`.
    pub what: String,
    /// How many.
    pub count: u64,
}

impl United {
    /// So many of a kind.
    pub fn of(what: &str, count: u64) -> Self {
        Self {
            engine: String::new(),
            what: what.to_owned(),
            count,
        }
    }

    /// The same, as the database counts.
    pub fn counted(what: &str, count: i64) -> Self {
        Self::of(what, u64::try_from(count).unwrap_or(0))
    }
}

/// The person who is no more one of their own, and the one who remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Union {
    /// Whose things go.
    pub from: Whom,
    /// To whom they go.
    pub into: Whom,
}

impl Union {
    /// The account whose things go and the one to which they go; none where the account itself follows, and its things with it.
    pub fn accounts(&self) -> Option<[AccountId; 2]> {
        match (self.from.account, self.into.account) {
            (Some(from), Some(into)) if from != into => Some([from, into]),
            _ => None,
        }
    }
}

/// An engine that keeps something for people or accounts. Whether it may be done was decided by the caller, who shows the permit and looks beyond the
/// second wall; the accounts and people of both are locked.
#[async_trait]
pub trait Uniter: Send + Sync {
    /// The engine, as its things are named.
    fn engine(&self) -> &'static str;

    /// What would follow now. Changes nothing. Fails where the two cannot be joined as this engine sees them: it is asked before anything is done.
    async fn count(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>>;

    /// Brings it along. A second time there is nothing left, but for what has come in between.
    async fn unite(&self, op: &mut Op, permit: &Permit, union: &Union) -> Result<Vec<United>>;
}

pub(crate) type Uniters = Vec<Arc<dyn Uniter>>;

fn named(engine: &'static str, parts: Vec<United>) -> impl Iterator<Item = United> {
    let kept = parts.into_iter().filter(|part| part.count > 0);
    kept.map(move |part| United {
        engine: engine.to_owned(),
        ..part
    })
}

impl Op {
    /// What every engine would bring along, in order; what there is none of is left out.
    pub async fn count_united(&mut self, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let mut all = Vec::new();
        for uniter in self.uniters() {
            all.extend(named(uniter.engine(), uniter.count(self, permit, union).await?));
        }
        Ok(all)
    }

    /// Lets every engine bring its part along, in order.
    pub async fn unite(&mut self, permit: &Permit, union: &Union) -> Result<Vec<United>> {
        let mut all = Vec::new();
        for uniter in self.uniters() {
            all.extend(named(uniter.engine(), uniter.unite(self, permit, union).await?));
        }
        Ok(all)
    }
}
