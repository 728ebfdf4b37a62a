//! CSV: the delimiter is found from the first lines, cells are read piece by piece.

use std::io::{self, BufRead, Read};

use csv_core::ReadFieldResult;
use kernel::Fault;

use super::{Broken, Limits, Row, Rows, column, decoded::Decoded};
use crate::{Cell, cell, fault};

/// In order of preference where nothing else decides.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// How many rows the search for the delimiter looks at.
const LOOKED_AT: usize = 50;

pub(super) fn read(source: impl Read + Send + 'static, limits: &Limits) -> Result<Rows, Broken> {
    let storage = |error: io::Error| Broken::end(0, fault::storage(error));
    let mut text = Decoded::new(source).map_err(storage)?;
    let head = text.fill_buf().map_err(storage)?;
    let (delimiter, told) = match told_delimiter(head) {
        Some((delimiter, line)) => (delimiter, Some(line)),
        None => (find_delimiter(head), None),
    };
    let mut records = Records::new(text, delimiter, limits);
    if let Some(line) = told {
        records.skip_line(line);
    }
    let first = loop {
        match records.next().map_err(storage)? {
            None => return Err(Broken::end(0, Fault::invalid(fault::EMPTY))),
            Some(record) if record.is_empty() => {}
            Some(record) => break record,
        }
    };
    let number = first.number;
    let too_many = first.beyond.is_some();
    let cells = cells(first, &[], limits).map_err(|fault| Broken::end(number, fault))?;
    if too_many {
        return Err(Broken::end(number, fault::too_many_columns(limits)));
    }
    let headings = super::headings(number, cells, limits)?;
    records.columns = headings.len();
    records.headings.clone_from(&headings);
    let rows = Csv { records };
    let mut rows = Rows::new(headings, Box::new(rows), limits);
    rows.delimiter = delimiter;
    Ok(rows)
}

/// `sep=;` in the first line, as Excel writes and reads it; with the length of the line without its end.
fn told_delimiter(head: &[u8]) -> Option<(u8, usize)> {
    match head {
        [
            b's' | b'S',
            b'e' | b'E',
            b'p' | b'P',
            b'=',
            delimiter,
            b'\r' | b'\n',
            ..,
        ] if DELIMITERS.contains(delimiter) => Some((*delimiter, 5)),
        _ => None,
    }
}

/// The delimiter that parts most of the first rows into as many cells as the first one, at least two.
fn find_delimiter(head: &[u8]) -> u8 {
    let score = |delimiter: u8| {
        let widths = widths(head, delimiter);
        let first = widths.first().copied().unwrap_or(0);
        if first < 2 {
            return (0, 0);
        }
        (widths.iter().filter(|width| **width == first).count(), first)
    };
    let mut best = (DELIMITERS[0], (0, 0));
    for delimiter in DELIMITERS {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

/// The numbers of cells of the first rows.
fn widths(head: &[u8], delimiter: u8) -> Vec<usize> {
    let mut parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let mut out = [0; 1024];
    let (mut at, mut width, mut widths) = (0, 0, Vec::new());
    while widths.len() < LOOKED_AT {
        let (result, took, _) = parser.read_field(&head[at..], &mut out);
        at += took;
        match result {
            ReadFieldResult::OutputFull => {}
            // Empty input ends the text for the parser, so a row cut by the end of the head counts as it stands: one of
            // many.
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::Field { record_end } => {
                width += 1;
                if record_end {
                    widths.push(width);
                    width = 0;
                }
            }
            ReadFieldResult::End => break,
        }
    }
    widths
}

/// One row as it stands in the file.
struct Record {
    number: u64,
    cells: Vec<Vec<u8>>,
    /// The first cell behind the last column that is not blank.
    beyond: Option<usize>,
    fault: Option<Fault>,
}

impl Record {
    /// Spreadsheets leave rows of nothing but delimiters behind what was once filled.
    fn is_empty(&self) -> bool {
        self.fault.is_none() && self.beyond.is_none() && self.cells.iter().all(|cell| cell.trim_ascii().is_empty())
    }
}

struct Records<R> {
    text: Decoded<R>,
    parser: csv_core::Reader,
    out: Box<[u8]>,
    number: u64,
    /// The last byte was a carriage return that ended a line: a line feed behind it belongs to the same end.
    after_return: bool,
    /// How many cells of a row are kept.
    columns: usize,
    headings: Vec<String>,
    limits: Limits,
}

impl<R: Read> Records<R> {
    fn new(text: Decoded<R>, delimiter: u8, limits: &Limits) -> Self {
        Self {
            text,
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            out: vec![0; 8 << 10].into_boxed_slice(),
            number: 0,
            after_return: false,
            columns: limits.columns,
            headings: Vec::new(),
            limits: limits.clone(),
        }
    }

    /// Passes over a first line that is no row of the table, but one for whoever counts.
    fn skip_line(&mut self, length: usize) {
        self.text.consume(length);
    }

    /// Passes over empty lines, so that rows keep the numbers that a spreadsheet shows.
    fn skip_empty_lines(&mut self) -> io::Result<()> {
        while let Some(byte) = self.text.peek()? {
            match byte {
                b'\n' if self.after_return => self.after_return = false,
                b'\n' => self.number += 1,
                b'\r' => {
                    self.number += 1;
                    self.after_return = true;
                }
                _ => break,
            }
            self.text.consume(1);
        }
        self.after_return = false;
        Ok(())
    }

    fn next(&mut self) -> io::Result<Option<Record>> {
        self.skip_empty_lines()?;
        let mut record = Record {
            number: self.number + 1,
            cells: Vec::new(),
            beyond: None,
            fault: None,
        };
        let (mut index, mut length, mut field) = (0, 0, Vec::new());
        // Four bytes are the most that a character takes; what is longer is not kept, only passed over.
        let most = self.limits.cell.saturating_mul(4);
        let (mut quotes, mut lines) = (0, 0);
        loop {
            let input = self.text.fill_buf()?;
            let at_end = input.is_empty();
            let (result, took, gave) = self.parser.read_field(input, &mut self.out);
            if took > 0 {
                self.after_return = input[took - 1] == b'\r';
            }
            quotes += input[..took].iter().filter(|byte| **byte == b'"').count();
            lines += input[..took]
                .iter()
                .filter(|byte| matches!(**byte, b'\r' | b'\n'))
                .count();
            self.text.consume(took);
            let piece = &self.out[..gave];
            if index < self.columns {
                length += gave;
                if field.len() + gave > most {
                    record
                        .fault
                        .get_or_insert_with(|| fault::cell_too_long(column(&self.headings, index), self.limits.cell));
                } else if length > self.limits.row {
                    record.fault.get_or_insert_with(|| fault::row_too_long(self.limits.row));
                } else {
                    field.extend_from_slice(piece);
                }
            } else if !piece.trim_ascii().is_empty() {
                record.beyond.get_or_insert(index);
            }
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => {
                    if index < self.columns {
                        record.cells.push(std::mem::take(&mut field));
                    }
                    index += 1;
                    if record_end {
                        self.number += 1;
                        // The file ends within quotes that have taken in lines: whole rows may be lost in this cell.
                        if at_end && lines > 0 && quotes % 2 == 1 {
                            record.fault.get_or_insert_with(|| Fault::invalid(fault::QUOTE_OPEN));
                        }
                        return Ok(Some(record));
                    }
                }
                ReadFieldResult::End => return Ok(None),
            }
        }
    }
}

struct Csv<R> {
    records: Records<R>,
}

impl<R: Read> Iterator for Csv<R> {
    type Item = Result<Row, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = loop {
            match self.records.next() {
                Ok(None) => return None,
                Ok(Some(record)) if record.is_empty() => {}
                Ok(Some(record)) => break record,
                Err(error) => return Some(Err(Broken::end(self.records.number + 1, fault::storage(error)))),
            }
        };
        let number = record.number;
        Some(match cells(record, &self.records.headings, &self.records.limits) {
            Ok(mut cells) => {
                // Excel drops empty cells at the end of a row.
                cells.resize(self.records.columns, Cell::Empty);
                Ok(Row { number, cells })
            }
            Err(fault) => Err(Broken::row(number, fault)),
        })
    }
}

fn cells(record: Record, headings: &[String], limits: &Limits) -> Result<Vec<Cell>, Fault> {
    if let Some(fault) = record.fault {
        return Err(fault);
    }
    if let (Some(_), false) = (record.beyond, headings.is_empty()) {
        return Err(Fault::invalid(fault::TOO_MANY_CELLS).with("limit", headings.len()));
    }
    let text = |(index, bytes): (usize, Vec<u8>)| {
        let text = String::from_utf8(bytes)
            .map_err(|_| Fault::invalid(fault::ENCODING).with("column", column(headings, index)))?;
        if text.len() > limits.cell && text.chars().count() > limits.cell {
            return Err(fault::cell_too_long(column(headings, index), limits.cell));
        }
        Ok(Cell::of_text(cell::arm(&text)))
    };
    record.cells.into_iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_parts_rows_evenly() {
        let find = |text: &str| find_delimiter(text.as_bytes()) as char;
        assert_eq!(find("a,b\n1,2\n"), ',');
        assert_eq!(find("a;b\n1,5;2,5\n3,1;4\n"), ';');
        assert_eq!(find("mã, số;tên\n1;An, Bình\n2;Chi\n"), ';');
        assert_eq!(find("a\tb\n1\t2,5\n"), '\t');
        assert_eq!(find("\"a;b\",c\n"), ',');
        assert_eq!(find("one\ntwo\n"), ',');
        assert_eq!(find(""), ',');
        // The head may end within a row.
        assert_eq!(find("a;b;c\n1;2;3\n4;"), ';');
    }

    #[test]
    fn a_line_of_excel_may_tell_the_delimiter() {
        assert_eq!(told_delimiter(b"sep=;\r\na"), Some((b';', 5)));
        assert_eq!(told_delimiter(b"sep=x\r\na"), None);
        assert_eq!(told_delimiter(b"separate"), None);
    }
}
