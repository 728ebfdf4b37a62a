//! Files in, files out: what is written is what is read, and what is broken is told by row.

mod hostile;
mod reading;
mod round_trip;
mod writing;

use std::io::Cursor;

use tabular::{Broken, Cell, Format, Heading, Kind, Limits, Row, Rows, Writer, read};

fn open(bytes: impl Into<Vec<u8>>, format: Format) -> Rows {
    read(Cursor::new(bytes.into()), format, &Limits::default()).expect("a table")
}

fn fails(bytes: impl Into<Vec<u8>>, format: Format) -> &'static str {
    read(Cursor::new(bytes.into()), format, &Limits::default())
        .expect_err("no table")
        .fault
        .code
}

/// Number and texts of each row, or number and code of what is broken.
fn told(rows: Rows) -> Vec<String> {
    rows.map(|item| match item {
        Ok(row) => {
            let texts: Vec<_> = row.cells.iter().map(|cell| cell.text().into_owned()).collect();
            format!("{}: {}", row.number, texts.join("|"))
        }
        Err(broken) => format!(
            "{}! {}{}",
            broken.number,
            broken.fault.code,
            if broken.ends { " ends" } else { "" }
        ),
    })
    .collect()
}

fn rows(bytes: impl Into<Vec<u8>>, format: Format) -> Vec<Row> {
    open(bytes, format)
        .collect::<Result<Vec<_>, Broken>>()
        .expect("no broken row")
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn number(value: &str) -> Cell {
    Cell::Number(value.parse().expect("a number"))
}

fn columns(kinds: &[(&str, Kind)]) -> Vec<Heading> {
    kinds
        .iter()
        .map(|(name, kind)| Heading::new(*name, *name, *kind))
        .collect()
}

fn write(format: Format, headings: &[Heading], rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), format).expect("a writer");
    writer.headings(headings).expect("headings");
    for row in rows {
        writer.row(row).expect("a row");
    }
    writer.finish().expect("a file")
}
