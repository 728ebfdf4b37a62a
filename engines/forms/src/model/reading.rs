//! From what people type to typed answers, or to a fault that says what to do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::FieldFault;
use schema::feel::{Scope, Value as Feel};
use schema::field::{Broken, Condition};
use serde_json::Value;

use super::kind::read_field;
use super::{Answers, Ground, Raw, walk};
use crate::definition::{CheckDefinition, FieldDefinition, FormDefinition};

/// What reading fields gave.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Answers that were understood; `None` where a question was left open. What was not understood is not in here.
    pub answers: BTreeMap<String, Option<Value>>,
    /// In the order of the fields, then of the checks.
    pub faults: Vec<FieldFault>,
}

/// Reads some fields of a form and looks at checks, against the answers that are there already.
pub(crate) fn read_fields<'f>(
    form: &'f FormDefinition,
    fields: impl IntoIterator<Item = &'f FieldDefinition> + Clone,
    checks: &[CheckDefinition],
    raw: &Raw,
    known: &Answers,
    ground: &Ground,
) -> Reading {
    let mut reading = Reading::default();
    let mut answers = known.clone();
    let mut broken = BTreeMap::new();
    for field in fields.clone() {
        answers.remove(&field.field);
        match read_field(field, raw, ground) {
            Ok(value) => {
                if let Some(value) = &value {
                    answers.insert(field.field.clone(), value.clone());
                }
                reading.answers.insert(field.field.clone(), value);
            }
            Err(why) => {
                broken.insert(field.field.clone(), why);
            }
        }
    }
    let scope = walk::scope(form, &answers, ground.now);
    for field in fields {
        let why = match broken.remove(&field.field) {
            Some(why) => Some(why),
            None if answers.contains_key(&field.field) || !is_required(field, &scope) => None,
            None => Some(Broken::new(if field.kind.is_chosen() { "choose" } else { "required" })),
        };
        reading.faults.extend(why.map(|why| fault(form, field, why)));
    }
    for check in checks {
        // Only what is surely false: an answer that is missing has its own fault.
        if check.that.evaluate(&scope) == Feel::Boolean(false) {
            let own = form.key(&format!("check.{}", check.code));
            reading.faults.push(
                FieldFault::new(&check.field, "forms.check_failed")
                    .with("own_key", own)
                    .with("label_key", form.key(&format!("{}.label", check.field))),
            );
        }
    }
    reading
}

/// Whether a field must be answered now; unknown counts as no.
pub(crate) fn is_required(field: &FieldDefinition, scope: &Scope) -> bool {
    match &field.required {
        Condition::Always => true,
        Condition::Never => false,
        Condition::When(expression) => expression.is_true(scope),
    }
}

/// The same for a page of a draft.
pub(crate) fn is_required_now(
    form: &FormDefinition,
    field: &FieldDefinition,
    answers: &Answers,
    now: DateTime<Utc>,
) -> bool {
    is_required(field, &walk::scope(form, answers, now))
}

pub(crate) fn fault(form: &FormDefinition, field: &FieldDefinition, Broken { rule, params }: Broken) -> FieldFault {
    let mut fault = FieldFault::new(&field.field, format!("forms.field.{rule}"))
        .with("own_key", form.key(&format!("{}.error_{rule}", field.field)))
        .with("label_key", form.key(&format!("{}.label", field.field)));
    fault
        .params
        .extend(params.into_iter().map(|(key, value)| (key.to_owned(), value)));
    fault
}
