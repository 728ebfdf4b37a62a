//! The façade against a real database, with a clock that the tests move.

mod bounds;
mod consents;
mod deadlines;
mod extract;
mod incidents;
mod requests;
mod sealed;
mod town;
