//! All SQL of the engine.

pub(crate) mod request;
