//! Answers that come all at once, from a program that draws its own pages.

use kernel::Result;
use op::Op;
use serde_json::Value;

use crate::definition::FormDefinition;
use crate::model::{keep_controls, read_whole, ward_codes};
use crate::{Answers, Forms, PageFault, Raw};

impl Forms {
    /// Reads the answers to all pages of a form as if each page that applies had been saved: the answers of those pages, and
    /// everything that is wrong. A name that belongs to no question is a fault without a page. Nothing is stored.
    pub async fn read_whole(&self, op: &mut Op, form: &FormDefinition, raw: &Raw) -> Result<(Value, Vec<PageFault>)> {
        let known = keep_controls(form.fields(), raw);
        let ground = self
            .ground(op, ward_codes(form.fields(), &Answers::new(), &known))
            .await?;
        let mut cleaned = raw.clone();
        cleaned.extend(known);
        let (answers, faults) = read_whole(form, &cleaned, &ground);
        Ok((Value::Object(answers), faults))
    }
}
