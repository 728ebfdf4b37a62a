//! All SQL of the engine.

pub(crate) mod attachment;
pub(crate) mod definition;
pub(crate) mod draft;
pub(crate) mod sealed;
