//! CSV as spreadsheets expect it: UTF-8 with a byte order mark, commas, CRLF.

use std::io::Write;

use kernel::Result;

use super::Heading;
use crate::{Cell, cell, fault};

pub(super) struct Csv<W> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
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
                self.line.push(b',');
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
    cell::disarm(&cell::clean(text)).into_owned()
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
