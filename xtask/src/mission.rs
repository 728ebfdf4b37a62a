//! `docs/mission.md`: every requirement of the province, where it lives and what shows it — read from annotations, never typed.
//!
//! Where: `requirements = ["R063"]` in an `app.toml`, or `R063` in a doc comment, a crate's README, or (in
//! sources that are not Rust) a comment.
//! Shown by: a line `// shows: R063` above a test, `shows: [R063]` in a scenario, or a test named `r063_…`.

mod marks;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::tree::{self, SourceFile};

const REQUIREMENTS: &str = "docs/requirements.csv";
const PAGE: &str = "docs/mission.md";

/// One row of `docs/requirements.csv`.
#[derive(Debug, Clone, Deserialize)]
struct Requirement {
    id: String,
    group: String,
    /// stated, implied or figure
    tag: String,
    summary: String,
}

/// What the tree says about one requirement.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Place {
    lives: BTreeSet<String>,
    shown: BTreeSet<String>,
}

type Places = BTreeMap<String, Place>;

/// Writes the page.
///
/// # Errors
/// The list cannot be read, or an annotation names a requirement that does not exist.
pub fn write(root: &Path) -> Result<ExitCode> {
    let text = text_of(&tree::read(root)?)?;
    std::fs::write(root.join(PAGE), text)?;
    println!("mission: wrote {PAGE}");
    Ok(ExitCode::SUCCESS)
}

/// Fails when the page on disk is not what `write` would write.
///
/// # Errors
/// As for `write`.
pub fn check(root: &Path) -> Result<ExitCode> {
    let files = tree::read(root)?;
    let fresh = text_of(&files)?;
    if files.iter().any(|file| file.path == PAGE && file.text == fresh) {
        println!("mission: {PAGE} is fresh");
        return Ok(ExitCode::SUCCESS);
    }
    println!("mission: {PAGE} is stale: run `cargo xtask mission`");
    Ok(ExitCode::FAILURE)
}

fn text_of(files: &[SourceFile]) -> Result<String> {
    let list = files
        .iter()
        .find(|file| file.path == REQUIREMENTS)
        .with_context(|| format!("{REQUIREMENTS} is missing"))?;
    let requirements = read_requirements(&list.text)?;
    let places = marks::collect(files)?;
    let known: BTreeSet<&String> = requirements.iter().map(|requirement| &requirement.id).collect();
    for (id, place) in &places {
        ensure!(
            known.contains(id),
            "{id} is no requirement, but {:?} names it",
            place.lives.union(&place.shown).collect::<Vec<_>>()
        );
    }
    Ok(page::render(&requirements, &places))
}

fn read_requirements(text: &str) -> Result<Vec<Requirement>> {
    let requirements: Vec<Requirement> = csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .context(REQUIREMENTS)?;
    for (index, requirement) in requirements.iter().enumerate() {
        ensure!(
            requirement.id == format!("R{:03}", index + 1),
            "{REQUIREMENTS}: row {} is {}",
            index + 1,
            requirement.id
        );
        ensure!(
            ["stated", "implied", "figure"].contains(&requirement.tag.as_str()),
            "{REQUIREMENTS}: {} has the unknown tag {}",
            requirement.id,
            requirement.tag
        );
    }
    Ok(requirements)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    const LIST: &str =
        "id,group,tag,summary\nR001,First,stated,One\nR002,First,implied,Two\nR003,Second,figure,Three\n";

    #[test]
    fn a_page_says_where_and_which_test() {
        let files = [
            file(REQUIREMENTS, LIST),
            file("apps/birth/app.toml", "requirements = [\"R001\"]\n"),
            file("engines/forms/src/lib.rs", "/// Pages (R002).\nfn a() {}\n"),
            file(
                "engines/forms/tests/it/main.rs",
                "// shows: R001\n#[test]\nfn a_form_is_shown() {}\n",
            ),
        ];
        let text = text_of(&files).expect("page");
        assert!(
            text.contains(
                "| R001 | stated | One | `apps/birth` | `a_form_is_shown` in `engines/forms/tests/it/main.rs` |"
            ),
            "{text}"
        );
        assert!(
            text.contains("| R002 | implied | Two | `engines/forms/src/lib.rs` | not yet |"),
            "{text}"
        );
        assert!(text.contains("| R003 | figure | Three | not yet | not yet |"), "{text}");
        assert!(text.contains("| **All** | 3 | 1 | 1 | 1 |"), "{text}");
    }

    #[test]
    fn an_unknown_requirement_is_an_error() {
        let files = [
            file(REQUIREMENTS, LIST),
            file("apps/birth/app.toml", "requirements = [\"R009\"]\n"),
        ];
        assert!(
            text_of(&files)
                .expect_err("R009")
                .to_string()
                .contains("R009 is no requirement")
        );
    }

    #[test]
    fn the_list_has_an_unbroken_row_of_numbers() {
        assert!(read_requirements("id,group,tag,summary\nR002,First,stated,Two\n").is_err());
        assert!(read_requirements("id,group,tag,summary\nR001,First,maybe,One\n").is_err());
    }

    #[test]
    fn the_real_list_has_four_hundred_short_rows() {
        let files = tree::read(&tree::root()).expect("tree");
        let list = files.iter().find(|file| file.path == REQUIREMENTS).expect("list");
        let requirements = read_requirements(&list.text).expect("rows");
        assert_eq!(requirements.len(), 400);
        assert!(
            requirements
                .iter()
                .all(|requirement| requirement.summary.split_whitespace().count() <= 15)
        );
    }
}
