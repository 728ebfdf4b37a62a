//! Answers that come all at once, from a program that draws its own pages.

use kernel::Result;
use op::Op;
use serde_json::Value;

use crate::definition::FormDefinition;
use crate::model::{keep_controls, pages_over, place_codes, read_whole};
use crate::{Answers, Forms, PageFault, PageView, Raw};

impl Forms {
    /// Reads the answers to all pages of a form as if each page that applies had been saved: the answers of those pages, and
    /// everything that is wrong. A name that belongs to no question is a fault without a page. Nothing is stored.
    pub async fn read_whole(&self, op: &mut Op, form: &FormDefinition, raw: &Raw) -> Result<(Value, Vec<PageFault>)> {
        self.read_over(op, form, &Value::Null, raw).await
    }

    /// The same for a form that is filled in over the answers `given`: only its own answers come back.
    pub async fn read_over(
        &self,
        op: &mut Op,
        form: &FormDefinition,
        given: &Value,
        raw: &Raw,
    ) -> Result<(Value, Vec<PageFault>)> {
        let given = given.as_object().cloned().unwrap_or_default();
        let known = keep_controls(form.fields(), raw);
        let ground = self
            .ground(op, place_codes(form.fields(), &Answers::new(), &known))
            .await?;
        let mut cleaned = raw.clone();
        cleaned.extend(known);
        let (answers, faults) = read_whole(form, &given, &cleaned, &ground);
        Ok((Value::Object(answers), faults))
    }

    /// The pages of such a form, to be drawn all at once. `answers` are those given and those entered already.
    pub async fn pages_over(&self, op: &mut Op, form: &FormDefinition, answers: &Value) -> Result<Vec<PageView>> {
        let answers = answers.as_object().cloned().unwrap_or_default();
        let codes = place_codes(form.fields(), &answers, &Raw::new());
        let ground = self.ground(op, codes).await?;
        Ok(pages_over(form, &answers, &ground))
    }
}
