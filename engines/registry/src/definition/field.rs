//! One field: its type, its class, its words.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schema::feel::{Expression, Type};
use schema::field::{Class, Condition, FieldKind};
use serde::{Deserialize, Serialize};

use super::Words;

/// One field of a register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDefinition {
    /// Its key: the name of its column, and in FEEL.
    pub field: String,
    /// What people call it.
    #[serde(flatten)]
    pub words: Words,
    /// What helps to fill it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<Words>,
    /// What sort of value.
    pub kind: Kind,
    /// Words of the choices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionWords>,
    /// Whether it must be there.
    pub required: Condition,
    /// Whether no other record of the day has the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Whether lists filter and sort by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub search: bool,
    /// How it must be protected.
    pub class: Class,
    /// Unit of measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Invented values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// One choice (mã và tên).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionWords {
    /// Its code.
    pub code: String,
    /// What people call it.
    #[serde(flatten)]
    pub words: Words,
    /// The first day on which it may be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// The last day on which it may be chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

impl OptionWords {
    /// Whether it may be chosen on a day.
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// What sort of value a field takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What a form may ask for too.
    Plain(FieldKind),
    /// A moment.
    Moment,
    /// From a day to a day, or on.
    Period,
    /// Another record, or an agency.
    Link(LinkTarget),
    /// A person by number (số định danh cá nhân).
    Person,
    /// Where it lies, in WGS 84.
    Geometry(Shape),
    /// A table within the record.
    Rows {
        /// Its columns.
        columns: Vec<Column>,
        /// The most rows.
        most: u32,
    },
    /// What follows from the other fields.
    Computed {
        /// How.
        value: Expression,
        /// What comes of it.
        gives: Gives,
    },
    /// Files.
    File {
        /// The most files.
        most: u32,
    },
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkTarget {
    /// An agency of the province, of `identity`.
    Agency,
    /// A record of the register with this key.
    Register(String),
}

/// The shape of a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the grammar")]
pub enum Shape {
    Point,
    Line,
    Polygon,
}

/// What a computed field gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the grammar")]
pub enum Gives {
    Text,
    Number,
    Date,
    YesNo,
}

impl Gives {
    /// What FEEL calls it.
    pub fn feel_type(self) -> Type {
        match self {
            Self::Text => Type::Text,
            Self::Number => Type::Number,
            Self::Date => Type::Date,
            Self::YesNo => Type::Boolean,
        }
    }
}

/// One column of a table within a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its key.
    pub column: String,
    /// What people call it.
    #[serde(flatten)]
    pub words: Words,
    /// What sort of value.
    pub kind: FieldKind,
    /// Words of the choices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionWords>,
    /// Whether it must be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

impl FieldDefinition {
    /// Whether it lies sealed in the row: of class personal or sensitive, but for names and wards of class personal, which lists need.
    pub fn is_sealed(&self) -> bool {
        match self.class {
            Class::Public | Class::Internal => false,
            Class::Sensitive => true,
            Class::Personal => !matches!(
                self.kind,
                Kind::Plain(FieldKind::Name { .. }) | Kind::Plain(FieldKind::Area)
            ),
        }
    }

    /// Whether it holds the number of a person (số định danh cá nhân): of one that is looked for, or only written down.
    pub fn is_personal_number(&self) -> bool {
        matches!(self.kind, Kind::Person | Kind::Plain(FieldKind::PersonalNumber))
    }

    /// Whether it is computed, not entered.
    pub fn is_computed(&self) -> bool {
        matches!(self.kind, Kind::Computed { .. })
    }

    /// The register to which it leads.
    pub fn links_to(&self) -> Option<&str> {
        match &self.kind {
            Kind::Link(LinkTarget::Register(register)) => Some(register),
            _ => None,
        }
    }

    /// The catalogue of its choices.
    pub fn catalogue(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(kind) => kind.catalogue(),
            _ => None,
        }
    }

    /// The word of the grammar.
    pub fn word(&self) -> &'static str {
        match &self.kind {
            Kind::Plain(kind) => kind.word(),
            Kind::Moment => "moment",
            Kind::Period => "period",
            Kind::Link(_) => "link",
            Kind::Person => "person",
            Kind::Geometry(Shape::Point) => "point",
            Kind::Geometry(Shape::Line) => "line",
            Kind::Geometry(Shape::Polygon) => "polygon",
            Kind::Rows { .. } => "rows",
            Kind::Computed { .. } => "computed",
            Kind::File { .. } => "file",
        }
    }

    /// Whether rows can be put in the order of it, and compared with it.
    pub fn is_ordered(&self) -> bool {
        match &self.kind {
            Kind::Plain(kind) => !matches!(kind, FieldKind::Choices { .. } | FieldKind::Address { .. }),
            Kind::Moment | Kind::Period | Kind::Computed { .. } => true,
            Kind::Link(_) | Kind::Person | Kind::Geometry(_) | Kind::Rows { .. } | Kind::File { .. } => false,
        }
    }

    /// Whether its words are found by full text.
    pub fn is_words(&self) -> bool {
        !self.is_sealed()
            && matches!(
                &self.kind,
                Kind::Plain(
                    FieldKind::Text { .. }
                        | FieldKind::LongText { .. }
                        | FieldKind::Name { .. }
                        | FieldKind::TaxNumber
                        | FieldKind::Phone
                        | FieldKind::Email
                )
            )
    }

    /// What FEEL sees.
    pub fn feel_type(&self) -> Type {
        match &self.kind {
            Kind::Plain(FieldKind::Area) => Type::Text,
            Kind::Plain(kind) => kind.feel_type(),
            Kind::Moment => Type::DateTime,
            Kind::Period => Type::context([("from", Type::Date), ("to", Type::Date)]),
            Kind::Link(_) | Kind::Person => Type::Text,
            Kind::Geometry(_) => Type::Any,
            Kind::Rows { columns, .. } => Type::list(Type::Context(
                columns
                    .iter()
                    .map(|column| (column.column.clone(), column.kind.feel_type()))
                    .collect::<BTreeMap<_, _>>(),
            )),
            Kind::Computed { gives, .. } => gives.feel_type(),
            Kind::File { .. } => Type::list(Type::Text),
        }
    }
}
