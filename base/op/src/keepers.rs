//! What the engines keep about one person (chủ thể dữ liệu), told together and, where the law lets it, forgotten together.
//!
//! Whoever answers people about their data knows no engine; each engine that keeps something registers itself.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{AccountId, PersonId, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Op, Permit};

/// The person it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whom {
    /// The person.
    pub person: PersonId,
    /// The account, if there is one.
    pub account: Option<AccountId>,
}

/// One part of what an engine keeps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Which part: `person`, `cases`. Unique in its engine.
    pub part: String,
    /// The things themselves, each an object, the newest first.
    pub items: Vec<Value>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

impl Kept {
    /// The first `most` of what was found; whoever asks its store for one more than that learns whether there is more.
    pub fn of(part: &str, items: impl IntoIterator<Item = Value>, most: i64) -> Self {
        let most = usize::try_from(most).unwrap_or(0);
        let mut items: Vec<Value> = items.into_iter().collect();
        let more = items.len() > most;
        items.truncate(most);
        Self {
            part: part.to_owned(),
            items,
            more,
        }
    }
}

/// What became of one part when a person was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// The engine.
    #[serde(default)]
    pub engine: String,
    /// Which part: `drafts`, `contact`.
    pub part: String,
    /// How many things are gone.
    pub gone: u64,
    /// Whether the law keeps the part: then nothing of it has gone.
    pub kept: bool,
}

impl Forgotten {
    /// So many things of a part are gone.
    pub fn gone(part: &str, gone: u64) -> Self {
        Self {
            engine: String::new(),
            part: part.to_owned(),
            gone,
            kept: false,
        }
    }

    /// The law keeps a part.
    pub fn kept(part: &str) -> Self {
        Self {
            kept: true,
            ..Self::gone(part, 0)
        }
    }
}

/// An engine that keeps something about people. Whether it may be told or forgotten was decided by the caller, who shows the permit.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// The engine, as the parts of an extract are named.
    fn engine(&self) -> &'static str;

    /// What is kept about the person, at most `most` things of each part.
    async fn tell(&self, op: &mut Op, permit: &Permit, whom: &Whom, most: i64) -> Result<Vec<Kept>>;

    /// Lets go what may go, and names what the law keeps. A second time nothing is left to go.
    async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>>;
}

/// What one engine has told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The engine.
    pub engine: String,
    /// Its parts.
    pub parts: Vec<Kept>,
}

/// All engines that keep something. Filled once, when the program is put together, lower engines first: rows are locked upwards.
#[derive(Clone, Default)]
pub struct Keepers {
    all: Vec<Arc<dyn Keeper>>,
}

impl Keepers {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an engine.
    pub fn add(&mut self, keeper: impl Keeper + 'static) {
        self.all.push(Arc::new(keeper));
    }

    /// Lets every engine tell, in order.
    pub async fn tell(&self, op: &mut Op, permit: &Permit, whom: &Whom, most: i64) -> Result<Vec<Told>> {
        let mut told = Vec::with_capacity(self.all.len());
        for keeper in &self.all {
            told.push(Told {
                engine: keeper.engine().to_owned(),
                parts: keeper.tell(op, permit, whom, most).await?,
            });
        }
        Ok(told)
    }

    /// Lets every engine forget, in order.
    pub async fn forget(&self, op: &mut Op, permit: &Permit, whom: &Whom) -> Result<Vec<Forgotten>> {
        let mut all = Vec::new();
        for keeper in &self.all {
            let parts = keeper.forget(op, permit, whom).await?;
            all.extend(parts.into_iter().map(|part| Forgotten {
                engine: keeper.engine().to_owned(),
                ..part
            }));
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_more_than_asked_for_says_that_there_is_more() {
        let items = |count: usize| (0..count).map(|n| json!({ "n": n }));
        assert!(!Kept::of("cases", items(2), 2).more);
        let cut = Kept::of("cases", items(3), 2);
        assert!(cut.more);
        assert_eq!(cut.items.len(), 2);
    }
}
