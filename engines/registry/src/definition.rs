//! What a system may declare here: a register, its fields, who answers for it and who reads it.

mod check;
mod draw;
mod field;
mod read;
mod schema_export;
mod write;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schema::feel::Expression;
use schema::field::Class;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use draw::{Drawn, DrawnProblem, blank, suggested_key};
pub use field::{Column, FieldDefinition, Gives, Kind, LinkTarget, OptionWords, Shape};
pub use schema_export::json_schema;
pub use write::Written;

/// The newest grammar that is read.
pub const FORMAT: u32 = 1;
/// The longest key of a register or field: with what is added to it, it stays an identifier of PostgreSQL (63 bytes).
pub const LONGEST_KEY: usize = 40;
/// The most fields of a register.
pub const MOST_FIELDS: usize = 120;
/// The most columns of its list.
pub const MOST_LISTED: usize = 8;
/// Names of columns that every table has: of a register, or of the database itself.
pub const RESERVED: [&str; 17] = [
    "id",
    "valid_from",
    "valid_to",
    "recorded_at",
    "recorded_by",
    "version",
    "words",
    "sealed",
    "replaced_at",
    "replaced_by",
    "replaced_why",
    "ctid",
    "tableoid",
    "xmin",
    "cmin",
    "xmax",
    "cmax",
];

/// Whether a register called so would take the name of an index: those of one schema share their names with its tables.
pub(crate) fn is_name_of_index(key: &str) -> bool {
    let digest = key.strip_prefix("i_").unwrap_or_default();
    key.ends_with("_pkey") || (digest.len() == 24 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Words for people in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Vietnamese.
    pub vi: String,
    /// English.
    pub en: String,
}

impl Words {
    /// In one language.
    pub fn in_language(&self, language: &str) -> &str {
        if language == "en" { &self.en } else { &self.vi }
    }
}

/// A register (cơ sở dữ liệu, danh mục).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordDefinition {
    /// The grammar for which it was written.
    pub format: u32,
    /// Its key, unique in the province.
    pub record: String,
    /// What people call it.
    #[serde(flatten)]
    pub words: Words,
    /// What it is for.
    pub about: Words,
    /// Rows of the document (R246, R256).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Code of the one agency that answers for it (R254).
    pub owner: String,
    /// Levels whose agencies enter; empty: the owner alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enters: Vec<Level>,
    /// The field of type area that bounds who enters what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Legal basis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<String>,
    /// Sharing forms (R247).
    pub sharing: Vec<Sharing>,
    /// How it is kept up to date.
    pub update: Update,
    /// The national database whose provincial part it is (R250).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// Who reads all of it.
    pub readers: Readers,
    /// Whether the owner approves what is entered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval: bool,
    /// How long an ended record is kept.
    pub retention: Retention,
    /// Whether it is a catalogue of choices.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub catalogue: bool,
    /// The field that names a record.
    pub title: String,
    /// What tells one record from another.
    pub key: Vec<String>,
    /// Columns of the list.
    pub list: Vec<String>,
    /// How a second record of the same thing is found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duplicates: Vec<Duplicate>,
    /// When a record counts as old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh: Option<Fresh>,
    /// The fields, in order.
    pub fields: Vec<FieldDefinition>,
    /// Rules across fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Who reads more than `readers` say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<Share>,
}

/// Level of an agency that enters records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the grammar")]
pub enum Level {
    Province,
    District,
    Commune,
}

/// Sharing form (hình thức chia sẻ dữ liệu, Nghị định 47/2020/NĐ-CP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Dữ liệu mở.
    Open,
    /// Chia sẻ dữ liệu mặc định.
    Default,
    /// Chia sẻ dữ liệu đặc thù.
    Specific,
}

/// How a register is kept up to date (cơ chế cập nhật).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    /// Officials enter it.
    Entry,
    /// It is imported from files.
    Import,
    /// It comes from a national database; until the exchange is there, from files.
    Exchange,
    /// It grows from another system of the platform.
    Operation,
}

/// Who reads all records with their plain fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// Whoever asks.
    Everybody,
    /// Every official.
    Officials,
    /// The owner and those who enter.
    Owner,
}

/// How long an ended record is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Retention {
    /// For so many years after it has ended.
    Years(u32),
    /// For ever.
    Forever,
}

/// One way in which a second record of the same thing shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Fields that are equal.
    pub same: Vec<String>,
    /// Fields that are nearly equal: folded, without tones, small slips allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alike: Vec<String>,
}

/// When a record counts as old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// After so many days.
    pub days: u32,
    /// The date field that counts; without one, when it was last recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Something that must not be false of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its key.
    pub rule: String,
    /// The condition.
    pub that: Expression,
    /// The field at which the fault is shown.
    pub field: String,
    /// Whether it only counts in the quality page.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warn: bool,
    /// What people are told.
    #[serde(flatten)]
    pub words: Words,
}

/// Some agencies read some fields for one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Codes of agencies.
    pub with: Vec<String>,
    /// Fields; empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What for.
    #[serde(flatten)]
    pub purpose: Words,
    /// On which legal basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

impl RecordDefinition {
    /// The version: SHA-256 of the content, as hex. Comments and layout of the file do not count.
    pub fn digest(&self) -> String {
        // Serialising our own structs of strings and numbers cannot fail; an empty body would only give another version.
        hex::encode(Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&FieldDefinition> {
        self.fields.iter().find(|field| field.field == key)
    }

    /// The fields that lie sealed in the row.
    pub fn sealed(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.fields.iter().filter(|field| field.is_sealed())
    }

    /// The fields that lie in columns of their own.
    pub fn plain(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.fields.iter().filter(|field| !field.is_sealed())
    }

    /// Whether anything in it is about people.
    pub fn is_personal(&self) -> bool {
        self.fields
            .iter()
            .any(|field| matches!(field.class, Class::Personal | Class::Sensitive))
    }

    /// The sealed fields of which a keyed hash is kept, so that they are found whole: those that are searched, unique, part of the key
    /// or of a way to find duplicates.
    pub fn tagged(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.sealed().filter(|field| {
            let person = matches!(field.kind, Kind::Person);
            let key = &field.field;
            person
                || field.search
                || field.unique
                || self.key.contains(key)
                || self.duplicates.iter().any(|one| one.same.contains(key))
        })
    }

    /// The codes of the agencies that it names: the owner, and those with whom it is shared.
    pub fn agencies(&self) -> BTreeSet<&str> {
        let shares = self.shared.iter().flat_map(|share| share.with.iter());
        shares.map(String::as_str).chain([self.owner.as_str()]).collect()
    }

    /// The choice of a field whose words hold on a day.
    pub fn options<'d>(&self, field: &'d FieldDefinition, day: NaiveDate) -> impl Iterator<Item = &'d OptionWords> {
        field.options.iter().filter(move |option| option.holds_on(day))
    }
}

#[cfg(test)]
pub(crate) mod tests;
