//! The first rows of a file as they would be read, with everything that is wrong: before anything is written.

use std::collections::{BTreeMap, BTreeSet};

use kernel::{FieldFault, FileId, Result};
use op::Op;
use tabular::{Cell, Row};
use uuid::Uuid;

use super::keys::Keys;
use super::mapping::{self, Choice, Known, Match, Target};
use super::source::Item;
use super::{Import, Source, State, cells, upload};
use crate::amend::Keep;
use crate::definition::RecordDefinition;
use crate::model::reading;
use crate::store::import::ImportRow;
use crate::take_over::Given;
use crate::{Registry, error, store};

/// Rows that are looked at.
pub(super) const LOOKED_AT: usize = 200;
/// Rows that are shown.
const SHOWN: usize = 10;
/// Examples of what stands in a column.
const EXAMPLES: usize = 3;
/// The longest text of a cell that is shown, in characters.
const LONGEST_SHOWN: usize = 80;
/// The fewest cells by which a column is judged.
const FEWEST_JUDGED: usize = 10;

/// One column of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What stands above it.
    pub heading: String,
    /// What that says.
    pub found: Match,
    /// What it is taken for.
    pub target: Target,
    /// What stands in it.
    pub examples: Vec<String>,
    /// Cells with something in them, of those that were looked at.
    pub filled: usize,
    /// Those of them that cannot be read as what the column is taken for.
    pub faulty: usize,
}

impl Column {
    /// Whether hardly anything in it is what it is taken for: columns have moved, or the wrong one was chosen.
    pub fn has_moved(&self) -> bool {
        self.filled >= FEWEST_JUDGED && self.faulty * 5 > self.filled * 4
    }
}

/// One row that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewRow {
    /// Where it stands in the file.
    pub number: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// What is wrong with it.
    pub faults: Vec<FieldFault>,
}

/// What a file looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The import.
    pub import: Import,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The first rows.
    pub rows: Vec<PreviewRow>,
    /// How many rows were looked at.
    pub looked_at: usize,
    /// How many of them would be handed back.
    pub bad: usize,
    /// Fields without a column that every new record needs.
    pub lacking: Vec<String>,
    /// Other fields without a column: records that are there keep what they have.
    pub kept: Vec<String>,
}

/// What was read to look at.
struct Sample {
    headings: Vec<String>,
    rows: Vec<std::result::Result<Row, (u64, FieldFault)>>,
}

impl Registry {
    /// Shows the first rows of a file as its columns would be read: as its headings say, with what somebody says otherwise.
    ///
    /// # Errors
    /// Those of [`Self::import`], `registry.import_state` where it has been started, and those of `tabular` about the whole file.
    pub async fn preview_import(
        &self,
        op: &mut Op,
        register: &str,
        id: Uuid,
        known: &Known,
        said: &BTreeMap<usize, Choice>,
    ) -> Result<Preview> {
        let (seen, row) = self.import_row(op, register, id).await?;
        Self::is_bringer(op, &row)?;
        self.preview_of(op, &seen.published.definition, row, known, said).await
    }

    pub(super) async fn preview_of(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        row: ImportRow,
        known: &Known,
        said: &BTreeMap<usize, Choice>,
    ) -> Result<Preview> {
        let import = Import::of(definition, row.clone())?;
        if !matches!(import.state, State::Mapping | State::Asked) {
            return Err(error::import_state());
        }
        let sample = self.sample(op, &row, &import).await?;
        let headings = sample.headings;
        let filled: Vec<usize> = (0..headings.len())
            .map(|place| sound(&sample.rows).filter(|row| is_filled(row, place)).count())
            .collect();
        let any: Vec<bool> = filled.iter().map(|count| *count > 0).collect();
        let matches = mapping::propose(definition, &headings, &any, known);
        let targets: Vec<Target> = matches
            .iter()
            .enumerate()
            .map(|(place, own)| {
                said.get(&place)
                    .map_or_else(|| own.target(), |choice| choice.target.clone())
            })
            .collect();
        let judged = self
            .judge(op, definition, &targets, &sample.rows, row.valid_from)
            .await?;
        let columns = matches.into_iter().enumerate().map(|(place, found)| {
            let target = targets[place].clone();
            let is_own = |fault: &&FieldFault| is_about(fault, &target) && reading_failed(fault);
            let faulty = sample
                .rows
                .iter()
                .zip(&judged)
                .filter(|(row, faults)| {
                    row.as_ref().is_ok_and(|row| is_filled(row, place)) && faults.iter().any(|fault| is_own(&fault))
                })
                .count();
            let examples = sound(&sample.rows)
                .filter(|row| is_filled(row, place))
                .take(EXAMPLES)
                .map(|row| shown(&row.cells[place]))
                .collect();
            Column {
                heading: headings[place].clone(),
                found,
                target,
                examples,
                filled: filled[place],
                faulty,
            }
        });
        let columns: Vec<Column> = columns.collect();
        let lacking: Vec<String> = mapping::lacking(definition, &targets)
            .into_iter()
            .map(|field| field.field.clone())
            .collect();
        let kept = without_column(definition, &targets)
            .into_iter()
            .filter(|field| !lacking.contains(field))
            .collect();
        let rows = sample.rows.iter().zip(&judged).take(SHOWN);
        Ok(Preview {
            import,
            rows: rows.map(|(row, faults)| preview_row(row, faults)).collect(),
            looked_at: sample.rows.len(),
            bad: judged.iter().filter(|faults| !faults.is_empty()).count(),
            columns,
            lacking,
            kept,
        })
    }

    async fn sample(&self, op: &mut Op, row: &ImportRow, import: &Import) -> Result<Sample> {
        let file = row.file.ok_or_else(error::import_state)?;
        let view = self.files()?.get(op, FileId::from_uuid(file)).await?;
        let sample = |mut source: Source| {
            let headings = source.headings().to_vec();
            let piece = source.take(LOOKED_AT, usize::MAX, &Keys::none());
            let rows = piece.items.into_iter().map(|(_, item)| match item {
                Item::Row(row) | Item::Twice(row) => Ok(row),
                Item::Broken { number, fault } => Err((number, fault)),
            });
            Sample {
                headings,
                rows: rows.collect(),
            }
        };
        self.begun(&view, (import.format, &import.sheet), upload::SOON, sample)
            .await
    }

    /// What is wrong with each row, as far as one row tells.
    async fn judge(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        targets: &[Target],
        rows: &[std::result::Result<Row, (u64, FieldFault)>],
        from: chrono::NaiveDate,
    ) -> Result<Vec<Vec<FieldFault>>> {
        let ground = self.ground(op, definition).await?;
        let mut faults: Vec<Vec<FieldFault>> = vec![Vec::new(); rows.len()];
        let mut given: Vec<Given> = Vec::with_capacity(rows.len());
        for (place, row) in rows.iter().enumerate() {
            match row {
                Err((_, fault)) => faults[place].push(fault.clone()),
                Ok(row) => match cells::given(definition, targets, (place as u64, &row.cells), from) {
                    Ok(own) => given.push(own),
                    Err(own) => faults[place].extend(own),
                },
            }
        }
        let standing = store::register::get(op.conn(), &definition.record).await?;
        if standing.is_some_and(|own| own.made) {
            self.complete(op, definition, &ground, &mut given, Keep::All).await?;
        }
        let mut places = Vec::with_capacity(given.len());
        let mut records = Vec::with_capacity(given.len());
        for own in given {
            let place = usize::try_from(own.number).unwrap_or_default();
            let day = own.from.unwrap_or_else(|| ground.today());
            let read = reading::read(definition, &own.fields, &ground, day);
            faults[place].extend(read.faults);
            places.push(place);
            records.push(read.values);
        }
        for (index, own) in self.resolve(op, definition, &mut records).await? {
            faults[places[index]].extend(own);
        }
        Ok(faults)
    }
}

fn sound(rows: &[std::result::Result<Row, (u64, FieldFault)>]) -> impl Iterator<Item = &Row> {
    rows.iter().filter_map(|row| row.as_ref().ok())
}

fn is_filled(row: &Row, place: usize) -> bool {
    row.cells.get(place).is_some_and(|cell| !cell.is_empty())
}

fn is_about(fault: &FieldFault, target: &Target) -> bool {
    match target {
        Target::ValidFrom => fault.field == "valid_from",
        Target::ValidTo => fault.field == "valid_to",
        _ => target.field() == Some(fault.field.as_str()),
    }
}

/// Whether what stands there could not be read; what is missing, there already or against a rule was read.
fn reading_failed(fault: &FieldFault) -> bool {
    let rule = fault.code.rsplit('.').next().unwrap_or_default();
    !matches!(rule, "required" | "rule" | "unique" | "twice")
}

/// A cell as people read it, cut where it is long.
fn shown(cell: &Cell) -> String {
    let text = match cell {
        Cell::Date(day) => kernel::format_date(*day),
        other => other.text().into_owned(),
    };
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn preview_row(row: &std::result::Result<Row, (u64, FieldFault)>, faults: &[FieldFault]) -> PreviewRow {
    match row {
        Ok(row) => PreviewRow {
            number: row.number,
            cells: row.cells.iter().map(shown).collect(),
            faults: faults.to_vec(),
        },
        Err((number, _)) => PreviewRow {
            number: *number,
            cells: Vec::new(),
            faults: faults.to_vec(),
        },
    }
}

/// The fields that no column fills, but for computed ones.
pub(super) fn without_column(definition: &RecordDefinition, targets: &[Target]) -> Vec<String> {
    let filled: BTreeSet<&str> = targets.iter().filter_map(Target::field).collect();
    definition
        .fields
        .iter()
        .filter(|field| !field.is_computed() && !filled.contains(field.field.as_str()))
        .map(|field| field.field.clone())
        .collect()
}
