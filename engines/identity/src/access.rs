//! Who may do what: pure decisions over the actor. Nothing here reads the database or the clock.

use kernel::{AccountId, Actor, PersonId};
use op::Decision;

use crate::error;

/// Fewest characters of a purpose: a dossier code or a few words.
const SHORTEST_PURPOSE: usize = 3;

/// Areas, agencies, units, positions, who holds them: the loader of the province, and administrators.
pub fn organise(actor: &Actor) -> Decision {
    Decision::when(is_system(actor) || actor.has_role("admin"), error::not_allowed)
}

/// Opening accounts and changing their state (R033, R037).
pub fn manage_accounts(actor: &Actor) -> Decision {
    organise(actor)
}

/// Taking the second factor of somebody else away: administrators who say how the owner has shown who they are.
pub fn reset_second_factor(actor: &Actor, account: AccountId, purpose: &str) -> Decision {
    if actor.account() == Some(account) {
        return Decision::Deny(error::not_allowed());
    }
    match manage_accounts(actor) {
        Decision::Allow => Decision::when(is_system(actor) || is_purpose(purpose), error::purpose_needed),
        denied => denied,
    }
}

/// Sealing secrets with another key: commands of the operator.
pub fn change_keys(actor: &Actor) -> Decision {
    Decision::when(is_system(actor), error::not_allowed)
}

/// Writing a person down: at the counter by a clerk, in bulk by the loader.
pub fn register_person(actor: &Actor) -> Decision {
    Decision::when(
        is_system(actor) || actor.has_role("clerk") || actor.has_role("admin"),
        error::not_allowed,
    )
}

/// Reading a person: oneself, or an official who says for what. Others do not learn that there is such a person.
pub fn read_person(actor: &Actor, person: PersonId, purpose: &str) -> Decision {
    if is_system(actor) || actor.person() == Some(person) {
        return Decision::Allow;
    }
    if !actor.is_official() {
        return Decision::Deny(error::person_not_found());
    }
    Decision::when(is_purpose(purpose), error::purpose_needed)
}

/// The role that answers people about their data (bảo vệ dữ liệu cá nhân).
pub const DATA_PROTECTION: &str = "data_protection";

/// Putting right what is written about a person: whoever answers people about their data, never their own.
pub fn correct_person(actor: &Actor, person: PersonId) -> Decision {
    Decision::when(
        actor.has_role(DATA_PROTECTION) && actor.person() != Some(person),
        error::not_allowed,
    )
}

/// Finding the accounts of people by number, to tell them something: whoever answers people about their data.
pub fn tell_people(actor: &Actor) -> Decision {
    Decision::when(actor.has_role(DATA_PROTECTION), error::not_allowed)
}

/// Looking people up by name or number: clerks and administrators who say for what.
pub fn search_people(actor: &Actor, purpose: &str) -> Decision {
    if is_system(actor) {
        return Decision::Allow;
    }
    if !(actor.has_role("clerk") || actor.has_role("admin")) {
        return Decision::Deny(error::not_allowed());
    }
    Decision::when(is_purpose(purpose), error::purpose_needed)
}

/// Names of people who appear in a list that the actor may see anyway; who sits in which position.
pub fn read_names(actor: &Actor) -> Decision {
    Decision::when(*actor != Actor::Anonymous, error::not_allowed)
}

/// Which account a person has: officials who send something there, the platform, and the person.
pub fn read_account_number(actor: &Actor, person: PersonId) -> Decision {
    Decision::when(
        is_system(actor) || actor.is_official() || actor.person() == Some(person),
        error::person_not_found,
    )
}

/// Address for messages: the platform when it sends, and the person.
pub fn read_contact(actor: &Actor, person: PersonId) -> Decision {
    Decision::when(
        is_system(actor) || actor.person() == Some(person),
        error::person_not_found,
    )
}

/// Sessions: their owner, and the platform.
pub fn use_sessions_of(actor: &Actor, account: AccountId) -> Decision {
    Decision::when(
        is_system(actor) || actor.account() == Some(account),
        error::session_not_found,
    )
}

/// Whether reading must be written down: an official read somebody else's data.
pub fn is_recorded(actor: &Actor, person: PersonId) -> bool {
    actor.is_official() && actor.person() != Some(person)
}

fn is_system(actor: &Actor) -> bool {
    matches!(actor, Actor::System(_))
}

fn is_purpose(purpose: &str) -> bool {
    purpose.trim().chars().count() >= SHORTEST_PURPOSE
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{AgencyId, Citizen, Official, PositionId};

    fn citizen(person: PersonId) -> Actor {
        Actor::Citizen(Citizen {
            account: AccountId::new(),
            person,
            name: "Lê Thị Sen".into(),
        })
    }

    fn official(role: &str) -> Actor {
        Actor::Official(Official {
            account: AccountId::new(),
            person: PersonId::new(),
            name: "Trần Văn Lúa".into(),
            position: PositionId::new(),
            position_title: "Công chức".into(),
            agency: AgencyId::new(),
            agency_code: "H30.29.01".into(),
            agency_name: "UBND phường mẫu".into(),
            unit: None,
            roles: vec![role.into()],
        })
    }

    /// The golden table: columns are organise, register, read another person without and with a purpose, search with a purpose.
    #[test]
    fn who_can_do_what() {
        let other = PersonId::new();
        let row = |actor: &Actor| {
            [
                organise(actor),
                register_person(actor),
                read_person(actor, other, ""),
                read_person(actor, other, "H30.29.01-260213-0001"),
                search_people(actor, "H30.29.01-260213-0001"),
            ]
            .map(|decision| decision.is_allowed())
        };
        assert_eq!(row(&Actor::Anonymous), [false, false, false, false, false]);
        assert_eq!(row(&citizen(PersonId::new())), [false, false, false, false, false]);
        assert_eq!(row(&citizen(other)), [false, false, true, true, false]);
        assert_eq!(row(&official("specialist")), [false, false, false, true, false]);
        assert_eq!(row(&official("leader")), [false, false, false, true, false]);
        assert_eq!(row(&official("clerk")), [false, true, false, true, true]);
        assert_eq!(row(&official("admin")), [true, true, false, true, true]);
        assert_eq!(row(&Actor::System("province")), [true, true, true, true, true]);
    }

    #[test]
    fn a_stranger_does_not_learn_that_a_person_exists() {
        let Decision::Deny(fault) = read_person(&citizen(PersonId::new()), PersonId::new(), "x") else {
            panic!()
        };
        assert_eq!(fault.code, "identity.person_not_found");
        let Decision::Deny(fault) = read_person(&official("leader"), PersonId::new(), "  a ") else {
            panic!()
        };
        assert_eq!(fault.code, "identity.purpose_needed");
    }

    #[test]
    fn only_reading_others_is_written_down() {
        let person = PersonId::new();
        assert!(is_recorded(&official("clerk"), person));
        let own = official("clerk");
        assert!(!is_recorded(&own, own.person().unwrap()));
        assert!(!is_recorded(&citizen(person), person));
        assert!(!is_recorded(&Actor::System("dossiers"), person));
    }
}
