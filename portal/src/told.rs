//! Faults that are told on the page they came from.

use kernel::{Fault, FaultKind};
use serde_json::{Value, json};
use web::StatusCode;

use crate::words::Words;

/// Whether a fault is told on the page it came from, with all that was typed, instead of on a page of its own.
pub(crate) fn is_told_in_place(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Invalid | FaultKind::Conflict | FaultKind::Forbidden
    )
}

pub(crate) fn status_of(fault: &Fault) -> StatusCode {
    StatusCode::from_u16(fault.kind.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY)
}

/// The lines of the error summary: one a field, or the fault itself. `control` gives the control of a field to which the line
/// leads; a field without one gives nothing.
pub(crate) fn errors_of(words: &Words, fault: &Fault, control: impl Fn(&str) -> Option<String>) -> Vec<Value> {
    if fault.fields.is_empty() {
        return vec![json!({ "field": "", "text": words.fault(fault) })];
    }
    // A page may ask why in one of several forms: the summary says what for.
    let asks_why = matches!(
        fault.code,
        "registry.note_needed" | "registry.reason_needed" | "registry.purpose_needed"
    );
    fault
        .fields
        .iter()
        .map(|field| {
            let text = match asks_why {
                true => words.fault(fault),
                false => words.code(&field.code, &field.params),
            };
            json!({ "field": control(&field.field).unwrap_or_default(), "text": text })
        })
        .collect()
}

/// Lines that say no more than that something is to be filled in say what: several of them stand together in the summary.
pub(crate) fn labelled(words: &Words, mut errors: Vec<Value>, labels: &[(&str, &str)]) -> Vec<Value> {
    let bare = words.code("identity.required", &render::Params::new());
    for error in errors.iter_mut().filter(|error| error["text"] == bare.as_str()) {
        if let Some((_, label)) = labels.iter().find(|(field, _)| error["field"] == *field) {
            error["text"] = json!(format!("{}: {bare}", words.say(label, [])));
        }
    }
    errors
}

/// For pages whose controls are called as the fields: these of them.
pub(crate) fn called<const N: usize>(names: [&'static str; N]) -> impl Fn(&str) -> Option<String> {
    move |field| names.contains(&field).then(|| field.to_owned())
}

/// The faults by their fields, for the questions themselves.
pub(crate) fn faults_of(words: &Words, fault: &Fault) -> Value {
    let by_field = fault.fields.iter().map(|field| {
        let text = words.code(&field.code, &field.params);
        (field.field.clone(), Value::String(text))
    });
    Value::Object(by_field.collect())
}
