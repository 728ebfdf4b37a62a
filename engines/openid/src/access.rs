//! Who may do what: pure decisions over the actor.

use kernel::{AccountId, Actor};
use op::{Action, Decision, Rights};

use crate::error;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("openid.authorise"),
    Action::new("openid.change_client"),
    Action::new("openid.client"),
    Action::new("openid.clients"),
    Action::personal("openid.consent"),
    Action::new("openid.make_key"),
    Action::new("openid.register_client"),
    Action::new("openid.renew_secret"),
    Action::new("openid.reseal"),
    Action::new("openid.rotate_key"),
    Action::personal("openid.withdraw_consent"),
];

/// Registering applications, keys: administrators, and the console of the platform.
pub fn manage_clients(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), error::not_allowed)
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
            acts_for: None,
        });
        let policy = testkit::policy();
        let manages = |actor: &Actor| manage_clients(policy.rights_of(actor), "openid.register_client").is_allowed();
        assert!(!manages(&citizen));
        assert!(!manages(&Actor::Anonymous));
        assert!(manages(&Actor::System("console")));
        assert!(act_for(&citizen, account).is_allowed());
        assert!(!act_for(&citizen, AccountId::new()).is_allowed());
        assert!(!act_for(&Actor::System("console"), account).is_allowed());
    }
}
