//! Work for later, written in the transaction that wants it.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use kernel::Result;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Op, Ops};

/// A job as its handler sees it.
#[derive(Debug, Clone)]
pub struct Job {
    /// Number of the job.
    pub id: Uuid,
    /// `engine.what_to_do`.
    pub kind: String,
    /// What the handler needs to know.
    pub payload: Value,
    /// When it was due.
    pub run_at: DateTime<Utc>,
    /// How often it was tried before, 0 the first time.
    pub attempts: i32,
    pub(crate) once: Option<String>,
}

/// A job to be written.
#[derive(Debug, Clone)]
pub struct NewJob {
    pub(crate) kind: &'static str,
    pub(crate) payload: Value,
    pub(crate) run_at: Option<DateTime<Utc>>,
    pub(crate) once: Option<String>,
}

impl NewJob {
    /// A job that may run as soon as the operation is committed.
    pub fn new(kind: &'static str, payload: impl Serialize) -> Self {
        Self {
            kind,
            payload: serde_json::to_value(payload).unwrap_or(Value::Null),
            run_at: None,
            once: None,
        }
    }

    /// Not before this moment.
    pub fn at(mut self, run_at: DateTime<Utc>) -> Self {
        self.run_at = Some(run_at);
        self
    }

    /// While a job with this key waits, writing another one does nothing but move it to the new moment.
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.once = Some(key.into());
        self
    }
}

/// A handler inside the transaction that also removes the job.
pub type Within = Arc<dyn for<'a> Fn(&'a mut Op, &'a Job) -> BoxFuture<'a, Result<()>> + Send + Sync>;

/// A handler without a transaction.
pub type Outside = Arc<dyn for<'a> Fn(&'a Ops, &'a Job) -> BoxFuture<'a, Result<()>> + Send + Sync>;

/// How a kind of job is carried out.
#[derive(Clone)]
pub enum Handler {
    /// In one transaction with the job's removal: exactly once.
    Within(Within),
    /// Without a transaction, so that it may use the network: at least once.
    Outside(Outside),
}

/// The handlers of all kinds of job. Filled once, when the program is put together.
#[derive(Clone, Default)]
pub struct Jobs {
    handlers: HashMap<&'static str, Handler>,
    periods: HashMap<&'static str, TimeDelta>,
}

impl Jobs {
    /// No handlers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A handler that runs in one transaction with the job's removal.
    pub fn within<F>(&mut self, kind: &'static str, handler: F)
    where
        F: for<'a> Fn(&'a mut Op, &'a Job) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        self.handlers.insert(kind, Handler::Within(Arc::new(handler)));
    }

    /// A handler that may use the network.
    pub fn outside<F>(&mut self, kind: &'static str, handler: F)
    where
        F: for<'a> Fn(&'a Ops, &'a Job) -> BoxFuture<'a, Result<()>> + Send + Sync + 'static,
    {
        self.handlers.insert(kind, Handler::Outside(Arc::new(handler)));
    }

    /// This kind of job comes back `period` after each turn, for ever: a turn that fails is tried again and never put aside, so
    /// that no fault ends what the platform must do every hour. [`crate::begin_recurring`] writes the first turn.
    pub fn every(&mut self, period: TimeDelta, kind: &'static str) {
        self.periods.insert(kind, period);
    }

    /// The kinds that come back, each with its period.
    pub(crate) fn recurring(&self) -> impl Iterator<Item = (&'static str, TimeDelta)> {
        self.periods.iter().map(|(kind, period)| (*kind, *period))
    }

    /// After which time this job comes back, if it is a turn of something recurring and not one job more of that kind.
    pub(crate) fn period(&self, job: &Job) -> Option<TimeDelta> {
        let turn = job.once.as_ref().is_some_and(|key| *key == job.kind);
        self.periods.get(job.kind.as_str()).copied().filter(|_| turn)
    }

    /// All but one kind: for a program that holds that kind back for a while.
    pub fn without(mut self, kind: &str) -> Self {
        self.handlers.remove(kind);
        self.periods.remove(kind);
        self
    }

    /// One kind alone.
    pub fn only(mut self, kind: &str) -> Self {
        self.handlers.retain(|known, _| *known == kind);
        self.periods.retain(|known, _| *known == kind);
        self
    }

    pub(crate) fn handler(&self, kind: &str) -> Option<&Handler> {
        self.handlers.get(kind)
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.handlers.keys().map(|kind| (*kind).to_string()).collect()
    }
}
