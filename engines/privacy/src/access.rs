//! Who may do what. Pure: the answers are asked of [`op::Op::allow`] (R028).
//!
//! A request is its person's, and the work of the officials who have the right, in whatever agency; never of the person themself in that
//! office. For everybody else it does not exist.

use kernel::{Actor, PersonId};
use op::{Action, Decision, Rights};

use crate::error;
use crate::model::Request;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("privacy.acknowledge"),
    Action::personal("privacy.answer"),
    Action::personal("privacy.ask"),
    Action::personal("privacy.change_incident"),
    Action::personal("privacy.close_incident"),
    Action::personal("privacy.consents"),
    Action::personal("privacy.desk"),
    Action::personal("privacy.end_consent"),
    Action::personal("privacy.extend"),
    Action::personal("privacy.extract"),
    Action::personal("privacy.find_late"),
    Action::personal("privacy.give_consent"),
    Action::personal("privacy.incident"),
    Action::personal("privacy.incidents"),
    Action::personal("privacy.list"),
    Action::personal("privacy.notify_authority"),
    Action::personal("privacy.open_incident"),
    Action::personal("privacy.read"),
    Action::new("privacy.reseal"),
    Action::personal("privacy.tell_people"),
    Action::personal("privacy.warn_of_incidents"),
    Action::personal("privacy.withdraw"),
];

/// Asking for oneself, and one's own lists: whoever is signed in.
pub(crate) fn own(actor: &Actor) -> Decision {
    Decision::when(actor.person().is_some(), error::sign_in)
}

/// Seeing a request: the person, and the officials who handle requests.
pub(crate) fn view(rights: Rights<'_>, request: &Request) -> Decision {
    let allowed = is_of(rights.actor(), request) || rights.everywhere("privacy.read");
    Decision::when(allowed, error::not_found)
}

/// Taking it back: the person.
pub(crate) fn withdraw(actor: &Actor, request: &Request) -> Decision {
    Decision::when(is_of(actor, request), error::not_found)
}

/// The desk, and breaches.
pub(crate) fn desk(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(
        rights.actor().is_official() && rights.everywhere(action),
        error::not_allowed,
    )
}

/// Acknowledging, extending, answering: an official with the right, never for themself.
pub(crate) fn handle(rights: Rights<'_>, action: &str, request: &Request) -> Decision {
    let handles = rights.actor().is_official() && rights.everywhere(action);
    if handles && is_of(rights.actor(), request) {
        return Decision::Deny(error::own_request());
    }
    Decision::when(handles, error::not_found)
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
