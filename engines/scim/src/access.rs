//! Who may do what: pure decisions.

use kernel::Actor;
use op::{Action, Decision, Rights};

use crate::error;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("scim.change_group"),
    Action::personal("scim.change_user"),
    Action::personal("scim.create_group"),
    Action::personal("scim.create_user"),
    Action::new("scim.groups"),
    Action::personal("scim.hand_over"),
    Action::personal("scim.manager_of"),
    Action::new("scim.map_group"),
    Action::new("scim.move_all"),
    Action::personal("scim.read"),
    Action::personal("scim.search"),
];

/// What comes from an application that has shown its token: the door knows it, the engine acts for it.
pub(crate) fn provision(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}

/// Changing an account. `roles` are those of all positions that its owner holds or will hold: none of them may be privileged (tài khoản đặc
/// quyền, R045).
pub(crate) fn change_account<'a>(rights: Rights<'_>, roles: impl IntoIterator<Item = &'a String>) -> Decision {
    if is_privileged(rights, roles) {
        return Decision::Deny(error::administrator());
    }
    provision(rights.actor())
}

/// What groups give, and which accounts applications look after: administrators, and the console of the platform.
pub(crate) fn administer(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), error::not_allowed)
}

/// Which application looks after an account: whoever looks after accounts; which ones `identity` has decided before.
pub(crate) fn manager_of(rights: Rights<'_>) -> Decision {
    Decision::when(rights.may("scim.manager_of"), error::not_allowed)
}

/// A group gives any position but a privileged one.
pub(crate) fn map<'a>(rights: Rights<'_>, roles: impl IntoIterator<Item = &'a String>) -> Decision {
    if is_privileged(rights, roles) {
        return Decision::Deny(error::position_of_administrator());
    }
    administer(rights, "scim.map_group")
}

/// Whether one of the roles is to be watched more closely, or declared by nobody.
pub(crate) fn is_privileged<'a>(rights: Rights<'_>, roles: impl IntoIterator<Item = &'a String>) -> bool {
    roles.into_iter().any(|role| rights.is_privileged(role))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{AccountId, Citizen, PersonId};

    #[test]
    fn no_application_touches_a_privileged_account() {
        let engine = Actor::System("scim");
        let citizen = Actor::Citizen(Citizen {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Lê Thị Sen".into(),
            acts_for: None,
        });
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let clerk = roles(&["clerk"]);
        let policy = testkit::policy();
        let rights = |actor| policy.rights_of(actor);
        assert!(change_account(rights(&engine), &clerk).is_allowed());
        assert!(!change_account(rights(&citizen), &clerk).is_allowed());
        assert!(map(rights(&engine), &clerk).is_allowed());
        for privileged in ["admin", "data_protection", "declared_by_nobody"] {
            let more = roles(&["leader", privileged]);
            assert!(!change_account(rights(&engine), &more).is_allowed(), "{privileged}");
            assert!(!map(rights(&engine), &more).is_allowed(), "{privileged}");
        }
        assert!(!map(rights(&citizen), &clerk).is_allowed());
        assert!(!administer(rights(&Actor::Anonymous), "scim.groups").is_allowed());
    }
}
