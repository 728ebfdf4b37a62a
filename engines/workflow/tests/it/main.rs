//! The engine from outside.

mod calendar;
mod completion;
mod machine;
mod office;
mod reading;
mod rights;
mod suspension;
mod timers;
mod words;
