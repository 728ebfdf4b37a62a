//! What an official enters at a step for the result (số liệu ghi vào kết quả): read by the form that the procedure declares for
//! the step, over the answers of the case.

use forms::{PageFault, SummaryPage};
use kernel::{Fault, FieldFault, Result};
use op::Op;
use serde_json::{Map, Value};

use crate::model::Act;
use crate::store::dossier::DossierRow;
use crate::views::DeskFacts;
use crate::{Dossiers, OnlineProcedure};

impl Dossiers {
    /// All that is known for the result after the act; `None` where the step enters nothing. With an outcome that needs it whole,
    /// everything must be there and right; with another, what is right is kept for later.
    ///
    /// Fails with `dossiers.facts_incomplete` (one field fault each, the field is `facts.<field>`) and `dossiers.facts_not_asked`.
    pub(crate) async fn entered(
        &self,
        op: &mut Op,
        row: &DossierRow,
        online: &OnlineProcedure,
        task: &str,
        act: &Act,
    ) -> Result<Option<Value>> {
        let Some(rule) = online.procedure.facts_at(task) else {
            return match act.facts.is_empty() {
                true => Ok(None),
                false => Err(Fault::invalid("dossiers.facts_not_asked")),
            };
        };
        if act.facts.is_empty() && !rule.outcomes.contains(&act.outcome) {
            return Ok(None);
        }
        let raw = forms::raw_of_json(&act.facts);
        let (entered, faults) = self.parts.forms.read_over(op, &rule.form, &row.answers, &raw).await?;
        if rule.outcomes.contains(&act.outcome) && !faults.is_empty() {
            let fault = Fault::invalid("dossiers.facts_incomplete");
            return Err(faults.iter().map(of_field).fold(fault, Fault::field_fault));
        }
        let mut known = object(&row.result_data);
        known.retain(|field, _| rule.form.field(field).is_none());
        known.extend(object(&entered));
        Ok(Some(Value::Object(known)))
    }

    /// What was entered, read once more over the answers as they are now: a supplement may have changed what is to be entered since.
    ///
    /// Fails with `dossiers.facts_outdated`.
    pub(crate) async fn still_entered(&self, op: &mut Op, row: &DossierRow, online: &OnlineProcedure) -> Result<Value> {
        let mut known = object(&row.result_data);
        for rule in &online.procedure.facts {
            let own = known.iter().filter(|(field, _)| rule.form.field(field).is_some());
            let raw = forms::raw_of_json(&own.map(|(field, value)| (field.clone(), value.clone())).collect());
            let (entered, faults) = self.parts.forms.read_over(op, &rule.form, &row.answers, &raw).await?;
            if !faults.is_empty() {
                return Err(Fault::conflict("dossiers.facts_outdated"));
            }
            known.retain(|field, _| rule.form.field(field).is_none());
            known.extend(object(&entered));
        }
        Ok(Value::Object(known))
    }

    /// The questions of a step, with what was entered before.
    pub(crate) async fn to_enter(
        &self,
        op: &mut Op,
        row: &DossierRow,
        online: &OnlineProcedure,
        task: &str,
    ) -> Result<Option<DeskFacts>> {
        let Some(rule) = online.procedure.facts_at(task) else {
            return Ok(None);
        };
        let mut known = object(&row.answers);
        known.extend(object(&row.result_data));
        Ok(Some(DeskFacts {
            pages: self
                .parts
                .forms
                .pages_over(op, &rule.form, &Value::Object(known))
                .await?,
            outcomes: rule.outcomes.clone(),
        }))
    }
}

/// What was entered, as people read it, in the order of the declaration.
pub(crate) fn entered_summary(online: &OnlineProcedure, result_data: &Value) -> Vec<SummaryPage> {
    let rules = online.procedure.facts.iter();
    rules.flat_map(|rule| forms::summary(&rule.form, result_data)).collect()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn of_field(fault: &PageFault) -> FieldFault {
    FieldFault {
        field: format!("facts.{}", fault.field),
        code: fault.code.clone(),
        params: fault.params.clone(),
    }
}
