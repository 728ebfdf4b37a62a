//! The faults of the engine. Their words: `errors.privacy.<code>`.

use kernel::{Fault, FieldFault};
use uuid::Uuid;

pub(crate) fn sign_in() -> Fault {
    Fault::unauthenticated("privacy.sign_in")
}

/// There is no such request, or it is somebody else's.
pub(crate) fn not_found() -> Fault {
    Fault::not_found("privacy.not_found")
}

pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("privacy.not_allowed")
}

/// Nobody answers themself.
pub(crate) fn own_request() -> Fault {
    Fault::forbidden("privacy.own_request")
}

/// Another request of the kind is open.
pub(crate) fn already_open(id: Uuid, number: i64) -> Fault {
    Fault::conflict("privacy.already_open")
        .with("id", id)
        .with("number", number)
}

/// Somebody was faster, or it has ended.
pub(crate) fn wrong_state() -> Fault {
    Fault::conflict("privacy.wrong_state")
}

pub(crate) fn cannot_extend() -> Fault {
    Fault::conflict("privacy.cannot_extend")
}

/// No declared law counts on this day.
pub(crate) fn no_law() -> Fault {
    Fault::internal("privacy.no_law")
}

pub(crate) fn broken(what: &str) -> Fault {
    Fault::internal("privacy.broken_row").with("what", what)
}

/// No such purpose is declared.
pub(crate) fn purpose_not_found() -> Fault {
    Fault::not_found("privacy.purpose_not_found")
}

/// The words have changed since the person read them.
pub(crate) fn purpose_changed() -> Fault {
    Fault::conflict("privacy.purpose_changed")
}

/// The law allows it without asking.
pub(crate) fn purpose_by_law() -> Fault {
    Fault::conflict("privacy.purpose_by_law")
}

/// There is no such breach.
pub(crate) fn incident_not_found() -> Fault {
    Fault::not_found("privacy.incident_not_found")
}

/// Nothing is noticed in the future.
pub(crate) fn noticed_later() -> Fault {
    Fault::invalid("privacy.noticed_later").field("noticed_at", "privacy.noticed_later")
}

/// Nobody, or more people than one step tells.
pub(crate) fn people(most: usize) -> Fault {
    Fault::invalid("privacy.people").field_fault(FieldFault::new("people", "privacy.people").with("most", most))
}

/// Something is missing at a field.
pub(crate) fn required(field: &str) -> Fault {
    Fault::invalid("privacy.required").field(field, "privacy.required")
}

pub(crate) fn too_long(field: &str, most: usize) -> Fault {
    Fault::invalid("privacy.too_long").field_fault(FieldFault::new(field, "privacy.too_long").with("most", most))
}

/// A correction that corrects nothing.
pub(crate) fn nothing_to_correct() -> Fault {
    Fault::invalid("privacy.nothing_to_correct").field("wishes", "privacy.nothing_to_correct")
}

/// Only what was granted can be taken out by an official.
pub(crate) fn no_extract() -> Fault {
    Fault::conflict("privacy.no_extract")
}

/// The days in which an official may take an extract out have passed.
pub(crate) fn extract_over(days: u32) -> Fault {
    Fault::conflict("privacy.extract_over").with("days", days)
}

/// At least one purpose is to be chosen.
pub(crate) fn choose() -> Fault {
    Fault::invalid("privacy.choose").field("purposes", "privacy.choose")
}
