//! The fault codes of this engine; their words stand in `texts/*/workflow.toml`.

use chrono::{DateTime, Utc};
use kernel::Fault;

use crate::machine::Stuck;

/// Every fault code of this engine, for the test that each has words.
pub const CODES: [&str; 34] = [
    "workflow.action_failed",
    "workflow.agency_missing",
    "workflow.already_suspended",
    "workflow.calendar_bad",
    "workflow.calendar_empty",
    "workflow.calendar_gap",
    "workflow.calendar_name",
    "workflow.calendar_no_rest_day",
    "workflow.calendar_notice",
    "workflow.calendar_order",
    "workflow.calendar_outside",
    "workflow.calendar_twice",
    "workflow.calendar_year",
    "workflow.changed_meanwhile",
    "workflow.definition_broken",
    "workflow.definition_not_found",
    "workflow.endless",
    "workflow.instance_not_found",
    "workflow.not_allowed",
    "workflow.not_assigned",
    "workflow.not_running",
    "workflow.not_suspended",
    "workflow.outcome_unknown",
    "workflow.reason_missing",
    "workflow.role_missing",
    "workflow.stuck",
    "workflow.subject_missing",
    "workflow.suspended",
    "workflow.task_assigned",
    "workflow.task_cancelled",
    "workflow.task_changed",
    "workflow.task_not_found",
    "workflow.task_taken",
    "workflow.variables_bad",
];

/// A moment as people in Vietnam write it, for the words of a fault.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    kernel::local(at).format("%H:%M %d/%m/%Y").to_string()
}

impl From<Stuck> for Fault {
    /// A machine that cannot go on is a defect of the definition or of ours, never of the person who pressed the button.
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::StepLimit => Fault::internal("workflow.endless").caused_by(stuck),
            _ => Fault::internal("workflow.stuck").caused_by(stuck),
        }
    }
}
