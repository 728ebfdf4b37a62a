//! Who may do what: pure decisions over the actor.

use kernel::{AccountId, Actor, AgencyId, PersonId};
use op::{Action, Decision, Place, Rights};

use crate::error;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("oversight.answer"),
    Action::personal("oversight.campaigns"),
    Action::personal("oversight.export_accounts"),
    Action::personal("oversight.export_review"),
    Action::personal("oversight.follow_emergency"),
    Action::personal("oversight.keep_watch"),
    Action::personal("oversight.open_campaign"),
    Action::personal("oversight.review_report"),
    Action::personal("oversight.write_report"),
];

/// Where anybody has the right at all; how far it reaches bounds what is shown.
pub(crate) fn some(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.actor().is_official() && rights.may(action), error::not_allowed)
}

/// Opening a review before its time: administrators.
pub(crate) fn open(rights: Rights<'_>) -> Decision {
    Decision::when(rights.everywhere("oversight.open_campaign"), error::not_allowed)
}

/// Answering about a role: whoever reaches the agency, never about themself, nor about the one in whose place they act (thay thế): what is lent does not come
/// back as a judge. Out of reach there is no such line.
pub(crate) fn answer(rights: Rights<'_>, agency: AgencyId, person: PersonId) -> Decision {
    if !rights.covers("oversight.answer", &Place::of(&[agency])) {
        return Decision::Deny(error::not_found());
    }
    Decision::when(!rights.actor().acts_for(person), error::own_line)
}

/// Writing a report: whoever took the right. For others there is none.
pub(crate) fn write_report(rights: Rights<'_>, account: AccountId) -> Decision {
    Decision::when(rights.actor().account() == Some(account), error::not_found)
}

/// Looking at a report: those who watch over emergencies, never at their own.
pub(crate) fn review_report(rights: Rights<'_>, account: AccountId) -> Decision {
    if !rights.everywhere("oversight.review_report") {
        return Decision::Deny(error::not_allowed());
    }
    Decision::when(rights.actor().account() != Some(account), error::own_report)
}

/// What the platform does by a rule of time.
pub(crate) fn by_rule(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}
