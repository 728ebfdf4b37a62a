//! The faults of the engine. Their words: `errors.registry.<code>`.

use chrono::NaiveDate;
use kernel::{Fault, FieldFault};

use crate::definition::FieldDefinition;
use crate::model::{BulkState, ProposalState};

/// Every code of this engine, for the test that each has words.
pub const CODES: &[&str] = &[
    "registry.application_agency",
    "registry.asker_gone",
    "registry.backwards",
    "registry.bad_day",
    "registry.bad_filter",
    "registry.begins_later",
    "registry.broken_row",
    "registry.bulk_decided",
    "registry.bulk_not_found",
    "registry.changed_meanwhile",
    "registry.declared_anew",
    "registry.draft_changed",
    "registry.draft_not_found",
    "registry.draft_too_large",
    "registry.draft_unsound",
    "registry.duplicate_key",
    "registry.ended",
    "registry.exports_busy",
    "registry.field_sealed",
    "registry.import_again",
    "registry.import_columns",
    "registry.import_declaration",
    "registry.import_file",
    "registry.import_left",
    "registry.import_moved",
    "registry.import_no_bad_rows",
    "registry.import_no_file",
    "registry.import_no_key",
    "registry.import_no_table",
    "registry.import_not_found",
    "registry.import_panicked",
    "registry.import_state",
    "registry.import_too_bad",
    "registry.import_undecided",
    "registry.imports_busy",
    "registry.invalid",
    "registry.later_period",
    "registry.mediator_client",
    "registry.merge_clash",
    "registry.merge_itself",
    "registry.merge_not_found",
    "registry.merge_settled",
    "registry.merge_too_old",
    "registry.merge_unknown_field",
    "registry.needs_approval",
    "registry.no_files",
    "registry.no_format",
    "registry.no_geometry",
    "registry.no_period",
    "registry.no_value",
    "registry.not_allowed",
    "registry.not_found",
    "registry.not_own",
    "registry.not_sortable",
    "registry.note_needed",
    "registry.nothing_to_change",
    "registry.overlap",
    "registry.own_proposal",
    "registry.owner_unknown",
    "registry.plan_refused",
    "registry.proposal_decided",
    "registry.proposal_not_found",
    "registry.purpose_needed",
    "registry.reason_needed",
    "registry.record_not_found",
    "registry.request_key",
    "registry.selection_changed",
    "registry.several_records",
    "registry.too_many_filters",
    "registry.too_many_for_a_sheet",
    "registry.too_many_records",
    "registry.too_many_rows",
    "registry.unknown_field",
    "registry.version_needed",
    "registry.version_unknown",
];

/// Codes of faults of columns of a file that is imported.
pub const COLUMN_RULES: &[&str] = &[
    "registry.import.moved",
    "registry.import.near",
    "registry.import.same",
    "registry.import.twice",
    "registry.import.unknown",
];

/// Ends of `registry.field.<rule>` that this engine adds to those of `schema::field::RULES`.
pub const FIELD_RULES: &[&str] = &[
    "computed",
    "days",
    "file",
    "files_most",
    "geometry",
    "link",
    "link_ended",
    "look_alike",
    "moment",
    "not_for_many",
    "option_ended",
    "period",
    "period_backwards",
    "place",
    "required",
    "rows",
    "rows_cell",
    "rows_most",
    "rule",
    "shape",
    "twice",
    "unique",
    "unknown",
];

/// There is no such register, or it is not for the reader.
pub(crate) fn not_found(register: &str) -> Fault {
    Fault::not_found("registry.not_found").with("register", register)
}

/// There is no such record, or it is not for the reader.
pub(crate) fn record_not_found() -> Fault {
    Fault::not_found("registry.record_not_found")
}

pub(crate) fn not_allowed() -> Fault {
    Fault::forbidden("registry.not_allowed")
}

/// What the record would hold breaks rules.
pub(crate) fn invalid(faults: Vec<FieldFault>) -> Fault {
    let mut fault = Fault::invalid("registry.invalid");
    fault.fields = faults;
    fault
}

/// Another record has the key already.
pub(crate) fn duplicate_key(field: &str) -> Fault {
    Fault::invalid("registry.duplicate_key").field(field, "registry.field.unique")
}

/// Somebody was faster.
pub(crate) fn changed_meanwhile(version: i64) -> Fault {
    Fault::conflict("registry.changed_meanwhile").with("version", version)
}

/// Another declaration was published while something was written by the one before.
pub(crate) fn declared_anew(register: &str) -> Fault {
    Fault::conflict("registry.declared_anew").with("register", register)
}

/// The record is known to change at a later day.
pub(crate) fn later_period(from: NaiveDate) -> Fault {
    Fault::conflict("registry.later_period").with("from", kernel::format_date(from))
}

/// The record begins at a later day.
pub(crate) fn begins_later(from: NaiveDate) -> Fault {
    Fault::conflict("registry.begins_later").with("from", kernel::format_date(from))
}

/// The record has no such period.
pub(crate) fn no_period() -> Fault {
    Fault::conflict("registry.no_period")
}

/// Two periods would hold on one day.
pub(crate) fn overlap(from: NaiveDate) -> Fault {
    Fault::conflict("registry.overlap").with("from", kernel::format_date(from))
}

/// The last day lies before the first.
pub(crate) fn backwards() -> Fault {
    Fault::invalid("registry.backwards").field("valid_to", "registry.field.period_backwards")
}

/// The record has ended already.
pub(crate) fn ended() -> Fault {
    Fault::conflict("registry.ended")
}

/// Not a day of any calendar.
pub(crate) fn bad_day() -> Fault {
    Fault::invalid("registry.bad_day")
}

/// A correction, an end and a merge say why.
pub(crate) fn reason_needed() -> Fault {
    Fault::invalid("registry.reason_needed").field("reason", "registry.field.required")
}

/// What is entered here waits for the owner's approval.
pub(crate) fn needs_approval(register: &str) -> Fault {
    Fault::conflict("registry.needs_approval").with("register", register)
}

/// There is no such proposal, or it is not for the reader.
pub(crate) fn proposal_not_found() -> Fault {
    Fault::not_found("registry.proposal_not_found")
}

/// Nobody decides on what they have proposed.
pub(crate) fn own_proposal() -> Fault {
    Fault::forbidden("registry.own_proposal")
}

/// It waits no longer.
pub(crate) fn proposal_decided(state: ProposalState) -> Fault {
    Fault::conflict("registry.proposal_decided").with("state", state.as_str())
}

/// There is no such request, or it is not for the reader.
pub(crate) fn bulk_not_found() -> Fault {
    Fault::not_found("registry.bulk_not_found")
}

/// It waits no longer, or has ended.
pub(crate) fn bulk_decided(state: BulkState) -> Fault {
    Fault::conflict("registry.bulk_decided").with("state", state.as_str())
}

/// The list finds other records than those that were shown, or they have changed.
pub(crate) fn selection_changed() -> Fault {
    Fault::conflict("registry.selection_changed")
}

/// Every record is as it should be, or nothing is set.
pub(crate) fn nothing_to_change() -> Fault {
    Fault::invalid("registry.nothing_to_change")
}

/// So many records are changed at a time at most.
pub(crate) fn too_many_records(most: i64) -> Fault {
    Fault::invalid("registry.too_many_records").with("most", most)
}

/// There is no such drawing, or it is somebody else's.
pub(crate) fn draft_not_found() -> Fault {
    Fault::not_found("registry.draft_not_found")
}

/// A drawing is not as it was seen any more.
pub(crate) fn draft_changed() -> Fault {
    Fault::conflict("registry.draft_changed")
}

/// A drawing holds only so much.
pub(crate) fn draft_too_large() -> Fault {
    Fault::invalid("registry.draft_too_large")
}

/// Something is wrong with what is drawn.
pub(crate) fn draft_unsound(problems: usize) -> Fault {
    Fault::invalid("registry.draft_unsound").with("problems", problems)
}

/// The register belongs to a system of the platform.
pub(crate) fn not_own(register: &str) -> Fault {
    Fault::conflict("registry.not_own").with("register", register)
}

/// Whoever refuses says why.
pub(crate) fn note_needed() -> Fault {
    Fault::invalid("registry.note_needed").field("note", "registry.field.required")
}

/// Personal data is read for a purpose.
pub(crate) fn purpose_needed() -> Fault {
    Fault::invalid("registry.purpose_needed").field("purpose", "registry.field.required")
}

/// Lists are not sorted by this field.
pub(crate) fn not_sortable(field: &str) -> Fault {
    Fault::invalid("registry.not_sortable").with("field", field)
}

/// Such a filter is not understood.
pub(crate) fn bad_filter(field: &str) -> Fault {
    Fault::invalid("registry.bad_filter").with("field", field)
}

/// A list has so many filters at most.
pub(crate) fn too_many_filters(most: usize) -> Fault {
    Fault::invalid("registry.too_many_filters").with("most", most)
}

/// A sealed field is compared whole only.
pub(crate) fn field_sealed(field: &str) -> Fault {
    Fault::invalid("registry.field_sealed").with("field", field)
}

/// The province has no such agency.
pub(crate) fn owner_unknown(register: &str, owner: &str) -> Fault {
    Fault::invalid("registry.owner_unknown")
        .with("register", register)
        .with("owner", owner)
}

/// The new declaration would lose data.
pub(crate) fn plan_refused(register: &str, why: impl std::fmt::Display) -> Fault {
    Fault::conflict("registry.plan_refused")
        .with("register", register)
        .with("why", why)
}

/// A row that this program did not write.
pub(crate) fn broken_row(what: &'static str) -> Fault {
    Fault::internal("registry.broken_row").with("what", what)
}

/// A record is not merged into itself.
pub(crate) fn merge_itself() -> Fault {
    Fault::invalid("registry.merge_itself")
}

/// Two records of another register would then have the same key: they are to be merged first.
pub(crate) fn merge_clash(register: &str, record: uuid::Uuid) -> Fault {
    Fault::conflict("registry.merge_clash")
        .with("register", register)
        .with("record", record)
}

/// A field whose value is to be taken is none that is entered.
pub(crate) fn merge_unknown_field(field: &str) -> Fault {
    Fault::invalid("registry.merge_unknown_field").with("field", field)
}

/// That record was not merged into another one.
pub(crate) fn merge_not_found() -> Fault {
    Fault::not_found("registry.merge_not_found")
}

/// The record that remains has changed since: taking the merge back would lose that.
pub(crate) fn merge_settled() -> Fault {
    Fault::conflict("registry.merge_settled")
}

/// A merge is taken back within so many days.
pub(crate) fn merge_too_old(days: i64) -> Fault {
    Fault::conflict("registry.merge_too_old").with("days", days)
}

/// An application is registered for an agency that is not there, or for several.
pub(crate) fn application_agency() -> Fault {
    Fault::forbidden("registry.application_agency")
}

/// There is no such field, or it is not for the reader.
pub(crate) fn unknown_field(field: &str) -> Fault {
    Fault::invalid("registry.unknown_field").with("field", field)
}

/// Whoever changes a record says which version they have seen.
pub(crate) fn version_needed() -> Fault {
    Fault::invalid("registry.version_needed").field("version", "registry.field.required")
}

/// The key of a request has 8 to 100 characters.
pub(crate) fn request_key() -> Fault {
    Fault::invalid("registry.request_key")
}

/// One request brings so many rows at most.
pub(crate) fn too_many_rows(most: usize) -> Fault {
    Fault::invalid("registry.too_many_rows").with("most", most)
}

/// GovStack: the header `Information-Mediator-Client` is missing or has not its form.
pub(crate) fn mediator_client() -> Fault {
    Fault::invalid("registry.mediator_client")
}

/// GovStack: that version of a declaration is not in force.
pub(crate) fn version_unknown(version: &str) -> Fault {
    Fault::not_found("registry.version_unknown").with("version", version)
}

/// GovStack: more than one record is found where one is meant.
pub(crate) fn several_records() -> Fault {
    Fault::conflict("registry.several_records")
}

/// GovStack: there is no such value, or it is not for the reader.
pub(crate) fn no_value() -> Fault {
    Fault::not_found("registry.no_value")
}

/// Work on rows beside the threads of the runtime has broken down.
pub(crate) fn import_panicked(error: tokio::task::JoinError) -> Fault {
    Fault::internal("registry.import_panicked").caused_by(error)
}

/// The file has no column for what tells one record from another.
pub(crate) fn import_no_key(fields: &[&FieldDefinition]) -> Fault {
    let called = |language: &str| {
        let each = fields.iter().map(|field| field.words.in_language(language));
        each.collect::<Vec<_>>().join(", ")
    };
    Fault::invalid("registry.import_no_key")
        .with("fields", called("vi"))
        .with("fields_en", called("en"))
}

/// There is no such import, or it is not for the reader.
pub(crate) fn import_not_found() -> Fault {
    Fault::not_found("registry.import_not_found")
}

/// The import is not in a state that allows this.
pub(crate) fn import_state() -> Fault {
    Fault::conflict("registry.import_state")
}

/// The register was declared anew meanwhile: what the columns are must be said again.
pub(crate) fn import_declaration() -> Fault {
    Fault::invalid("registry.import_declaration")
}

/// The file is shorter than it was.
pub(crate) fn import_file() -> Fault {
    Fault::invalid("registry.import_file")
}

/// Too many rows are handed back.
pub(crate) fn import_too_bad() -> Fault {
    Fault::invalid("registry.import_too_bad")
}

/// Nobody has confirmed the columns for days.
pub(crate) fn import_left() -> Fault {
    Fault::invalid("registry.import_left")
}

/// Nobody has decided on it in time.
pub(crate) fn import_undecided() -> Fault {
    Fault::invalid("registry.import_undecided")
}

/// No row was handed back, or they were forgotten.
pub(crate) fn import_no_bad_rows() -> Fault {
    Fault::not_found("registry.import_no_bad_rows")
}

/// A map needs a place, and the reader sees none.
pub(crate) fn no_geometry() -> Fault {
    Fault::invalid("registry.no_geometry")
}

/// A sheet of a workbook ends.
pub(crate) fn too_many_for_a_sheet(most: i64) -> Fault {
    Fault::invalid("registry.too_many_for_a_sheet").with("most", most)
}

/// As many workbooks as may be are being opened.
pub(crate) fn imports_busy() -> Fault {
    Fault::unavailable("registry.imports_busy")
}

/// As many files as may be are being written.
pub(crate) fn exports_busy() -> Fault {
    Fault::unavailable("registry.exports_busy")
}
