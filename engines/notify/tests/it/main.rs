//! The façade against a real database and a small mail server.

mod api;
mod inbox;
mod mail;
mod smtp;
mod words;
