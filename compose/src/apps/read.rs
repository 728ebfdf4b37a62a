//! Reading systems: every problem at once, each with its file and, where there is one, its line.

mod online;

use std::collections::{BTreeMap, BTreeSet};

use schema::{Problems, Texts};

use super::{App, Engine, Findings, Manifest, Register, Sources, Words, registers, words::Language};

const MANIFEST: &str = "app.toml";
const PROCEDURE: &str = "dossiers/procedure.yaml";
const VIETNAMESE: &str = "texts/vi.toml";
const ENGLISH: &str = "texts/en.toml";
const REGISTERS: &str = "registry/";
/// What every system with registers says of itself.
const TITLES: [&str; 2] = ["title", "about"];

/// The folders of a system, and the engines that read them.
const FOLDERS: [(&str, Engine); 6] = [
    ("forms/", Engine::Forms),
    ("workflow/", Engine::Workflow),
    ("dossiers/", Engine::Dossiers),
    ("documents/", Engine::Dossiers),
    ("scenarios/", Engine::Dossiers),
    (REGISTERS, Engine::Registry),
];

/// Reads all systems; a system is whole only if no problem of it was reported.
pub(super) fn all(sources: &Sources) -> Findings {
    let mut findings = Findings::default();
    let mut of_registers = Problems::new();
    let mut registers = registers::read(sources, &mut of_registers);
    for (name, files) in &sources.apps {
        findings.names.push(name.clone());
        findings.files += files.len();
        let mut problems = Problems::new();
        let own = registers.remove(name).unwrap_or_default();
        let reader = Reader::open(name, files, sources.without_registers, &mut problems);
        let app = reader.app(own, &mut problems);
        let folder = format!("{name}/");
        let spoilt = of_registers.iter().any(|problem| problem.file.starts_with(&folder));
        if problems.is_empty() && !spoilt {
            findings.apps.extend(app);
        }
        findings.problems.append(problems);
    }
    findings.problems.append(of_registers);
    findings
}

/// The parts of one system as they are found.
struct Reader<'a> {
    app: &'a str,
    /// Files that are text.
    files: BTreeMap<&'a str, &'a str>,
    /// Files that somebody has read.
    read: BTreeSet<String>,
    /// Whether nobody asks for registers.
    without_registers: bool,
}

impl<'a> Reader<'a> {
    /// The system of this name, with its files as far as they are text.
    fn open(
        app: &'a str,
        files: &'a BTreeMap<String, Option<String>>,
        without_registers: bool,
        problems: &mut Problems,
    ) -> Self {
        if !schema::is_key(app) {
            let message = "the folder's name is small letters, figures and hyphens";
            problems.in_file(app, "compose.app_key", message);
        }
        let mut reader = Self {
            app,
            files: BTreeMap::new(),
            read: BTreeSet::new(),
            without_registers,
        };
        for (file, content) in files {
            match content {
                Some(content) => drop(reader.files.insert(file, content)),
                None => {
                    problems.in_file(&reader.label(file), "compose.not_text", "the file is not text in UTF-8");
                }
            }
        }
        reader
    }

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

    fn app(mut self, registers: BTreeMap<String, Register>, problems: &mut Problems) -> Option<App> {
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
        let engines = self.engines(manifest.as_ref());
        if engines.contains(&Engine::Registry) {
            self.registers(problems);
            must_have(TITLES.map(str::to_owned).to_vec(), MANIFEST, problems);
        }
        let mut app = App {
            key: self.app.to_owned(),
            manifest: manifest.clone().unwrap_or_default(),
            forms: BTreeMap::new(),
            processes: BTreeMap::new(),
            procedure: None,
            refusal_reasons: BTreeSet::new(),
            texts: Words {
                vi: (*vi).to_owned(),
                en: (*en).to_owned(),
            },
            documents: BTreeMap::new(),
            scenarios: Vec::new(),
            registers,
        };
        if engines.iter().any(|engine| *engine != Engine::Registry) {
            self.online(&mut app, vietnamese, &must_have, problems);
        }
        self.nothing_else(&engines, problems);
        manifest.is_some().then_some(app)
    }

    /// The engines that the system names. Where that cannot be read, what its folders tell.
    fn engines(&self, manifest: Option<&Manifest>) -> Vec<Engine> {
        if let Some(manifest) = manifest {
            let mut engines = manifest.engines.clone();
            engines.retain(|engine| *engine != Engine::Registry || !self.without_registers);
            return engines;
        }
        let there = |folder: &str| self.files.keys().any(|file| file.starts_with(folder));
        let named = FOLDERS.iter().filter(|(folder, _)| there(folder));
        let found: Vec<Engine> = named.map(|(_, engine)| *engine).collect();
        match found.is_empty() {
            true => vec![Engine::Forms, Engine::Workflow, Engine::Dossiers],
            false => found,
        }
    }

    /// The registers were read with those of all systems.
    fn registers(&mut self, problems: &mut Problems) {
        let declared = self.kind(REGISTERS, ".record.yaml").len();
        self.kind(REGISTERS, ".records.csv");
        if declared == 0 {
            let message = "a system with the engine registry declares a register: registry/<key>.record.yaml";
            problems.in_file(&self.label(MANIFEST), "compose.no_register", message);
        }
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

    fn nothing_else(&self, engines: &[Engine], problems: &mut Problems) {
        for file in self.files.keys().filter(|file| !self.read.contains(**file)) {
            let folder = FOLDERS.iter().find(|(folder, _)| file.starts_with(folder));
            let unnamed = folder.filter(|(_, engine)| !engines.contains(engine));
            let (code, message) = match unnamed {
                Some((_, engine)) => (
                    "compose.engine_not_named",
                    format!(
                        "app.toml does not name the engine that reads this file: {}",
                        engine.word()
                    ),
                ),
                None => ("compose.unknown_kind", "no engine reads this kind of file".to_owned()),
            };
            problems.in_file(&self.label(file), code, message);
        }
    }
}
