#![doc = include_str!("../README.md")]

mod cluster;
pub mod cursor;
mod database;
mod fault;
mod migrate;
mod page;
mod statement;

pub use cluster::{Cluster, ClusterError, Durability, server_programs};
pub use database::{Database, DatabaseError, Source, answers, reading, take_time};
pub use fault::{fault, violated};
pub use migrate::{Applied, MigrateError, Migration, WALLED, migrate, pending};
pub use page::{Page, PageRequest};
pub use statement::{Name, Statement};
