//! Workbooks: checked against bombs, then read by a thread, cell by cell.
//!
//! The reader of cells borrows the workbook, so the two cannot move into an iterator; and a sheet held as a whole can be a
//! thousand times larger than its file (one cell in the last column, one text that every cell refers to). A thread holds
//! both and stays a few rows ahead. What goes wrong inside it ends the reading, not the program.

use std::{
    io::{self, BufReader, Read, Seek, SeekFrom},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use chrono::{NaiveDate, NaiveDateTime};
use kernel::Fault;
use rust_decimal::Decimal;
use zip::ZipArchive;

use super::{Broken, Limits, Row, Rows, column};
use crate::{Cell, cell, fault};

/// Workbooks have some dozens of parts.
const PARTS: usize = 10_000;
/// How many rows the thread is ahead.
const AHEAD: usize = 16;

enum Told {
    /// First of all: the sheets of the workbook.
    Sheets(Vec<String>),
    Headings(Vec<String>),
    Item(Result<Row, Broken>),
    End,
}

pub(super) fn read(
    mut source: impl Read + Seek + Send + 'static,
    sheet: Option<String>,
    limits: &Limits,
) -> Result<Rows, Broken> {
    check(&mut source, limits).map_err(|fault| Broken::end(0, fault))?;
    let (tell, told) = sync_channel(AHEAD);
    let of_thread = limits.clone();
    thread::Builder::new()
        .name("tabular-xlsx".to_owned())
        .spawn(move || {
            // A closed channel means that nobody wants the rest.
            let _ = match walk(source, sheet, &of_thread, &tell) {
                Ok(()) => tell.send(Told::End),
                Err(broken) => tell.send(Told::Item(Err(broken))),
            };
        })
        .map_err(|error| Broken::end(0, fault::storage(error)))?;
    let mut first = told.recv();
    let mut sheets = Vec::new();
    if let Ok(Told::Sheets(names)) = first {
        sheets = names;
        first = told.recv();
    }
    match first {
        Ok(Told::Headings(headings)) => {
            let mut rows = Rows::new(headings, Box::new(Items { told, ended: false }), limits);
            rows.sheets = sheets;
            Ok(rows)
        }
        Ok(Told::Item(Err(broken))) => Err(broken),
        Ok(Told::Sheets(_) | Told::Item(Ok(_)) | Told::End) => Err(Broken::end(0, Fault::invalid(fault::EMPTY))),
        Err(_) => Err(Broken::end(0, Fault::invalid(fault::WORKBOOK))),
    }
}

/// The names of the sheets that hold cells.
fn sheets<R: Read + Seek>(book: &Xlsx<R>) -> Vec<String> {
    let is_table = |sheet: &&calamine::Sheet| sheet.typ == SheetType::WorkSheet;
    let all = book.sheets_metadata().iter().filter(is_table);
    all.map(|sheet| sheet.name.clone()).collect()
}

/// What the reader of workbooks holds as a whole, wherever in the archive it lies.
const HELD: [&str; 4] = ["sharedstrings.xml", "styles.xml", "workbook.xml", ".rels"];

/// Unpacks every part into nothing, counting, before anything is unpacked into memory: first what the archive says, then
/// what is true, since it may lie.
fn check(source: &mut (impl Read + Seek), limits: &Limits) -> Result<(), Fault> {
    let mut archive = ZipArchive::new(BufReader::new(&mut *source)).map_err(workbook)?;
    let too_large = |limit: u64| Fault::invalid(fault::UNPACKS_TOO_LARGE).with("limit", limit >> 20);
    if archive.len() > PARTS {
        return Err(too_large(limits.unpacked));
    }
    let is_held = |name: &str| HELD.iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    let (mut said, mut said_held) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(workbook)?;
        said = said.saturating_add(part.size());
        if is_held(&part.name().map_err(workbook)?) {
            said_held = said_held.saturating_add(part.size());
        }
    }
    for (said, limit) in [(said, limits.unpacked), (said_held, limits.held)] {
        if said > limit {
            return Err(too_large(limit));
        }
    }
    let (mut left, mut left_held) = (limits.unpacked, limits.held);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(workbook)?;
        let held = is_held(&part.name().map_err(workbook)?);
        let most = if held { left.min(left_held) } else { left };
        let took = io::copy(&mut part.take(most.saturating_add(1)), &mut io::sink()).map_err(workbook)?;
        left = left.checked_sub(took).ok_or_else(|| too_large(limits.unpacked))?;
        if held {
            left_held = left_held.checked_sub(took).ok_or_else(|| too_large(limits.held))?;
        }
    }
    drop(archive);
    source.seek(SeekFrom::Start(0)).map_err(fault::storage)?;
    Ok(())
}

fn workbook(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::invalid(fault::WORKBOOK).caused_by(cause)
}

fn open<R: Read + Seek>(source: R) -> Result<Xlsx<BufReader<R>>, Fault> {
    Xlsx::new(BufReader::new(source)).map_err(workbook)
}

/// The rows as the thread tells them.
struct Items {
    told: Receiver<Told>,
    ended: bool,
}

impl Iterator for Items {
    type Item = Result<Row, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.told.recv() {
            Ok(Told::Item(item)) => Some(item),
            Ok(Told::Sheets(_) | Told::Headings(_) | Told::End) => {
                self.ended = true;
                None
            }
            // The thread is gone without a farewell: the parser has met something that it did not expect.
            Err(_) => {
                self.ended = true;
                Some(Err(Broken::end(0, Fault::invalid(fault::WORKBOOK))))
            }
        }
    }
}

/// One row while its cells come in.
struct Begun {
    index: u32,
    cells: Vec<(u32, Cell)>,
    length: usize,
    fault: Option<Fault>,
}

impl Begun {
    fn new(index: u32) -> Self {
        Self {
            index,
            cells: Vec::new(),
            length: 0,
            fault: None,
        }
    }

    fn number(&self) -> u64 {
        u64::from(self.index) + 1
    }
}

fn walk(
    source: impl Read + Seek,
    sheet: Option<String>,
    limits: &Limits,
    tell: &SyncSender<Told>,
) -> Result<(), Broken> {
    let whole = |fault: Fault| Broken::end(0, fault);
    let mut book = open(source).map_err(whole)?;
    if tell.send(Told::Sheets(sheets(&book))).is_err() {
        return Ok(());
    }
    let name = choose(&book, sheet).map_err(whole)?;
    let mut reader = book
        .worksheet_cells_reader(&name)
        .map_err(|error| whole(workbook(error)))?;
    let mut headings: Option<Vec<String>> = None;
    let mut begun = Begun::new(0);
    loop {
        let next = match reader.next_cell_with_style_id() {
            Ok(next) => next,
            // Where in the cell the parser has stopped is not known, so nothing behind it is trusted.
            Err(error) => return Err(Broken::end(begun.number(), workbook(error))),
        };
        let Some((found, style)) = next else {
            finish(begun, &mut headings, limits, tell)?;
            return match headings {
                Some(_) => Ok(()),
                None => Err(whole(Fault::invalid(fault::EMPTY))),
            };
        };
        let (row, index) = found.get_position();
        if row != begun.index {
            if row < begun.index {
                return Err(Broken::end(begun.number(), Fault::invalid(fault::WORKBOOK)));
            }
            let full = std::mem::replace(&mut begun, Begun::new(row));
            if !finish(full, &mut headings, limits, tell)? {
                return Ok(());
            }
        }
        let code = match found.get_value() {
            DataRef::DateTime(_) => reader
                .styles()
                .get(style)
                .and_then(|style| style.number_format.as_ref())
                .map(|f| f.format_code.as_str()),
            _ => None,
        };
        put(
            &mut begun,
            index,
            found.get_value(),
            code,
            headings.as_deref().unwrap_or_default(),
            limits,
        );
    }
}

fn choose<R: Read + Seek>(book: &Xlsx<R>, sheet: Option<String>) -> Result<String, Fault> {
    let mut tables = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let found = match &sheet {
        Some(name) => tables.find(|sheet| sheet.name == *name),
        None => tables.find(|sheet| sheet.visible == SheetVisible::Visible),
    };
    match found {
        Some(sheet) => Ok(sheet.name.clone()),
        None => Err(Fault::invalid(fault::NO_SHEET).with("sheet", sheet.unwrap_or_default())),
    }
}

/// Adds one cell to its row.
fn put(row: &mut Begun, index: u32, found: &DataRef<'_>, code: Option<&str>, headings: &[String], limits: &Limits) {
    if row.fault.is_some() || matches!(found, DataRef::Empty) {
        return;
    }
    let called = || column(headings, index as usize);
    let text = match found {
        DataRef::String(text) => text.as_str(),
        DataRef::SharedString(text) => text,
        _ => "",
    };
    if text.len() > limits.cell && text.chars().count() > limits.cell {
        row.fault = Some(fault::cell_too_long(called(), limits.cell));
        return;
    }
    match value(found, code) {
        Ok(Cell::Empty) => {}
        Ok(cell) => {
            row.length += cell.weight();
            row.fault = match () {
                () if row.length > limits.row => Some(fault::row_too_long(limits.row)),
                () if index as usize >= limits.columns => Some(fault::too_many_columns(limits)),
                () if !headings.is_empty() && index as usize >= headings.len() => {
                    Some(Fault::invalid(fault::TOO_MANY_CELLS).with("limit", headings.len()))
                }
                () => None,
            };
            row.cells.push((index, cell));
        }
        Err(fault) => row.fault = Some(fault.with("column", called())),
    }
}

/// Tells a full row; the first one is the headings. Says whether anybody still listens.
fn finish(
    row: Begun,
    headings: &mut Option<Vec<String>>,
    limits: &Limits,
    tell: &SyncSender<Told>,
) -> Result<bool, Broken> {
    let number = row.number();
    if row.cells.is_empty() && row.fault.is_none() {
        return Ok(true);
    }
    let told = match (headings.as_ref(), row.fault) {
        (None, Some(fault)) => return Err(Broken::end(number, fault)),
        (Some(_), Some(fault)) => Told::Item(Err(Broken::row(number, fault))),
        (None, None) => {
            let width = row
                .cells
                .iter()
                .map(|(index, _)| *index as usize + 1)
                .max()
                .unwrap_or(0);
            let found = super::headings(number, spread(row.cells, width), limits)?;
            *headings = Some(found.clone());
            Told::Headings(found)
        }
        (Some(headings), None) => Told::Item(Ok(Row {
            number,
            cells: spread(row.cells, headings.len()),
        })),
    };
    Ok(tell.send(told).is_ok())
}

fn spread(cells: Vec<(u32, Cell)>, width: usize) -> Vec<Cell> {
    let mut row = vec![Cell::Empty; width];
    for (index, cell) in cells {
        if let Some(place) = row.get_mut(index as usize) {
            *place = cell;
        }
    }
    row
}

/// The value of a cell: of a formula, what it came to when the workbook was saved.
fn value(found: &DataRef<'_>, code: Option<&str>) -> Result<Cell, Fault> {
    Ok(match found {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(number) => Cell::Number(Decimal::from(*number)),
        DataRef::Float(number) => float(*number),
        DataRef::String(text) => Cell::of_text(cell::arm(text)),
        DataRef::SharedString(text) => Cell::of_text(cell::arm(text)),
        DataRef::Bool(yes) => Cell::Boolean(*yes),
        DataRef::DateTime(moment) => date(moment, code)?,
        DataRef::DateTimeIso(text) => match text.parse::<NaiveDate>() {
            Ok(date) => Cell::Date(date),
            Err(_) => Cell::Moment(text.parse::<NaiveDateTime>().map_err(|_| not_a_date(text))?),
        },
        DataRef::DurationIso(text) => Cell::of_text(text),
        DataRef::Error(error) => return Err(Fault::invalid(fault::CELL_ERROR).with("value", error)),
    })
}

/// Spreadsheets compute in binary and show fifteen digits: 0.1 + 0.2 is kept as 0.30000000000000004 and meant as 0.3.
fn float(number: f64) -> Cell {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = if number.fract() == 0.0 && number.abs() <= EXACT {
        format!("{number:.0}")
    } else {
        format!("{number:.14e}")
    };
    match cell::exact(&text) {
        Some(number) => Cell::Number(number.normalize()),
        // Too small or too large for a decimal.
        None => small(number).unwrap_or_else(|| Cell::Text(number.to_string())),
    }
}

/// Numbers with a long tail of zeros behind the point, e.g. 0.00000000000012: fewer of their fifteen digits are kept.
fn small(number: f64) -> Option<Cell> {
    cell::exact(&format!("{number}")).map(|number| Cell::Number(number.normalize()))
}

fn date(found: &ExcelDateTime, code: Option<&str>) -> Result<Cell, Fault> {
    let serial = found.as_f64();
    if found.is_duration() {
        let seconds = (serial * 86_400.0).round() as i64;
        return Ok(Cell::Text(format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )));
    }
    let (year, month, day, hour, minute, second, milli) = found.to_ymd_hms_milli();
    let shows_time = code.is_some_and(shows_time);
    if (0.0..1.0).contains(&serial) && (shows_time || serial > 0.0) {
        // A time of day without a day.
        return Ok(Cell::Text(format!("{hour:02}:{minute:02}:{second:02}")));
    }
    // Outside of these the conversion answers with the nearest day.
    let day = (1.0..2_958_466.0)
        .contains(&serial)
        .then(|| NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day)))
        .flatten()
        .ok_or_else(|| not_a_date(serial))?;
    let moment = day
        .and_hms_milli_opt(u32::from(hour), u32::from(minute), u32::from(second), u32::from(milli))
        .ok_or_else(|| not_a_date(serial))?;
    if shows_time || moment.time() != chrono::NaiveTime::MIN {
        Ok(Cell::Moment(moment))
    } else {
        Ok(Cell::Date(day))
    }
}

fn not_a_date(value: impl std::fmt::Display) -> Fault {
    Fault::invalid(fault::DATE).with("value", value)
}

/// Whether a format of dates shows a time too, so that midnight is meant: `h` and `s` outside of quotes and brackets.
fn shows_time(code: &str) -> bool {
    let (mut quoted, mut bracketed) = (false, false);
    for c in code.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            'h' | 'H' | 's' | 'S' if !quoted && !bracketed => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_people_see() {
        let number = |value: f64| match float(value) {
            Cell::Number(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(number(0.1 + 0.2), "0.3");
        assert_eq!(number(94_001_000_123.0), "94001000123");
        assert_eq!(number(-1.5), "-1.5");
        assert_eq!(number(0.0), "0");
        assert_eq!(number(1.2e-13), "0.00000000000012");
        assert_eq!(number(1e300).split('0').next(), Some("Text(\"1"));
    }

    #[test]
    fn formats_tell_whether_midnight_is_meant() {
        assert!(shows_time("dd/mm/yyyy hh:mm:ss"));
        assert!(!shows_time("dd/mm/yyyy"));
        assert!(!shows_time("[$-42A]dd \"tháng\" mm yyyy"));
    }
}
