//! The façade against a real database. Every test has a town of its own, empty but for what it writes.

mod api;
mod areas;
mod authenticator;
mod changes;
mod counter_code;
mod desk;
mod desk_limits;
mod emergency;
mod guessing;
mod keys;
mod merge;
mod offices;
mod passkeys;
mod people;
mod registration;
mod reorganise;
mod representation;
mod sealed;
mod second_factor;
mod sessions;
mod sign_in;
mod step_up;
mod substitutes;
mod town;
mod voices;
mod withheld;
