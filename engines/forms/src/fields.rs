//! Single fields outside a draft: what is asked again of a dossier (bổ sung hồ sơ).

use kernel::{FieldFault, Result};
use op::Op;
use serde_json::Value;

use crate::definition::{FieldDefinition, FormDefinition};
use crate::model::{Shown, field_view, is_typed, keep_controls, place_codes, read_fields};
use crate::{Answers, FieldView, Forms, Raw};

impl Forms {
    /// Reads some fields of a form against answers that are there already. Returns all answers with these fields replaced,
    /// and what is wrong; where something is wrong with a field its answer stays as it was. Checks of the pages on which the
    /// fields stand are looked at too. Names that are no fields of the form are left out. Nothing is stored.
    pub async fn read_answers(
        &self,
        op: &mut Op,
        form: &FormDefinition,
        fields: &[String],
        raw: &Raw,
        answers: &Value,
    ) -> Result<(Value, Vec<FieldFault>)> {
        let asked = asked(form, fields);
        let mut known = answers.as_object().cloned().unwrap_or_default();
        let raw = keep_controls(asked.iter().copied(), raw);
        let codes = place_codes(asked.iter().copied(), &Answers::new(), &raw);
        let ground = self.ground(op, codes).await?;
        let checks: Vec<_> = form
            .pages
            .iter()
            .filter(|page| page.fields().iter().any(|field| fields.contains(&field.field)))
            .flat_map(|page| page.checks.iter().cloned())
            .collect();
        let reading = read_fields(form, asked.iter().copied(), &checks, &raw, &known, &ground);
        for (field, value) in reading.answers {
            match value {
                Some(value) => known.insert(field, value),
                None => known.remove(&field),
            };
        }
        Ok((Value::Object(known), reading.faults))
    }

    /// Some fields of a form with their answers, to be drawn, in the order of the form; `typed` is what was typed anew and kept by
    /// [`crate::keep_typed`].
    pub async fn field_views(
        &self,
        op: &mut Op,
        form: &FormDefinition,
        fields: &[String],
        answers: &Value,
        typed: &Raw,
    ) -> Result<Vec<FieldView>> {
        let asked = asked(form, fields);
        let answers = answers.as_object().cloned().unwrap_or_default();
        let codes = place_codes(asked.iter().copied(), &answers, typed);
        let ground = self.ground(op, codes).await?;
        let view = |field: &FieldDefinition| {
            let shown = Shown {
                answers: &answers,
                raw: Some(typed).filter(|typed| is_typed(field, typed)),
                applicant: None,
                faults: &[],
            };
            field_view(form, field, &shown, &ground)
        };
        Ok(asked.into_iter().map(view).collect())
    }
}

/// The controls of these fields out of all that was sent, cleaned, to be kept for later.
pub fn keep_typed(form: &FormDefinition, fields: &[String], raw: &Raw) -> Raw {
    keep_controls(asked(form, fields), raw)
}

fn asked<'f>(form: &'f FormDefinition, fields: &[String]) -> Vec<&'f FieldDefinition> {
    form.fields().filter(|field| fields.contains(&field.field)).collect()
}
