//! The ledger as a table for spreadsheet programs.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{Fault, Result, format_local};
use op::{Entry, Op};
use render::{Locale, Texts};
use serde_json::json;

use super::{ledger::moments, ledger::withhold, official};
use crate::Dossiers;
use crate::store::read_lists::{Line, ledger};
use crate::views::LedgerRow;

/// Rows asked of the database at a time.
const BATCH: i64 = 2_000;

/// The columns; their heads are the texts `dossiers.ledger.<column>`.
const COLUMNS: [&str; 11] = [
    "number",
    "code",
    "owner_name",
    "procedure",
    "channel",
    "submitted_at",
    "received_at",
    "due_at",
    "returned_at",
    "status",
    "on_time",
];

impl Dossiers {
    /// The whole ledger of these days as CSV: UTF-8 with a byte order mark, heads and words in Vietnamese, as the form is. It
    /// takes names out of the platform, so the audit trail says who took them and how many: commit the operation.
    ///
    /// Fails as [`Dossiers::ledger`] does, and with `identity.step_up_needed`.
    pub async fn ledger_csv(&self, op: &mut Op, from: NaiveDate, to: NaiveDate) -> Result<Vec<u8>> {
        let reader = official(op, "dossiers.ledger", "ledger").await?;
        let moments = moments(from, to)?;
        self.parts.identity.check_step_up(op)?;
        let texts = self.parts.renderer.texts();
        let mut table = Table::new(&texts)?;
        let now = op.now();
        let (mut after, mut count) = (None, 0);
        loop {
            let mut rows = ledger(op.conn(), reader.agency, moments, after, BATCH, now).await?;
            withhold(op, &mut rows).await?;
            for row in &rows {
                table.line(row)?;
            }
            count += rows.len();
            after = rows.last().map(Line::of);
            if (rows.len() as i64) < BATCH {
                break;
            }
        }
        let entry = Entry::new("dossiers.ledger_exported", format!("agency:{}", reader.agency))
            .purpose("form 07")
            .detail(json!({ "from": from, "to": to, "dossiers": count }));
        op.record(entry).await?;
        table.bytes()
    }
}

struct Table<'a> {
    texts: &'a Texts,
    writer: csv::Writer<Vec<u8>>,
}

impl<'a> Table<'a> {
    fn new(texts: &'a Texts) -> Result<Self> {
        // Spreadsheet programs take a file without this mark for one in an old encoding.
        let mut table = Self {
            texts,
            writer: csv::Writer::from_writer("\u{feff}".as_bytes().to_vec()),
        };
        let heads = COLUMNS.map(|column| table.word(&format!("dossiers.ledger.{column}")));
        table.write(heads)?;
        Ok(table)
    }

    fn word(&self, key: &str) -> String {
        self.texts.get(Locale::Vi, key, &BTreeMap::new())
    }

    fn line(&mut self, row: &LedgerRow) -> Result<()> {
        let moment = |at: Option<DateTime<Utc>>| at.map(format_local).unwrap_or_default();
        let name = self
            .texts
            .find(Locale::Vi, &format!("apps.{}.short_name", row.app), &BTreeMap::new());
        let procedure = match name {
            Some(name) => format!("{name} ({})", row.procedure_code),
            None => row.procedure_code.clone(),
        };
        let on_time = match row.on_time {
            Some(true) => self.word("dossiers.ledger.in_time"),
            Some(false) => self.word("dossiers.ledger.late"),
            None => String::new(),
        };
        self.write([
            row.number.to_string(),
            row.code.clone(),
            if row.withheld {
                self.word("dossiers.ledger.withheld")
            } else {
                row.owner_name.clone()
            },
            procedure,
            self.word(&format!("dossiers.channel.{}", row.channel.key())),
            moment(Some(row.submitted_at)),
            moment(Some(row.received_at)),
            moment(Some(row.due_at)),
            moment(row.returned_at),
            self.word(&format!("status.norm.{}", row.status.number())),
            on_time,
        ])
    }

    fn write(&mut self, cells: [String; COLUMNS.len()]) -> Result<()> {
        self.writer.write_record(cells.map(defused)).map_err(unwritable)
    }

    fn bytes(self) -> Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| unwritable(error.into_error()))
    }
}

/// Writing into memory fails only for a defect of ours.
fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::internal("dossiers.broken_row")
        .with("status", "csv")
        .caused_by(error)
}

/// A spreadsheet program must not take what somebody typed for a formula.
fn defused(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_becomes_text() {
        for cell in ["=1+1", "+84901234567", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(defused(cell.to_owned()), format!("'{cell}"));
        }
        for cell in ["", "Lê Thị Sen", "H30.29.01-260302-0001", "a=b", "'x"] {
            assert_eq!(defused(cell.to_owned()), cell);
        }
    }
}
