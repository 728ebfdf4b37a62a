//! All SQL of the engine. Functions that write take a [`op::Permit`].

pub(crate) mod account;
pub(crate) mod agency;
pub(crate) mod area;
pub(crate) mod asked;
pub(crate) mod attempt;
pub(crate) mod catalogue;
pub(crate) mod counter_code;
pub(crate) mod desk;
pub(crate) mod emergency;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod lineage;
pub(crate) mod merge;
pub(crate) mod office;
pub(crate) mod passkey;
pub(crate) mod person;
pub(crate) mod registration;
pub(crate) mod reorganisation;
pub(crate) mod representation;
pub(crate) mod sealed;
pub(crate) mod second_factor;
pub(crate) mod session;
pub(crate) mod substitution;
pub(crate) mod voice;
pub(crate) mod withheld;

use kernel::Fault;

/// Found by the hash of something that it does not hold, or beside another one that is found by the same: the log says which.
fn row_broken(table: &'static str, id: uuid::Uuid) -> Fault {
    Fault::internal("identity.row_broken").caused_by(format!("{table} {id}"))
}

/// A word in the database that the code does not know: a newer program wrote it.
fn unknown_word(column: &'static str) -> Fault {
    Fault::internal("identity.stored_word").with("column", column)
}
