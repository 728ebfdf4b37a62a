//! Writing: one writer, whatever the file is. Rows go out as they come; nothing holds the table.

mod csv;
mod json;
mod parquet;
mod xlsx;

use std::io::Write;

use kernel::{Fault, Result};

use crate::{Cell, Format, fault};

/// What the cells of a column are. Parquet keeps to it; GeoJSON looks for the geometry; XLSX makes columns as wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any cell, as text.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers where the last digit does not matter: a `double` in Parquet.
    Number,
    /// Exact numbers with so many digits behind the point, at most 28.
    Decimal {
        /// Digits behind the point.
        scale: u8,
    },
    /// Yes or no.
    Boolean,
    /// Days.
    Date,
    /// Days with a time.
    Moment,
    /// Arrays and objects.
    Json,
    /// The geometry of the row, an object of RFC 7946; the first such column is that of GeoJSON.
    Geometry,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// What programs call it: JSON, GeoJSON, Parquet.
    pub name: String,
    /// What people call it: CSV, XLSX.
    pub title: String,
    /// What its cells are.
    pub kind: Kind,
}

impl Heading {
    /// A head of these three.
    pub fn new(name: impl Into<String>, title: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            kind,
        }
    }
}

/// Writes a table: [`Writer::headings`] once, [`Writer::row`] for each row, [`Writer::finish`].
///
/// Dropped without `finish`, the file is not whole.
pub struct Writer<W: Write + Send> {
    sheet: Sheet<W>,
    columns: Option<usize>,
}

enum Sheet<W: Write + Send> {
    Csv(csv::Csv<W>),
    Xlsx(Box<xlsx::Xlsx<W>>),
    Json(json::Json<W>),
    Parquet(Box<parquet::Parquet<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// A writer of this format. XLSX collects its rows in a temporary file and writes to `out` when it is finished.
    pub fn new(out: W, format: Format) -> Result<Self> {
        Self::parted_by(out, format, b',')
    }

    /// The same with something else between the cells of CSV: a comma, a semicolon or a tab.
    pub fn parted_by(out: W, format: Format, delimiter: u8) -> Result<Self> {
        let sheet = match format {
            Format::Csv => Sheet::Csv(csv::Csv::new(out, delimiter)),
            Format::Xlsx => Sheet::Xlsx(Box::new(xlsx::Xlsx::new(out)?)),
            Format::Json => Sheet::Json(json::Json::new(out, json::Form::Array)),
            Format::JsonLines => Sheet::Json(json::Json::new(out, json::Form::Lines)),
            Format::GeoJson => Sheet::Json(json::Json::new(out, json::Form::Features)),
            Format::Parquet => Sheet::Parquet(Box::new(parquet::Parquet::new(out))),
        };
        Ok(Self { sheet, columns: None })
    }

    /// Writes the headings: at least one, each name once.
    pub fn headings(&mut self, headings: &[Heading]) -> Result<()> {
        if self.columns.is_some() {
            return Err(fault::writer("headings come once"));
        }
        let mut names = std::collections::HashSet::new();
        if headings.is_empty() || !headings.iter().all(|heading| names.insert(heading.name.as_str())) {
            return Err(fault::writer("headings have names, each its own"));
        }
        match &mut self.sheet {
            Sheet::Csv(sheet) => sheet.headings(headings),
            Sheet::Xlsx(sheet) => sheet.headings(headings),
            Sheet::Json(sheet) => sheet.headings(headings),
            Sheet::Parquet(sheet) => sheet.headings(headings),
        }?;
        self.columns = Some(headings.len());
        Ok(())
    }

    /// Writes a row, as many cells as headings. A row that is refused (`tabular.cell_too_long`, `tabular.geometry`,
    /// `tabular.kind`) leaves nothing behind, and others may follow.
    pub fn row(&mut self, cells: &[Cell]) -> Result<()> {
        match self.columns {
            None => return Err(fault::writer("headings come first")),
            Some(columns) if columns != cells.len() => return Err(fault::writer("a row has a cell for each heading")),
            Some(_) => {}
        }
        match &mut self.sheet {
            Sheet::Csv(sheet) => sheet.row(cells),
            Sheet::Xlsx(sheet) => sheet.row(cells),
            Sheet::Json(sheet) => sheet.row(cells),
            Sheet::Parquet(sheet) => sheet.row(cells),
        }
    }

    /// Writes what is left and hands back where it was written to.
    pub fn finish(self) -> Result<W> {
        if self.columns.is_none() {
            return Err(fault::writer("headings come first"));
        }
        let mut out = match self.sheet {
            Sheet::Csv(sheet) => sheet.finish(),
            Sheet::Xlsx(sheet) => sheet.finish()?,
            Sheet::Json(sheet) => sheet.finish()?,
            Sheet::Parquet(sheet) => sheet.finish()?,
        };
        out.flush().map_err(fault::storage)?;
        Ok(out)
    }
}

/// The cell does not fit its column.
fn wrong_kind(heading: &str) -> Fault {
    Fault::invalid(fault::KIND).with("column", heading)
}

/// The geometry of a cell, if it may be one.
fn is_geometry(cell: &Cell) -> bool {
    match cell {
        Cell::Empty => true,
        Cell::Json(value) => value.get("type").is_some_and(serde_json::Value::is_string),
        _ => false,
    }
}
