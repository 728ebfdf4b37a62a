//! Workbooks: typed cells, bold headings that stay in sight. Rows wait in a temporary file, not in memory.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
};

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use kernel::{Fault, Result};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{Heading, Kind};
use crate::{Cell, cell, fault};

/// What a sheet holds (Excel specifications and limits).
const ROWS: u32 = 1_048_576;
const COLUMNS: usize = 16_384;
const CELL: usize = 32_767;

pub(super) struct Xlsx<W> {
    out: W,
    book: Workbook,
    row: u32,
    names: Vec<String>,
    bold: Format,
    text: Format,
    date: Format,
    moment: Format,
    /// A write has failed in the middle: the sheet is not to be trusted.
    failed: bool,
}

/// A cell as a sheet takes it.
enum Value {
    Nothing,
    Text(String),
    /// Text that Excel must not take for a formula when somebody edits the cell.
    Marked(String),
    Number(f64),
    Boolean(bool),
    Date(ExcelDateTime),
    Moment(ExcelDateTime),
}

impl<W: Write + Send> Xlsx<W> {
    pub(super) fn new(out: W) -> Result<Self> {
        let mut book = Workbook::new();
        book.add_worksheet_with_constant_memory().map_err(fault::storage)?;
        Ok(Self {
            out,
            book,
            row: 0,
            names: Vec::new(),
            bold: Format::new().set_bold(),
            text: Format::new().set_quote_prefix(),
            date: Format::new().set_num_format("dd/mm/yyyy"),
            moment: Format::new().set_num_format("dd/mm/yyyy hh:mm:ss"),
            failed: false,
        })
    }

    pub(super) fn headings(&mut self, headings: &[Heading]) -> Result<()> {
        if headings.len() > COLUMNS {
            return Err(Fault::invalid(fault::TOO_MANY_COLUMNS).with("limit", COLUMNS));
        }
        self.names = headings.iter().map(|heading| heading.title.clone()).collect();
        let titles = headings
            .iter()
            .map(|heading| checked(&heading.title, &heading.title))
            .collect::<Result<Vec<_>>>()?;
        let bold = self.bold.clone();
        self.guarded(|sheet| {
            sheet.set_freeze_panes(1, 0)?;
            for (index, (heading, title)) in (0_u16..).zip(headings.iter().zip(titles)) {
                sheet.set_column_width(index, width(heading))?;
                if !title.is_empty() {
                    sheet.write_string_with_format(0, index, title, &bold)?;
                }
            }
            Ok(())
        })?;
        self.row = 1;
        Ok(())
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        if self.row >= ROWS {
            return Err(Fault::invalid(fault::SHEET_FULL).with("limit", ROWS));
        }
        let values = cells
            .iter()
            .zip(&self.names)
            .map(|(cell, name)| value(cell, name))
            .collect::<Result<Vec<Value>>>()?;
        let row = self.row;
        let (text, date, moment) = (self.text.clone(), self.date.clone(), self.moment.clone());
        self.guarded(|sheet| {
            for (index, value) in (0_u16..).zip(values) {
                match value {
                    Value::Nothing => {}
                    Value::Text(value) => drop(sheet.write_string(row, index, value)?),
                    Value::Marked(value) => drop(sheet.write_string_with_format(row, index, value, &text)?),
                    Value::Number(value) => drop(sheet.write_number(row, index, value)?),
                    Value::Boolean(value) => drop(sheet.write_boolean(row, index, value)?),
                    Value::Date(value) => drop(sheet.write_datetime_with_format(row, index, &value, &date)?),
                    Value::Moment(value) => drop(sheet.write_datetime_with_format(row, index, &value, &moment)?),
                }
            }
            Ok(())
        })?;
        self.row += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W> {
        if self.failed {
            return Err(fault::writer("an earlier write has failed"));
        }
        let (book, out) = (&mut self.book, &mut self.out);
        match catch_unwind(AssertUnwindSafe(|| book.save_to_writer(out))) {
            Ok(saved) => saved.map_err(fault::storage)?,
            Err(_) => return Err(Fault::unavailable(fault::STORAGE)),
        }
        Ok(self.out)
    }

    /// Writes into the sheet. The library panics where its temporary file cannot take more; a full disk is no defect of
    /// ours and ends the export, not the thread.
    fn guarded(&mut self, write: impl FnOnce(&mut Worksheet) -> Result<(), XlsxError>) -> Result<()> {
        if self.failed {
            return Err(fault::writer("an earlier write has failed"));
        }
        let book = &mut self.book;
        let written = catch_unwind(AssertUnwindSafe(|| write(book.worksheet_from_index(0)?)));
        let fault = match written {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => fault::storage(error),
            Err(_) => Fault::unavailable(fault::STORAGE),
        };
        self.failed = true;
        Err(fault)
    }
}

/// Cleaned, without a character that a workbook cannot hold, not too long.
fn checked(text: &str, name: &str) -> Result<String> {
    let text = cell::clean(text);
    if text.encode_utf16().count() > CELL {
        return Err(fault::cell_too_long(name, CELL));
    }
    // Only what reading would take an apostrophe from gets one more: a cell of text runs no formula.
    Ok(if text.starts_with('\'') {
        cell::disarm(&text).into_owned()
    } else {
        text
    })
}

fn value(cell: &Cell, name: &str) -> Result<Value> {
    Ok(match cell {
        Cell::Empty => Value::Nothing,
        Cell::Text(text) => match checked(text, name)? {
            text if text.is_empty() => Value::Nothing,
            text if cell::is_formula(&text) => Value::Marked(text),
            text => Value::Text(text),
        },
        Cell::Number(number) => match double(number) {
            Some(number) => Value::Number(number),
            // Excel would round it.
            None => Value::Text(number.to_string()),
        },
        Cell::Boolean(yes) => Value::Boolean(*yes),
        Cell::Date(date) => match day(*date) {
            Some(day) => Value::Date(day),
            None => Value::Text(date.format("%d/%m/%Y").to_string()),
        },
        Cell::Moment(moment) => match self::moment(moment) {
            Some(moment) => Value::Moment(moment),
            None => Value::Text(moment.format("%d/%m/%Y %H:%M:%S").to_string()),
        },
        Cell::Json(value) => Value::Text(checked(&value.to_string(), name)?),
    })
}

/// The number, if a spreadsheet holds all of its digits: fifteen.
fn double(number: &Decimal) -> Option<f64> {
    let number = number.normalize();
    if number.mantissa().unsigned_abs() >= 1_000_000_000_000_000 {
        return None;
    }
    number.to_string().parse().ok()
}

/// Workbooks know no day before 1900, and take 1900 for a leap year: days begin behind that error.
fn day(date: NaiveDate) -> Option<ExcelDateTime> {
    if date < NaiveDate::from_ymd_opt(1900, 3, 1)? {
        return None;
    }
    ExcelDateTime::from_ymd(date.year().to_u16()?, date.month().to_u8()?, date.day().to_u8()?).ok()
}

fn moment(moment: &NaiveDateTime) -> Option<ExcelDateTime> {
    let time = moment.time();
    // A leap second has no place in a workbook.
    let milli = (time.nanosecond() / 1_000_000).min(999);
    day(moment.date())?
        .and_hms_milli(
            time.hour().to_u16()?,
            time.minute().to_u8()?,
            time.second().to_u8()?,
            milli.to_u16()?,
        )
        .ok()
}

/// Wide enough for the title and for what is usual in such a column, in characters.
fn width(heading: &Heading) -> f64 {
    let usual = match heading.kind {
        Kind::Boolean => 8,
        Kind::Integer | Kind::Number | Kind::Decimal { .. } | Kind::Date => 12,
        Kind::Moment => 20,
        Kind::Text | Kind::Json | Kind::Geometry => 24,
    };
    let title = u32::try_from(heading.title.chars().count()).unwrap_or(u32::MAX).min(60) + 2;
    f64::from(title.max(usual))
}
