//! Who may do what to a case. Pure: the answers are asked of [`op::Op::allow`] (R025, R028).
//!
//! A case is seen by whose it is, by who handed it in, and by the officials of the agencies that hold or held it. For
//! everybody else it does not exist (404), and the attempt is in the audit trail.

use kernel::{Actor, AgencyId, Fault};
use op::Decision;
use workflow::TaskView;

use crate::model::Status;
use crate::store::dossier::DossierRow;

/// The role at the counter (bộ phận một cửa).
pub(crate) const CLERK: &str = "clerk";
/// The role that decides.
pub(crate) const LEADER: &str = "leader";

pub(crate) fn not_found() -> Fault {
    Fault::not_found("dossiers.dossier_not_found")
}

/// Whose case it is, or who handed it in.
pub(crate) fn is_applicant(actor: &Actor, row: &DossierRow) -> bool {
    // An official who applies for themself does it as a citizen, never from the desk.
    actor
        .citizen()
        .is_some_and(|citizen| row.owner_person == Some(citizen.person) || row.submitter_person == Some(citizen.person))
}

/// An official of an agency that holds or held it.
pub(crate) fn is_at_work(actor: &Actor, row: &DossierRow) -> bool {
    actor.agency().is_some_and(|agency| row.agencies.contains(&agency))
}

/// Seeing the case.
pub(crate) fn view(actor: &Actor, row: &DossierRow) -> Decision {
    let platform = matches!(actor, Actor::System(_));
    Decision::when(
        platform || is_applicant(actor, row) || is_at_work(actor, row),
        not_found,
    )
}

/// What only the applicant does: supplying, withdrawing, rating. Officials who see the case are told that it is not theirs.
pub(crate) fn apply(actor: &Actor, row: &DossierRow) -> Decision {
    if !is_applicant(actor, row) && !is_at_work(actor, row) {
        return Decision::Deny(not_found());
    }
    Decision::when(is_applicant(actor, row), || Fault::forbidden("dossiers.applicant_only"))
}

/// Supplying: the applicant, or the clerk of the receiving agency for somebody who comes to the counter.
pub(crate) fn supply(actor: &Actor, row: &DossierRow) -> Decision {
    if is_clerk_of(actor, row.receiving_agency) {
        return Decision::Allow;
    }
    apply(actor, row)
}

/// A step of the process: an official of the task's agency with its role, who is not the applicant.
pub(crate) fn act(actor: &Actor, task: &TaskView, row: &DossierRow) -> Decision {
    if actor.agency() != Some(task.agency) {
        return Decision::Deny(not_found());
    }
    if actor.person().is_some() && [row.owner_person, row.submitter_person].contains(&actor.person()) {
        return Decision::Deny(Fault::forbidden("dossiers.own_case"));
    }
    Decision::when(actor.has_role(&task.role), || Fault::forbidden("workflow.role_missing"))
}

/// Apologising (phiếu xin lỗi): who leads the agency that receives or decides.
pub(crate) fn apologise(actor: &Actor, row: &DossierRow) -> Decision {
    if !is_at_work(actor, row) {
        return Decision::Deny(not_found());
    }
    let leads = actor.has_role(LEADER)
        && actor
            .agency()
            .is_some_and(|agency| agency == row.receiving_agency || agency == row.handling_agency);
    Decision::when(leads, || Fault::forbidden("dossiers.leader_only"))
}

/// Taking money: the clerk of the receiving agency.
pub(crate) fn collect(actor: &Actor, row: &DossierRow) -> Decision {
    if !is_at_work(actor, row) {
        return Decision::Deny(not_found());
    }
    Decision::when(is_clerk_of(actor, row.receiving_agency), || {
        Fault::forbidden("dossiers.clerk_only")
    })
}

/// Handing in: a citizen.
pub(crate) fn submit(actor: &Actor) -> Decision {
    Decision::when(actor.citizen().is_some(), || Fault::forbidden("dossiers.citizens_only"))
}

/// Taking in at the counter: a clerk of the agency that the answers lead to.
pub(crate) fn take_in(actor: &Actor, receiving: AgencyId, name: &str) -> Decision {
    if !actor.has_role(CLERK) {
        return Decision::Deny(Fault::forbidden("dossiers.clerk_only"));
    }
    Decision::when(is_clerk_of(actor, receiving), || {
        Fault::forbidden("dossiers.other_agency_receives").with("agency", name)
    })
}

/// Publishing, and bringing cases along when agencies end: the platform, or an administrator.
pub(crate) fn publish(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)) || actor.has_role("admin"), || {
        Fault::forbidden("dossiers.not_allowed")
    })
}

/// What follows by itself: from the process, or from time.
pub(crate) fn by_rule() -> Decision {
    Decision::Allow
}

/// Whether the actor may withdraw now.
pub(crate) fn may_withdraw(actor: &Actor, row: &DossierRow) -> bool {
    apply(actor, row).is_allowed() && row.state.status.is_open()
}

/// Whether the actor may supply now.
pub(crate) fn may_supply(actor: &Actor, row: &DossierRow) -> bool {
    supply(actor, row).is_allowed() && row.state.status == Status::Supplement && !row.state.supplied
}

/// Whether the actor may rate, as far as the status says.
pub(crate) fn may_rate(actor: &Actor, row: &DossierRow) -> bool {
    apply(actor, row).is_allowed() && is_rateable(row.state.status)
}

/// A case can be rated once officials are done with it.
pub(crate) fn is_rateable(status: Status) -> bool {
    matches!(
        status,
        Status::NotReceived | Status::Stopped | Status::Finished | Status::Returned
    )
}

/// Whether the actor may apologise now.
pub(crate) fn may_apologise(actor: &Actor, row: &DossierRow) -> bool {
    apologise(actor, row).is_allowed() && matches!(row.state.status, Status::Received | Status::Processing)
}

fn is_clerk_of(actor: &Actor, agency: AgencyId) -> bool {
    actor.has_role(CLERK) && actor.agency() == Some(agency)
}
