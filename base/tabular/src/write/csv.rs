//! CSV as spreadsheets expect it: UTF-8 with a byte order mark, commas unless something else is asked for, CRLF.

use std::io::Write;

use kernel::Result;

use super::Heading;
use crate::{Cell, cell, fault};

pub(super) struct Csv<W> {
    out: W,
    line: Vec<u8>,
    delimiter: u8,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(out: W, delimiter: u8) -> Self {
        let line = Vec::new();
        Self { out, line, delimiter }
    }

    pub(super) fn headings(&mut self, headings: &[Heading]) -> Result<()> {
        self.line.extend_from_slice("\u{feff}".as_bytes());
        self.write(headings.iter().map(|heading| of_text(&heading.title)))
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        self.write(cells.iter().map(|cell| match cell {
            Cell::Text(text) => of_text(text),
            // Spreadsheets know a moment by the space.
            Cell::Moment(moment) => moment.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            // A minus is part of a number; JSON begins with a bracket.
            other => other.text().into_owned(),
        }))
    }

    fn write(&mut self, texts: impl Iterator<Item = String>) -> Result<()> {
        for (index, text) in texts.enumerate() {
            if index > 0 {
                self.line.push(self.delimiter);
            }
            quote(&mut self.line, &text);
        }
        self.line.extend_from_slice(b"\r\n");
        self.out.write_all(&self.line).map_err(fault::storage)?;
        self.line.clear();
        Ok(())
    }

    pub(super) fn finish(self) -> W {
        self.out
    }
}

fn of_text(text: &str) -> String {
    if is_fraction(text) {
        return text.to_owned();
    }
    cell::disarm(&cell::clean(text)).into_owned()
}

/// A number as people write it, `-12,5`: its minus begins no formula.
fn is_fraction(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .split_once(',')
        .is_some_and(|(whole, fraction)| all(whole) && all(fraction))
}

/// Quotes also what holds another delimiter, so that nobody who looks for the delimiter takes that one for it.
fn quote(line: &mut Vec<u8>, text: &str) {
    if !text.contains(['"', ',', ';', '\t', '\n', '\r']) {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    line.push(b'"');
}
