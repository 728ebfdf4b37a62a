//! The façade against a real database and a real folder.

mod check;
mod clamd;
mod house;
mod keep;
mod sweep;
mod words;
