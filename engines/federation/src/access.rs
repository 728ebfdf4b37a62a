//! Who may do what: pure decisions over the actor.

use kernel::{AccountId, Actor};
use op::{Action, Decision};

use crate::error;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("federation.link"),
    Action::new("federation.reseal"),
    Action::personal("federation.unlink"),
];

/// Linking: the engine itself, when it has checked the word of a provider.
pub(crate) fn link(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}

/// One's own links.
pub(crate) fn own(actor: &Actor, account: AccountId) -> Decision {
    Decision::when(actor.account() == Some(account), error::not_allowed)
}

/// Sealing secrets with another key: commands of the operator.
pub(crate) fn change_keys(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}
