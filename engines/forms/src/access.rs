//! Who may do what. Pure: the answer is asked of [`op::Op::allow`].

use kernel::{Actor, DraftId, Fault};
use op::{Action, Decision, Rights};

use crate::model::{Channel, Draft};

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("forms.attach"),
    Action::personal("forms.close_draft"),
    Action::personal("forms.detach"),
    Action::personal("forms.discard_draft"),
    Action::personal("forms.expire"),
    Action::personal("forms.list_drafts"),
    Action::new("forms.publish"),
    Action::personal("forms.read_draft"),
    Action::new("forms.reseal"),
    Action::personal("forms.save_page"),
    Action::personal("forms.start_draft"),
    Action::personal("forms.submission"),
];

/// The subject of audit entries and the holder of files of a draft: `draft:<uuid>`.
pub fn holder(draft: DraftId) -> String {
    format!("draft:{draft}")
}

/// A draft is its holder's alone; for everybody else it does not exist.
pub(crate) fn hold(actor: &Actor, draft: &Draft) -> Decision {
    let own = actor.account().is_some() && actor.key() == draft.holder;
    Decision::when(own, || Fault::not_found("forms.draft_not_found"))
}

/// Beginning: a citizen for themself over the network, a clerk for somebody who is at the counter or has written. What is known of that
/// person fills the draft, so no other official may begin one.
pub(crate) fn begin(rights: Rights<'_>, channel: Channel) -> Decision {
    match (rights.actor(), channel) {
        (Actor::Citizen(_), Channel::Online) => Decision::Allow,
        (Actor::Official(_), Channel::Counter | Channel::Post) => {
            Decision::when(rights.may("forms.start_draft"), || {
                Fault::forbidden("forms.clerks_only")
            })
        }
        (Actor::Citizen(_) | Actor::Official(_), _) => {
            Decision::Deny(Fault::forbidden("forms.channel").with("channel", channel))
        }
        (Actor::Anonymous | Actor::System(_), _) => Decision::Deny(signed_in()),
    }
}

/// Seeing the list of one's own drafts.
pub(crate) fn list(actor: &Actor) -> Decision {
    Decision::when(actor.account().is_some(), signed_in)
}

/// Putting a form into force: the platform when it reads the apps, or an administrator.
pub(crate) fn publish(rights: Rights<'_>) -> Decision {
    Decision::when(rights.everywhere("forms.publish"), || {
        Fault::forbidden("forms.not_yours_to_publish")
    })
}

/// Removing what nobody has touched for long: the platform alone.
pub(crate) fn expire(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), || {
        Fault::forbidden("forms.not_yours_to_remove")
    })
}

/// Sealing everything with another key: the platform alone, when its operator says so.
pub(crate) fn change_keys(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), || {
        Fault::forbidden("forms.not_yours_to_remove")
    })
}

fn signed_in() -> Fault {
    Fault::unauthenticated("forms.sign_in")
}
