//! One question: its type, its limits, its class.

use schema::field::{Class, Condition, FieldKind};
use serde::{Deserialize, Serialize};

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
