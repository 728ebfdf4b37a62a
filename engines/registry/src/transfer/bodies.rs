//! What the JSON API takes and gives.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::FieldFault;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use web::{Site, Visit};

use crate::import::{Column, Import, Preview, State, Verdict};

/// How a file is to be taken in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// What columns are, by their headings (or by their places as `#1`): the key of a field, `<period>.from`, `<period>.to`, `valid_from`,
    /// `valid_to`, or null for a column that is not to be read. Headings that name a field need not be said; all others must.
    #[serde(default)]
    pub columns: BTreeMap<String, Option<String>>,
    /// The first day of rows that say nothing of it; today if none is given.
    pub valid_from: Option<NaiveDate>,
    /// The sheet of a workbook; the first that is shown if none is given.
    pub sheet: Option<String>,
    /// Whether the work begins at once. Otherwise the columns are confirmed with `startImport`.
    #[serde(default = "yes")]
    pub start: bool,
}

fn yes() -> bool {
    true
}

impl Default for ImportRequest {
    fn default() -> Self {
        Self {
            columns: BTreeMap::new(),
            valid_from: None,
            sheet: None,
            start: true,
        }
    }
}

/// What the columns are.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportStart {
    /// As in the request that took the file in.
    #[serde(default)]
    pub columns: BTreeMap<String, Option<String>>,
    /// The first day of rows that say nothing of it; today if none is given.
    pub valid_from: Option<NaiveDate>,
}

/// Which sheet is read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportSheet {
    /// Its name.
    pub sheet: String,
}

/// ImportStop more is to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportStop {}

/// What is decided on a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportDecision {
    /// Whether it is carried out, handed back or refused.
    pub verdict: Verdict,
    /// Why it is handed back or refused; whoever has brought it reads that.
    #[serde(default)]
    pub note: String,
}

/// Something that is wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportReason {
    /// The field, if it is about one.
    pub field: String,
    /// For programs.
    pub code: String,
    /// For people, in the language of the request.
    pub message: String,
}

impl ImportReason {
    fn of<S: AsRef<Site>>(visit: &Visit<S>, fault: &FieldFault) -> Self {
        let texts = visit.site().renderer.texts();
        Self {
            field: fault.field.clone(),
            code: fault.code.clone(),
            message: texts.error(visit.locale, &fault.code, &fault.params),
        }
    }
}

/// An import.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportAnswer {
    /// Its number (UUID).
    pub id: String,
    /// The register.
    pub register: String,
    /// The name of the file.
    pub file_name: String,
    /// Its bytes.
    pub file_size: u64,
    /// SHA-256 of its content.
    pub file_sha256: String,
    /// Its format.
    pub format: String,
    /// The sheets of the workbook.
    pub sheets: Vec<String>,
    /// The headings, in order.
    pub headings: Vec<String>,
    /// What each column is, once that is confirmed; `-` for one that is not read.
    pub columns: Vec<String>,
    /// The first day of rows that say nothing of it.
    pub valid_from: NaiveDate,
    /// Whoever has started it.
    pub started_by: String,
    /// When.
    pub started_at: DateTime<Utc>,
    /// How far it is.
    pub state: State,
    /// Rows that were read.
    pub rows: u64,
    /// Of a hundred, how much of the file was read, where that can be told.
    pub percent: Option<u8>,
    /// New records.
    pub created: u64,
    /// Records that are otherwise now.
    pub changed: u64,
    /// Rows that said what was known.
    pub unchanged: u64,
    /// Rows that were handed back.
    pub bad: u64,
    /// When somebody was asked to approve it.
    pub asked_at: Option<DateTime<Utc>>,
    /// Whoever decided on it; empty where nobody has.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was handed back or refused.
    pub note: String,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it ended before the file did.
    pub reason: Option<ImportReason>,
}

impl ImportAnswer {
    /// An import as this visitor reads it.
    pub fn of<S: AsRef<Site>>(visit: &Visit<S>, import: &Import) -> Self {
        Self {
            id: import.id.to_string(),
            register: import.register.clone(),
            file_name: import.file_name.clone(),
            file_size: import.file_size,
            file_sha256: import.file_sha256.clone(),
            format: import.format.extension().to_owned(),
            sheets: import.sheets.clone(),
            headings: import.headings.clone(),
            columns: import.mapping.iter().map(crate::import::Target::key).collect(),
            valid_from: import.valid_from,
            started_by: import.started_name.clone(),
            started_at: import.started_at,
            state: import.state,
            rows: import.rows,
            percent: import.percent,
            created: import.created,
            changed: import.changed,
            unchanged: import.unchanged,
            bad: import.bad,
            asked_at: import.asked_at,
            decided_by: import.decided_name.clone(),
            decided_at: import.decided_at,
            note: import.note.clone(),
            ended_at: import.ended_at,
            reason: import.what.as_ref().map(|fault| ImportReason::of(visit, fault)),
        }
    }
}

/// A page of imports.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportList {
    /// The imports, the newest first.
    pub items: Vec<ImportAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// One column of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportColumn {
    /// What stands above it.
    pub heading: String,
    /// What that says: `sure`, `near` (a slip: to be confirmed), `twice`, `unknown` (both to be said), `computed`, `own`, `blank` (not read).
    pub found: String,
    /// What it would be: the key of a field, or `-`.
    pub target: String,
    /// What stands in it.
    pub examples: Vec<String>,
    /// Cells with something in them, of those that were looked at.
    pub filled: usize,
    /// Those of them that cannot be read.
    pub faulty: usize,
}

/// One row of a file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportRowAnswer {
    /// Where it stands.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<ImportReason>,
}

/// What a file looks like.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreviewAnswer {
    /// The import.
    pub import: ImportAnswer,
    /// Its columns.
    pub columns: Vec<ImportColumn>,
    /// The first rows.
    pub rows: Vec<ImportRowAnswer>,
    /// How many rows were looked at.
    pub looked_at: usize,
    /// How many of them would be handed back.
    pub bad: usize,
    /// Fields without a column that every new record needs.
    pub lacking: Vec<String>,
    /// Other fields without a column: records that are there keep what they have.
    pub kept: Vec<String>,
}

/// A file as those who approve see it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ImportReview {
    /// The import.
    pub import: ImportAnswer,
    /// What the file looks like, while it waits and the register is as it was.
    pub preview: Option<PreviewAnswer>,
}

impl PreviewAnswer {
    /// A preview as this visitor reads it.
    pub fn of<S: AsRef<Site>>(visit: &Visit<S>, preview: &Preview) -> Self {
        let column = |column: &Column| ImportColumn {
            heading: column.heading.clone(),
            found: column.found.word().to_owned(),
            target: column.target.key(),
            examples: column.examples.clone(),
            filled: column.filled,
            faulty: column.faulty,
        };
        let rows = preview.rows.iter().map(|row| ImportRowAnswer {
            number: row.number,
            cells: row.cells.clone(),
            faults: row.faults.iter().map(|fault| ImportReason::of(visit, fault)).collect(),
        });
        Self {
            import: ImportAnswer::of(visit, &preview.import),
            columns: preview.columns.iter().map(column).collect(),
            rows: rows.collect(),
            looked_at: preview.looked_at,
            bad: preview.bad,
            lacking: preview.lacking.clone(),
            kept: preview.kept.clone(),
        }
    }
}
