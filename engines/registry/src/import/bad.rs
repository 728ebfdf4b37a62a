//! Rows that were handed back: they go out as they came in, with what is wrong, are mended there and brought in again.

use futures::{Stream, stream};
use kernel::{Actor, FieldFault, Result};
use op::{Entry, Op, Ops};
use render::{Locale, Params, Texts};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tabular::{Cell, Format, GEOMETRY, Heading, Kind};
use uuid::Uuid;

use super::{Import, State, cells, fault_of, keep_fault, subject};
use crate::definition::RecordDefinition;
use crate::export::pipe;
use crate::{Registry, error, store};

/// Rows asked of the database at a time.
const PAGE: i64 = 500;
/// What stands between cells where nothing else is said.
const COMMA: u8 = b',';

/// What is kept of a row that was not taken over.
pub(super) fn kept(number: u64, row: &[Cell], faults: &[FieldFault], delimiter: u8) -> Value {
    let faults: Vec<Value> = faults
        .iter()
        .map(|fault| keep_fault(&fault.field, &fault.code, &fault.params))
        .collect();
    let row: Vec<Value> = row.iter().map(cells::kept).collect();
    let mut kept = json!({ "number": number, "cells": row, "faults": faults });
    if delimiter != COMMA {
        kept["delimiter"] = delimiter.into();
    }
    kept
}

/// A file of rows that were handed back.
pub struct BadRows {
    /// Its name.
    pub name: String,
    format: Format,
    /// What stands between the cells of CSV.
    delimiter: u8,
    headings: Vec<Heading>,
    registry: Registry,
    import: Uuid,
    actor: Actor,
    request: Uuid,
    words: Arc<Reasons>,
}

/// How faults are told.
struct Reasons {
    definition: Arc<RecordDefinition>,
    texts: Arc<Texts>,
    locale: Locale,
    /// How many columns the file had.
    columns: usize,
}

impl Registry {
    /// Hands the rows back in the format of their file, with two columns more: where each stood and why it was not taken over. Both are passed over
    /// when the file comes in again. With everything that stands in them, sealed fields too, they are for whoever has brought them and for nobody else. The caller commits, then sends [`BadRows::stream`].
    ///
    /// # Errors
    /// Those of [`Self::import`], `registry.import_no_bad_rows`.
    pub async fn bad_rows(
        &self,
        op: &mut Op,
        register: &str,
        id: Uuid,
        (texts, locale): (Arc<Texts>, Locale),
    ) -> Result<BadRows> {
        let (seen, row) = self.import_row(op, register, id).await?;
        Self::is_bringer(op, &row)?;
        let definition = seen.published.definition.clone();
        let import = Import::of(&definition, row)?;
        if import.bad == 0 || import.state == State::Mapping {
            return Err(error::import_no_bad_rows());
        }
        // The first one: where none is left, they were forgotten.
        let first = store::bad_row::list(op.conn(), self.vault(), import.id, 0, 1).await?;
        let (_, first) = first.first().ok_or_else(error::import_no_bad_rows)?;
        let delimiter = first.get("delimiter").and_then(Value::as_u64);
        op.record(Entry::new("registry.bad_rows_taken", subject(register, id)).detail(json!({ "rows": import.bad })))
            .await?;
        let stem = match import.file_name.rsplit_once('.') {
            Some((stem, _)) if !stem.is_empty() => stem,
            _ => &import.file_name,
        };
        let say = |key: &str| texts.get(locale, &format!("registers_files.{key}"), &Params::new());
        Ok(BadRows {
            name: format!("{stem}-{}.{}", say("bad_rows.file"), import.format.extension()),
            format: import.format,
            delimiter: delimiter.and_then(|byte| u8::try_from(byte).ok()).unwrap_or(COMMA),
            headings: headings(&import, &say("column.row"), &say("column.reasons")),
            registry: self.clone(),
            import: id,
            actor: op.actor().clone(),
            request: op.request(),
            words: Arc::new(Reasons {
                definition,
                texts,
                locale,
                columns: import.headings.len(),
            }),
        })
    }
}

/// The headings of the file, then the two. Headings without a name, or with one that stands there twice, get one of their own for programs.
fn headings(import: &Import, row: &str, reasons: &str) -> Vec<Heading> {
    let mut names = std::collections::HashSet::new();
    let titles = import.headings.iter().map(String::as_str).chain([row, reasons]);
    titles
        .enumerate()
        .map(|(place, title)| {
            let mut name = title.to_owned();
            while name.is_empty() || !names.insert(name.clone()) {
                name = format!("{title}#{}", place + 1);
                if names.contains(&name) {
                    name.push('_');
                }
            }
            let is_shape = import.format == Format::GeoJson && title == GEOMETRY;
            Heading::new(name, title, if is_shape { Kind::Geometry } else { Kind::Text })
        })
        .collect()
}

impl BadRows {
    /// The media type.
    pub fn media_type(&self) -> &'static str {
        self.format.media_type()
    }

    /// The file, piece by piece.
    pub fn stream(self, ops: Ops) -> impl Stream<Item = io::Result<bytes::Bytes>> + Send + use<> {
        let begun = (ops, self.registry, self.actor, self.request, self.words, 0_i64);
        let import = self.import;
        let pages = stream::try_unfold(begun, move |(ops, registry, actor, request, words, after)| async move {
            let mut op = ops.look_for(actor.clone(), request).await?;
            let rows = store::bad_row::list(op.conn(), registry.vault(), import, after, PAGE).await?;
            drop(op);
            let Some((last, _)) = rows.last() else {
                return Ok(None);
            };
            let last = *last;
            let page: Vec<Vec<Cell>> = rows.iter().map(|(_, row)| words.row(row)).collect();
            Ok(Some((page, (ops, registry, actor, request, words, last))))
        });
        pipe::file_parted_by(self.format, self.delimiter, self.headings, pages)
    }
}

impl Reasons {
    fn row(&self, kept: &Value) -> Vec<Cell> {
        let list = |key: &str| {
            kept.get(key)
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default()
        };
        let mut row: Vec<Cell> = list("cells").iter().map(cells::given_back).collect();
        row.resize(self.columns, Cell::Empty);
        let number = kept.get("number").and_then(Value::as_u64).unwrap_or_default();
        row.push(Cell::Number(number.into()));
        let reasons: Vec<String> = list("faults")
            .iter()
            .filter_map(|kept| Some(self.reason(&fault_of(kept)?)))
            .collect();
        row.push(Cell::of_text(&reasons.join("\n")));
        row
    }

    fn reason(&self, fault: &FieldFault) -> String {
        let said = self.texts.error(self.locale, &fault.code, &fault.params);
        let field = self.definition.field(&fault.field);
        let label = match (field, fault.field.as_str()) {
            (Some(field), _) => field.words.in_language(self.locale.tag()).to_owned(),
            (None, "valid_from" | "valid_to") => {
                let key = format!("registers_files.column.{}", fault.field);
                self.texts.get(self.locale, &key, &Params::new())
            }
            (None, _) => return said,
        };
        format!("{label}: {said}")
    }
}
