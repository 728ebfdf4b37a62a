//! Who may do what: pure decisions over the actor.

use kernel::{AccountId, Actor};
use op::Decision;

use crate::error;

/// Registering applications, keys: administrators, and the console of the platform.
pub fn manage_clients(actor: &Actor) -> Decision {
    Decision::when(
        matches!(actor, Actor::System(_)) || actor.has_role("admin"),
        error::not_allowed,
    )
}

/// One's own consents, and signing in for oneself.
pub fn act_for(actor: &Actor, account: AccountId) -> Decision {
    Decision::when(actor.account() == Some(account), error::not_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{Citizen, PersonId};

    #[test]
    fn citizens_manage_nothing_but_their_own() {
        let account = AccountId::new();
        let citizen = Actor::Citizen(Citizen {
            account,
            person: PersonId::new(),
            name: "Lê Thị Sen".into(),
        });
        assert!(!manage_clients(&citizen).is_allowed());
        assert!(!manage_clients(&Actor::Anonymous).is_allowed());
        assert!(manage_clients(&Actor::System("console")).is_allowed());
        assert!(act_for(&citizen, account).is_allowed());
        assert!(!act_for(&citizen, AccountId::new()).is_allowed());
        assert!(!act_for(&Actor::System("console"), account).is_allowed());
    }
}
