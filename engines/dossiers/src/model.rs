//! Nouns and pure decisions of the case: its ten statuses, every lawful change, and what follows from each act of an
//! official. No IO, no clock.

mod own_words;
mod state;
mod status;
mod step;

pub use own_words::*;
pub use state::*;
pub use status::*;
pub use step::*;
