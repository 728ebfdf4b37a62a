//! What a system may declare here: pages, questions, checks, papers.

mod field;
mod read;

use std::collections::BTreeSet;

use schema::feel::Expression;
use schema::field::FieldKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use field::{FieldDefinition, Prefill};

/// The newest grammar that is read.
pub const FORMAT: u32 = 1;

/// A form: pages in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FormDefinition {
    /// The grammar for which it was written.
    pub format: u32,
    /// Its name inside the app.
    pub form: String,
    /// The fields of the form over whose answers this one is filled in: what an official enters at a step. None where a form stands
    /// alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<FieldDefinition>,
    /// The pages.
    pub pages: Vec<PageDefinition>,
}

/// One page, as a rule one question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageDefinition {
    /// Its key, part of the address.
    pub page: String,
    /// Asked only where this is true of the answers on earlier pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// Questions or papers.
    pub content: PageContent,
    /// Checks across fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckDefinition>,
}

/// What a page asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageContent {
    /// Answers.
    Fields(Vec<FieldDefinition>),
    /// Papers (thành phần hồ sơ), each asked on a page of its own.
    Papers(Vec<String>),
}

/// Something that must not be false of the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckDefinition {
    /// The condition.
    pub that: Expression,
    /// Key of its words: `forms.<form>.check.<code>`.
    pub code: String,
    /// The field of this page at which the fault is shown.
    pub field: String,
}

impl PageDefinition {
    /// The fields, none on a page of papers.
    pub fn fields(&self) -> &[FieldDefinition] {
        match &self.content {
            PageContent::Fields(fields) => fields,
            PageContent::Papers(_) => &[],
        }
    }

    /// The papers, none on a page of fields.
    pub fn papers(&self) -> &[String] {
        match &self.content {
            PageContent::Papers(papers) => papers,
            PageContent::Fields(_) => &[],
        }
    }
}

impl FormDefinition {
    /// The version: SHA-256 of the content, as hex. Comments and layout of the file do not count.
    pub fn version(&self) -> String {
        // Serialising our own structs of strings and numbers cannot fail; an empty body would only give another version.
        hex::encode(Sha256::digest(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// The page with this key.
    pub fn page(&self, key: &str) -> Option<&PageDefinition> {
        self.pages.iter().find(|page| page.page == key)
    }

    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = &FieldDefinition> {
        self.pages.iter().flat_map(PageDefinition::fields)
    }

    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&FieldDefinition> {
        self.fields().find(|field| field.field == key)
    }

    /// All papers in order; the procedure must declare them.
    pub fn papers(&self) -> impl Iterator<Item = &str> {
        self.pages
            .iter()
            .flat_map(|page| page.papers().iter().map(String::as_str))
    }

    /// The catalogues that are named; they must exist.
    pub fn catalogues(&self) -> BTreeSet<&str> {
        self.fields().filter_map(|field| field.kind.catalogue()).collect()
    }

    /// `forms.<form>.<rest>`, relative to the texts of the app.
    pub fn key(&self, rest: &str) -> String {
        format!("forms.{}.{rest}", self.form)
    }

    /// Every text key that the texts of the app must have, in both languages.
    pub fn text_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for page in &self.pages {
            keys.push(self.key(&format!("{}.title", page.page)));
            for field in page.fields() {
                keys.push(self.key(&format!("{}.label", field.field)));
                keys.extend(
                    field
                        .kind
                        .own_options()
                        .iter()
                        .map(|option| self.key(&format!("{}.{option}", field.field))),
                );
                if matches!(&field.kind, FieldKind::Text { pattern, .. } if !pattern.is_empty()) {
                    // Nobody can guess a pattern from a general sentence.
                    keys.push(self.key(&format!("{}.error_pattern", field.field)));
                }
            }
            keys.extend(
                page.checks
                    .iter()
                    .map(|check| self.key(&format!("check.{}", check.code))),
            );
        }
        keys
    }

    /// Text keys that are used if they are there: hints, and own words for single rules.
    pub fn optional_text_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for page in &self.pages {
            keys.push(self.key(&format!("{}.hint", page.page)));
            for field in page.fields() {
                keys.push(self.key(&format!("{}.hint", field.field)));
                keys.extend(
                    field
                        .kind
                        .rules()
                        .iter()
                        .map(|rule| self.key(&format!("{}.error_{rule}", field.field))),
                );
            }
        }
        let must: BTreeSet<String> = self.text_keys().into_iter().collect();
        keys.retain(|key| !must.contains(key));
        keys
    }
}

#[cfg(test)]
mod tests;
