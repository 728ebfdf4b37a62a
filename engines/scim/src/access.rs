//! Who may do what: pure decisions.

use kernel::Actor;
use op::Decision;

use crate::error;

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
pub(crate) fn administer(actor: &Actor) -> Decision {
    Decision::when(
        matches!(actor, Actor::System(_)) || actor.has_role(ADMINISTRATOR),
        error::not_allowed,
    )
}

/// A group gives any position but that of an administrator.
pub(crate) fn map<'a>(actor: &Actor, roles: impl IntoIterator<Item = &'a String>) -> Decision {
    if gives_administration(roles) {
        return Decision::Deny(error::position_of_administrator());
    }
    administer(actor)
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
        });
        let roles = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (clerk, admin) = (roles(&["clerk"]), roles(&["leader", "admin"]));
        assert!(change_account(&engine, &clerk).is_allowed());
        assert!(!change_account(&engine, &admin).is_allowed());
        assert!(!change_account(&citizen, &clerk).is_allowed());
        assert!(map(&engine, &clerk).is_allowed());
        assert!(!map(&engine, &admin).is_allowed());
        assert!(!map(&citizen, &clerk).is_allowed());
        assert!(!administer(&Actor::Anonymous).is_allowed());
    }
}
