//! The façade against a real database.

mod accounts;
mod emergencies;
mod reviews;
mod town;
