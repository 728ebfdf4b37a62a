#![doc = include_str!("../README.md")]

// Reading order: a cell and the formats, then reading, then writing; the codes of faults stand in `fault`.
mod cell;
mod fault;
mod format;
mod read;
mod write;

pub use cell::Cell;
pub use format::Format;
pub use read::{Broken, Limits, Row, Rows, read, read_sheet};
pub use write::{Heading, Kind, Writer};

/// The heading of the geometry in what was read from GeoJSON, always the last one.
pub const GEOMETRY: &str = "geometry";
