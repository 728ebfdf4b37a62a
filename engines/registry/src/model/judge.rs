//! What a record as it stands lacks and breaks, without reading it anew: for whoever makes records and mends them. Pure.

use chrono::{DateTime, Utc};

use super::Values;
use super::reading::{breaks, compute, is_required, scope};
use crate::definition::RecordDefinition;

/// What is to be said of the values of a record: places of fields and rules in the declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Fields that must be there and are not.
    pub missing: Vec<usize>,
    /// Rules that are surely broken.
    pub broken: Vec<usize>,
    /// Rules that are surely broken and only count in the quality page.
    pub doubtful: Vec<usize>,
}

impl Judgement {
    /// Whether the record may be kept.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.broken.is_empty()
    }
}

/// Judges values that are read already, each in the form in which it is kept; what is computed is computed anew.
pub fn judge(definition: &RecordDefinition, values: &Values, now: DateTime<Utc>) -> Judgement {
    let mut values = values.clone();
    let mut scope = scope(definition, &values, now);
    compute(definition, &mut values, &mut scope);
    let mut judgement = Judgement::default();
    for (place, field) in definition.fields.iter().enumerate() {
        if !field.is_computed() && !values.contains_key(&field.field) && is_required(&field.required, &scope) {
            judgement.missing.push(place);
        }
    }
    for (place, rule) in definition.rules.iter().enumerate() {
        if breaks(&rule.that, &scope) {
            let side = if rule.warn {
                &mut judgement.doubtful
            } else {
                &mut judgement.broken
            };
            side.push(place);
        }
    }
    judgement
}
