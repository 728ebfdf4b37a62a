//! The rows of the page on which a person checks the answers, and of the case that officials read.

use kernel::parse_date;
use schema::field::{Class, FieldKind, Options, number};
use serde::Serialize;
use serde_json::Value;

use crate::catalogue;
use crate::definition::{FieldDefinition, FormDefinition};

/// The answers on one page.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SummaryPage {
    /// Its key: where the answers can be changed.
    pub page: String,
    /// `forms.<form>.<page>.title`, relative to the texts of the app.
    pub title_key: String,
    /// The answered questions; at least one.
    pub rows: Vec<SummaryRow>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct SummaryRow {
    /// The field.
    pub field: String,
    /// `forms.<form>.<field>.label`, relative to the texts of the app.
    pub label_key: String,
    /// How it must be protected.
    pub class: Class,
    /// The answer.
    pub value: Display,
}

/// An answer as people read it. In JSON `{"kind": "…", "value": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Display {
    /// Text as it stands, perhaps of several lines; names of catalogues; places with their wards.
    Text(String),
    /// Key of words in the texts of the app: a choice.
    Key(String),
    /// Several of them.
    Keys(Vec<String>),
    /// A day, `2026-11-23`.
    Date(String),
    /// A number as Vietnamese people write it, `1234,5`; without group marks, since it may be a year.
    Number(String),
    /// Whole đồng.
    Money(i64),
    /// Yes or no.
    YesNo(bool),
}

/// The answered questions in the order of the form, page by page. `answers` are those of a [`super::Submission`] or of a
/// [`super::DraftView`]: of pages that apply only (see [`super::prune`]).
pub fn summary(form: &FormDefinition, answers: &Value) -> Vec<SummaryPage> {
    let page = |page: &crate::definition::PageDefinition| {
        let rows: Vec<SummaryRow> = page
            .fields()
            .iter()
            .filter_map(|field| {
                Some(SummaryRow {
                    field: field.field.clone(),
                    label_key: form.key(&format!("{}.label", field.field)),
                    class: field.class,
                    value: display(form, field, answers.get(&field.field)?)?,
                })
            })
            .collect();
        (!rows.is_empty()).then(|| SummaryPage {
            page: page.page.clone(),
            title_key: form.key(&format!("{}.title", page.page)),
            rows,
        })
    };
    form.pages.iter().filter_map(page).collect()
}

fn display(form: &FormDefinition, field: &FieldDefinition, value: &Value) -> Option<Display> {
    let key = |option: &str| form.key(&format!("{}.{option}", field.field));
    match &field.kind {
        FieldKind::Date { .. } => {
            let text = value.as_str()?;
            parse_date(text).ok().map(|date| Display::Date(date.to_string()))
        }
        FieldKind::Number { .. } => number::from_json(value).map(number::format).map(Display::Number),
        FieldKind::Money { .. } => value.as_i64().map(Display::Money),
        FieldKind::YesNo => value.as_bool().map(Display::YesNo),
        FieldKind::Choice { options } => {
            let code = value.as_str()?;
            match options {
                Options::Own(_) => Some(Display::Key(key(code))),
                Options::Catalogue(name) => {
                    Some(Display::Text(catalogue::label(name, code).unwrap_or(code).to_owned()))
                }
            }
        }
        FieldKind::Choices { options } => {
            let codes: Vec<&str> = value.as_array()?.iter().filter_map(Value::as_str).collect();
            match options {
                Options::Own(_) => Some(Display::Keys(codes.into_iter().map(key).collect())),
                Options::Catalogue(name) => {
                    let names: Vec<&str> = codes
                        .into_iter()
                        .map(|code| catalogue::label(name, code).unwrap_or(code))
                        .collect();
                    Some(Display::Text(names.join(", ")))
                }
            }
        }
        FieldKind::Address { .. } | FieldKind::Area => {
            let parts: Vec<&str> = ["detail", "ward_name", "district", "place", "province_name"]
                .iter()
                .filter_map(|part| value.get(*part)?.as_str())
                .filter(|part| !part.is_empty())
                .collect();
            Some(Display::Text(parts.join(", ")))
        }
        _ => value.as_str().map(|text| Display::Text(text.to_owned())),
    }
}
