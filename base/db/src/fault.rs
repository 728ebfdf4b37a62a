//! From the driver's errors to the eight kinds of fault.

use kernel::Fault;

/// PostgreSQL error codes after which the same request may well succeed: the server is starting, stopping or full.
const AWAY: [&str; 6] = ["57P01", "57P02", "57P03", "53300", "08006", "08003"];
/// Serialization failure, deadlock, lock not available.
const COLLIDED: [&str; 3] = ["40001", "40P01", "55P03"];

/// Turns a driver error into a [`Fault`]: a lost database is `Unavailable`, a collision `Conflict`, the rest `Internal`.
pub fn fault(error: sqlx::Error) -> Fault {
    let code = error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned());
    match (&error, code.as_deref()) {
        (_, Some(code)) if AWAY.contains(&code) => Fault::unavailable("db.unavailable").caused_by(error),
        (_, Some(code)) if COLLIDED.contains(&code) => Fault::conflict("db.conflict").caused_by(error),
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
