//! What was typed, before anybody has read it.

use std::collections::BTreeMap;

use kernel::text::nfc;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// More than any field allows; what is longer is cut, and the field says that it is too long.
const MOST_CHARACTERS: usize = 20_001;
const MOST_VALUES: usize = 500;

/// Name of an input to what was typed into it. Names are `field` or `field.part`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(BTreeMap<String, Vec<String>>);

impl Raw {
    /// Nothing typed.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the pairs of a form. NFC; control characters that no database keeps are dropped.
    pub fn from_pairs<N: Into<String>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut raw = Self::new();
        for (name, value) in pairs {
            raw.add(name.into(), value.as_ref());
        }
        raw
    }

    /// From a JSON object of answers: numbers, texts, booleans, lists of them, and objects for fields of several parts.
    pub fn from_json(answers: &serde_json::Map<String, Value>) -> Self {
        let mut raw = Self::new();
        for (name, value) in answers {
            raw.add_json(name, value);
        }
        raw
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name.to_owned(), value);
        self
    }

    /// The first value, without white space around it; empty if nothing was typed.
    pub fn first(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    /// All values that are not blank.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.0.get(name).into_iter().flatten().map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Names of the inputs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The inputs of these fields only.
    pub fn only<'k>(&self, fields: impl IntoIterator<Item = &'k str>) -> Self {
        let mut kept = Self::new();
        for field in fields {
            let own = |name: &str| name == field || name.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'));
            kept.0.extend(self.0.iter().filter(|(name, _)| own(name)).map(|(name, values)| (name.clone(), values.clone())));
        }
        kept
    }

    fn add(&mut self, name: String, value: &str) {
        let kept: String = value.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).take(MOST_CHARACTERS).collect();
        let values = self.0.entry(name).or_default();
        if values.len() < MOST_VALUES {
            values.push(nfc(&kept));
        }
    }

    fn add_json(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::String(text) => self.add(name.to_owned(), text),
            // A JSON number has a decimal point; what is read here is written as Vietnamese people do.
            Value::Number(number) => self.add(name.to_owned(), &number.to_string().replace('.', ",")),
            Value::Bool(yes) => self.add(name.to_owned(), if *yes { "yes" } else { "no" }),
            Value::Array(items) => items.iter().filter(|item| !item.is_array()).for_each(|item| self.add_json(name, item)),
            Value::Object(parts) if !name.contains('.') => {
                parts.iter().for_each(|(part, value)| self.add_json(&format!("{name}.{part}"), value));
            }
            Value::Object(_) => self.add(name.to_owned(), &value.to_string()),
        }
    }
}
