//! The rules that the compiler cannot see. Each rule is a pure function of files (or of the package graph) to findings.

mod allow;
mod doors;
mod migrations;
mod names;
mod rank;
mod readme;
mod words;
mod writing;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::tree::{self, SourceFile};

/// One thing that stands where the house does not want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule, as used in `tidy-allow.toml`.
    pub rule: &'static str,
    /// File (relative to the repository) or crate.
    pub path: String,
    /// Line from 1; 0 when the finding concerns the whole file.
    pub line: usize,
    /// What is wrong and what to do instead.
    pub message: String,
}

impl Finding {
    fn new(rule: &'static str, path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            rule,
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {} [{}]", self.path, self.message, self.rule),
            line => write!(out, "{}:{line}: {} [{}]", self.path, self.message, self.rule),
        }
    }
}

/// Runs every rule and prints what is left after the exceptions.
///
/// # Errors
/// The tree, the exceptions or `cargo metadata` cannot be read.
pub fn run(root: &Path) -> Result<ExitCode> {
    let files = tree::read(root)?;
    let packages = rank::Packages::of_workspace(root)?;
    let mut findings = rank::check(&packages);
    findings.extend(check_files(&files));
    findings.extend(migrations::check(&files, &migrations::read_lock(&files)?));
    findings.extend(readme::check(&files, &packages.folders));
    let findings = allow::apply(&allow::read(&files)?, findings);
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy: {} files in order", files.len());
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "tidy: {} findings; an exception needs a reason in {}",
        findings.len(),
        allow::FILE
    );
    Ok(ExitCode::FAILURE)
}

/// Writes the digests of all migrations, so that none of them can change any more.
///
/// # Errors
/// A landed migration was changed, or the lock cannot be written.
pub fn land_migrations(root: &Path) -> Result<ExitCode> {
    let files = tree::read(root)?;
    let lock = migrations::read_lock(&files)?;
    let findings = migrations::check(&files, &lock);
    if !findings.is_empty() {
        findings.iter().for_each(|finding| println!("{finding}"));
        return Ok(ExitCode::FAILURE);
    }
    let text = migrations::lock_text(&files);
    std::fs::write(root.join(migrations::LOCK), &text)?;
    println!(
        "tidy: {} migrations have landed",
        text.lines().filter(|line| !line.starts_with('#')).count()
    );
    Ok(ExitCode::SUCCESS)
}

fn check_files(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = names::check(files);
    findings.extend(doors::check(files));
    findings.extend(words::check(files));
    findings.extend(writing::check_links(files));
    findings.extend(writing::check_normal_form(files));
    findings
}
