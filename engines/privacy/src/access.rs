//! Who may do what. Pure: the answers are asked of [`op::Op::allow`] (R028).
//!
//! A request is its person's, and the work of the officials who carry [`ROLE`], in whatever agency; never of the person themself in that
//! role. For everybody else it does not exist.

use kernel::{Actor, PersonId};
use op::Decision;

use crate::error;
use crate::model::Request;

/// The role that answers people about their data.
pub const ROLE: &str = identity::access::DATA_PROTECTION;

/// Asking for oneself, and one's own lists: whoever is signed in.
pub(crate) fn own(actor: &Actor) -> Decision {
    Decision::when(actor.person().is_some(), error::sign_in)
}

/// Seeing a request: the person, and the officials who handle requests.
pub(crate) fn view(actor: &Actor, request: &Request) -> Decision {
    Decision::when(is_of(actor, request) || actor.has_role(ROLE), error::not_found)
}

/// Taking it back: the person.
pub(crate) fn withdraw(actor: &Actor, request: &Request) -> Decision {
    Decision::when(is_of(actor, request), error::not_found)
}

/// The desk.
pub(crate) fn desk(actor: &Actor) -> Decision {
    Decision::when(actor.has_role(ROLE), error::not_allowed)
}

/// Acknowledging, extending, answering: an official with the role, never for themself.
pub(crate) fn handle(actor: &Actor, request: &Request) -> Decision {
    if is_of(actor, request) && actor.has_role(ROLE) {
        return Decision::Deny(error::own_request());
    }
    Decision::when(actor.has_role(ROLE), error::not_found)
}

/// Taking out everything about oneself.
pub(crate) fn extract_own(actor: &Actor, person: PersonId) -> Decision {
    Decision::when(actor.person() == Some(person), error::not_found)
}

/// What the platform does by a rule of time.
pub(crate) fn by_rule(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}

fn is_of(actor: &Actor, request: &Request) -> bool {
    actor.person() == Some(request.person)
}
