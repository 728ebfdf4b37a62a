//! Who may do what to a task. Pure: the answer is asked of [`op::Op::allow`].
//!
//! A task is seen by the officials of its agency only. For everybody else it does not exist (404), whatever role they have;
//! a colleague without the role is told so (403).

use kernel::{Actor, Fault};
use op::Decision;

use crate::model::TaskView;

/// Roles that lead the work of an agency.
const LEADING: [&str; 2] = ["leader", "admin"];

fn not_found() -> Fault {
    Fault::not_found("workflow.task_not_found")
}

fn same_agency(actor: &Actor, task: &TaskView) -> bool {
    actor.agency() == Some(task.agency)
}

fn leads(actor: &Actor) -> bool {
    LEADING.iter().any(|role| actor.has_role(role))
}

/// Completing and claiming: an official of the agency with the role.
pub(crate) fn work(actor: &Actor, task: &TaskView) -> Decision {
    if !same_agency(actor, task) {
        return Decision::Deny(not_found());
    }
    Decision::when(actor.has_role(&task.role), || Fault::forbidden("workflow.role_missing"))
}

/// Giving a task to somebody: who leads the agency, who has the task, or the platform by a rule of its own.
pub(crate) fn assign(actor: &Actor, task: &TaskView) -> Decision {
    if matches!(actor, Actor::System(_)) {
        return Decision::Allow;
    }
    if !same_agency(actor, task) {
        return Decision::Deny(not_found());
    }
    let own = actor.account().is_some() && actor.account() == task.assignee;
    Decision::when(own || leads(actor), || Fault::forbidden("workflow.not_allowed"))
}

/// Putting a definition into force: the platform when it reads the apps, or an administrator.
pub(crate) fn publish(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)) || actor.has_role("admin"), || {
        Fault::forbidden("workflow.not_allowed")
    })
}

/// Starting, suspending, resuming and cancelling: whoever the engine that owns the subject lets through. A citizen starts a
/// process by submitting, resumes it by supplementing and cancels it by withdrawing; only the dossier knows whose it is.
pub(crate) fn by_owner_of_subject() -> Decision {
    Decision::Allow
}

/// The moment of a timer: the platform alone.
pub(crate) fn timer(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), || {
        Fault::forbidden("workflow.not_allowed")
    })
}
