//! The engine from outside.

mod api;
mod case;
mod concurrency;
mod documents;
mod endings;
mod facts;
mod late;
mod money;
mod office;
mod reading;
mod represented;
mod rights;
mod sealed;
mod supplement;
mod together;
mod whole;
mod words;
