//! All SQL of the engine. Tables of records are named by what is declared: their statements are put together by `db::Statement`.

pub(crate) mod bad_row;
pub(crate) mod bulk;
pub(crate) mod draft;
pub(crate) mod file;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod many;
pub(crate) mod merge;
pub(crate) mod moves;
pub(crate) mod proposal;
pub(crate) mod quality;
pub(crate) mod record;
pub(crate) mod register;
pub(crate) mod requests;
pub(crate) mod sealed;
pub(crate) mod table;
pub(crate) mod twin;
pub(crate) mod united;
