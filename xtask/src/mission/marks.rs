//! Finds the annotations in the tree.

use anyhow::{Context, Result};

use super::Places;
use crate::tree::SourceFile;

/// Folders whose sources may say where a requirement lives.
const SOURCES: &[&str] = &[
    "base/",
    "engines/",
    "compose/",
    "portal/",
    "server/",
    "apps/",
    "province/",
    "assets/",
];

/// How a comment starts in the files that are not Rust.
const COMMENTS: &[&str] = &["//", "#", "--", "*", "/*", "<!--", "{#"];

/// All annotations of all files.
pub fn collect(files: &[SourceFile]) -> Result<Places> {
    let mut places = Places::new();
    for file in files {
        if file.path.starts_with("apps/") && file.name() == "app.toml" {
            declared(file, &mut places)?;
        } else if SOURCES.iter().any(|folder| file.path.starts_with(folder))
            && (!file.has_extension("md") || file.name() == "README.md")
        {
            commented(file, &mut places);
        }
        shown(file, &mut places);
    }
    Ok(places)
}

/// `requirements = […]` of an app.
fn declared(file: &SourceFile, places: &mut Places) -> Result<()> {
    let app: toml::Table = toml::from_str(&file.text).with_context(|| format!("cannot read {}", file.path))?;
    let folder = file.path.trim_end_matches("/app.toml");
    let list = app.get("requirements").and_then(toml::Value::as_array);
    for id in list.into_iter().flatten().filter_map(toml::Value::as_str) {
        places
            .entry(id.to_owned())
            .or_default()
            .lives
            .insert(format!("`{folder}`"));
    }
    Ok(())
}

/// `R063` in a comment, or in the README of a crate (which is its documentation).
fn commented(file: &SourceFile, places: &mut Places) {
    let is_readme = file.name() == "README.md";
    for (_, line) in file.production_lines() {
        let trimmed = line.trim_start();
        let is_comment = match file.has_extension("rs") {
            true => trimmed.starts_with("///") || trimmed.starts_with("//!"),
            false => is_readme || COMMENTS.iter().any(|start| trimmed.starts_with(start)),
        };
        if is_comment && !trimmed.contains("shows:") {
            for id in ids(line) {
                places
                    .entry(id.to_owned())
                    .or_default()
                    .lives
                    .insert(format!("`{}`", file.path));
            }
        }
    }
}

/// The numbers in a line. A range (`R001–R029`) points at a chapter and claims nothing, so it is left out.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '–' && c != '-' && c != '…')
        .filter(|word| is_id(word))
}

/// `shows: R063` in tests, journeys and scenarios; tests named `r063_…`.
fn shown(file: &SourceFile, places: &mut Places) {
    let is_rust = file.has_extension("rs");
    let is_scenario = file.path.starts_with("apps/") && file.path.contains("/scenarios/");
    let is_journey = file.path.starts_with("tests/") && (file.has_extension("mjs") || file.has_extension("js"));
    // This crate speaks about the marks in its own tests.
    if !(is_rust || is_scenario || is_journey) || file.path.starts_with("xtask/") {
        return;
    }
    let mut waiting: Vec<String> = Vec::new();
    let lines: Vec<&str> = match is_rust {
        true => file.test_lines().map(|(_, line)| line).collect(),
        false => file.text.lines().collect(),
    };
    for line in lines {
        if let Some((_, rest)) = line.split_once("shows:") {
            let ids = ids(rest).map(str::to_owned);
            match is_rust {
                true => waiting.extend(ids),
                false => ids.for_each(|id| insert(places, id, format!("`{}`", file.path))),
            }
        }
        let Some(name) = is_rust.then(|| function_name(line)).flatten() else {
            continue;
        };
        let own = name
            .split('_')
            .next()
            .filter(|word| word.starts_with('r'))
            .map(str::to_ascii_uppercase)
            .filter(|word| is_id(word));
        for id in waiting.drain(..).chain(own) {
            insert(places, id, format!("`{name}` in `{}`", file.path));
        }
    }
}

fn insert(places: &mut Places, id: String, test: String) {
    places.entry(id).or_default().shown.insert(test);
}

fn function_name(line: &str) -> Option<&str> {
    let rest = line
        .trim_start()
        .trim_start_matches("pub ")
        .trim_start_matches("async ")
        .strip_prefix("fn ")?;
    rest.split(['(', '<']).next()
}

fn is_id(word: &str) -> bool {
    word.len() == 4 && word.starts_with('R') && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    fn lives(path: &str, text: &str) -> Vec<String> {
        collect(&[file(path, text)])
            .expect("marks")
            .into_iter()
            .filter(|(_, place)| !place.lives.is_empty())
            .map(|(id, _)| id)
            .collect()
    }

    fn shows(path: &str, text: &str) -> Vec<(String, String)> {
        let places = collect(&[file(path, text)]).expect("marks");
        places
            .into_iter()
            .flat_map(|(id, place)| place.shown.into_iter().map(move |test| (id.clone(), test)))
            .collect()
    }

    #[test]
    fn comments_and_crate_pages_say_where() {
        assert_eq!(
            lives(
                "engines/forms/src/a.rs",
                "/// Drafts (R084, R085).\n//! Whole (bản nháp; R002)"
            ),
            ["R002", "R084", "R085"]
        );
        assert_eq!(
            lives("engines/forms/src/a.rs", "let id = \"R084\"; // R085"),
            Vec::<String>::new()
        );
        assert_eq!(
            lives("engines/forms/migrations/0001_a.sql", "-- drafts (R084)\nselect 'R085'"),
            ["R084"]
        );
        assert_eq!(lives("engines/forms/README.md", "- drafts (R084)"), ["R084"]);
        assert_eq!(lives("docs/architecture.md", "- drafts (R084)"), Vec::<String>::new());
        assert_eq!(
            lives("engines/forms/src/a.rs", "/// all of R001–R029, and R030-R035"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_mark_belongs_to_the_next_test() {
        let text = "// shows: R063, R064\n#[tokio::test]\nasync fn a_dossier_opens() {}\n#[test]\nfn other() {}\n";
        let test = "`a_dossier_opens` in `engines/a/tests/it/main.rs`".to_owned();
        assert_eq!(
            shows("engines/a/tests/it/main.rs", text),
            [("R063".to_owned(), test.clone()), ("R064".to_owned(), test)]
        );
    }

    #[test]
    fn marks_outside_tests_do_not_count() {
        assert_eq!(shows("engines/a/src/lib.rs", "// shows: R063\nfn a() {}\n"), []);
        assert_eq!(
            shows(
                "engines/a/src/lib.rs",
                "fn a() {}\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn r063_works() {}\n}\n"
            )
            .len(),
            1
        );
    }

    #[test]
    fn scenarios_and_journeys_count_as_files() {
        assert_eq!(
            shows("apps/birth/scenarios/01.scenario.yaml", "shows: [R063, R064]\n").len(),
            2
        );
        assert_eq!(shows("tests/journeys/birth.mjs", "// shows: R063\n").len(), 1);
    }
}
