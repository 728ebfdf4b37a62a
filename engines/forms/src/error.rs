//! The fault codes of this engine; their words stand in `texts/*/forms.toml`.

use kernel::Fault;

/// Every fault code but those of single fields.
pub const CODES: [&str; 21] = [
    "forms.catalogue_unknown",
    "forms.channel",
    "forms.clerks_only",
    "forms.check_failed",
    "forms.context_too_large",
    "forms.definition_broken",
    "forms.draft_closed",
    "forms.draft_not_found",
    "forms.file_attached",
    "forms.file_not_found",
    "forms.form_not_found",
    "forms.not_yours_to_publish",
    "forms.not_yours_to_remove",
    "forms.page_not_found",
    "forms.page_skipped",
    "forms.page_unseen",
    "forms.paper_not_found",
    "forms.sign_in",
    "forms.too_many_drafts",
    "forms.too_many_files",
    "forms.unknown_fields",
];

/// Every rule that an answer may break: the fault is `forms.field.<rule>`. `unknown` comes from the API only.
pub const FIELD_RULES: [&str; 32] = [
    "choose",
    "date",
    "date_from",
    "date_incomplete",
    "date_to",
    "decimals",
    "detail_missing",
    "email",
    "max",
    "min",
    "money",
    "name",
    "not_future",
    "not_past",
    "number",
    "option",
    "pattern",
    "personal_number",
    "phone",
    "place_missing",
    "province",
    "province_missing",
    "required",
    "tax_number",
    "tax_number_check",
    "too_long",
    "unknown",
    "ward",
    "ward_missing",
    "where",
    "whole_number",
    "yes_no",
];

pub(crate) fn draft_not_found() -> Fault {
    Fault::not_found("forms.draft_not_found")
}

pub(crate) fn draft_closed(subject: &str) -> Fault {
    Fault::conflict("forms.draft_closed").with("subject", subject)
}

pub(crate) fn form_not_found(app: &str, form: &str) -> Fault {
    Fault::not_found("forms.form_not_found")
        .with("app", app)
        .with("form", form)
}

/// A row that this release cannot read.
pub(crate) fn broken(what: &str) -> Fault {
    Fault::internal("forms.definition_broken").with("what", what)
}
