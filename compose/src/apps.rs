//! Checking the declarations of systems: every problem at once, each with its file and line.
//!
//! Read today: forms (`forms/*.form.yaml`), processes (`workflow/*.bpmn` with `*.binding.yaml`) and texts, and whether the words
//! that a form needs are there in both languages. The other kinds of declaration are parsed as YAML or TOML only.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use forms::definition::FormDefinition;
use schema::{Document, Problems, Texts};
use workflow::Definition;

/// Actions that a process may call; each is a named function of the engine that owns the noun.
const ACTIONS: [&str; 1] = ["dossiers.issue_result"];

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// Systems found.
    pub apps: Vec<String>,
    /// Files read.
    pub files: usize,
    /// Everything that is wrong.
    pub problems: Problems,
}

/// Checks every system below a folder such as `apps/`.
pub fn check(root: &Path) -> io::Result<Findings> {
    let mut findings = Findings::default();
    let mut folders: Vec<PathBuf> = fs::read_dir(root)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = BTreeMap::new();
        collect(&folder, &folder, &mut files)?;
        findings.files += files.len();
        check_app(&name, &files, &mut findings.problems);
        findings.apps.push(name);
    }
    Ok(findings)
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let label = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(label, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn check_app(app: &str, files: &BTreeMap<String, String>, problems: &mut Problems) {
    let label = |file: &str| format!("{app}/{file}");
    let texts = |file: &str, problems: &mut Problems| {
        files
            .get(file)
            .map(|text| Texts::load(&label(file), text, problems))
            .unwrap_or_default()
    };
    let languages = [
        ("texts/vi.toml", texts("texts/vi.toml", problems)),
        ("texts/en.toml", texts("texts/en.toml", problems)),
    ];
    let actions = ACTIONS.map(str::to_owned);
    if !files.contains_key("app.toml") {
        problems.in_file(&label("app.toml"), "compose.no_app", "a system needs an app.toml");
    }
    for (file, text) in files {
        if file.ends_with(".form.yaml") {
            let Some(form) = FormDefinition::read(&label(file), text, problems) else {
                continue;
            };
            for (words, known) in &languages {
                for key in form.text_keys().iter().filter(|key| known.get(key).is_none()) {
                    problems.in_file(
                        &label(words),
                        "compose.no_words",
                        format!("the text {key} of {file} is missing"),
                    );
                }
            }
        } else if let Some(process) = file.strip_suffix(".bpmn") {
            let binding = format!("{process}.binding.yaml");
            match files.get(&binding) {
                Some(bound) => drop(Definition::read(
                    &label(file),
                    text,
                    &label(&binding),
                    bound,
                    &actions,
                    problems,
                )),
                None => {
                    problems.in_file(&label(file), "compose.no_binding", format!("{binding} is missing"));
                }
            }
        } else if file.ends_with(".binding.yaml") || file.starts_with("texts/") {
            // Read together with its process, or above.
        } else if file.ends_with(".yaml") {
            Document::yaml(&label(file), text, problems);
        } else if file.ends_with(".toml") {
            Document::toml(&label(file), text, problems);
        } else {
            problems.in_file(
                &label(file),
                "compose.unknown_kind",
                "no engine reads this kind of file",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_systems_are_without_problems() {
        let findings = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../apps")).unwrap();
        assert_eq!(
            findings.apps,
            ["birth-registration", "civil-extract", "household-business"]
        );
        assert!(findings.problems.is_empty(), "{}", findings.problems);
    }

    #[test]
    fn all_problems_of_a_broken_system_are_told_at_once() {
        let files = BTreeMap::from(
            [
                (
                    "forms/apply.form.yaml",
                    "format: 1\nform: apply\npages:\n  - page: one\n    fields:\n      - { field: a, typ: text }\n",
                ),
                ("workflow/main.bpmn", "<definitions/>"),
                ("notes.txt", "x"),
            ]
            .map(|(name, text)| (name.to_owned(), text.to_owned())),
        );
        let mut problems = Problems::new();
        check_app("broken", &files, &mut problems);
        let said = problems.to_string();
        for code in [
            "schema.unknown_key",
            "compose.no_binding",
            "compose.unknown_kind",
            "compose.no_app",
        ] {
            assert!(said.contains(code), "{code} in {said}");
        }
        assert!(said.contains("broken/forms/apply.form.yaml:6"), "{said}");
    }
}
