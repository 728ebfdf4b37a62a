//! Migrations: one unbroken row of numbers a folder, and nothing that has landed ever changes.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::Finding;
use crate::tree::SourceFile;

const RULE: &str = "migration";
/// Digests of the landed migrations: `sha256  path`, one a line.
pub const LOCK: &str = "xtask/migrations.lock";

/// Path to digest of every landed migration; empty before the first landing.
pub fn read_lock(files: &[SourceFile]) -> Result<BTreeMap<String, String>> {
    let Some(lock) = files.iter().find(|file| file.path == LOCK) else {
        return Ok(BTreeMap::new());
    };
    let lines = lock
        .text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (digest, path) = line
                .split_once("  ")
                .with_context(|| format!("{LOCK}: cannot read {line:?}"))?;
            Ok((path.to_owned(), digest.to_owned()))
        })
        .collect()
}

/// The content of the lock when everything that stands in the tree lands.
pub fn lock_text(files: &[SourceFile]) -> String {
    let mut text = String::from(
        "# Written by `cargo xtask tidy --land-migrations`. A file named here does not change any more.\n",
    );
    for file in files.iter().filter(|file| folder(file).is_some()) {
        text.push_str(&format!("{}  {}\n", digest(&file.text), file.path));
    }
    text
}

/// Names, order, and the digests of what has landed.
pub fn check(files: &[SourceFile], lock: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut expected: BTreeMap<&str, u32> = BTreeMap::new();
    for file in files {
        let Some(folder) = folder(file) else { continue };
        let next = expected.entry(folder).or_insert(1);
        match number(file.name()) {
            Some(number) if number == *next => *next += 1,
            Some(number) => {
                findings.push(Finding::new(
                    RULE,
                    &file.path,
                    0,
                    format!("number {next:04} was expected here"),
                ));
                *next = number + 1;
            }
            None => findings.push(Finding::new(
                RULE,
                &file.path,
                0,
                "is not named NNNN_words_in_lower_case.sql",
            )),
        }
        if lock.get(&file.path).is_some_and(|landed| *landed != digest(&file.text)) {
            findings.push(Finding::new(
                RULE,
                &file.path,
                0,
                "has landed and may not change: write the next migration",
            ));
        }
    }
    for path in lock.keys().filter(|path| !files.iter().any(|file| file.path == **path)) {
        findings.push(Finding::new(RULE, path, 0, "has landed but is gone"));
    }
    findings
}

fn folder(file: &SourceFile) -> Option<&str> {
    let (folder, _) = file.path.rsplit_once('/')?;
    let owned_by_code = file.path.starts_with("engines/") || file.path.starts_with("base/");
    (owned_by_code && folder.ends_with("/migrations") && file.has_extension("sql")).then_some(folder)
}

fn number(name: &str) -> Option<u32> {
    let (number, words) = name.strip_suffix(".sql")?.split_once('_')?;
    let plain = !words.is_empty()
        && words
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (number.len() == 4 && plain).then(|| number.parse().ok())?
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    const FIRST: &str = "engines/files/migrations/0001_file.sql";
    const SECOND: &str = "engines/files/migrations/0002_version.sql";

    #[test]
    fn an_unbroken_row_passes_and_each_folder_counts_for_itself() {
        let files = [
            file("base/op/migrations/0001_outbox.sql", ""),
            file(FIRST, ""),
            file(SECOND, ""),
        ];
        assert_eq!(check(&files, &BTreeMap::new()), []);
    }

    #[test]
    fn gaps_doubles_and_odd_names_are_found() {
        let gap = [file(FIRST, ""), file("engines/files/migrations/0003_x.sql", "")];
        let double = [file(FIRST, ""), file("engines/files/migrations/0001_other.sql", "")];
        let odd = [file("engines/files/migrations/1-File.sql", "")];
        for files in [gap.as_slice(), double.as_slice(), odd.as_slice()] {
            assert_eq!(check(files, &BTreeMap::new()).len(), 1, "{files:?}");
        }
    }

    #[test]
    fn what_has_landed_stays() {
        let lock_file = file(LOCK, &lock_text(&[file(FIRST, "create table a ();")]));
        let lock = read_lock(&[lock_file]).expect("own format");
        assert_eq!(check(&[file(FIRST, "create table a ();"), file(SECOND, "")], &lock), []);
        assert_eq!(check(&[file(FIRST, "create table b ();")], &lock).len(), 1, "changed");
        assert_eq!(check(&[], &lock).len(), 1, "removed");
    }

    #[test]
    fn a_broken_lock_is_an_error() {
        assert!(read_lock(&[file(LOCK, "nonsense\n")]).is_err());
    }
}
