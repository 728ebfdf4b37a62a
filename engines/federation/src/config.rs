//! What the operator sets, and what holds everywhere.

use std::path::Path;
use std::time::Duration as Span;

use chrono::Duration;
use kernel::{Fault, Result};

use crate::definition::{self, Provider};

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address of the platform as people type it, without a slash at the end.
    pub public_address: String,
    /// The providers, in the order in which they are offered.
    pub providers: Vec<Provider>,
    /// How long a provider may take to answer one call.
    pub patience: Span,
}

impl Config {
    /// How long somebody may stay with a provider.
    pub(crate) const JOURNEY: Duration = Duration::minutes(10);
    /// How far the clock of a provider may be off.
    pub(crate) const SKEW: Duration = Duration::seconds(60);
    /// How long ago a token may have been made: it is fetched at once.
    pub(crate) const TOKEN_AGE: Duration = Duration::minutes(10);
    /// How long the keys of a provider are kept before they are fetched again.
    pub(crate) const KEYS_FRESH: Duration = Duration::hours(1);
    /// How long they are used when they cannot be fetched.
    pub(crate) const KEYS_KEPT: Duration = Duration::hours(24);
    /// How often at the most keys are fetched because one is unknown.
    pub(crate) const KEYS_PAUSE: Duration = Duration::seconds(60);

    /// A platform at this address without providers.
    pub fn at(public_address: &str) -> Self {
        Self {
            public_address: public_address.trim_end_matches('/').to_owned(),
            providers: Vec::new(),
            patience: Span::from_secs(6),
        }
    }

    /// The same with the providers that a file declares; files that it names lie relative to it. A simulator vouches for anybody, so it
    /// has a place in a demonstration only. Fails with `federation.declaration` {reason}, which lists all problems, and with
    /// `federation.simulator_in_service` {provider}.
    pub fn with_file(mut self, file: &Path, demo: bool) -> Result<Self> {
        let broken = |reason: String| Fault::invalid("federation.declaration").with("reason", reason);
        let text = std::fs::read_to_string(file).map_err(|error| broken(format!("{}: {error}", file.display())))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).map(|text| text.trim().to_owned());
        let label = file.display().to_string();
        self.providers = definition::read(&label, &text, &read).map_err(|problems| broken(problems.to_string()))?;
        match self.providers.iter().find(|provider| provider.simulator && !demo) {
            Some(simulator) => {
                Err(Fault::invalid("federation.simulator_in_service").with("provider", simulator.key.as_str()))
            }
            None => Ok(self),
        }
    }
}
