//! All SQL of the case.

pub(crate) mod definition;
pub(crate) mod document;
pub(crate) mod dossier;
pub(crate) mod fee;
pub(crate) mod history;
pub(crate) mod kept;
pub(crate) mod moves;
pub(crate) mod number;
pub(crate) mod paper;
pub(crate) mod rating;
pub(crate) mod read;
pub(crate) mod read_lists;
#[cfg(test)]
mod read_plans;
pub(crate) mod read_work;
pub(crate) mod sealed;
pub(crate) mod search;
pub(crate) mod supplement;
pub(crate) mod work;

/// A row that says what no row may say.
pub(crate) fn broken(what: &'static str) -> kernel::Fault {
    kernel::Fault::internal("dossiers.broken_row").with("status", what)
}
