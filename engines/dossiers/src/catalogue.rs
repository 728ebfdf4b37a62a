//! The catalogue of administrative procedures (danh mục thủ tục hành chính): facts about each, whether it can be done online
//! here, and the official text where an administrator has imported it (R065, R066, R067, R068).

mod facts;
pub mod http;
mod import;
mod model;
mod search;
mod show;
mod store;

pub use import::{ImportReport, OfficialSource, RefusedRow};
pub use model::{
    Audience, Channel, DeadlineUnit, FactRow, FieldCount, Level, PaperRow, ProcedureCard, ProcedureQuery,
    ProcedureView, Section,
};

/// Reads and fills the catalogue. It has no state of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct Catalogue;
