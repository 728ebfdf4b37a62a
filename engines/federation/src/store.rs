//! All SQL of the engine.

pub(crate) mod farewell;
pub(crate) mod journey;
pub(crate) mod link;
