#![doc = include_str!("../README.md")]

mod account_news;
pub mod apps;
pub mod calendar;
mod engines;
pub mod invent;
pub mod keys;
pub mod oversight_rules;
pub mod past;
pub mod personal_data;
pub mod post;
pub mod province;
mod register_news;
pub mod registers_page;
pub mod reorganise;
pub mod rights;
pub mod scenarios;

pub use engines::{Engines, MIGRATIONS, Materials, actions};
