//! A file as rows, some at a time, from wherever another reading has stopped. Blocks: called off the threads of the runtime.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{Fault, FieldFault};
use tabular::{Broken, Cell, Format, Limits, Row, Rows};

/// The most bytes of a file that is imported.
pub const MOST_BYTES: u64 = 600 << 20;
/// The most rows.
const MOST_ROWS: u64 = 10_000_000;
/// The most bytes that the parts of a workbook may unpack to. Its cells are read one after the other; what it holds as a whole is bounded by
/// [`Limits::held`].
const MOST_UNPACKED: u64 = 512 << 20;

/// How much of a file is read.
fn limits() -> Limits {
    Limits {
        rows: MOST_ROWS,
        unpacked: MOST_UNPACKED,
        ..Limits::default()
    }
}

/// Counts how far a file was read.
struct Counted {
    inner: File,
    at: u64,
    furthest: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let took = self.inner.read(out)?;
        self.at += took as u64;
        self.furthest.fetch_max(self.at, Ordering::Relaxed);
        Ok(took)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

/// One row of a file: what stands there, or why it cannot be read.
pub(crate) enum Item {
    Row(Row),
    Broken {
        number: u64,
        fault: FieldFault,
    },
    /// A row with the key and first day of one before it.
    Twice(Row),
}

/// Some rows of a file.
#[derive(Default)]
pub(crate) struct Piece {
    /// They, each with its place in the file, from 1.
    pub items: Vec<(u64, Item)>,
    /// Whether the file has ended.
    pub ended: bool,
    /// Why nothing behind it can be read.
    pub broken: Option<Fault>,
    /// How many bytes were read so far.
    pub bytes: u64,
    /// What stands between the cells of CSV.
    pub delimiter: u8,
}

/// How rows are told apart: the key and the first day of each. Rows without one are all different.
pub(crate) trait Keyed {
    /// What a row is known by.
    fn key(&self, cells: &[Cell]) -> Option<Vec<String>>;
    /// Its first day.
    fn from(&self, cells: &[Cell]) -> String;
}

/// A file that is being read.
pub(crate) struct Source {
    rows: Rows,
    furthest: Arc<AtomicU64>,
    /// Hashes of the keys and first days that were met.
    met: HashSet<u64>,
    /// A row that was read and belongs to the next piece.
    held: Option<Row>,
}

impl Source {
    /// Opens a file from its beginning.
    pub(crate) fn open(file: File, format: Format, sheet: &str) -> Result<Self, Fault> {
        let furthest = Arc::new(AtomicU64::new(0));
        let counted = Counted {
            inner: file,
            at: 0,
            furthest: furthest.clone(),
        };
        let rows = match (format, sheet) {
            (Format::Xlsx, sheet) if !sheet.is_empty() => tabular::read_sheet(counted, sheet, &limits()),
            _ => tabular::read(counted, format, &limits()),
        }
        .map_err(Fault::from)?;
        Ok(Self {
            rows,
            furthest,
            met: HashSet::new(),
            held: None,
        })
    }

    /// The headings.
    pub(crate) fn headings(&self) -> &[String] {
        self.rows.headings()
    }

    /// The sheets of a workbook.
    pub(crate) fn sheets(&self) -> &[String] {
        self.rows.sheets()
    }

    /// How many rows were handed out.
    pub(crate) fn position(&self) -> u64 {
        self.rows.position() - u64::from(self.held.is_some())
    }

    /// Goes on to a place, knowing what lies before it; whether the file reaches so far.
    pub(crate) fn go_to(&mut self, place: u64, keyed: &impl Keyed) -> bool {
        while self.position() < place {
            match self.next() {
                Some(Ok(row)) => {
                    let hash = hash(keyed, &row.cells).map(|(_, hash)| hash);
                    self.met.extend(hash);
                }
                Some(Err(_)) => {}
                None => return false,
            }
        }
        self.position() == place
    }

    fn next(&mut self) -> Option<Result<Row, Broken>> {
        match self.held.take() {
            Some(row) => Some(Ok(row)),
            None => self.rows.next(),
        }
    }

    /// The next rows: so many, or so many bytes of them. A record stands among them once: where the next row speaks of another time of one that is
    /// there, the piece ends before it.
    pub(crate) fn take(&mut self, most: usize, most_bytes: usize, keyed: &impl Keyed) -> Piece {
        let mut piece = Piece::default();
        let mut keys: HashSet<Vec<String>> = HashSet::new();
        let mut bytes = 0;
        while piece.items.len() < most && bytes < most_bytes {
            let Some(next) = self.next() else {
                piece.ended = true;
                break;
            };
            let place = self.rows.position();
            match next {
                Ok(row) => {
                    bytes += weight(&row.cells);
                    match hash(keyed, &row.cells) {
                        Some((_, hash)) if self.met.contains(&hash) => {
                            piece.items.push((place, Item::Twice(row)));
                            continue;
                        }
                        Some((key, _)) if keys.contains(&key) => {
                            self.held = Some(row);
                            break;
                        }
                        Some((key, hash)) => {
                            self.met.insert(hash);
                            keys.insert(key);
                        }
                        None => {}
                    }
                    piece.items.push((place, Item::Row(row)));
                }
                Err(Broken { number, fault, ends }) => {
                    let mut told = FieldFault::new("", fault.code);
                    told.params.clone_from(&fault.params);
                    piece.items.push((place, Item::Broken { number, fault: told }));
                    if ends {
                        piece.ended = true;
                        piece.broken = Some(fault);
                        break;
                    }
                }
            }
        }
        piece.bytes = self.furthest.load(Ordering::Relaxed);
        piece.delimiter = self.rows.delimiter();
        piece
    }
}

/// The key of a row, and what stands for it and the first day. Of a million rows two different ones have the same with a chance of one in many
/// millions.
fn hash(keyed: &impl Keyed, cells: &[Cell]) -> Option<(Vec<String>, u64)> {
    let key = keyed.key(cells)?;
    let mut hasher = DefaultHasher::new();
    (&key, keyed.from(cells)).hash(&mut hasher);
    Some((key, hasher.finish()))
}

/// How much memory cells take, roughly.
fn weight(cells: &[Cell]) -> usize {
    cells
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.len() + 32,
            Cell::Json(value) => value.to_string().len() * 4,
            _ => 32,
        })
        .sum()
}
