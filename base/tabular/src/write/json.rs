//! JSON as an array, as lines, as features. Numbers are written digit by digit, never through a double.

use std::io::Write;

use kernel::{Fault, Result};

use super::{Heading, Kind, is_geometry};
use crate::{Cell, fault};

/// What stands around the objects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Array,
    Lines,
    Features,
}

pub(super) struct Json<W> {
    out: W,
    form: Form,
    /// Each key as JSON.
    keys: Vec<String>,
    geometry: Option<usize>,
    names: Vec<String>,
    any: bool,
    line: String,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W, form: Form) -> Self {
        Self {
            out,
            form,
            keys: Vec::new(),
            geometry: None,
            names: Vec::new(),
            any: false,
            line: String::new(),
        }
    }

    pub(super) fn headings(&mut self, headings: &[Heading]) -> Result<()> {
        self.names = headings.iter().map(|heading| heading.name.clone()).collect();
        self.keys = headings.iter().map(|heading| quoted(&heading.name)).collect();
        if self.form == Form::Features {
            self.geometry = headings.iter().position(|heading| heading.kind == Kind::Geometry);
        }
        self.put(match self.form {
            Form::Array => "[",
            Form::Lines => "",
            Form::Features => r#"{"type":"FeatureCollection","features":["#,
        })
    }

    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        line.push_str(match (self.form, self.any) {
            (Form::Lines, _) => "",
            (_, false) => "\n",
            (_, true) => ",\n",
        });
        if self.form == Form::Features {
            line.push_str(r#"{"type":"Feature","geometry":"#);
            match self.geometry.map(|index| (index, &cells[index])) {
                Some((index, cell)) if !is_geometry(cell) => {
                    return Err(Fault::invalid(fault::GEOMETRY).with("column", &self.names[index]));
                }
                Some((_, cell)) => push(&mut line, cell),
                None => line.push_str("null"),
            }
            line.push_str(r#","properties":"#);
        }
        line.push('{');
        let mut first = true;
        for (index, (key, cell)) in self.keys.iter().zip(cells).enumerate() {
            if Some(index) == self.geometry {
                continue;
            }
            if !std::mem::take(&mut first) {
                line.push(',');
            }
            line.push_str(key);
            line.push(':');
            push(&mut line, cell);
        }
        line.push_str(match self.form {
            Form::Array => "}",
            Form::Lines => "}\n",
            Form::Features => "}}",
        });
        self.put(&line)?;
        self.any = true;
        self.line = line;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W> {
        self.put(match self.form {
            Form::Array => "\n]\n",
            Form::Lines => "",
            Form::Features => "\n]}\n",
        })?;
        Ok(self.out)
    }

    fn put(&mut self, text: &str) -> Result<()> {
        self.out.write_all(text.as_bytes()).map_err(fault::storage)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn push(line: &mut String, cell: &Cell) {
    match cell {
        Cell::Empty => line.push_str("null"),
        Cell::Text(_) | Cell::Date(_) | Cell::Moment(_) => line.push_str(&quoted(&cell.text())),
        Cell::Number(_) | Cell::Boolean(_) | Cell::Json(_) => line.push_str(&cell.text()),
    }
}
