//! [`Actions`]: named functions that engines offer to service tasks.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use kernel::{AgencyId, InstanceId, Result};
use op::{BoxFuture, Op};
use serde_json::Value;

/// What an action is told.
#[derive(Debug, Clone)]
pub struct ActionCall {
    /// What the process is about, `dossier:<uuid>`.
    pub subject: String,
    /// The running instance.
    pub instance: InstanceId,
    /// The id of the service task.
    pub node: String,
    /// The arguments from the binding, an object.
    pub with: Value,
    /// The variables of the instance, an object.
    pub variables: Value,
    /// The agencies of the instance by parameter name.
    pub agencies: BTreeMap<String, AgencyId>,
}

/// A registered action.
pub type Action = Arc<dyn for<'a> Fn(&'a mut Op, &'a ActionCall) -> BoxFuture<'a, Result<Value>> + Send + Sync>;

/// The registered actions. Clones share one registry, so that an engine above can register after [`crate::Workflow::new`].
///
/// An action runs inside the transaction of the completion that led to it: its fault undoes the whole completion. It uses no
/// network and calls no verb of the workflow on its own instance. What it returns, an object or `null`, is merged into the
/// variables. Events that it raises are heard when the operation settles.
#[derive(Clone, Default)]
pub struct Actions {
    registered: Arc<RwLock<BTreeMap<String, Action>>>,
}

impl Actions {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action under `engine.what_it_does`. A second one of the same name takes the place of the first.
    pub fn register<F>(&self, name: impl Into<String>, action: F)
    where
        F: for<'a> Fn(&'a mut Op, &'a ActionCall) -> BoxFuture<'a, Result<Value>> + Send + Sync + 'static,
    {
        self.registered
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.into(), Arc::new(action));
    }

    /// All names, sorted: what [`crate::Definition::read`] checks against.
    pub fn names(&self) -> Vec<String> {
        self.registered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .keys()
            .cloned()
            .collect()
    }

    pub(crate) fn named(&self, name: &str) -> Option<Action> {
        self.registered
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }
}
