//! Reading systems: every problem at once, each with its file and, where there is one, its line.

use std::collections::{BTreeMap, BTreeSet};

use dossiers::definition::ProcedureDefinition;
use forms::definition::FormDefinition;
use schema::{Document, Problems, Texts};
use workflow::Definition;

use super::{App, Findings, Manifest, Sources, Words, words, words::Language};
use crate::scenarios::{Named, Scenario};

/// Actions that a process may call; each is a named function of the engine that owns the noun.
const ACTIONS: [&str; 1] = ["dossiers.issue_result"];

const MANIFEST: &str = "app.toml";
const PROCEDURE: &str = "dossiers/procedure.yaml";
const VIETNAMESE: &str = "texts/vi.toml";
const ENGLISH: &str = "texts/en.toml";

/// Reads all systems.
pub(super) fn all(sources: &Sources) -> Findings {
    let mut findings = Findings::default();
    for (name, files) in &sources.apps {
        findings.names.push(name.clone());
        findings.files += files.len();
        let mut problems = Problems::new();
        let app = one(name, files, &mut problems);
        if problems.is_empty() {
            findings.apps.extend(app);
        }
        findings.problems.append(problems);
    }
    findings
}

/// The parts of one system as they are found.
struct Reader<'a> {
    app: &'a str,
    /// Files that are text.
    files: BTreeMap<&'a str, &'a str>,
    /// Files that somebody has read.
    read: BTreeSet<String>,
}

/// The form over whose answers this one is filled in, as far as that can be told before it is read.
fn names_base(text: &str) -> Option<String> {
    let root = Document::yaml("", text, &mut Problems::new())?.to_json();
    root.get("over")?.as_str().map(str::to_owned)
}

/// Reads one system. It is whole only if no problem was reported.
pub(super) fn one(name: &str, files: &BTreeMap<String, Option<String>>, problems: &mut Problems) -> Option<App> {
    if !schema::is_key(name) {
        problems.in_file(
            name,
            "compose.app_key",
            "the folder's name is small letters, figures and hyphens",
        );
    }
    let mut reader = Reader {
        app: name,
        files: BTreeMap::new(),
        read: BTreeSet::new(),
    };
    for (file, content) in files {
        match content {
            Some(content) => drop(reader.files.insert(file, content)),
            None => {
                problems.in_file(&reader.label(file), "compose.not_text", "the file is not text in UTF-8");
            }
        }
    }
    reader.app(problems)
}

impl<'a> Reader<'a> {
    fn label(&self, file: &str) -> String {
        format!("{}/{file}", self.app)
    }

    /// The content of a file that must be there.
    fn required(&mut self, file: &str, code: &str, problems: &mut Problems) -> Option<&'a str> {
        let content = self.files.get(file).copied();
        match content {
            Some(_) => drop(self.read.insert(file.to_owned())),
            None => {
                problems.in_file(&self.label(file), code, format!("a system needs {file}"));
            }
        }
        content
    }

    /// Files `<folder>/<name><ending>`: name, path and content.
    fn kind(&mut self, folder: &str, ending: &str) -> Vec<(String, String, &'a str)> {
        let found: Vec<_> = self
            .files
            .iter()
            .filter_map(|(file, content)| {
                let name = file.strip_prefix(folder)?.strip_suffix(ending)?;
                let plain = !name.is_empty() && !name.contains('/');
                plain.then(|| (name.to_owned(), (*file).to_owned(), *content))
            })
            .collect();
        self.read.extend(found.iter().map(|(_, file, _)| file.clone()));
        found
    }

    fn app(mut self, problems: &mut Problems) -> Option<App> {
        let manifest = self
            .required(MANIFEST, "compose.no_app", problems)
            .and_then(|text| Manifest::read(self.app, &self.label(MANIFEST), text, problems));
        let languages = [VIETNAMESE, ENGLISH].map(|file| {
            let label = self.label(file);
            let source = self.required(file, "compose.no_texts", problems).unwrap_or_default();
            let texts = Texts::load(&label, source, problems);
            (Language { label, texts }, source)
        });
        let [(vietnamese, vi), (english, en)] = &languages;
        vietnamese.texts.check_translation(&english.texts, problems);
        let must_have = |keys: Vec<String>, file: &str, problems: &mut Problems| {
            for (language, _) in &languages {
                language.must_have(&keys, file, problems);
            }
        };
        let forms = self.forms(&must_have, problems);
        let processes = self.processes(&must_have, problems);
        let procedure = self.procedure(&forms, &processes, problems);
        if let Some(procedure) = &procedure {
            must_have(words::of_procedure(procedure), PROCEDURE, problems);
        }
        let refusal_reasons = words::refusal_reasons(&vietnamese.texts);
        if refusal_reasons.is_empty() {
            problems.in_file(
                &vietnamese.label,
                "compose.no_refusal_reasons",
                "the table [refusal_reasons] needs at least one reason",
            );
        }
        let documents = self.documents(procedure.as_ref(), &processes, problems);
        let scenarios = self.scenarios(&forms, &processes, procedure.as_ref(), &refusal_reasons, problems);
        self.nothing_else(problems);
        Some(App {
            key: self.app.to_owned(),
            manifest: manifest?,
            forms,
            processes,
            procedure: procedure?,
            refusal_reasons,
            texts: Words {
                vi: (*vi).to_owned(),
                en: (*en).to_owned(),
            },
            documents,
            scenarios,
        })
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

    fn same_name(&self, file: &str, name: &str, written: &str, problems: &mut Problems) {
        if name != written {
            problems.in_file(
                &self.label(file),
                "compose.file_name",
                format!("the file declares \"{written}\" and must be named after it"),
            );
        }
    }

    fn nothing_else(&self, problems: &mut Problems) {
        for file in self.files.keys().filter(|file| !self.read.contains(**file)) {
            problems.in_file(
                &self.label(file),
                "compose.unknown_kind",
                "no engine reads this kind of file",
            );
        }
    }
}
