//! The façade against a real database, and the forms of the real systems walked through.

mod api;
mod apps;
mod drafts;
mod hostile;
mod pages;
mod papers;
mod sealed;
mod town;
mod words;
