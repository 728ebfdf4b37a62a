//! One question: its type, its limits, its class.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use schema::feel::{Expression, Type};
use serde::{Deserialize, Serialize};

use super::Pattern;

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldDefinition {
    /// Its key: the name of the answer, also in FEEL.
    pub field: String,
    /// What sort of answer.
    pub kind: FieldKind,
    /// Whether it must be answered.
    pub required: Condition,
    /// How the answer must be protected.
    pub class: Class,
    /// What fills it before the person types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<Prefill>,
    /// The given fields whose answer fills it before the person types; the first that has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<String>,
}

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

/// What is known of the applicant and may stand in the field already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the fields of Applicant")]
pub enum Prefill {
    FullName,
    PersonalNumber,
    BirthDate,
    Sex,
    Phone,
    Email,
    Residence,
    Ethnicity,
    Nationality,
}

impl Prefill {
    /// The words of the grammar.
    pub const WORDS: [(&'static str, Prefill); 9] = [
        ("applicant.full_name", Prefill::FullName),
        ("applicant.personal_number", Prefill::PersonalNumber),
        ("applicant.birth_date", Prefill::BirthDate),
        ("applicant.sex", Prefill::Sex),
        ("applicant.phone", Prefill::Phone),
        ("applicant.email", Prefill::Email),
        ("applicant.residence", Prefill::Residence),
        ("applicant.ethnicity", Prefill::Ethnicity),
        ("applicant.nationality", Prefill::Nationality),
    ];

    /// Whether such a value fits such a field.
    pub fn fits(self, kind: &FieldKind) -> bool {
        use FieldKind as Kind;
        match self {
            Self::FullName => matches!(kind, Kind::Name { .. } | Kind::Text { .. }),
            Self::PersonalNumber => matches!(kind, Kind::PersonalNumber | Kind::Text { .. }),
            Self::BirthDate => matches!(kind, Kind::Date { .. }),
            Self::Sex => {
                kind.catalogue().is_some()
                    || ["male", "female"]
                        .iter()
                        .all(|sex| kind.own_options().iter().any(|own| own == sex))
            }
            Self::Phone => matches!(kind, Kind::Phone | Kind::Text { .. }),
            Self::Email => matches!(kind, Kind::Email | Kind::Text { .. }),
            Self::Residence => matches!(kind, Kind::Address { .. } | Kind::Area),
            Self::Ethnicity | Self::Nationality => matches!(kind, Kind::Text { .. }) || kind.catalogue().is_some(),
        }
    }
}

/// Where the choices come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Options {
    /// Listed in the form; words in the texts of the app.
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

    /// The choices listed in the form.
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

    /// The rules that an answer may break: ends of `forms.field.<rule>` and of `error_<rule>`.
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
