#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod definition;
pub mod model;

/// The tables of this engine.
pub const MIGRATIONS: &[db::Migration] = db::migrations!("dossiers", ["0001_procedure.sql"]);
