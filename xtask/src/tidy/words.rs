//! Words that must not stand in the tree: directories of one machine, and promises without an issue.

use super::Finding;
use crate::tree::SourceFile;

/// Written in pieces so that this file does not find itself.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const TEMPORARY: &str = concat!("/tm", "p/");
const PROMISES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
/// Written by tools, not by people.
const GENERATED: &[&str] = &["Cargo.lock", "package-lock.json", "LICENSE"];

/// Findings line by line, in every text file.
pub fn check(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !GENERATED.contains(&file.name())) {
        for (index, line) in file.text.lines().enumerate() {
            if has_machine_path(line) {
                findings.push(Finding::new(
                    "path",
                    &file.path,
                    index + 1,
                    "a directory of one machine: use a relative path, a flag or a variable",
                ));
            }
            if PROMISES.iter().any(|word| has_word(line, word)) && !names_an_issue(line) {
                findings.push(Finding::new(
                    "promise",
                    &file.path,
                    index + 1,
                    "a promise without an issue: write (#12) behind it, or do it",
                ));
            }
        }
    }
    findings
}

fn has_machine_path(line: &str) -> bool {
    if line.contains("://") {
        // Addresses may contain such parts; a machine path beside an address is rare enough to let pass.
        return false;
    }
    let absolute = |path: &str| {
        line.match_indices(path).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + path.len()..].chars().next();
            // `base/work/` and `{root}/home/` are relative.
            !before.is_some_and(|before| before.is_alphanumeric() || "_-.}/)*".contains(before))
                && after.is_some_and(|after| after.is_ascii_lowercase())
        })
    };
    MACHINE_PATHS.iter().any(|path| absolute(path)) || (absolute(TEMPORARY) && !line.contains("mktemp"))
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let joined = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !joined(before) && !joined(after)
    })
}

fn names_an_issue(line: &str) -> bool {
    line.match_indices('#')
        .any(|(at, _)| line[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    #[track_caller]
    fn expect(line: &str, rules: &[&str]) {
        let found: Vec<&str> = check(&[file("docs/a.md", line)])
            .iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(found, rules, "{line}");
    }

    #[test]
    fn directories_of_a_machine_are_found() {
        expect(&format!("see {}project/a.md", MACHINE_PATHS[0]), &["path"]);
        expect(&format!("write to `{TEMPORARY}a`"), &["path"]);
        expect("fields of work/home/study", &[]);
        expect(&format!("https://example.vn{}a", MACHINE_PATHS[2]), &[]);
        expect("a page at /home", &[]);
    }

    #[test]
    fn promises_need_an_issue() {
        expect(&format!("// {}: later", PROMISES[0]), &["promise"]);
        expect(&format!("// {} (#12): later", PROMISES[0]), &[]);
        expect("MASTODON and TODOS are words", &[]);
    }
}
