//! TOML by the spans of `toml_edit`.

use std::sync::Arc;

use toml_edit::{Item, Key, TableLike, Value};

use super::{DEEPEST_NESTING, check_nfc, too_deep};
use crate::node::{Content, Form, Node};
use crate::problem::{Position, Problems};

struct Reader<'t, 'p> {
    file: Arc<str>,
    text: &'t str,
    /// Byte offset of the start of each line.
    lines: Vec<usize>,
    problems: &'p mut Problems,
}

pub(super) fn read(label: &str, text: &str, problems: &mut Problems) -> Option<Node> {
    let lines = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(place, _)| place + 1))
        .collect();
    let mut reader = Reader {
        file: label.into(),
        text,
        lines,
        problems,
    };
    match toml_edit::Document::parse(text) {
        Ok(document) => {
            let start = Position {
                file: reader.file.clone(),
                line: 1,
                column: 1,
            };
            reader.table(document.as_table(), start, 1)
        }
        Err(error) => {
            let position = reader.place(error.span().map_or(0, |span| span.start));
            let message = format!("not TOML: {}", error.message().lines().next().unwrap_or_default());
            reader.problems.at_position(&position, "schema.syntax", message);
            None
        }
    }
}

impl Reader<'_, '_> {
    fn place(&self, offset: usize) -> Position {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let column = self
            .text
            .get(start..offset.min(self.text.len()))
            .map_or(0, |before| before.chars().count())
            + 1;
        Position {
            file: self.file.clone(),
            line,
            column,
        }
    }

    fn place_of(&self, span: Option<std::ops::Range<usize>>, else_at: &Position) -> Position {
        span.map_or_else(|| else_at.clone(), |span| self.place(span.start))
    }

    fn enter(&mut self, position: &Position, depth: usize) -> Option<()> {
        if depth > DEEPEST_NESTING {
            too_deep(position, self.problems);
            return None;
        }
        Some(())
    }

    fn table(&mut self, table: &dyn TableLike, position: Position, depth: usize) -> Option<Node> {
        self.enter(&position, depth)?;
        let mut pairs = Vec::with_capacity(table.len());
        for (name, _) in table.iter() {
            let Some((key, item)) = table.get_key_value(name) else {
                continue;
            };
            let key = self.key(key, &position);
            let value = self.item(item, key.pos(), depth)?;
            pairs.push((key, value));
        }
        Some(Node::new(position, Content::Map(pairs)))
    }

    fn key(&mut self, key: &Key, parent: &Position) -> Node {
        let position = self.place_of(key.span(), parent);
        check_nfc(key.get(), &position, self.problems);
        Node::new(
            position,
            Content::Scalar {
                source: key.get().to_owned(),
                form: Form::Text { inset: None },
            },
        )
    }

    fn item(&mut self, item: &Item, key: Position, depth: usize) -> Option<Node> {
        match item {
            Item::None => Some(Node::new(
                key,
                Content::Scalar {
                    source: String::new(),
                    form: Form::Null,
                },
            )),
            Item::Value(value) => self.value(value, key, depth),
            Item::Table(table) => self.table(table, key, depth + 1),
            Item::ArrayOfTables(tables) => {
                self.enter(&key, depth + 1)?;
                let mut items = Vec::with_capacity(tables.len());
                for table in tables {
                    let position = self.place_of(table.span(), &key);
                    items.push(self.table(table, position, depth + 2)?);
                }
                Some(Node::new(key, Content::List(items)))
            }
        }
    }

    fn value(&mut self, value: &Value, key: Position, depth: usize) -> Option<Node> {
        let span = value.span();
        let position = self.place_of(span.clone(), &key);
        let written = span.and_then(|span| self.text.get(span)).unwrap_or_default();
        let (source, form) = match value {
            Value::String(text) => {
                let text = text.value();
                check_nfc(text, &position, self.problems);
                let verbatim = written.len() == text.len() + 2 && written.get(1..written.len() - 1) == Some(text);
                (
                    text.clone(),
                    Form::Text {
                        inset: verbatim.then_some(1),
                    },
                )
            }
            Value::Integer(_) | Value::Float(_) => (written.replace('_', ""), Form::Number),
            Value::Boolean(value) => (written.to_owned(), Form::Boolean(*value.value())),
            Value::Datetime(_) => (written.to_owned(), Form::Moment),
            Value::Array(array) => {
                self.enter(&position, depth + 1)?;
                let mut items = Vec::with_capacity(array.len());
                for item in array {
                    items.push(self.value(item, position.clone(), depth + 1)?);
                }
                return Some(Node::new(position, Content::List(items)));
            }
            Value::InlineTable(table) => return self.table(table, position, depth + 1),
        };
        Some(Node::new(position, Content::Scalar { source, form }))
    }
}
