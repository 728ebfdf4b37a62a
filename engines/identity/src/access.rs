//! Who may do what: pure decisions over the actor. Nothing here reads the database or the clock.

use kernel::{AccountId, Actor, AgencyId, PersonId, UnitId};
use op::{Action, Decision, Place, Rights};

use crate::desk::Looked;
use crate::error;
use crate::model::{Position, Representation, RepresentationKind};

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("identity.account"),
    Action::personal("identity.account_by_login"),
    Action::personal("identity.account_of"),
    Action::personal("identity.accounts"),
    Action::personal("identity.accounts_by_numbers"),
    Action::personal("identity.add_passkey"),
    Action::personal("identity.ask_standing"),
    Action::personal("identity.change_password"),
    Action::personal("identity.change_person"),
    Action::personal("identity.confirm_totp"),
    Action::personal("identity.contact"),
    Action::personal("identity.correct_person"),
    Action::personal("identity.create_account"),
    Action::personal("identity.decide_registration"),
    Action::personal("identity.emergencies"),
    Action::personal("identity.end_emergencies"),
    Action::personal("identity.end_emergency"),
    Action::personal("identity.end_holding"),
    Action::personal("identity.end_representation"),
    Action::personal("identity.end_sessions"),
    Action::personal("identity.end_sessions_of"),
    Action::personal("identity.end_substitution"),
    Action::personal("identity.give_attorney"),
    Action::personal("identity.give_entry_code"),
    Action::personal("identity.held_roles"),
    Action::personal("identity.hold_position"),
    Action::personal("identity.issue_code"),
    Action::personal("identity.merge_accounts"),
    Action::personal("identity.names"),
    Action::personal("identity.object_to_merge"),
    Action::personal("identity.offer_passkey"),
    Action::personal("identity.offer_totp"),
    Action::personal("identity.offered_passkey"),
    Action::personal("identity.offered_totp"),
    Action::personal("identity.officials"),
    Action::personal("identity.position"),
    Action::personal("identity.positions_from"),
    Action::personal("identity.positions_of"),
    Action::personal("identity.read_person"),
    Action::personal("identity.register"),
    Action::personal("identity.register_person"),
    Action::personal("identity.registrations"),
    Action::personal("identity.remove_passkey"),
    Action::personal("identity.remove_second_factor"),
    Action::personal("identity.rename_account"),
    Action::personal("identity.renew_recovery_codes"),
    Action::new("identity.reorganise"),
    Action::new("identity.report_of"),
    Action::new("identity.reseal"),
    Action::personal("identity.reset_password"),
    Action::personal("identity.reset_second_factor"),
    Action::personal("identity.resume_account"),
    Action::personal("identity.return_role"),
    Action::personal("identity.say_to_standing"),
    Action::personal("identity.search_people"),
    Action::personal("identity.see_account"),
    Action::personal("identity.see_rights"),
    Action::personal("identity.set_account_state"),
    Action::personal("identity.step_up"),
    Action::personal("identity.substitute"),
    Action::personal("identity.suspend_account"),
    Action::personal("identity.suspend_dormant"),
    Action::personal("identity.take_emergency"),
    Action::personal("identity.tell_concerned"),
    Action::new("identity.upsert_agency"),
    Action::new("identity.upsert_area"),
    Action::new("identity.upsert_position"),
    Action::new("identity.upsert_unit"),
    Action::personal("identity.use_code"),
    Action::personal("identity.use_entry_code"),
    Action::personal("identity.use_session"),
    Action::personal("identity.welcome"),
    Action::personal("identity.withhold_role"),
];

/// Fewest characters of a purpose: a dossier code or a few words.
const SHORTEST_PURPOSE: usize = 3;

/// Areas, agencies, units, positions, who holds them, accounts and their states (R033, R037): the loader of the province, and
/// administrators.
pub fn organise(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), error::not_allowed)
}

/// Looking after the accounts of others at all; which ones is asked next.
pub fn look_after_some(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.may(action), error::not_allowed)
}

/// Doing something to the account of somebody else: administrators, and whoever reaches all agencies in which its owner holds a position. Never
/// one's own; one that carries a privileged role administrators alone, by a right of their own and none that is taken for an emergency (R045). Out of
/// reach there is none.
pub(crate) fn look_after(rights: Rights<'_>, action: &str, whose: Option<&Looked>) -> Decision {
    if !rights.may(action) {
        return Decision::Deny(error::not_allowed());
    }
    let Some(whose) = whose else {
        return Decision::Deny(error::account_not_found());
    };
    if rights.actor().account() == Some(whose.account) {
        return Decision::Deny(error::not_allowed());
    }
    if !rights.everywhere(action) && !reaches(rights, action, whose) {
        return Decision::Deny(error::account_not_found());
    }
    Decision::when(
        !whose.privileged || has_for_good(rights, action),
        error::account_privileged,
    )
}

/// Whether the actor may do it everywhere by a role that is not taken for an emergency: whoever takes one does not shut out those who watch over it.
fn has_for_good(rights: Rights<'_>, action: &str) -> bool {
    let mut grants = rights.grants(action);
    let whole = |(role, grant): (&op::rights::Role, &op::rights::Grant)| {
        !role.emergency && grant.scope == op::Scope::Province && grant.fields.is_empty()
    };
    rights.is_platform() || grants.any(whole)
}

/// Seeing an account with all that belongs to it: as above, one's own and privileged ones included.
pub(crate) fn see_account(rights: Rights<'_>, whose: Option<&Looked>) -> Decision {
    let action = "identity.see_account";
    if !rights.may(action) {
        return Decision::Deny(error::not_allowed());
    }
    let sees = whose.is_some_and(|whose| {
        let own = rights.actor().account() == Some(whose.account);
        own || rights.everywhere(action) || reaches(rights, action, whose)
    });
    Decision::when(sees, error::account_not_found)
}

/// Taking a role back from a holder: whoever may and reaches the agency of the position, or its unit; never from oneself, a privileged one by whoever may
/// everywhere. Whoever stands in for somebody does not do it to that one either. The platform does it where a rule says so.
pub(crate) fn withhold_role(rights: Rights<'_>, person: PersonId, office: &Position, privileged: bool) -> Decision {
    let action = "identity.withhold_role";
    if rights.actor().concerns(person) {
        return Decision::Deny(error::not_allowed());
    }
    if privileged && rights.may(action) && !rights.everywhere(action) {
        return Decision::Deny(error::account_privileged());
    }
    let agencies = [office.agency];
    let place = Place::of(&agencies).in_units(office.unit.as_slice());
    Decision::when(rights.covers(action, &place), error::not_allowed)
}

/// Giving it back: administrators, not to themselves.
pub(crate) fn return_role(rights: Rights<'_>, whose: Option<PersonId>) -> Decision {
    let action = "identity.return_role";
    if !rights.everywhere(action) {
        return Decision::Deny(error::not_allowed());
    }
    match whose {
        None => Decision::Deny(error::withheld_not_found()),
        Some(person) => Decision::when(!rights.actor().concerns(person), error::not_allowed),
    }
}

/// Taking a right for an emergency: officials who may, from a position of their own.
pub(crate) fn take_emergency(rights: Rights<'_>) -> Decision {
    let own = rights.actor().official().is_some_and(|one| one.stands_for.is_none());
    Decision::when(own && rights.may("identity.take_emergency"), error::not_allowed)
}

/// Ending it: whoever took it, and those who may everywhere.
pub(crate) fn end_emergency(rights: Rights<'_>, whose: Option<AccountId>) -> Decision {
    let own = whose.is_some() && rights.actor().account() == whose;
    let allowed = own || whose.is_some() && rights.everywhere("identity.end_emergency");
    Decision::when(allowed, error::emergency_not_found)
}

/// Seeing it: whoever took it, and those who watch over them.
pub(crate) fn see_emergency(rights: Rights<'_>, whose: Option<AccountId>) -> Decision {
    let own = whose.is_some() && rights.actor().account() == whose;
    let allowed = own || whose.is_some() && rights.everywhere("identity.emergencies");
    Decision::when(allowed, error::emergency_not_found)
}

/// Joining two accounts of one person: administrators by a right of their own, none that is taken for an emergency; never where one of the two is
/// themselves, or whom they stand in for, and not where one of them acts for the other: `bound`. The platform brings along what is left.
pub(crate) fn merge(rights: Rights<'_>, action: &str, people: &[PersonId], bound: bool) -> Decision {
    let own = bound || people.iter().any(|person| rights.actor().concerns(*person));
    Decision::when(!own && has_for_good(rights, action), error::not_allowed)
}

/// Objecting to it: one of the two of each proposal, for themself. For others there is none.
pub(crate) fn object_to_merge(actor: &Actor, proposals: &[[PersonId; 2]]) -> Decision {
    let own = |people: &[PersonId; 2]| people.iter().any(|person| actor.person() == Some(*person));
    let own = !proposals.is_empty() && proposals.iter().all(own);
    Decision::when(is_oneself(actor) && own, error::merge_not_found)
}

/// Whether all agencies, or units, in which somebody holds a position are in reach.
pub(crate) fn reaches(rights: Rights<'_>, action: &str, whose: &Looked) -> bool {
    let covers = |(agency, unit): &(AgencyId, Option<UnitId>)| {
        let place = Place::of(std::slice::from_ref(agency)).in_units(unit.as_slice());
        rights.covers(action, &place)
    };
    !whose.offices.is_empty() && whose.offices.iter().all(covers)
}

/// Taking the second factor of somebody else away: whoever looks after the account and says how the owner has shown who they are.
pub(crate) fn reset_second_factor(rights: Rights<'_>, whose: Option<&Looked>, purpose: &str) -> Decision {
    match look_after(rights, "identity.reset_second_factor", whose) {
        Decision::Allow => Decision::when(rights.is_platform() || is_purpose(purpose), error::purpose_needed),
        denied => denied,
    }
}

/// Sealing secrets with another key: commands of the operator.
pub fn change_keys(actor: &Actor) -> Decision {
    Decision::when(is_system(actor), error::not_allowed)
}

/// Lending a position: whoever holds one; whether it is this one is asked next.
pub fn give_own_position(actor: &Actor) -> Decision {
    Decision::when(actor.person().is_some(), error::not_allowed)
}

/// Ending what was lent: the holder, the substitute, and administrators. For others there is none.
pub fn end_substitution(rights: Rights<'_>, parties: Option<[PersonId; 2]>) -> Decision {
    let own = rights
        .actor()
        .person()
        .is_some_and(|person| parties.is_some_and(|two| two.contains(&person)));
    let allowed = own || parties.is_some() && rights.everywhere("identity.end_substitution");
    Decision::when(allowed, error::substitution_not_found)
}

/// Asking for an account: anybody who has none at hand. Whoever is signed in has one.
pub fn register(actor: &Actor) -> Decision {
    Decision::when(*actor == Actor::Anonymous, error::not_allowed)
}

/// Asking to act for a business or a child: a person for themself, not from a desk and not in the name of another.
pub fn ask_standing(actor: &Actor) -> Decision {
    Decision::when(is_oneself(actor), error::not_allowed)
}

/// The list of registrations: whoever may see any.
pub fn registrations(rights: Rights<'_>) -> Decision {
    Decision::when(rights.may("identity.registrations"), error::not_allowed)
}

/// One registration: the officials of the agency that decides about it (R033). For others there is none.
pub fn see_registration(rights: Rights<'_>, agency: AgencyId) -> Decision {
    let covered = rights.covers("identity.registrations", &Place::of(&[agency]));
    Decision::when(covered, error::registration_not_found)
}

/// Deciding about it: the same, never about oneself, one's child or one's business.
pub fn decide_registration(rights: Rights<'_>, agency: AgencyId, own: bool) -> Decision {
    if !rights.covers("identity.decide_registration", &Place::of(&[agency])) {
        return Decision::Deny(error::registration_not_found());
    }
    Decision::when(!own, error::registration_own)
}

/// Giving a code out at the counter: clerks and administrators; for whom is asked next.
pub fn issue_code(rights: Rights<'_>) -> Decision {
    let official = rights.actor().is_official() && rights.everywhere("identity.issue_code");
    Decision::when(official, error::not_allowed)
}

/// Setting a password with such a code: whoever has it, and has not signed in.
pub fn use_code(actor: &Actor) -> Decision {
    Decision::when(*actor == Actor::Anonymous, error::not_allowed)
}

/// Giving a power of attorney: a person for themself. What was given is not passed on.
pub fn give_attorney(actor: &Actor) -> Decision {
    Decision::when(is_oneself(actor), error::not_allowed)
}

/// Telling whom it concerns that somebody asks to act for another: the platform.
pub(crate) fn tell_concerned(actor: &Actor) -> Decision {
    Decision::when(is_system(actor), error::not_allowed)
}

/// Agreeing or objecting: who was asked. For others there is no such registration.
pub(crate) fn say_to_standing(asked: bool) -> Decision {
    Decision::when(asked, error::registration_not_found)
}

/// Ending a representation (R037): the two of them, the legal representative for others of the organisation, and administrators. Of two legal
/// representatives the one who was there first ends the other, and never the other way round: `senior`. For others there is none.
pub fn end_representation(rights: Rights<'_>, found: Option<&Representation>, senior: bool) -> Decision {
    let actor = rights.actor();
    let allowed = found.is_some_and(|found| {
        let party = actor
            .person()
            .is_some_and(|person| [found.represented, found.representative].contains(&person));
        let below = found.kind == RepresentationKind::Member || found.kind == RepresentationKind::Legal && senior;
        let of_the_house = below
            && actor
                .acts_for()
                .is_some_and(|acting| acting.person == found.represented && acting.legal);
        party || of_the_house || rights.everywhere("identity.end_representation")
    });
    Decision::when(allowed, error::representation_not_found)
}

fn is_oneself(actor: &Actor) -> bool {
    actor.citizen().is_some_and(|citizen| citizen.acts_for.is_none())
}

/// Whose rights are shown: one's own, and those of others to administrators.
pub fn see_rights(rights: Rights<'_>, account: AccountId) -> Decision {
    let own = rights.actor().account() == Some(account);
    Decision::when(
        own || rights.everywhere("identity.see_rights"),
        error::account_not_found,
    )
}

/// Writing a person down: at the counter by a clerk, in bulk by the loader.
pub fn register_person(rights: Rights<'_>) -> Decision {
    organise(rights, "identity.register_person")
}

/// Opening the account of somebody for whom a provider of identity vouches: the engine that has checked its word.
pub fn vouch(actor: &Actor) -> Decision {
    Decision::when(is_system(actor), error::not_allowed)
}

/// Reading a person: oneself, one's child or organisation while acting for them, or an official who says for what. Others do not learn that
/// there is such a person.
pub fn read_person(actor: &Actor, person: PersonId, purpose: &str) -> Decision {
    let represented = actor
        .acts_for()
        .is_some_and(|acting| acting.whole && acting.person == person);
    if is_system(actor) || actor.person() == Some(person) || represented {
        return Decision::Allow;
    }
    if !actor.is_official() {
        return Decision::Deny(error::person_not_found());
    }
    Decision::when(is_purpose(purpose), error::purpose_needed)
}

/// Putting right what is written about a person: whoever answers people about their data, never their own.
pub fn correct_person(rights: Rights<'_>, person: PersonId) -> Decision {
    let allowed = rights.everywhere("identity.correct_person") && rights.actor().person() != Some(person);
    Decision::when(allowed, error::not_allowed)
}

/// Finding the accounts of people by number, to tell them something: whoever answers people about their data.
pub fn tell_people(rights: Rights<'_>) -> Decision {
    Decision::when(rights.everywhere("identity.accounts_by_numbers"), error::not_allowed)
}

/// Looking people up by name or number: clerks and administrators who say for what.
pub fn search_people(rights: Rights<'_>, purpose: &str) -> Decision {
    match organise(rights, "identity.search_people") {
        Decision::Allow => Decision::when(rights.is_platform() || is_purpose(purpose), error::purpose_needed),
        denied => denied,
    }
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
    use kernel::{Citizen, Official, PositionId};

    fn citizen(person: PersonId) -> Actor {
        Actor::Citizen(Citizen {
            account: AccountId::new(),
            person,
            name: "Lê Thị Sen".into(),
            acts_for: None,
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
            below: Vec::new(),
            stands_for: None,
        })
    }

    /// Columns: organise, register, read another person without and with a purpose, search with a purpose.
    #[test]
    fn who_can_do_what() {
        let other = PersonId::new();
        let policy = testkit::policy();
        let row = |actor: &Actor| {
            let rights = policy.rights_of(actor);
            [
                organise(rights, "identity.upsert_agency"),
                register_person(rights),
                read_person(actor, other, ""),
                read_person(actor, other, "H30.29.01-260213-0001"),
                search_people(rights, "H30.29.01-260213-0001"),
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
