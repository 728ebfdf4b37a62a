//! What is wrong with a form, in words: each fault at its field, and all of them in the summary.

use kernel::{Fault, FieldFault};
use registry::definition::{Kind, RecordDefinition};
use serde_json::{Map, Value, json};

use crate::words::Words;

/// Controls of the form that are no fields of the register.
const OWN: [(&str, &str); 4] = [
    ("valid_from", "registers.form.from"),
    ("valid_to", "registers.form.to"),
    ("reason", "registers.form.reason"),
    ("last", "registers.form.last"),
];

/// The words of faults, by control and for the summary.
#[derive(Default)]
pub(super) struct Said {
    /// By the name of the control.
    pub by_control: Map<String, Value>,
    /// `{field, text}`, in the order of the form.
    pub errors: Vec<Value>,
}

impl Said {
    /// The words of a fault.
    pub fn of(words: &Words, definition: &RecordDefinition, fault: &Fault) -> Self {
        let mut said = Self::default();
        if fault.fields.is_empty() {
            said.errors.push(json!({ "field": "", "text": words.fault(fault) }));
            return said;
        }
        let place = |fault: &&FieldFault| definition.fields.iter().position(|own| own.field == fault.field);
        let mut fields: Vec<&FieldFault> = fault.fields.iter().collect();
        fields.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
        for fault in fields {
            said.add(words, definition, &fault.field, text(words, definition, fault));
        }
        said
    }

    /// One more.
    pub fn add(&mut self, words: &Words, definition: &RecordDefinition, field: &str, text: String) {
        let (control, label) = match definition.field(field) {
            Some(own) => (format!("v.{field}"), own.words.in_language(words.language()).to_owned()),
            None => {
                let own = OWN.iter().find(|(name, _)| *name == field);
                (
                    field.to_owned(),
                    own.map(|(_, key)| words.say(key, [])).unwrap_or_default(),
                )
            }
        };
        let line = if label.is_empty() {
            text.clone()
        } else {
            format!("{label}: {text}")
        };
        self.errors.push(json!({ "field": control, "text": line }));
        let before = self.by_control.get(&control).and_then(Value::as_str);
        let whole = before.map_or_else(|| text.clone(), |before| format!("{before} {text}"));
        self.by_control.insert(control, json!(whole));
    }

    /// Those of another look at the same form.
    pub fn join(&mut self, other: Self) {
        self.errors.extend(other.errors);
        self.by_control.extend(other.by_control);
    }

    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }
}

/// A cell of a table is named by the label of its column, with what is wrong with it.
fn text(words: &Words, definition: &RecordDefinition, fault: &FieldFault) -> String {
    let mut params = fault.params.clone();
    if let Some(Kind::Rows { columns, .. }) = definition.field(&fault.field).map(|field| &field.kind)
        && let Some(column) = params
            .get("column")
            .and_then(|name| columns.iter().find(|own| own.column == *name))
    {
        params.insert(
            "column".to_owned(),
            column.words.in_language(words.language()).to_owned(),
        );
    }
    words.code(&fault.code, &params)
}
