//! The faults of the engine. Their words: `errors.oversight.<code>`.

use kernel::{Fault, FieldFault};
use uuid::Uuid;

/// There is none in the reader's reach.
pub(crate) fn not_found() -> Fault {
    Fault::not_found("oversight.not_found")
}

pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("oversight.not_allowed")
}

/// Nobody answers about their own rights.
pub(crate) fn own_line() -> Fault {
    Fault::forbidden("oversight.own_line")
}

/// Nobody looks at their own report.
pub(crate) fn own_report() -> Fault {
    Fault::forbidden("oversight.own_report")
}

/// The quarter has its review.
pub(crate) fn already_open(quarter: &str) -> Fault {
    Fault::conflict("oversight.already_open").with("quarter", quarter)
}

/// The review has ended, or has not begun.
pub(crate) fn not_open() -> Fault {
    Fault::conflict("oversight.not_open")
}

/// Somebody was faster.
pub(crate) fn already_answered(name: &str) -> Fault {
    Fault::conflict("oversight.already_answered").with("name", name)
}

/// Nothing was chosen.
pub(crate) fn nothing_chosen() -> Fault {
    Fault::invalid("oversight.nothing_chosen")
}

/// Why a role is taken back, at its line.
pub(crate) fn reason_needed(line: Uuid) -> Fault {
    let field = FieldFault::new(format!("reason.{line}"), "oversight.reason_needed");
    Fault::invalid("oversight.reason_needed").field_fault(field)
}

/// A report, or a note, is so many characters long.
pub(crate) fn too_short(field: &'static str, least: usize) -> Fault {
    let fault = FieldFault::new(field, "oversight.too_short").with("least", least);
    Fault::invalid("oversight.too_short").field_fault(fault)
}

pub(crate) fn too_long(field: &'static str, most: usize) -> Fault {
    let fault = FieldFault::new(field, "oversight.too_long").with("most", most);
    Fault::invalid("oversight.too_long").field_fault(fault)
}

/// The report was accepted, or is not written.
pub(crate) fn wrong_state() -> Fault {
    Fault::conflict("oversight.wrong_state")
}

/// Nothing is reported of, or said about, what still goes on.
pub(crate) fn still_runs() -> Fault {
    Fault::conflict("oversight.still_runs")
}

/// Whoever owes a report takes no other right.
pub(crate) fn report_owed() -> Fault {
    Fault::conflict("oversight.report_owed")
}

/// There is nobody else who could look at it.
pub(crate) fn nobody_watches() -> Fault {
    Fault::conflict("oversight.nobody_watches")
}

pub(crate) fn broken(what: &'static str) -> Fault {
    Fault::internal("oversight.broken_row").with("what", what)
}
