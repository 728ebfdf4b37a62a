//! What follows an agency (cơ quan) that ends to the one that takes its place.
//!
//! The engine that keeps the agencies decides who goes where; each engine above brings what it keeps for an agency along. None of
//! them knows the others, and one that comes later registers itself.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use futures::future::BoxFuture;
use kernel::{AgencyId, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Op;

/// An agency that ends, and the one at which its work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The agency that ends.
    pub from: AgencyId,
    /// Its code at the end.
    pub from_code: String,
    /// Its name.
    pub from_name: String,
    /// Where its work goes on.
    pub to: AgencyId,
    /// The code of that agency.
    pub to_code: String,
    /// Its name.
    pub to_name: String,
}

/// All agencies that end on a day. Nobody stands on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moves {
    /// The first day on which they are no more.
    pub on: NaiveDate,
    /// Every agency that ends, once.
    pub agencies: Vec<Move>,
}

impl Moves {
    /// The agencies that end, as a column of a statement.
    pub fn from(&self) -> Vec<Uuid> {
        self.agencies.iter().map(|one| one.from.uuid()).collect()
    }

    /// Where each goes, in the order of [`Moves::from`].
    pub fn to(&self) -> Vec<Uuid> {
        self.agencies.iter().map(|one| one.to.uuid()).collect()
    }
}

/// One kind of thing that had to move.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// What: `open_cases`, `tasks`.
    pub what: String,
    /// How many there were, counted before anything moved.
    pub found: i64,
    /// How many have a new home.
    pub moved: i64,
    /// How many stay where they are by rule, and stay readable there.
    pub stays: i64,
    /// How many of those found belonged to each code; empty where nobody asks.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_code: BTreeMap<String, i64>,
}

impl Moved {
    /// Of a kind, with nothing that stays.
    pub fn of(what: &str, found: i64, moved: i64) -> Self {
        Self {
            what: what.to_owned(),
            found,
            moved,
            ..Self::default()
        }
    }

    /// Whether nothing was lost.
    pub fn adds_up(&self) -> bool {
        self.found == self.moved + self.stays
    }
}

/// Something for which somebody has to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Why: the key of a text.
    pub why: String,
    /// What it is about: a code, a title.
    pub what: String,
    /// The rest of the sentence.
    pub detail: String,
}

/// What one engine brought along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The engine.
    pub engine: String,
    /// What moved.
    pub moved: Vec<Moved>,
    /// What somebody has to look at.
    pub listed: Vec<Listed>,
}

impl Part {
    /// Nothing yet.
    pub fn of(engine: &str) -> Self {
        Self {
            engine: engine.to_owned(),
            moved: Vec::new(),
            listed: Vec::new(),
        }
    }
}

/// Brings along what one engine keeps for agencies, in the operation that ends them.
pub type Mover = Arc<dyn for<'a> Fn(&'a mut Op, &'a Moves) -> BoxFuture<'a, Result<Part>> + Send + Sync>;

/// Who brings something along. Filled once, when the program is put together, lower engines first: rows are locked upwards.
#[derive(Clone, Default)]
pub struct Movers {
    all: Vec<Mover>,
}

impl Movers {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an engine.
    pub fn add<F>(&mut self, mover: F)
    where
        F: for<'a> Fn(&'a mut Op, &'a Moves) -> BoxFuture<'a, Result<Part>> + Send + Sync + 'static,
    {
        self.all.push(Arc::new(mover));
    }

    /// Lets every engine bring its part along, in order.
    pub async fn carry(&self, op: &mut Op, moves: &Moves) -> Result<Vec<Part>> {
        let mut parts = Vec::with_capacity(self.all.len());
        for mover in &self.all {
            parts.push(mover(op, moves).await?);
        }
        Ok(parts)
    }
}
