#![doc = include_str!("../README.md")]

// Reading order: who there is (people), which provider is played and where (provider), how it may misbehave (behaviour), what it signs
// (sign), then its addresses (flow) and pages (page), and the declaration by which the platform finds it (declaration).
mod behaviour;
mod declaration;
mod flow;
mod page;
mod people;
mod provider;
mod sign;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernel::Clock;

pub use behaviour::Behaviour;
pub use people::Human;
pub use provider::Provider;

/// What a simulator is made from.
pub struct Settings {
    /// Its own address, without a slash at the end.
    pub address: String,
    /// The application that may ask.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Who can sign in.
    pub people: Vec<Human>,
    /// The clock by which tokens are made.
    pub clock: Arc<dyn Clock>,
}

/// VNeID and the single sign-on of the national portal, played. Clones are cheap and are the same.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    keys: [sign::SigningKey; 2],
    state: Mutex<State>,
}

/// What changes.
#[derive(Default)]
struct State {
    behaviours: HashMap<Provider, Behaviour>,
    codes: HashMap<String, Granted>,
    /// Tokens that were given, and for whom.
    tokens: HashMap<String, (Provider, usize)>,
    key_calls: usize,
    count: u64,
}

/// A code that nobody has exchanged yet.
struct Granted {
    provider: Provider,
    human: usize,
    redirect_uri: String,
    nonce: Option<String>,
    challenge: Option<String>,
    /// When the person has shown who they are, in seconds.
    auth_time: i64,
}

impl Simulator {
    /// Fails where the keys that come with the program cannot be read.
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        Ok(Self {
            inner: Arc::new(Inner {
                keys: sign::keys()?,
                settings,
                state: Mutex::default(),
            }),
        })
    }

    /// From now on a provider behaves so.
    pub fn behave(&self, provider: Provider, behaviour: Behaviour) {
        self.state().behaviours.insert(provider, behaviour);
    }

    /// How often anybody has fetched keys.
    pub fn key_calls(&self) -> usize {
        self.state().key_calls
    }

    /// The people, in the order of the list.
    pub fn people(&self) -> &[Human] {
        &self.inner.settings.people
    }

    /// All addresses.
    pub fn router(&self) -> axum::Router {
        flow::router(self.clone())
    }

    fn behaviour(&self, provider: Provider) -> Behaviour {
        self.state().behaviours.get(&provider).copied().unwrap_or_default()
    }

    /// Nothing is left half done while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Words that nobody guesses; the simulator protects nothing, but a guessable code would hide mistakes.
    fn word(&self) -> String {
        let count = {
            let mut state = self.state();
            state.count += 1;
            state.count
        };
        sign::random_word(count)
    }
}

/// A secret for the one application that may ask.
pub fn new_secret() -> String {
    sign::random_word(0)
}
