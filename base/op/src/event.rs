//! What happened, and who acts on it before the commit.

use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use kernel::Result;
use serde::Serialize;
use serde_json::Value;

use crate::uniters::Uniters;
use crate::{Bounds, Op, Uniter};

/// Something that happened inside an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `engine.what_happened`, in the past tense.
    pub kind: &'static str,
    /// The thing it happened to, `dossier:<uuid>`.
    pub subject: String,
    /// Facts that listeners need.
    pub payload: Value,
}

impl Event {
    /// An event with its payload as JSON; a payload that has no JSON form becomes `null`.
    pub fn new(kind: &'static str, subject: impl ToString, payload: impl Serialize) -> Self {
        Self {
            kind,
            subject: subject.to_string(),
            payload: serde_json::to_value(payload).unwrap_or(Value::Null),
        }
    }
}

/// A handler that runs in the transaction in which the event was raised.
pub type Reaction = Arc<dyn for<'a> Fn(&'a mut Op, &'a Event) -> BoxFuture<'a, Result<()>> + Send + Sync>;

/// Which handler listens to which event. Filled once, when the program is put together.
#[derive(Clone, Default)]
pub struct Reactions {
    handlers: HashMap<&'static str, Vec<Reaction>>,
    bounds: Option<Arc<dyn Bounds>>,
    uniters: Uniters,
}

impl Reactions {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler for one kind of event. A higher engine listens to a lower one, never the other way round.
    pub fn on<F>(&mut self, kind: &'static str, handler: F)
    where
        F: for<'a> Fn(&'a mut Op, &'a Event) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        self.handlers.entry(kind).or_default().push(Arc::new(handler));
    }

    /// Names the engine that keeps what people have asked not to be done with their data.
    pub fn bound_by(&mut self, bounds: impl Bounds + 'static) {
        self.bounds = Some(Arc::new(bounds));
    }

    /// Names an engine that brings its part along when two accounts of one person become one: lower engines first, rows are locked upwards.
    pub fn unite(&mut self, uniter: impl Uniter + 'static) {
        self.uniters.push(Arc::new(uniter));
    }

    pub(crate) fn uniters(&self) -> Uniters {
        self.uniters.clone()
    }

    pub(crate) fn bounds(&self) -> Option<Arc<dyn Bounds>> {
        self.bounds.clone()
    }

    pub(crate) fn of(&self, kind: &str) -> Vec<Reaction> {
        self.handlers.get(kind).cloned().unwrap_or_default()
    }
}
