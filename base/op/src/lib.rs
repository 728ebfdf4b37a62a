#![doc = include_str!("../README.md")]

pub mod audit;
mod bounds;
mod event;
mod job;
mod keepers;
pub mod keyring;
mod movers;
mod operation;
mod outcomes;
mod permit;
pub mod rights;
mod store;
mod uniters;
mod wall;
mod worker;

pub use audit::Entry;
pub use bounds::Bounds;
pub use event::{Event, Reaction, Reactions};
pub use job::{Handler, Job, Jobs, NewJob, Outside, Within};
pub use keepers::{Forgotten, Keeper, Keepers, Kept, Told, Whom};
pub use movers::{Listed, Move, Moved, Mover, Movers, Moves, Part};
pub use operation::{Op, Ops};
pub use outcomes::register;
pub use permit::{Decision, Permit};
pub use rights::{Action, Place, Policy, Rights, Scope};
pub use uniters::{Union, United, Uniter};
pub use worker::{JobCounts, Worker, begin_recurring, drain, job_counts};

/// The tables of this crate.
pub const MIGRATIONS: &[db::Migration] = db::migrations!(
    "op",
    [
        "0001_op.sql",
        "0002_mark.sql",
        "0003_whose_data.sql",
        "0004_head.sql",
        "0005_trail_only_grows.sql",
        "0006_keys.sql",
    ]
);

/// A future that a handler returns.
pub use futures::future::BoxFuture;
