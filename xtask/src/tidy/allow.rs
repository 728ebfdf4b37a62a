//! Exceptions with reasons. The list is a ratchet: an exception that matches nothing is itself a finding.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::Finding;
use crate::tree::SourceFile;

/// Where the exceptions stand.
pub const FILE: &str = "xtask/tidy-allow.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    allow: Vec<Exception>,
}

/// One accepted finding (or several of one file).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// Name of the rule, as printed in brackets.
    rule: String,
    /// File or crate; a trailing `*` stands for any end.
    path: String,
    /// When given, the message must contain it.
    contains: Option<String>,
    /// Why this may stand. Never empty.
    reason: String,
}

impl Exception {
    fn covers(&self, finding: &Finding) -> bool {
        let path = match self.path.strip_suffix('*') {
            Some(start) => finding.path.starts_with(start),
            None => finding.path == self.path,
        };
        path && finding.rule == self.rule && self.contains.as_ref().is_none_or(|part| finding.message.contains(part))
    }
}

/// Reads the exceptions; no file means none.
pub fn read(files: &[SourceFile]) -> Result<Vec<Exception>> {
    let Some(file) = files.iter().find(|file| file.path == FILE) else {
        return Ok(Vec::new());
    };
    let document: Document = toml::from_str(&file.text).with_context(|| format!("cannot read {FILE}"))?;
    for exception in &document.allow {
        ensure!(
            exception.reason.trim().len() >= 10,
            "{FILE}: {} of {} needs a real reason",
            exception.rule,
            exception.path
        );
    }
    Ok(document.allow)
}

/// Takes the accepted findings away and adds one for each exception that is no longer needed.
pub fn apply(exceptions: &[Exception], findings: Vec<Finding>) -> Vec<Finding> {
    let mut used = vec![false; exceptions.len()];
    let mut left: Vec<Finding> = Vec::new();
    for finding in findings {
        match exceptions.iter().position(|exception| exception.covers(&finding)) {
            Some(index) => used[index] = true,
            None => left.push(finding),
        }
    }
    for (exception, _) in exceptions.iter().zip(used).filter(|(_, used)| !used) {
        left.push(Finding::new(
            "allow",
            FILE,
            0,
            format!("no longer needed: {} of {}", exception.rule, exception.path),
        ));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::file;

    fn exceptions(text: &str) -> Result<Vec<Exception>> {
        read(&[file(FILE, text)])
    }

    #[test]
    fn an_exception_takes_its_finding_away() {
        let allow =
            exceptions("[[allow]]\nrule='sql'\npath='server/*'\nreason='the probe asks select 1'\n").expect("valid");
        let left = apply(
            &allow,
            vec![
                Finding::new("sql", "server/src/a.rs", 1, ""),
                Finding::new("sql", "portal/src/a.rs", 1, ""),
            ],
        );
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].path, "portal/src/a.rs");
    }

    #[test]
    fn an_exception_that_is_not_needed_is_a_finding() {
        let allow = exceptions("[[allow]]\nrule='sql'\npath='a'\nreason='was needed in spring'\n").expect("valid");
        assert_eq!(apply(&allow, Vec::new()).len(), 1);
    }

    #[test]
    fn reasons_are_needed_and_unknown_keys_refused() {
        assert!(exceptions("[[allow]]\nrule='sql'\npath='a'\nreason=' '\n").is_err());
        assert!(exceptions("[[allow]]\nrule='sql'\npath='a'\nreason='long enough reason'\nbecause='x'\n").is_err());
    }
}
