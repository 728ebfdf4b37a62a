//! Answers to all pages at once, as if every page that applies had been saved one after the other.

use super::draft::PageFault;
use super::{Answers, Ground, Raw, reading, unknown_controls, walk};
use crate::definition::FormDefinition;

/// The answers of the pages that apply, and what is wrong: page by page, then names that belong to no question. `given` are
/// answers of the form over which this one is filled in.
pub(crate) fn read_whole(
    form: &FormDefinition,
    given: &Answers,
    raw: &Raw,
    ground: &Ground,
) -> (Answers, Vec<PageFault>) {
    let mut answers = given.clone();
    let mut faults = Vec::new();
    for page in &form.pages {
        // Only earlier pages can open this one, and those have been read.
        let applies = page
            .when
            .as_ref()
            .is_none_or(|when| when.is_true(&walk::scope(form, &answers, ground.now)));
        if !applies {
            continue;
        }
        let read = reading::read_fields(form, page.fields(), &page.checks, raw, &answers, ground);
        answers.extend(
            read.answers
                .into_iter()
                .filter_map(|(field, value)| Some((field, value?))),
        );
        faults.extend(read.faults.into_iter().map(|fault| PageFault {
            page: page.page.clone(),
            field: fault.field,
            code: fault.code,
            params: fault.params,
        }));
    }
    faults.extend(unknown_controls(form.fields(), raw).into_iter().map(|name| PageFault {
        page: String::new(),
        field: name.chars().take(60).collect(),
        code: "forms.field.unknown".to_owned(),
        params: Default::default(),
    }));
    answers.retain(|field, _| form.field(field).is_some());
    (answers, faults)
}
