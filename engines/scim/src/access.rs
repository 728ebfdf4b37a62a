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
    Action::new("scim.map_group"),
    Action::new("scim.move_all"),
    Action::personal("scim.read"),
    Action::personal("scim.search"),
];

/// The role that no application gives, takes or acts upon.
const ADMINISTRATOR: &str = "admin";

/// What comes from an application that has shown its token: the door knows it, the engine acts for it.
pub(crate) fn provision(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), error::not_allowed)
}

/// Changing an account. `roles` are those of all positions that its owner holds or will hold.
pub(crate) fn change_account<'a>(actor: &Actor, roles: impl IntoIterator<Item = &'a String>) -> Decision {
    if gives_administration(roles) {
        return Decision::Deny(error::administrator());
    }
    provision(actor)
}

/// What groups give, and which accounts applications look after: administrators, and the console of the platform.
pub(crate) fn administer(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), error::not_allowed)
}

/// A group gives any position but that of an administrator.
pub(crate) fn map<'a>(rights: Rights<'_>, roles: impl IntoIterator<Item = &'a String>) -> Decision {
    if gives_administration(roles) {
        return Decision::Deny(error::position_of_administrator());
    }
    administer(rights, "scim.map_group")
}

/// Whether the roles hold that of an administrator.
pub(crate) fn gives_administration<'a>(roles: impl IntoIterator<Item = &'a String>) -> bool {
    roles.into_iter().any(|role| role == ADMINISTRATOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{AccountId, Citizen, PersonId};

    #[test]
    fn no_application_touches_an_administrator() {
        let engine = Actor::System("scim");
        let citizen = Actor::Citizen(Citizen {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Lê Thị Sen".into(),
            acts_for: None,
        });
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (clerk, admin) = (roles(&["clerk"]), roles(&["leader", "admin"]));
        assert!(change_account(&engine, &clerk).is_allowed());
        assert!(!change_account(&engine, &admin).is_allowed());
        assert!(!change_account(&citizen, &clerk).is_allowed());
        let policy = testkit::policy();
        let rights = |actor| policy.rights_of(actor);
        assert!(map(rights(&engine), &clerk).is_allowed());
        assert!(!map(rights(&engine), &admin).is_allowed());
        assert!(!map(rights(&citizen), &clerk).is_allowed());
        assert!(!administer(rights(&Actor::Anonymous), "scim.groups").is_allowed());
    }
}
