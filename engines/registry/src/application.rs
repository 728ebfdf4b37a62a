//! Applications that ask for themselves, with nobody behind them: each for one agency, or for none.

use kernel::AgencyId;
use serde_json::Value;

use crate::Registry;

/// An application of another system, as the OpenID provider of the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its number.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// The agency for which it asks; without one it reaches what everybody reaches.
    pub agency: Option<AgencyId>,
}

impl Registry {
    /// The engine as an application uses it. Its operations are the platform's own ([`kernel::Actor::System`]); what they reach is what an
    /// official of its agency reaches, and no more. Whether it may write was asked where its token was looked at.
    pub fn of(&self, application: Application) -> Self {
        Self {
            inner: self.inner.clone(),
            application: Some(std::sync::Arc::new(application)),
        }
    }

    pub(crate) fn application(&self) -> Option<&Application> {
        self.application.as_deref()
    }

    /// What the trail keeps of something done, with the application that has done it.
    pub(crate) fn marked(&self, mut detail: Value) -> Value {
        if let Some(application) = self.application() {
            detail["client"] = application.id.clone().into();
        }
        detail
    }

    /// For what personal data is looked at, as its owner is told: with the name of the application that has looked.
    pub(crate) fn purpose(&self, purpose: &str) -> String {
        match self.application() {
            Some(application) => format!("{}: {purpose}", application.name),
            None => purpose.to_owned(),
        }
    }
}
