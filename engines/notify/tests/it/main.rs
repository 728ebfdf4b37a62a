//! The façade against a real database and a small mail server.

mod api;
mod inbox;
mod mail;
mod sealed;
mod smtp;
mod words;

use notify::Notify;
use testkit::Scratch;
use vault::Vault;

/// The keys of a house.
fn keys(scratch: &Scratch) -> Vault {
    Vault::open(&scratch.directory().join("keys"), scratch.ops.now()).expect("keys")
}

/// Boxes without e-mail.
fn box_of(scratch: &Scratch) -> Notify {
    Notify::new(keys(scratch))
}
