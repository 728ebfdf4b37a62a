//! Answers as expressions read them.

use chrono::{DateTime, NaiveDate, Utc};
use forms::definition::FormDefinition;
use schema::feel::{Scope, Value};
use schema::field::FieldKind;
use serde_json::Value as Json;

/// The scope of a form's answers at a moment: JSON object field → value. Every field is there; what was not answered, or is
/// no field of the form, is `null`. A date, in JSON a text, becomes a date.
pub fn scope(form: &FormDefinition, answers: &Json, now: DateTime<Utc>) -> Scope {
    let mut scope = Scope::new(now);
    for field in form.fields() {
        let value = match answers.get(&field.field) {
            None => Value::Null,
            Some(Json::String(text)) if matches!(field.kind, FieldKind::Date { .. }) => {
                text.parse::<NaiveDate>().ok().into()
            }
            Some(answer) => Value::from(answer),
        };
        scope.set(&field.field, value);
    }
    scope
}
