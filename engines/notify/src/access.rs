//! Who may look into a box: its owner, and the platform itself.

use kernel::{AccountId, Actor, Fault};
use op::{Action, Decision};

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("notify.mark_read"),
    Action::personal("notify.prefer"),
    Action::personal("notify.read"),
    Action::new("notify.reseal"),
];

pub(crate) fn own_box(actor: &Actor, account: AccountId) -> Decision {
    let own = actor.account() == Some(account) || matches!(actor, Actor::System(_));
    Decision::when(own, || Fault::not_found("notify.not_found"))
}

/// Sealing with another key is the operator's, who has the keys.
pub(crate) fn change_keys(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), || {
        Fault::not_found("notify.not_found")
    })
}

/// The subject of audit entries.
pub(crate) fn subject(account: AccountId) -> String {
    format!("account:{account}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Citizen, PersonId};

    #[test]
    fn only_the_owner_and_the_platform() {
        let account = AccountId::new();
        let citizen = |account| {
            Actor::Citizen(Citizen {
                account,
                person: PersonId::new(),
                name: "Nguyễn Văn Mẫu".into(),
                acts_for: None,
            })
        };
        assert!(own_box(&citizen(account), account).is_allowed());
        assert!(own_box(&Actor::System("demo"), account).is_allowed());
        assert!(!own_box(&citizen(AccountId::new()), account).is_allowed());
        assert!(!own_box(&Actor::Anonymous, account).is_allowed());
        assert!(change_keys(&Actor::System("keys")).is_allowed());
        assert!(!change_keys(&citizen(account)).is_allowed());
    }
}
