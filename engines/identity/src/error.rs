//! The faults of the engine. Their words: `errors.identity.<code>`.

use chrono::Duration;
use kernel::{Fault, FieldFault};

use crate::throttle::Limit;
use crate::webauthn::Refusal;

/// Wrong name or wrong password; which of them is not told.
pub fn wrong_credentials() -> Fault {
    Fault::unauthenticated("identity.wrong_credentials")
}

/// Too many guesses. The words tell after how many minutes to try again.
pub fn too_many_attempts(limit: Limit) -> Fault {
    Fault::too_many("identity.too_many_attempts").with("minutes", limit.minutes())
}

/// The right password of a suspended account.
pub fn account_suspended() -> Fault {
    Fault::forbidden("identity.account_suspended")
}

/// Accounts with privileged roles are looked after by administrators alone.
pub fn account_privileged() -> Fault {
    Fault::forbidden("identity.account_privileged")
}

/// Whom somebody above has shut out, those above let in.
pub fn suspended_above() -> Fault {
    Fault::forbidden("identity.suspended_above")
}

/// Two things that together would open an official's account are done by two people.
pub fn four_eyes() -> Fault {
    Fault::forbidden("identity.four_eyes")
}

/// No such role is withheld.
pub fn withheld_not_found() -> Fault {
    Fault::not_found("identity.withheld_not_found")
}

/// Nobody else who can sign in would hold the role.
pub fn last_of_role(role: &str) -> Fault {
    Fault::conflict("identity.last_of_role").with("role", role)
}

/// No such role is declared for emergencies.
pub fn emergency_role() -> Fault {
    Fault::invalid("identity.emergency_role").field("role", "identity.emergency_role")
}

/// From one hour to as many as are declared.
pub fn emergency_hours(most: u16) -> Fault {
    let field = FieldFault::new("hours", "identity.emergency_hours").with("most", most);
    Fault::invalid("identity.emergency_hours")
        .with("most", most)
        .field_fault(field)
}

/// Rights for emergencies are no daily bread: so many hours in seven days.
pub fn emergency_week(most: u16) -> Fault {
    let field = FieldFault::new("hours", "identity.emergency_week").with("most", most);
    Fault::conflict("identity.emergency_week")
        .with("most", most)
        .field_fault(field)
}

/// An emergency is told in a sentence.
pub fn emergency_reason(least: usize) -> Fault {
    let field = FieldFault::new("reason", "identity.emergency_reason").with("least", least);
    Fault::invalid("identity.emergency_reason")
        .with("least", least)
        .field_fault(field)
}

/// One right for an emergency at a time.
pub fn emergency_open() -> Fault {
    Fault::conflict("identity.emergency_open")
}

/// There is none of the actor's, or it is over.
pub fn emergency_not_found() -> Fault {
    Fault::not_found("identity.emergency_not_found")
}

/// No such code waits for this login.
pub fn entry_code_wrong() -> Fault {
    Fault::invalid("identity.entry_code_wrong").field("code", "identity.entry_code_wrong")
}

/// All places where passwords are computed are taken.
pub fn busy() -> Fault {
    Fault::unavailable("identity.busy")
}

/// The code is none of this moment, or was taken before.
pub fn code_wrong() -> Fault {
    Fault::unauthenticated("identity.code_wrong")
}

/// The same at a field of a form.
pub fn code_unfit() -> Fault {
    Fault::invalid("identity.code_wrong").field("code", "identity.code_wrong")
}

/// The account has a second factor, and the request does not show it.
pub fn code_needed() -> Fault {
    Fault::unauthenticated("identity.code_needed")
}

/// The same, with the token of the sign-in that waits, for a passkey.
pub fn factor_needed(half: &str) -> Fault {
    code_needed().with("half", half)
}

/// The sign-in has waited for the second factor too long.
pub fn sign_in_expired() -> Fault {
    Fault::unauthenticated("identity.sign_in_expired")
}

/// Whoever is signed in has typed another password than theirs.
pub fn password_wrong() -> Fault {
    Fault::invalid("identity.password_wrong").field("password", "identity.password_wrong")
}

/// The secret was not shown lately.
pub fn offer_gone() -> Fault {
    Fault::conflict("identity.offer_gone")
}

/// The account has no second factor.
pub fn no_second_factor() -> Fault {
    Fault::conflict("identity.no_second_factor")
}

/// Who acts from a position keeps a second factor.
pub fn second_factor_required() -> Fault {
    Fault::forbidden("identity.second_factor_required")
}

/// Browsers make no passkeys for the address of this site.
pub fn passkeys_unavailable() -> Fault {
    Fault::conflict("identity.passkeys_unavailable")
}

/// A passkey needs a name that is not too long.
pub fn passkey_name(most: usize) -> Fault {
    let field = FieldFault::new("name", "identity.passkey_name").with("most", most);
    Fault::invalid("identity.passkey_name")
        .with("most", most)
        .field_fault(field)
}

/// The account has as many passkeys as it may.
pub fn passkeys_full(most: usize) -> Fault {
    Fault::conflict("identity.passkeys_full").with("most", most)
}

/// The account has no such passkey.
pub fn passkey_not_found() -> Fault {
    Fault::not_found("identity.passkey_not_found")
}

/// Nobody waits for this passkey: too late, or answered before.
pub fn passkey_expired() -> Fault {
    Fault::unauthenticated("identity.passkey_expired")
}

/// What a browser has made is no passkey for this site.
pub(crate) fn passkey_unfit(why: Refusal) -> Fault {
    Fault::invalid("identity.passkey_unfit").caused_by(why.as_str())
}

/// Somebody has this passkey.
pub fn passkey_known() -> Fault {
    Fault::conflict("identity.passkey_known")
}

/// The passkey opens nothing here; why is not told.
pub fn passkey_wrong() -> Fault {
    Fault::unauthenticated("identity.passkey_wrong")
}

/// The passkey counts backwards: somebody has a copy.
pub fn passkey_cloned() -> Fault {
    Fault::unauthenticated("identity.passkey_cloned")
}

/// The act asks anew who is there.
pub fn step_up_needed(span: Duration) -> Fault {
    Fault::forbidden("identity.step_up_needed").with("minutes", span.num_minutes())
}

/// The operating system gives no random numbers.
pub fn no_randomness(error: impl std::fmt::Display) -> Fault {
    Fault::internal("identity.no_randomness").caused_by(error.to_string())
}

/// A password breaks a rule.
pub fn password_unfit(field: FieldFault) -> Fault {
    Fault::invalid("identity.password_unfit").field_fault(field)
}

/// A text is not a password hash of a known kind.
pub fn password_hash_malformed() -> Fault {
    Fault::invalid("identity.password_hash_malformed")
}

/// A login name is too short, too long or has other characters than allowed.
pub fn login_malformed() -> Fault {
    Fault::invalid("identity.login_malformed").field("login", "identity.login_malformed")
}

/// Somebody else has this login name.
pub fn login_taken() -> Fault {
    Fault::conflict("identity.login_taken").field("login", "identity.login_taken")
}

/// The person has an account already (R032).
pub fn account_exists() -> Fault {
    Fault::conflict("identity.account_exists")
}

/// A closed account does not open again.
pub fn account_closed() -> Fault {
    Fault::conflict("identity.account_closed")
}

/// There is no such account.
pub fn account_not_found() -> Fault {
    Fault::not_found("identity.account_not_found")
}

/// There is no such session, or it belongs to somebody else.
pub fn session_not_found() -> Fault {
    Fault::not_found("identity.session_not_found")
}

/// The session does not allow this; a new sign-in does.
pub fn sign_in_again() -> Fault {
    Fault::forbidden("identity.sign_in_again")
}

/// The person does not hold this position today.
pub fn position_not_held() -> Fault {
    Fault::forbidden("identity.position_not_held")
}

/// There is no such person.
pub fn person_not_found() -> Fault {
    Fault::not_found("identity.person_not_found")
}

/// The number belongs to a person of another name or birth date.
pub fn personal_number_taken() -> Fault {
    Fault::conflict("identity.personal_number_taken").field("personal_number", "identity.personal_number_taken")
}

/// A provider vouches for somebody of this number, and the province knows another name or birth date under it.
pub fn person_differs() -> Fault {
    Fault::conflict("identity.person_differs")
}

/// A simulator knows nothing of people who are real.
pub fn person_is_real() -> Fault {
    Fault::conflict("identity.person_is_real")
}

/// An official has to say for which dossier or task a person's data is read.
pub fn purpose_needed() -> Fault {
    Fault::forbidden("identity.purpose_needed")
}

/// The actor may not do this.
pub fn not_allowed() -> Fault {
    Fault::forbidden("identity.not_allowed")
}

/// Nothing to search for.
pub fn search_too_short() -> Fault {
    Fault::invalid("identity.search_too_short").field("q", "identity.search_too_short")
}

/// There is no such area on that day.
pub fn area_not_found(code: &str) -> Fault {
    Fault::not_found("identity.area_not_found").with("code", code)
}

/// There is no such agency.
pub fn agency_not_found(code: impl std::fmt::Display) -> Fault {
    Fault::not_found("identity.agency_not_found").with("code", code)
}

/// There is no such unit in the agency.
pub fn unit_not_found(code: &str) -> Fault {
    Fault::not_found("identity.unit_not_found").with("code", code)
}

/// There is no such position.
pub fn position_not_found(code: impl std::fmt::Display) -> Fault {
    Fault::not_found("identity.position_not_found").with("code", code)
}

/// The person does not hold the position.
pub fn holding_not_found() -> Fault {
    Fault::not_found("identity.holding_not_found")
}

/// A code would mean two things on one day, or a person would hold one position twice.
pub fn overlap(what: impl std::fmt::Display) -> Fault {
    Fault::conflict("identity.overlap").with("what", what)
}

/// The plan was carried out before.
pub fn already_reorganised(key: &str, at: chrono::DateTime<chrono::Utc>) -> Fault {
    Fault::conflict("identity.already_reorganised")
        .with("plan", key)
        .with("at", kernel::local(at).format("%H:%M %d/%m/%Y"))
}

/// The last day lies before the first.
pub fn days_reversed() -> Fault {
    Fault::invalid("identity.days_reversed").field("valid_to", "identity.days_reversed")
}

/// A field has to be filled.
pub fn required(field: &str) -> Fault {
    Fault::invalid("identity.required")
        .with("field", field)
        .field(field, "identity.required")
}

/// A value has not the form that the field asks for.
pub fn malformed(field: &str) -> Fault {
    Fault::invalid("identity.malformed")
        .with("field", field)
        .field(field, "identity.malformed")
}

/// No position may carry this role.
pub fn role_unknown(role: &str) -> Fault {
    Fault::invalid("identity.role_unknown")
        .with("role", role)
        .field_fault(FieldFault::new("roles", "identity.role_unknown").with("role", role))
}

/// Nobody of the agency, oneself, or somebody who holds the position anyway.
pub fn substitute_unfit() -> Fault {
    Fault::invalid("identity.substitute_unfit").field("substitute", "identity.substitute_unfit")
}

/// No role, one that the position has not, or one that cannot be lent.
pub fn substitute_roles() -> Fault {
    Fault::invalid("identity.substitute_roles").field("roles", "identity.substitute_roles")
}

/// In the past, longer than a year, or longer than the holder holds the position.
pub fn substitute_days() -> Fault {
    Fault::invalid("identity.substitute_days").field("to", "identity.substitute_days")
}

/// No such substitution of the actor's, or it has ended.
pub fn substitution_not_found() -> Fault {
    Fault::not_found("identity.substitution_not_found")
}

/// A registration has not the form that it must have; one fault for each field.
pub fn unfit_registration(faults: Vec<FieldFault>) -> Fault {
    let fault = Fault::invalid("identity.unfit_registration");
    faults.into_iter().fold(fault, Fault::field_fault)
}

/// Enough from here, or for this person, for now.
pub fn too_many_registrations() -> Fault {
    Fault::too_many("identity.too_many_registrations")
}

/// There is no such registration, or another agency decides about it.
pub fn registration_not_found() -> Fault {
    Fault::not_found("identity.registration_not_found")
}

/// The number of the receipt is another one.
pub fn registration_check() -> Fault {
    Fault::invalid("identity.registration_check").field("check", "identity.registration_check")
}

/// The person holds a position: an account comes from those who look after officials.
pub fn registration_official() -> Fault {
    Fault::forbidden("identity.registration_official")
}

/// Nobody decides about themself, their child or their business.
pub fn registration_own() -> Fault {
    Fault::forbidden("identity.registration_own")
}

/// Somebody has decided already.
pub fn registration_decided() -> Fault {
    Fault::conflict("identity.registration_decided")
}

/// It has waited too long for its paper.
pub fn registration_over() -> Fault {
    Fault::conflict("identity.registration_over")
}

/// The right password of a registration about which nobody has decided.
pub fn registration_waiting(agency: &str, until: chrono::DateTime<chrono::Utc>) -> Fault {
    Fault::forbidden("identity.registration_waiting")
        .with("agency", agency)
        .with("until", kernel::local(until).format("%d/%m/%Y"))
}

/// The right password of a registration that was refused.
pub fn registration_refused(agency: &str, reason: &str) -> Fault {
    Fault::forbidden("identity.registration_refused")
        .with("agency", agency)
        .with("reason", reason)
}

/// The right password of a registration for which nobody came in time.
pub fn registration_expired() -> Fault {
    Fault::forbidden("identity.registration_expired")
}

/// The platform knows the number under another name or birth date.
pub fn registration_differs() -> Fault {
    Fault::conflict("identity.registration_differs")
}

/// Nobody who represents the organisation has agreed, and the official has not said that the paper shows it.
pub fn consent_needed() -> Fault {
    Fault::invalid("identity.consent_needed").field("seen", "identity.consent_needed")
}

/// Somebody whom it concerns objects, and the official has not said that the paper shows it all the same.
pub fn standing_objected(name: &str) -> Fault {
    let field = FieldFault::new("seen", "identity.standing_objected").with("name", name);
    Fault::invalid("identity.standing_objected")
        .with("name", name)
        .field_fault(field)
}

/// The legal representative does not want this one to act for the organisation.
pub fn member_objected(name: &str) -> Fault {
    Fault::conflict("identity.member_objected").with("name", name)
}

/// Those whom it concerns have been asked and can still answer.
pub fn concerned_waiting(awaited: crate::model::Awaited) -> Fault {
    Fault::conflict("identity.concerned_waiting")
        .with("count", awaited.people)
        .with("until", awaited.until.format("%d/%m/%Y"))
}

/// The official has given somebody whom it concerns a code that opens their account, or has done something to it, these days.
pub fn concerned_code(name: &str) -> Fault {
    Fault::forbidden("identity.concerned_code").with("name", name)
}

/// Another one represents the organisation: whether that ends is to be said.
pub fn former_needed(representation: uuid::Uuid, name: &str) -> Fault {
    let field = FieldFault::new(format!("former.{representation}"), "identity.former_needed").with("name", name);
    Fault::invalid("identity.former_needed")
        .with("name", name)
        .field_fault(field)
}

/// The official has ended the representation of somebody whom it would concern, these days.
pub fn concerned_ended(name: &str) -> Fault {
    Fault::forbidden("identity.concerned_ended").with("name", name)
}

/// No organisation of this tax number has an account.
pub fn organisation_unknown() -> Fault {
    Fault::conflict("identity.organisation_unknown")
}

/// The official has to say which paper they have seen.
pub fn paper_needed() -> Fault {
    Fault::invalid("identity.paper_needed").field("paper", "identity.paper_needed")
}

/// A refusal says why.
pub fn reason_needed() -> Fault {
    Fault::invalid("identity.reason_needed").field("reason", "identity.reason_needed")
}

/// Nobody acts for somebody who is of age as for a child.
pub fn of_age() -> Fault {
    Fault::conflict("identity.of_age")
}

/// It is so already.
pub fn represents_already() -> Fault {
    Fault::conflict("identity.represents_already")
}

/// No account of this number and name, or one's own.
pub fn attorney_unfit() -> Fault {
    Fault::invalid("identity.attorney_unfit").field("number", "identity.attorney_unfit")
}

/// The last day lies before the first.
pub fn attorney_reversed() -> Fault {
    Fault::invalid("identity.days_reversed").field("to", "identity.days_reversed")
}

/// In the past, or too long.
pub fn attorney_days() -> Fault {
    Fault::invalid("identity.attorney_days").field("to", "identity.attorney_days")
}

/// No such representation of the actor's, or it has ended.
pub fn representation_not_found() -> Fault {
    Fault::not_found("identity.representation_not_found")
}

/// No active account of this number and name, or one's own.
pub fn code_person() -> Fault {
    Fault::invalid("identity.code_person").field("number", "identity.code_person")
}

/// Officials get their account back from an administrator.
pub fn code_official() -> Fault {
    Fault::conflict("identity.code_official").field("number", "identity.code_official")
}

/// Enough codes for this account today, or from this official this hour.
pub fn code_limit() -> Fault {
    Fault::too_many("identity.code_limit")
}

/// The code is none of the account's, or was used, or is too old; which is not told.
pub fn counter_code_wrong() -> Fault {
    Fault::invalid("identity.counter_code_wrong").field("code", "identity.counter_code_wrong")
}

/// Nobody of this number, or more than one: of two passports of one number, two countries.
pub fn merge_number() -> Fault {
    Fault::invalid("identity.merge_number").field("number", "identity.merge_number")
}

/// The number means the owner of the account itself.
pub fn merge_same() -> Fault {
    Fault::invalid("identity.merge_same").field("number", "identity.merge_same")
}

/// One of the two holds a position, or will: those who look after officials end it first.
pub fn merge_official() -> Fault {
    Fault::conflict("identity.merge_official").field("number", "identity.merge_official")
}

/// One of the two is an organisation.
pub fn merge_organisation() -> Fault {
    Fault::conflict("identity.merge_organisation").field("number", "identity.merge_organisation")
}

/// One of the two was merged already.
pub fn merged() -> Fault {
    Fault::conflict("identity.merged").field("number", "identity.merged")
}

/// Name or birth date differ, and nobody has said that this was seen.
pub fn merge_differs() -> Fault {
    Fault::conflict("identity.merge_differs").field("differs", "identity.merge_differs")
}

/// A merge of this person waits for a second official.
pub fn merge_waiting() -> Fault {
    Fault::conflict("identity.merge_waiting")
}

/// There is no such merge.
pub fn merge_not_found() -> Fault {
    Fault::not_found("identity.merge_not_found")
}

/// The owners may still object; `from`: when it can be confirmed.
pub fn merge_waits(from: chrono::DateTime<chrono::Utc>) -> Fault {
    Fault::conflict("identity.merge_waits").with("from", kernel::local(from).format("%H:%M %d/%m/%Y"))
}

/// Since the proposal an account was opened, or is another one: whose it is was not told.
pub fn merge_stale() -> Fault {
    Fault::conflict("identity.merge_stale")
}

/// Whoever has proposed it may do so no more.
pub fn merge_proposer() -> Fault {
    Fault::conflict("identity.merge_proposer")
}

/// Whoever has proposed it does not confirm it.
pub fn merge_own() -> Fault {
    Fault::forbidden("identity.merge_own")
}

/// Somebody has decided already.
pub fn merge_decided() -> Fault {
    Fault::conflict("identity.merge_decided")
}

/// It has waited too long.
pub fn merge_over() -> Fault {
    Fault::conflict("identity.merge_over")
}

/// The right password of an account that was joined to another one; `number`: how that one ends.
pub fn account_joined(number: &str) -> Fault {
    Fault::forbidden("identity.account_joined").with("number", number)
}
