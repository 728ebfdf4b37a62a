//! A room whose name says nothing collects everything: such names are not given to crates, files or folders.

use std::collections::BTreeSet;

use super::Finding;
use crate::tree::SourceFile;

const RULE: &str = "name";
const FORBIDDEN: &[&str] = &[
    "common", "util", "utils", "shared", "core", "helper", "helpers", "misc", "manager", "types",
];

/// One finding for each folder or file whose name, or last word of it, is forbidden.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for file in files {
        let mut end = 0;
        for part in file.path.split('/') {
            end += part.len() + 1;
            let path = &file.path[..end - 1];
            if is_forbidden(part) && seen.insert(path) {
                findings.push(Finding::new(
                    RULE,
                    path,
                    0,
                    "says nothing: name it after the noun that it owns",
                ));
            }
        }
    }
    findings
}

fn is_forbidden(part: &str) -> bool {
    let stem = part.split('.').find(|piece| !piece.is_empty()).unwrap_or(part);
    let last_word = stem.rsplit(['_', '-']).next().unwrap_or(stem);
    FORBIDDEN.contains(&stem) || (FORBIDDEN.contains(&last_word) && last_word != "types")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    #[test]
    fn empty_words_are_found_once_and_nouns_pass() {
        let files = [
            file("base/utils/src/a.rs", ""),
            file("base/utils/src/b.rs", ""),
            file("engines/forms/src/form_helpers.rs", ""),
            file("engines/forms/src/question.rs", ""),
            file("engines/files/src/media_types.rs", ""),
            file("engines/files/src/types.rs", ""),
        ];
        let found: Vec<String> = check(&files).into_iter().map(|finding| finding.path).collect();
        assert_eq!(
            found,
            [
                "base/utils",
                "engines/forms/src/form_helpers.rs",
                "engines/files/src/types.rs"
            ]
        );
    }
}
