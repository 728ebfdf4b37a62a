//! All SQL of the engine.

pub(crate) mod report;
pub(crate) mod review;
pub(crate) mod united;
