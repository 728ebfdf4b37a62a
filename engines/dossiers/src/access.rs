//! Who may do what to a case. Pure: the answers are asked of [`op::Op::allow`] (R025, R028).
//!
//! A case is seen by whose it is, by who handed it in, and by the officials of the agencies that hold or held it. For
//! everybody else it does not exist (404), and the attempt is in the audit trail.

use kernel::{Actor, ActsFor, AgencyId, Fault};
use op::{Action, Decision, Place, Rights};
use workflow::TaskView;

use crate::model::Status;
use crate::store::dossier::DossierRow;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("dossiers.act"),
    Action::personal("dossiers.apologise"),
    Action::personal("dossiers.copy_of_answers"),
    Action::personal("dossiers.document"),
    Action::personal("dossiers.find_late"),
    Action::new("dossiers.follow_agencies"),
    Action::personal("dossiers.inbox"),
    Action::personal("dossiers.issue_result"),
    Action::personal("dossiers.ledger"),
    Action::personal("dossiers.note"),
    Action::personal("dossiers.paper_file"),
    Action::new("dossiers.publish"),
    Action::personal("dossiers.rate"),
    Action::personal("dossiers.record_payment"),
    Action::new("dossiers.reseal"),
    Action::personal("dossiers.search"),
    Action::personal("dossiers.submit"),
    Action::personal("dossiers.supply"),
    Action::personal("dossiers.take_in"),
    Action::personal("dossiers.track"),
    Action::personal("dossiers.verify"),
    Action::personal("dossiers.view"),
    Action::personal("dossiers.withdraw"),
    Action::personal("dossiers.work"),
];

/// The role whose steps decide in the name of the agency.
pub(crate) const LEADER: &str = "leader";

pub(crate) fn not_found() -> Fault {
    Fault::not_found("dossiers.dossier_not_found")
}

/// Sealing everything with another key: the platform alone, when its operator says so.
pub(crate) fn change_keys(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), not_found)
}

/// Whose case it is, or who handed it in; for whoever acts for another, what was handed in for that one.
pub(crate) fn is_applicant(actor: &Actor, row: &DossierRow) -> bool {
    // An official who applies for themself does it as a citizen, never from the desk.
    actor.citizen().is_some_and(|citizen| match &citizen.acts_for {
        // What was handed in for another is reached while acting for that one, and not otherwise: when that ends, it is gone.
        None => {
            row.owner_person == Some(citizen.person)
                || row.submitter_person == Some(citizen.person) && row.representation.is_none()
        }
        Some(acting) => is_represented(acting, row),
    })
}

/// What was handed in under the representation; for a business or a child by anybody who acts for them.
fn is_represented(acting: &ActsFor, row: &DossierRow) -> bool {
    let own = row.representation == Some(acting.representation);
    let of_the_house = acting.whole && row.owner_person == Some(acting.person) && row.representation.is_some();
    (own || of_the_house) && acting.covers(&row.procedure_code)
}

/// Whether the case is the actor's own, or that of the one from whose position they act: nobody works on either (R028).
fn is_party(actor: &Actor, row: &DossierRow) -> bool {
    let parties = [row.owner_person, row.submitter_person];
    parties.into_iter().flatten().any(|person| actor.concerns(person))
}

/// Work in the name of an agency is refused to whose case it is.
fn own_case() -> Fault {
    Fault::forbidden("dossiers.own_case")
}

/// Where a case belongs.
fn place<'a>(actor: &Actor, row: &'a DossierRow) -> Place<'a> {
    Place {
        agencies: &row.agencies,
        units: &row.units,
        field: row.field.as_deref(),
        own: is_applicant(actor, row),
    }
}

fn covers(rights: Rights<'_>, action: &str, row: &DossierRow) -> bool {
    rights.covers(action, &place(rights.actor(), row))
}

/// What the agency does that receives, or decides.
fn at(agency: &AgencyId) -> Place<'_> {
    Place::of(std::slice::from_ref(agency))
}

/// An official whose rights reach the case: of an agency that holds or held it, or above.
pub(crate) fn is_at_work(rights: Rights<'_>, row: &DossierRow) -> bool {
    rights.actor().is_official() && covers(rights, "dossiers.view", row)
}

/// Seeing the case, or a part of it: what the action says. A right that is taken for an emergency does not open one's own case, nor that of the one from whose
/// position one acts (R045): as its applicant it is seen without.
pub(crate) fn view(rights: Rights<'_>, action: &str, row: &DossierRow) -> Decision {
    if rights.emergency().is_some() && is_party(rights.actor(), row) && covers(rights, action, row) {
        return Decision::Deny(own_case());
    }
    Decision::when(covers(rights, action, row), not_found)
}

/// What only the applicant does: supplying, withdrawing, rating. Officials who see the case are told that it is not theirs.
pub(crate) fn apply(rights: Rights<'_>, row: &DossierRow) -> Decision {
    let applicant = is_applicant(rights.actor(), row);
    if !applicant && !is_at_work(rights, row) {
        return Decision::Deny(not_found());
    }
    Decision::when(applicant, || Fault::forbidden("dossiers.applicant_only"))
}

/// Supplying: the applicant, or the clerk of the receiving agency for somebody who comes to the counter.
pub(crate) fn supply(rights: Rights<'_>, row: &DossierRow) -> Decision {
    let receiving = at(&row.receiving_agency).in_field(row.field.as_deref());
    if rights.actor().is_official() && rights.covers("dossiers.supply", &receiving) {
        return Decision::Allow;
    }
    apply(rights, row)
}

/// A step of the process: an official of the task's agency with its role, whose right reaches the field of the case, and who is not
/// the applicant.
pub(crate) fn act(rights: Rights<'_>, task: &TaskView, row: &DossierRow) -> Decision {
    let actor = rights.actor();
    if actor.agency() != Some(task.agency) {
        return Decision::Deny(not_found());
    }
    if is_party(actor, row) {
        return Decision::Deny(own_case());
    }
    if !actor.has_role(&task.role) {
        return Decision::Deny(Fault::forbidden("workflow.role_missing"));
    }
    let place = at(&task.agency)
        .in_units(task.unit.as_slice())
        .in_field(row.field.as_deref());
    Decision::when(rights.covers("dossiers.act", &place), || {
        Fault::forbidden("op.no_right")
    })
}

/// Apologising (phiếu xin lỗi): who leads the agency that receives or decides.
pub(crate) fn apologise(rights: Rights<'_>, row: &DossierRow) -> Decision {
    if !is_at_work(rights, row) {
        return Decision::Deny(not_found());
    }
    if is_party(rights.actor(), row) {
        return Decision::Deny(own_case());
    }
    let agencies = [row.receiving_agency, row.handling_agency];
    let place = Place::of(&agencies).in_field(row.field.as_deref());
    Decision::when(rights.covers("dossiers.apologise", &place), || {
        Fault::forbidden("dossiers.leader_only")
    })
}

/// Taking money: the clerk of the receiving agency.
pub(crate) fn collect(rights: Rights<'_>, row: &DossierRow) -> Decision {
    if !is_at_work(rights, row) {
        return Decision::Deny(not_found());
    }
    if is_party(rights.actor(), row) {
        return Decision::Deny(own_case());
    }
    let place = at(&row.receiving_agency).in_field(row.field.as_deref());
    Decision::when(rights.covers("dossiers.record_payment", &place), || {
        Fault::forbidden("dossiers.clerk_only")
    })
}

/// Handing in: a citizen.
pub(crate) fn submit(actor: &Actor) -> Decision {
    Decision::when(actor.citizen().is_some(), || Fault::forbidden("dossiers.citizens_only"))
}

/// Taking in at the counter: a clerk of the agency that the answers lead to, whose right reaches the field of the procedure.
pub(crate) fn take_in(rights: Rights<'_>, receiving: AgencyId, name: &str, field: Option<&str>) -> Decision {
    if !rights.actor().is_official() || !rights.may("dossiers.take_in") {
        return Decision::Deny(Fault::forbidden("dossiers.clerk_only"));
    }
    if rights.covers("dossiers.take_in", &at(&receiving).in_field(field)) {
        return Decision::Allow;
    }
    Decision::Deny(if rights.actor().agency() == Some(receiving) {
        Fault::forbidden("op.no_right")
    } else {
        Fault::forbidden("dossiers.other_agency_receives").with("agency", name)
    })
}

/// Publishing, and bringing cases along when agencies end: the platform, or an administrator.
pub(crate) fn publish(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), || Fault::forbidden("dossiers.not_allowed"))
}

/// Whether the actor may withdraw now.
pub(crate) fn may_withdraw(rights: Rights<'_>, row: &DossierRow) -> bool {
    apply(rights, row).is_allowed() && row.state.status.is_open()
}

/// Whether the actor may supply now.
pub(crate) fn may_supply(rights: Rights<'_>, row: &DossierRow) -> bool {
    supply(rights, row).is_allowed() && row.state.status == Status::Supplement && !row.state.supplied
}

/// Whether the actor may rate, as far as the status says.
pub(crate) fn may_rate(rights: Rights<'_>, row: &DossierRow) -> bool {
    apply(rights, row).is_allowed() && is_rateable(row.state.status)
}

/// A case can be rated once officials are done with it.
pub(crate) fn is_rateable(status: Status) -> bool {
    matches!(
        status,
        Status::NotReceived | Status::Stopped | Status::Finished | Status::Returned
    )
}

/// Whether the actor may apologise now.
pub(crate) fn may_apologise(rights: Rights<'_>, row: &DossierRow) -> bool {
    apologise(rights, row).is_allowed() && matches!(row.state.status, Status::Received | Status::Processing)
}
