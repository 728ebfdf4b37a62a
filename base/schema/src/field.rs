//! Kinds of fields: what sort of value a field takes, how it is declared, read from what was typed, and protected. What asks for
//! fields (forms) and what keeps them (registers) say the same with the same words.

pub mod number;
mod pattern;
mod read;
mod text;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::feel::{Expression, Type};

pub use pattern::Pattern;
pub use read::read_kind;
pub use text::{Broken, RULES, is_email, is_name, read_choices, read_text, within};

/// Always, never, or where an expression is true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Always.
    Always,
    /// Never.
    Never,
    /// Where it is true; unknown counts as no.
    When(Expression),
}

/// Class of data (phân loại dữ liệu): drives masking, logs, exports and sharing. Personal and sensitive as in the Law on
/// Personal Data Protection (Luật Bảo vệ dữ liệu cá nhân 2025, Điều 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Dữ liệu mở.
    Public,
    /// Dữ liệu dùng trong cơ quan.
    Internal,
    /// Dữ liệu cá nhân cơ bản.
    Personal,
    /// Dữ liệu cá nhân nhạy cảm.
    Sensitive,
}

/// Where the choices come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Options {
    /// Listed in the declaration; words in the texts of the app.
    Own(Vec<String>),
    /// A catalogue of the province; words in the catalogue.
    Catalogue(String),
}

/// What sort of answer a field takes. Lengths are in characters after normalisation (NFC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the keys of the grammar")]
pub enum FieldKind {
    /// One line.
    Text {
        max_length: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pattern: Vec<Pattern>,
    },
    /// Several lines.
    LongText { max_length: u32 },
    /// A person's full name (họ, chữ đệm và tên) in one piece.
    Name { max_length: u32 },
    /// A day. `past`: today or before; `future`: today or later.
    Date {
        min: Option<NaiveDate>,
        max: Option<NaiveDate>,
        past: bool,
        future: bool,
    },
    /// A number with at most so many decimal places.
    Number {
        min: Option<Decimal>,
        max: Option<Decimal>,
        decimals: u32,
    },
    /// An amount in đồng.
    Money { min: i64, max: Option<i64> },
    /// A Vietnamese telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// Số định danh cá nhân.
    PersonalNumber,
    /// Mã số thuế.
    TaxNumber,
    /// One of several.
    Choice { options: Options },
    /// Any of several.
    Choices { options: Options },
    /// Yes or no.
    YesNo,
    /// A ward and what stands before it (số nhà, đường, ấp, khu vực); or, unless only wards of the province are taken, a place
    /// in another province in words.
    Address {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        within_province: bool,
    },
    /// A ward (xã, phường, thị trấn).
    Area,
}

impl FieldKind {
    /// The word of the grammar; a choice from a catalogue is `catalogue`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::LongText { .. } => "long_text",
            Self::Name { .. } => "name",
            Self::Date { .. } => "date",
            Self::Number { .. } => "number",
            Self::Money { .. } => "money",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::PersonalNumber => "personal_number",
            Self::TaxNumber => "tax_number",
            Self::Choice {
                options: Options::Catalogue(_),
            } => "catalogue",
            Self::Choice { .. } => "choice",
            Self::Choices { .. } => "choices",
            Self::YesNo => "yes_no",
            Self::Address { .. } => "address",
            Self::Area => "area",
        }
    }

    /// The choices listed in the declaration.
    pub fn own_options(&self) -> &[String] {
        match self {
            Self::Choice {
                options: Options::Own(own),
            }
            | Self::Choices {
                options: Options::Own(own),
            } => own,
            _ => &[],
        }
    }

    /// The catalogue of the choices.
    pub fn catalogue(&self) -> Option<&str> {
        match self {
            Self::Choice {
                options: Options::Catalogue(name),
            }
            | Self::Choices {
                options: Options::Catalogue(name),
            } => Some(name),
            _ => None,
        }
    }

    /// Whether an answer of that kind can stand in a field of this one.
    pub fn takes(&self, other: &Self) -> bool {
        self.word() == other.word()
            && self.own_options() == other.own_options()
            && self.catalogue() == other.catalogue()
            && (self.takes_elsewhere() || !other.takes_elsewhere())
    }

    /// Whether one chooses rather than types: "Hãy chọn" instead of "Hãy nhập".
    pub fn is_chosen(&self) -> bool {
        matches!(
            self,
            Self::Choice { .. } | Self::Choices { .. } | Self::YesNo | Self::Area
        )
    }

    /// Whether a place in another province may be named.
    pub fn takes_elsewhere(&self) -> bool {
        matches!(self, Self::Address { within_province: false })
    }

    /// The most characters of a text.
    pub fn max_length(&self) -> Option<u32> {
        match self {
            Self::Text { max_length, .. } | Self::LongText { max_length } | Self::Name { max_length } => {
                Some(*max_length)
            }
            _ => None,
        }
    }

    /// What FEEL sees.
    pub fn feel_type(&self) -> Type {
        let place = |keys: &[&str]| {
            Type::Context(
                keys.iter()
                    .map(|key| (key.to_string(), Type::Text))
                    .collect::<BTreeMap<_, _>>(),
            )
        };
        match self {
            Self::Date { .. } => Type::Date,
            Self::Number { .. } | Self::Money { .. } => Type::Number,
            Self::YesNo => Type::Boolean,
            Self::Choices { .. } => Type::list(Type::Text),
            Self::Address { within_province: true } => place(&["ward", "ward_name", "district", "detail"]),
            Self::Address { within_province: false } => place(&[
                "ward",
                "ward_name",
                "district",
                "province",
                "province_name",
                "place",
                "detail",
            ]),
            Self::Area => place(&["ward", "ward_name", "district"]),
            _ => Type::Text,
        }
    }

    /// The rules that an answer may break: ends of the codes of faults (in forms `forms.field.<rule>`) and of `error_<rule>`. Not every one
    /// is broken by [`read_text`]: an answer may be missing, a day incomplete.
    pub fn rules(&self) -> Vec<&'static str> {
        let mut rules = vec![if self.is_chosen() { "choose" } else { "required" }];
        match self {
            Self::Text { pattern, .. } => {
                rules.push("too_long");
                if !pattern.is_empty() {
                    rules.push("pattern");
                }
            }
            Self::LongText { .. } => rules.push("too_long"),
            Self::Name { .. } => rules.extend(["too_long", "name"]),
            Self::Date { min, max, past, future } => {
                rules.extend(["date", "date_incomplete"]);
                rules.extend(past.then_some("not_future"));
                rules.extend(future.then_some("not_past"));
                rules.extend(min.map(|_| "date_from"));
                rules.extend(max.map(|_| "date_to"));
            }
            Self::Number { min, max, decimals } => {
                rules.push("number");
                rules.push(if *decimals == 0 { "whole_number" } else { "decimals" });
                rules.extend(min.map(|_| "min"));
                rules.extend(max.map(|_| "max"));
            }
            Self::Money { max, .. } => {
                rules.extend(["money", "min"]);
                rules.extend(max.map(|_| "max"));
            }
            Self::Phone => rules.push("phone"),
            Self::Email => rules.push("email"),
            Self::PersonalNumber => rules.push("personal_number"),
            Self::TaxNumber => rules.extend(["tax_number", "tax_number_check"]),
            Self::Choice { .. } | Self::Choices { .. } => rules.push("option"),
            Self::YesNo => rules.push("yes_no"),
            Self::Address { within_province } => {
                rules.extend(["ward", "ward_missing", "detail_missing", "too_long"]);
                if !within_province {
                    rules.extend(["where", "province", "province_missing", "place_missing"]);
                }
            }
            Self::Area => rules.push("ward"),
        }
        rules
    }
}
