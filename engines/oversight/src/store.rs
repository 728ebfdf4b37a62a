//! All SQL of the engine.

pub(crate) mod report;
pub(crate) mod review;
