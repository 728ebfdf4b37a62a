//! Nouns and pure decisions of the case: its ten statuses and every lawful change. No IO, no clock.

mod state;
mod status;

pub use state::*;
pub use status::*;
