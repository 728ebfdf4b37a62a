//! Written pages: links lead somewhere, and Vietnamese letters are composed (NFC), so that searching finds them.

use std::collections::BTreeSet;

use unicode_normalization::is_nfc;

use super::Finding;
use crate::tree::SourceFile;

/// Where words for people stand, beside every Markdown file.
const VIETNAMESE: &[&str] = &["texts/", "apps/", "province/", "docs/"];

/// Relative links of Markdown files whose target is not in the tree.
pub fn check_links(files: &[SourceFile]) -> Vec<Finding> {
    let mut known = BTreeSet::new();
    for file in files {
        known.insert(file.path.as_str());
        known.extend(file.path.match_indices('/').map(|(at, _)| &file.path[..at]));
    }
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        let mut in_code = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_code = !in_code;
            }
            if in_code {
                continue;
            }
            for target in targets(line) {
                let path = resolve(&file.path, target);
                // Pictures are not text files and therefore not in `known`: ask the disk for them.
                if !known.contains(path.as_str()) && !crate::tree::root().join(&path).exists() {
                    findings.push(Finding::new(
                        "link",
                        &file.path,
                        index + 1,
                        format!("leads nowhere: {target}"),
                    ));
                }
            }
        }
    }
    findings
}

/// Text that is not in normal form C.
pub fn check_normal_form(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if !file.has_extension("md") && !VIETNAMESE.iter().any(|folder| file.path.starts_with(folder)) {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            if !line.is_ascii() && !is_nfc(line) {
                findings.push(Finding::new(
                    "nfc",
                    &file.path,
                    index + 1,
                    "letters and marks are apart: save the text in NFC",
                ));
            }
        }
    }
    findings
}

/// The relative targets of `[…](target)` in a line; addresses, anchors and Rust paths are left out.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ', '#']).next()?;
        let elsewhere = target.is_empty() || target.contains("::") || target.contains(':') || target.starts_with('<');
        (!elsewhere).then_some(target)
    })
}

/// `target` seen from the folder of `page`, as a path from the root of the repository.
fn resolve(page: &str, target: &str) -> String {
    let folder = if target.starts_with('/') {
        ""
    } else {
        page.rsplit_once('/').map_or("", |(folder, _)| folder)
    };
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    #[test]
    fn links_to_files_and_folders_are_followed() {
        let page = "[a](../docs/b.md) [c](./) [d](https://example.vn/x) [e](#part) [f](b.md#part) [g](crate::Thing)\n\
                    ```text\n[h](missing.md)\n```\n[i](missing.md)";
        let findings = check_links(&[file("docs/a.md", page), file("docs/b.md", "")]);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(findings[0].line, 5);
    }

    #[test]
    fn separated_marks_are_found_where_people_read() {
        let apart = "Ti\u{1ebf}ng Vi\u{65}\u{323}\u{302}t";
        assert_eq!(check_normal_form(&[file("texts/vi/a.toml", apart)]).len(), 1);
        assert_eq!(check_normal_form(&[file("base/kernel/src/text.rs", apart)]).len(), 0);
        assert_eq!(check_normal_form(&[file("texts/vi/a.toml", "Tiếng Việt")]).len(), 0);
    }
}
