//! The façade against a real database. Every test has a town of its own, empty but for what it writes.

mod api;
mod areas;
mod guessing;
mod offices;
mod people;
mod second_factor;
mod sessions;
mod sign_in;
mod town;
