//! Who may do what to a task. Pure: the answer is asked of [`op::Op::allow`].
//!
//! A task is seen by the officials of its agency only. For everybody else it does not exist (404), whatever role they have;
//! a colleague without the role is told so (403).

use kernel::{Actor, Fault};
use op::{Action, Decision, Place, Rights};

use crate::model::TaskView;

/// What can be done here.
pub const ACTIONS: &[Action] = &[
    Action::personal("workflow.assign"),
    Action::personal("workflow.cancel"),
    Action::personal("workflow.claim"),
    Action::personal("workflow.complete"),
    Action::personal("workflow.fire_timer"),
    Action::new("workflow.follow_agencies"),
    Action::new("workflow.publish"),
    Action::personal("workflow.release"),
    Action::personal("workflow.resume"),
    Action::new("workflow.save_calendar"),
    Action::personal("workflow.start"),
    Action::personal("workflow.suspend"),
];

fn not_found() -> Fault {
    Fault::not_found("workflow.task_not_found")
}

fn same_agency(actor: &Actor, task: &TaskView) -> bool {
    actor.agency() == Some(task.agency)
}

/// Completing and claiming: an official of the agency with the role.
pub(crate) fn work(actor: &Actor, task: &TaskView) -> Decision {
    if !same_agency(actor, task) {
        return Decision::Deny(not_found());
    }
    Decision::when(actor.has_role(&task.role), || Fault::forbidden("workflow.role_missing"))
}

/// Giving a task to somebody, or back: who leads the agency or the unit with which it lies, who has the task, or the platform by a rule of its own.
pub(crate) fn assign(rights: Rights<'_>, action: &str, task: &TaskView) -> Decision {
    let actor = rights.actor();
    if rights.is_platform() {
        return Decision::Allow;
    }
    if !same_agency(actor, task) {
        return Decision::Deny(not_found());
    }
    let agencies = [task.agency];
    let place = Place {
        own: actor.account().is_some() && actor.account() == task.assignee,
        ..Place::of(&agencies).in_units(task.unit.as_slice())
    };
    Decision::when(rights.covers(action, &place), || {
        Fault::forbidden("workflow.not_allowed")
    })
}

/// Putting a definition or the calendar into force: the platform when it reads the apps, or an administrator.
pub(crate) fn publish(rights: Rights<'_>, action: &str) -> Decision {
    Decision::when(rights.everywhere(action), || Fault::forbidden("workflow.not_allowed"))
}

/// Starting, suspending, resuming and cancelling: whoever the engine that owns the subject lets through. A citizen starts a
/// process by submitting, resumes it by supplementing and cancels it by withdrawing; only the dossier knows whose it is.
pub(crate) fn by_owner_of_subject() -> Decision {
    Decision::Follows
}

/// The moment of a timer: the platform alone.
pub(crate) fn timer(actor: &Actor) -> Decision {
    Decision::when(matches!(actor, Actor::System(_)), || {
        Fault::forbidden("workflow.not_allowed")
    })
}
