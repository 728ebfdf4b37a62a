//! What people apply for: a procedure with its forms, its process, its papers, its scenarios.

use std::collections::{BTreeMap, BTreeSet};

use dossiers::definition::ProcedureDefinition;
use forms::definition::FormDefinition;
use schema::{Document, Problems};
use workflow::Definition;

use super::{PROCEDURE, Reader};
use crate::apps::{App, words, words::Language};
use crate::scenarios::{Named, Scenario};

/// Actions that a process may call; each is a named function of the engine that owns the noun.
const ACTIONS: [&str; 1] = ["dossiers.issue_result"];

/// The form over whose answers this one is filled in, as far as that can be told before it is read.
fn names_base(text: &str) -> Option<String> {
    let root = Document::yaml("", text, &mut Problems::new())?.to_json();
    root.get("over")?.as_str().map(str::to_owned)
}

impl Reader<'_> {
    /// What people apply for: a procedure with its form, its process, its papers.
    pub(super) fn online(
        &mut self,
        app: &mut App,
        vietnamese: &Language,
        must_have: &dyn Fn(Vec<String>, &str, &mut Problems),
        problems: &mut Problems,
    ) {
        app.forms = self.forms(must_have, problems);
        app.processes = self.processes(must_have, problems);
        app.procedure = self.procedure(&app.forms, &app.processes, problems);
        if let Some(procedure) = &app.procedure {
            must_have(words::of_procedure(procedure), PROCEDURE, problems);
        }
        app.refusal_reasons = words::refusal_reasons(&vietnamese.texts);
        if app.refusal_reasons.is_empty() {
            problems.in_file(
                &vietnamese.label,
                "compose.no_refusal_reasons",
                "the table [refusal_reasons] needs at least one reason",
            );
        }
        app.documents = self.documents(app.procedure.as_ref(), &app.processes, problems);
        app.scenarios = self.scenarios(
            &app.forms,
            &app.processes,
            app.procedure.as_ref(),
            &app.refusal_reasons,
            problems,
        );
    }

    fn forms(
        &mut self,
        must_have: &dyn Fn(Vec<String>, &str, &mut Problems),
        problems: &mut Problems,
    ) -> BTreeMap<String, FormDefinition> {
        let mut forms = BTreeMap::new();
        let found = self.kind("forms/", ".form.yaml");
        let (over, alone): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, _, text)| names_base(text).is_some());
        // Those that an official fills in over another come after the others.
        for (name, file, text) in alone.into_iter().chain(over) {
            let label = self.label(&file);
            let form = match names_base(text) {
                None => FormDefinition::read(&label, text, problems),
                Some(base) => match forms.get(&base) {
                    Some(base) => FormDefinition::read_over(&label, text, base, problems),
                    None => {
                        let message = format!(
                            "\"over\" must name a form of this system; there is no sound forms/{base}.form.yaml"
                        );
                        problems.in_file(&label, "compose.not_declared", message);
                        None
                    }
                },
            };
            let Some(form) = form else { continue };
            self.same_name(&file, &name, &form.form, problems);
            must_have(words::of_form(&form), &file, problems);
            forms.insert(name, form);
        }
        forms
    }

    fn processes(
        &mut self,
        must_have: &dyn Fn(Vec<String>, &str, &mut Problems),
        problems: &mut Problems,
    ) -> BTreeMap<String, Definition> {
        let actions = ACTIONS.map(str::to_owned);
        let bindings = self.kind("workflow/", ".binding.yaml");
        let mut processes = BTreeMap::new();
        let drawn = self.kind("workflow/", ".bpmn");
        for (name, file, _) in &bindings {
            if !drawn.iter().any(|(own, _, _)| own == name) {
                problems.in_file(
                    &self.label(file),
                    "compose.no_process",
                    format!("workflow/{name}.bpmn is missing"),
                );
            }
        }
        for (name, file, xml) in drawn {
            let Some((_, bound, yaml)) = bindings.iter().find(|(own, _, _)| own == &name) else {
                problems.in_file(
                    &self.label(&file),
                    "compose.no_binding",
                    format!("workflow/{name}.binding.yaml is missing"),
                );
                continue;
            };
            let (label, binding) = (self.label(&file), self.label(bound));
            let Some(process) = Definition::read(&label, xml, &binding, yaml, &actions, problems) else {
                continue;
            };
            self.same_name(&file, &name, process.key(), problems);
            must_have(words::of_process(&process), &file, problems);
            processes.insert(name, process);
        }
        processes
    }

    /// The procedure is read against its form and process. If one of them is there with problems of its own, the procedure is
    /// read once those are gone.
    fn procedure(
        &mut self,
        forms: &BTreeMap<String, FormDefinition>,
        processes: &BTreeMap<String, Definition>,
        problems: &mut Problems,
    ) -> Option<ProcedureDefinition> {
        let label = self.label(PROCEDURE);
        let text = self.required(PROCEDURE, "compose.no_procedure", problems)?;
        let root = Document::yaml(&label, text, problems)?.to_json();
        let mut named = |key: &str, folder: &str, ending: &str| {
            let name = root.get(key).and_then(|name| name.as_str());
            let there = name.is_some_and(|name| self.files.contains_key(format!("{folder}/{name}{ending}").as_str()));
            if !there {
                let file = format!("{folder}/{}{ending}", name.unwrap_or("…"));
                problems.in_file(
                    &label,
                    "compose.not_declared",
                    format!("\"{key}\" must name a file {file} of this system"),
                );
            }
            name.map(str::to_owned)
        };
        let form = named("form", "forms", ".form.yaml");
        let process = named("process", "workflow", ".bpmn");
        let steps: BTreeMap<String, FormDefinition> = forms
            .iter()
            .filter(|(_, form)| !form.given.is_empty())
            .map(|(name, form)| (name.clone(), form.clone()))
            .collect();
        let read = ProcedureDefinition::read(
            &label,
            text,
            forms.get(&form?)?,
            &steps,
            processes.get(&process?)?,
            problems,
        )?;
        for name in steps
            .keys()
            .filter(|name| !read.facts.iter().any(|rule| rule.form.form == **name))
        {
            let message = "no entry of \"facts\" in the procedure names this form of a step";
            problems.in_file(
                &self.label(&format!("forms/{name}.form.yaml")),
                "compose.unused_form",
                message,
            );
        }
        Some(read)
    }

    fn documents(
        &mut self,
        procedure: Option<&ProcedureDefinition>,
        processes: &BTreeMap<String, Definition>,
        problems: &mut Problems,
    ) -> BTreeMap<String, String> {
        let mut named: BTreeSet<String> = procedure
            .map(|procedure| procedure.result.document.clone())
            .into_iter()
            .collect();
        for service in processes
            .values()
            .flat_map(|process| process.binding().services.values())
        {
            named.extend(
                service
                    .with
                    .get("document")
                    .and_then(|name| name.as_str())
                    .map(str::to_owned),
            );
        }
        let mut documents = BTreeMap::new();
        for (name, file, source) in self.kind("documents/", ".typ") {
            if source.trim().is_empty() {
                problems.in_file(&self.label(&file), "compose.empty_document", "the document is empty");
            }
            if procedure.is_some() && !named.contains(&name) {
                let message = "neither the procedure nor a service of the process names this document";
                problems.in_file(&self.label(&file), "compose.unused_document", message);
            }
            documents.insert(name, source.to_owned());
        }
        for name in named.iter().filter(|name| !documents.contains_key(*name)) {
            let file = format!("documents/{name}.typ");
            problems.in_file(
                &self.label(&file),
                "compose.no_document",
                format!("{file} is named but missing"),
            );
        }
        documents
    }

    fn scenarios(
        &mut self,
        forms: &BTreeMap<String, FormDefinition>,
        processes: &BTreeMap<String, Definition>,
        procedure: Option<&ProcedureDefinition>,
        refusal_reasons: &BTreeSet<String>,
        problems: &mut Problems,
    ) -> Vec<Scenario> {
        let found = self.kind("scenarios/", ".yaml");
        let Some(procedure) = procedure else { return Vec::new() };
        let (Some(form), Some(process)) = (forms.get(&procedure.form), processes.get(&procedure.process)) else {
            return Vec::new();
        };
        let named = Named {
            form,
            process,
            procedure,
            refusal_reasons,
        };
        found
            .into_iter()
            .filter_map(|(name, file, text)| Scenario::read(&name, &self.label(&file), text, &named, problems))
            .collect()
    }
}
