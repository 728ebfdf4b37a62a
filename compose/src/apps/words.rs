//! Whether a system has all its words, in both languages.

use std::collections::BTreeSet;

use dossiers::definition::ProcedureDefinition;
use forms::definition::FormDefinition;
use schema::{Problems, Texts};
use workflow::Definition;

/// What the start page of every procedure says.
const START: [&str; 6] = ["who", "need", "time", "fee", "result", "place"];

/// The words of one language.
pub(super) struct Language {
    /// The label of its file.
    pub(super) label: String,
    /// What was read.
    pub(super) texts: Texts,
}

impl Language {
    /// Reports every key that is missing; `needed_by` is the file that needs it.
    pub(super) fn must_have<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k String>,
        needed_by: &str,
        problems: &mut Problems,
    ) {
        for key in keys.into_iter().filter(|key| self.texts.get(key).is_none()) {
            problems.in_file(
                &self.label,
                "compose.no_words",
                format!("the text {key} of {needed_by} is missing"),
            );
        }
    }
}

pub(super) fn of_form(form: &FormDefinition) -> Vec<String> {
    form.text_keys()
}

/// Systems name steps without the process: `steps.<task>` and `outcomes.<task>.<outcome>`.
pub(super) fn of_process(process: &Definition) -> Vec<String> {
    let prefix = format!("workflow.{}.", process.key());
    process
        .text_keys()
        .iter()
        .filter_map(|key| key.strip_prefix(&prefix))
        .filter_map(|rest| match rest.split_once('.')? {
            (node, "name") => Some(format!("steps.{node}")),
            (node, outcome) => Some(format!("outcomes.{node}.{}", outcome.strip_prefix("outcomes.")?)),
        })
        .collect()
}

pub(super) fn of_procedure(procedure: &ProcedureDefinition) -> Vec<String> {
    let start = START.map(|part| format!("start.{part}"));
    procedure.text_keys().into_iter().chain(start).collect()
}

/// The reasons for a refusal are a list in the texts: the keys of `[refusal_reasons]`.
pub(super) fn refusal_reasons(texts: &Texts) -> BTreeSet<String> {
    texts
        .keys()
        .filter_map(|key| key.strip_prefix("refusal_reasons."))
        .map(str::to_owned)
        .collect()
}
