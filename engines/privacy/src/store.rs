//! All SQL of the engine.

pub(crate) mod bound;
pub(crate) mod consent;
pub(crate) mod incident;
pub(crate) mod request;
pub(crate) mod sealed;
pub(crate) mod united;
