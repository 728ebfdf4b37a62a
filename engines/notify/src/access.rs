//! Who may look into a box: its owner, and the platform itself.

use kernel::{AccountId, Actor, Fault};
use op::{Action, Decision};

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("notify.mark_read"),
    Action::personal("notify.prefer"),
    Action::personal("notify.read"),
];

pub(crate) fn own_box(actor: &Actor, account: AccountId) -> Decision {
    let own = actor.account() == Some(account) || matches!(actor, Actor::System(_));
    Decision::when(own, || Fault::not_found("notify.not_found"))
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
    }
}
