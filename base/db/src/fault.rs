//! From the driver's errors to the eight kinds of fault.

use kernel::Fault;

/// Classes of PostgreSQL error codes after which the same request may well succeed: the connection was lost, the server is full, or
/// it is starting, stopping or too busy to finish in time.
const AWAY: [&str; 3] = ["08", "53", "57"];
/// Serialization failure, deadlock, a lock that was not to be had in time: undone, and the same request may well succeed as it is.
const COLLIDED: [&str; 3] = ["40001", "40P01", "55P03"];

/// A text with a character that PostgreSQL does not keep (NUL), or too long for what it is used for.
const BAD_TEXT: [&str; 3] = ["22021", "22P05", "54000"];

/// Turns a driver error into a [`Fault`]: a lost database and a collision are `Unavailable`, a text that no column takes is `Invalid`,
/// the rest is `Internal`.
pub fn fault(error: sqlx::Error) -> Fault {
    let code = error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned());
    match (&error, code.as_deref()) {
        (_, Some(code)) if AWAY.iter().any(|class| code.starts_with(class)) => {
            Fault::unavailable("db.unavailable").caused_by(error)
        }
        (_, Some(code)) if COLLIDED.contains(&code) => Fault::unavailable("db.conflict").caused_by(error),
        (_, Some(code)) if BAD_TEXT.contains(&code) => Fault::invalid("db.bad_text").caused_by(error),
        (sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed, _) => {
            Fault::unavailable("db.unavailable").caused_by(error)
        }
        _ => Fault::internal("db.broken").caused_by(error),
    }
}

/// The name of the constraint that a statement broke, if it broke one, so that a store can answer in its own terms.
pub fn violated(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
