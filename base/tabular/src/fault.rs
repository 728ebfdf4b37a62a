//! The codes of what can go wrong; `texts/*/tabular.toml` has the words.

use std::error::Error;

use kernel::Fault;

use crate::Limits;

pub(crate) const CELL_ERROR: &str = "tabular.cell_error";
pub(crate) const CELL_TOO_LONG: &str = "tabular.cell_too_long";
pub(crate) const DATE: &str = "tabular.date";
pub(crate) const EMPTY: &str = "tabular.empty";
pub(crate) const ENCODING: &str = "tabular.encoding";
pub(crate) const GEOMETRY: &str = "tabular.geometry";
pub(crate) const JSON: &str = "tabular.json";
pub(crate) const JSON_CUT: &str = "tabular.json_cut";
pub(crate) const KEY_TWICE: &str = "tabular.key_twice";
pub(crate) const KIND: &str = "tabular.kind";
pub(crate) const NO_RECORDS: &str = "tabular.no_records";
pub(crate) const NO_SHEET: &str = "tabular.no_sheet";
pub(crate) const NOT_AN_OBJECT: &str = "tabular.not_an_object";
pub(crate) const NOT_READ: &str = "tabular.not_read";
pub(crate) const QUOTE_OPEN: &str = "tabular.quote_open";
pub(crate) const ROW_TOO_LONG: &str = "tabular.row_too_long";
pub(crate) const SHEET_FULL: &str = "tabular.sheet_full";
pub(crate) const STORAGE: &str = "tabular.storage";
pub(crate) const TOO_MANY_CELLS: &str = "tabular.too_many_cells";
pub(crate) const TOO_MANY_COLUMNS: &str = "tabular.too_many_columns";
pub(crate) const TOO_MANY_ROWS: &str = "tabular.too_many_rows";
pub(crate) const UNKNOWN_KEY: &str = "tabular.unknown_key";
pub(crate) const UNPACKS_TOO_LARGE: &str = "tabular.unpacks_too_large";
pub(crate) const WORKBOOK: &str = "tabular.workbook";
pub(crate) const WRITER: &str = "tabular.writer";

/// The medium failed, not the content.
pub(crate) fn storage(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Fault {
    Fault::unavailable(STORAGE).caused_by(cause)
}

/// The writer was used in another order than headings, rows, finish, or with other columns.
pub(crate) fn writer(reason: &str) -> Fault {
    Fault::internal(WRITER).with("reason", reason)
}

pub(crate) fn too_many_columns(limits: &Limits) -> Fault {
    Fault::invalid(TOO_MANY_COLUMNS).with("limit", limits.columns)
}

pub(crate) fn row_too_long(limit: usize) -> Fault {
    Fault::invalid(ROW_TOO_LONG).with("limit", limit)
}

pub(crate) fn cell_too_long(column: impl std::fmt::Display, limit: usize) -> Fault {
    Fault::invalid(CELL_TOO_LONG)
        .with("column", column)
        .with("limit", limit)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_words_in_both_languages() {
        let source = include_str!("fault.rs");
        let codes: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub(crate) const "))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert!(codes.len() > 20);
        for texts in [
            include_str!("../../../texts/vi/tabular.toml"),
            include_str!("../../../texts/en/tabular.toml"),
        ] {
            assert!(texts.contains("[errors.tabular]"));
            for code in &codes {
                let key = code.strip_prefix("tabular.").unwrap();
                assert!(
                    texts.lines().any(|line| line.starts_with(&format!("{key} = "))),
                    "{code}"
                );
            }
            assert_eq!(texts.lines().filter(|line| line.contains(" = \"")).count(), codes.len());
        }
    }
}
