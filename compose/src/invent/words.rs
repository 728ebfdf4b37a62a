//! `invented.yaml`: what invented records are made of.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Result;
use serde::Deserialize;

use crate::province::tables::{self, NamesFile};

const FILE: &str = "hau-giang/invented.yaml";

/// The file, and the parts of names of people.
pub(super) struct Words {
    pub(super) file: InventedFile,
    pub(super) names: NamesFile,
}

impl Words {
    pub(super) fn read() -> Result<Self> {
        Ok(Self {
            file: tables::yaml(FILE)?,
            names: tables::yaml("hau-giang/names.yaml")?,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct InventedFile {
    pub(super) tax_prefix: String,
    pub(super) phone_prefix: String,
    pub(super) nationality: String,
    /// West, south, east, north.
    #[cfg(test)]
    #[serde(rename = "box")]
    pub(super) bounds: [f64; 4],
    pub(super) districts: BTreeMap<String, [f64; 4]>,
    pub(super) places: Vec<String>,
    pub(super) brands: Brands,
    pub(super) foreign_names: Vec<String>,
    pub(super) attributes: Vec<AttributeWords>,
    pub(super) relations: BTreeMap<String, Relation>,
    pub(super) ages: Ages,
    pub(super) foreigners: BTreeSet<String>,
    pub(super) marital: Marital,
    pub(super) usual_codes: BTreeMap<String, UsualCode>,
    pub(super) units: Vec<String>,
    pub(super) person_from: BTreeMap<String, String>,
    pub(super) staff: BTreeSet<String>,
    pub(super) agencies: Vec<AgencyWords>,
    pub(super) choices: ChoiceWords,
    pub(super) dates: DateWords,
    pub(super) numbers: Vec<Span>,
    pub(super) money: Vec<Span>,
    pub(super) years: Vec<Back>,
    pub(super) shapes: BTreeMap<String, String>,
    pub(super) numbered: Vec<String>,
    pub(super) texts: Vec<TextWords>,
    pub(super) lists: Vec<ListWords>,
    pub(super) rows: RowWords,
    pub(super) sizes: Sizes,
    pub(super) everybody: BTreeSet<String>,
    pub(super) households: BTreeSet<String>,
}

#[derive(Deserialize)]
pub(super) struct Brands {
    pub(super) heads: Vec<String>,
    pub(super) first: Vec<String>,
    pub(super) second: Vec<String>,
}

/// What a field holds of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Attribute {
    Number,
    Name,
    BirthDate,
    BirthYear,
    Sex,
    Phone,
    Email,
    Ward,
    Address,
    Hamlet,
    Home,
    Ethnicity,
    Nationality,
    Marital,
    Kinship,
    Members,
}

/// What options call the state of a marriage.
#[derive(Deserialize)]
pub(super) struct Marital {
    pub(super) single: Vec<String>,
    pub(super) married: Vec<String>,
}

/// The code of a catalogue that is usual.
#[derive(Deserialize)]
pub(super) struct UsualCode {
    pub(super) code: String,
    pub(super) percent: u32,
}

#[derive(Deserialize)]
pub(super) struct AttributeWords {
    pub(super) has: Attribute,
    #[serde(flatten)]
    pub(super) label: Label,
}

/// How somebody stands to another person of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kinship {
    Father,
    Mother,
    Spouse,
    Child,
    /// A grown-up of the same household.
    Kin,
    /// Somebody of another household.
    Other,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Relation {
    /// The name of the other's field; the one whom the record is about where nothing is said.
    pub(super) of: Option<String>,
    #[serde(rename = "as")]
    pub(super) kinship: Kinship,
    pub(super) ages: Option<[u32; 2]>,
}

#[derive(Deserialize)]
pub(super) struct Ages {
    pub(super) usual: [u32; 2],
    pub(super) of: BTreeMap<String, [u32; 2]>,
}

/// To whom a link to an agency leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Commune,
    District,
    Province,
    Any,
}

#[derive(Deserialize)]
pub(super) struct AgencyWords {
    pub(super) to: Level,
    #[serde(default)]
    pub(super) registers: BTreeSet<String>,
    #[serde(flatten)]
    pub(super) label: Label,
}

#[derive(Deserialize)]
pub(super) struct ChoiceWords {
    pub(super) first: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct DateWords {
    pub(super) until: Vec<String>,
    pub(super) rare: Vec<String>,
    pub(super) recent: Vec<String>,
    pub(super) deadlines: Vec<String>,
    pub(super) old: Vec<String>,
}

/// Labels that fit: by a part or by their beginning. Without words every label does.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Label {
    #[serde(default)]
    pub(super) words: Vec<String>,
    #[serde(default)]
    pub(super) starts: Vec<String>,
}

impl Label {
    /// Whether a label in small letters fits.
    pub(super) fn fits(&self, label: &str) -> bool {
        contains(&self.words, label) || begins(&self.starts, label)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.starts.is_empty()
    }
}

/// Whether a label in small letters has one of these words.
pub(super) fn contains(words: &[String], label: &str) -> bool {
    words.iter().any(|word| label.contains(word.as_str()))
}

/// Whether a label in small letters begins with one of these words.
pub(super) fn begins(words: &[String], label: &str) -> bool {
    words.iter().any(|word| label.starts_with(word.as_str()))
}

/// The smallest and the largest usual value.
#[derive(Deserialize)]
pub(super) struct Span {
    #[serde(default)]
    units: BTreeSet<String>,
    #[serde(flatten)]
    label: Label,
    from: f64,
    to: f64,
}

/// The usual span of a figure, by its unit and label; and whether its label was meant.
pub(super) fn span(spans: &[Span], unit: &str, label: &str) -> Usual {
    let found = spans.iter().find(|span| {
        let unit = span.units.is_empty() || span.units.contains(unit);
        unit && (span.label.is_empty() || span.label.fits(label))
    });
    found.map_or(Usual::default(), |span| Usual {
        from: span.from,
        to: span.to,
        is_meant: !span.label.is_empty(),
    })
}

/// The usual span of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    pub(super) from: f64,
    pub(super) to: f64,
    /// Whether it is that of this very label.
    pub(super) is_meant: bool,
}

impl Default for Usual {
    fn default() -> Self {
        Self {
            from: 1.0,
            to: 100.0,
            is_meant: false,
        }
    }
}

/// How many years back a year reaches.
#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    pub(super) words: Vec<String>,
    pub(super) back: i64,
}

/// How a text is composed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Make {
    Home,
    Hamlet,
    Address,
    Name,
}

#[derive(Deserialize)]
pub(super) struct TextWords {
    pub(super) make: Make,
    #[serde(flatten)]
    pub(super) label: Label,
}

#[derive(Deserialize)]
pub(super) struct ListWords {
    pub(super) words: Vec<String>,
    pub(super) of: Vec<String>,
}

/// Columns that speak of people in words.
#[derive(Deserialize)]
pub(super) struct RowWords {
    pub(super) names: Vec<String>,
    /// Whole labels.
    pub(super) exact: BTreeSet<String>,
    pub(super) numbers: Vec<String>,
    pub(super) kinship: Vec<String>,
    pub(super) kin: BTreeMap<String, String>,
}

#[derive(Deserialize)]
pub(super) struct Sizes {
    pub(super) people: usize,
    pub(super) part: usize,
    pub(super) operation: usize,
    pub(super) usual: usize,
    of: Vec<SizeOf>,
}

#[derive(Deserialize)]
struct SizeOf {
    count: usize,
    registers: BTreeSet<String>,
}

impl Sizes {
    /// How many records a register has that is named.
    pub(super) fn named(&self, register: &str) -> Option<usize> {
        let found = self.of.iter().find(|size| size.registers.contains(register));
        found.map(|size| size.count)
    }
}
