//! The engine from outside.

mod words;
