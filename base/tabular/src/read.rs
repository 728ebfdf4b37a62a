//! Reading: one iterator of rows, whatever the file is.

mod csv;
mod decoded;
mod elements;
mod keyed;
mod xlsx;

use std::io::{Read, Seek};

use kernel::Fault;

use crate::{Cell, Format, fault};

/// How much of a file is read, so that nobody can fill the memory with one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most columns.
    pub columns: usize,
    /// The longest text of a cell, in characters.
    pub cell: usize,
    /// The longest row, in bytes: what bounds arrays, objects and geometries too.
    pub row: usize,
    /// The most rows below the headings; behind them reading ends with `tabular.too_many_rows`.
    pub rows: u64,
    /// The most bytes that all parts of a workbook may unpack to.
    pub unpacked: u64,
    /// The most bytes of those parts of a workbook that are held in memory while it is open: texts that cells share, styles.
    pub held: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            columns: 500,
            cell: 200_000,
            row: 8 << 20,
            rows: 1_000_000,
            unpacked: 256 << 20,
            held: 128 << 20,
        }
    }
}

impl Limits {
    /// The usual limits with at most so many rows.
    pub fn of_rows(rows: u64) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }
}

/// One row below the headings: as many cells as there are headings.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Where a person finds it: the row that a spreadsheet shows (CSV, XLSX), the line (JSON Lines), the how-manieth
    /// record (JSON, GeoJSON).
    pub number: u64,
    /// The cells, in the order of the headings.
    pub cells: Vec<Cell>,
}

/// A row, or a file, that cannot be read.
#[derive(Debug)]
pub struct Broken {
    /// As [`Row::number`]; 0 if it is about the whole file.
    pub number: u64,
    /// Why, with a code `tabular.…`.
    pub fault: Fault,
    /// Nothing comes after this: the rest of the file cannot be read.
    pub ends: bool,
}

impl Broken {
    fn row(number: u64, fault: Fault) -> Self {
        Self {
            number,
            fault,
            ends: false,
        }
    }

    fn end(number: u64, fault: Fault) -> Self {
        Self {
            number,
            fault,
            ends: true,
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            0 => write!(f, "{}", self.fault),
            number => write!(f, "row {number}: {}", self.fault),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.fault)
    }
}

/// For whoever stops at the first broken row: the fault, with its `row`.
impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        match broken.number {
            0 => broken.fault,
            number => broken.fault.with("row", number),
        }
    }
}

type Source = Box<dyn Iterator<Item = Result<Row, Broken>> + Send>;

/// The rows of a file, one after the other. Broken rows are items too, and reading goes on behind them.
pub struct Rows {
    headings: Vec<String>,
    sheets: Vec<String>,
    geometry: Option<usize>,
    source: Source,
    delimiter: u8,
    position: u64,
    most: u64,
    ended: bool,
}

impl Rows {
    fn new(headings: Vec<String>, source: Source, limits: &Limits) -> Self {
        Self {
            headings,
            sheets: Vec::new(),
            geometry: None,
            source,
            delimiter: b',',
            position: 0,
            most: limits.rows,
            ended: false,
        }
    }

    /// The headings: those of the first row, or the keys. They may be empty or stand there twice in CSV and XLSX.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// The names of the sheets that hold cells, in their order, hidden ones too (XLSX).
    pub fn sheets(&self) -> &[String] {
        &self.sheets
    }

    /// Which column holds the geometry (GeoJSON).
    pub fn geometry(&self) -> Option<usize> {
        self.geometry
    }

    /// What stands between the cells of CSV; a comma for everything else.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// How many rows have been handed out or skipped, broken ones counted. Whoever reads the same file later and begins
    /// with [`Rows::skip_rows`] of this number goes on where this reading stands.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Passes over so many rows, broken ones counted; fewer if the file ends. Returns how many.
    pub fn skip_rows(&mut self, rows: u64) -> u64 {
        let from = self.position;
        while self.position - from < rows && self.next().is_some() {}
        self.position - from
    }
}

impl Iterator for Rows {
    type Item = Result<Row, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let Some(mut item) = self.source.next() else {
            self.ended = true;
            return None;
        };
        if self.position >= self.most {
            let number = match &item {
                Ok(row) => row.number,
                Err(broken) => broken.number,
            };
            let fault = Fault::invalid(fault::TOO_MANY_ROWS).with("limit", self.most);
            item = Err(Broken::end(number, fault));
        }
        self.ended = matches!(&item, Err(broken) if broken.ends);
        self.position += 1;
        Some(item)
    }
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows")
            .field("headings", &self.headings)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// Reads a table from its beginning. What is wrong with the file as a whole or with its headings comes back at once.
///
/// The source is read as the rows are asked for; a workbook is read by a thread of its own, a few rows ahead, that ends
/// when the rows are dropped.
pub fn read(source: impl Read + Seek + Send + 'static, format: Format, limits: &Limits) -> Result<Rows, Broken> {
    match format {
        Format::Csv => csv::read(source, limits),
        Format::Xlsx => xlsx::read(source, None, limits),
        Format::Json => keyed::json(source, limits),
        Format::JsonLines => keyed::lines(source, limits),
        Format::GeoJson => keyed::features(source, limits),
        Format::Parquet => Err(Broken::end(
            0,
            Fault::invalid(fault::NOT_READ).with("format", "Parquet"),
        )),
    }
}

/// Reads one sheet of a workbook by its name; [`read`] takes the first that is shown.
pub fn read_sheet(source: impl Read + Seek + Send + 'static, sheet: &str, limits: &Limits) -> Result<Rows, Broken> {
    xlsx::read(source, Some(sheet.to_owned()), limits)
}

/// Headings of a first row: cleaned, no empty ones at the end, not too many.
fn headings(number: u64, cells: Vec<Cell>, limits: &Limits) -> Result<Vec<String>, Broken> {
    let mut headings: Vec<String> = cells.iter().map(|cell| cell.text().into_owned()).collect();
    while headings.last().is_some_and(String::is_empty) {
        headings.pop();
    }
    if headings.len() > limits.columns {
        return Err(Broken::end(number, fault::too_many_columns(limits)));
    }
    Ok(headings)
}

/// How a column is called in a fault: by its heading, or by its number where it has none.
fn column(headings: &[String], index: usize) -> String {
    match headings.get(index) {
        Some(heading) if !heading.is_empty() => heading.clone(),
        _ => (index + 1).to_string(),
    }
}
