//! All SQL of the engine.

pub(crate) mod calendar;
pub(crate) mod definition;
pub(crate) mod instance;
pub(crate) mod moves;
pub(crate) mod task;
pub(crate) mod timer;

use kernel::Fault;

/// A row that this release cannot read.
fn broken(what: &str) -> Fault {
    Fault::internal("workflow.definition_broken").with("what", what)
}
