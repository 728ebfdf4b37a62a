//! Every crate says in its README what it owns and what it refuses.

use std::collections::BTreeMap;

use super::Finding;
use crate::tree::SourceFile;

const RULE: &str = "readme";
const SECTIONS: &[&str] = &["owns", "refuses"];

/// One finding for each missing README or section. `folders`: crate name to folder.
pub fn check(files: &[SourceFile], folders: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in folders.values() {
        let path = format!("{folder}/README.md");
        let Some(readme) = files.iter().find(|file| file.path == path) else {
            findings.push(Finding::new(
                RULE,
                &path,
                0,
                "is missing; it is also the documentation of the crate",
            ));
            continue;
        };
        for section in SECTIONS {
            if !has_section(&readme.text, section) {
                findings.push(Finding::new(
                    RULE,
                    &path,
                    0,
                    format!("has no section that says what the crate {section}"),
                ));
            }
        }
    }
    findings
}

/// A heading that contains the word, with at least one line of text below it.
fn has_section(text: &str, word: &str) -> bool {
    let mut lines = text.lines();
    let heading = lines.any(|line| line.starts_with('#') && line.to_lowercase().contains(word));
    heading
        && lines
            .take_while(|line| !line.starts_with('#'))
            .any(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    fn findings(readme: Option<&str>) -> usize {
        let files: Vec<SourceFile> = readme.into_iter().map(|text| file("base/db/README.md", text)).collect();
        check(&files, &BTreeMap::from([("db".to_owned(), "base/db".to_owned())])).len()
    }

    #[test]
    fn both_sections_are_needed_and_not_empty() {
        assert_eq!(findings(None), 1);
        assert_eq!(findings(Some("# db\n")), 2);
        assert_eq!(findings(Some("# db\n## Owns\n\n## Refuses\n- SQL of engines\n")), 1);
        assert_eq!(
            findings(Some("# db\n## What it owns\nThe pool.\n## It refuses\nThe rest.\n")),
            0
        );
    }
}
