//! [`Scope`]: the names that an expression may read, and the moment that counts as now.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde_json::Value as Json;

use super::Value;

/// Named values and the injected clock. `today()` is the day in Việt Nam at that moment.
#[derive(Debug, Clone)]
pub struct Scope {
    names: BTreeMap<String, Value>,
    now: DateTime<FixedOffset>,
}

impl Scope {
    /// An empty scope at a moment, as a rule `op.now()`.
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            names: BTreeMap::new(),
            now: kernel::local(now).fixed_offset(),
        }
    }

    /// A scope of the entries of a JSON object; anything else gives no names.
    pub fn from_json(now: DateTime<Utc>, json: &Json) -> Self {
        let mut scope = Self::new(now);
        if let Value::Context(entries) = Value::from(json) {
            scope.names = entries;
        }
        scope
    }

    /// The scope with one more name, or with another value for it.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets a name.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.names.insert(name.into(), value.into());
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.names.get(name)
    }

    /// The moment that `now()` gives, in the offset of Việt Nam.
    pub fn now(&self) -> DateTime<FixedOffset> {
        self.now
    }

    /// The day that `today()` gives.
    pub fn today(&self) -> NaiveDate {
        self.now.date_naive()
    }
}
