//! The server against a real database, asked as applications ask.

mod asking;
mod door;
mod groups;
mod town;
mod users;
