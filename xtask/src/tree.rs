//! The text files of the repository, read once, with paths that look the same on every machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Directories that hold nothing that a person wrote.
const SKIPPED_ANYWHERE: &[&str] = &[".git", "target", "node_modules", ".venv"];
const SKIPPED_PATHS: &[&str] = &["data", "assets/dist", "tests/journeys/shots"];
/// Larger text files are data, not something to proofread.
const LARGEST_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// One text file: the path relative to the repository, with forward slashes, and what stands in it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: String,
    pub text: String,
}

impl SourceFile {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub fn has_extension(&self, extension: &str) -> bool {
        self.name()
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == extension)
    }

    /// A Rust file, or a part of the tree, that is compiled for tests only.
    pub fn is_test(&self) -> bool {
        let inside = format!("/{}", self.path);
        inside.contains("/tests/") || inside.contains("/benches/") || self.name() == "tests.rs"
    }

    /// The lines with their numbers, without the `#[cfg(test)]` module that closes a Rust file.
    pub fn production_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = if self.is_test() { 0 } else { self.test_module_start() };
        self.text
            .lines()
            .enumerate()
            .take(end)
            .map(|(index, line)| (index + 1, line))
    }

    /// The lines that `production_lines` leaves out.
    pub fn test_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let start = if self.is_test() { 0 } else { self.test_module_start() };
        self.text
            .lines()
            .enumerate()
            .skip(start)
            .map(|(index, line)| (index + 1, line))
    }

    fn test_module_start(&self) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            if line.trim() != "#[cfg(test)]" {
                continue;
            }
            let next = lines[index + 1..]
                .iter()
                .map(|line| line.trim())
                .find(|line| !line.starts_with("#["));
            if next.is_some_and(|next| next.starts_with("mod ") && next.ends_with('{')) {
                return index;
            }
        }
        lines.len()
    }
}

/// The root of the workspace: the parent of this crate. Cargo says at the start where the crate lies, which is truer than
/// what was compiled in: clones that share a build directory share this program too.
pub fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map(Path::to_path_buf).unwrap_or(own)
}

/// Every text file below `root`, sorted by path. Files that are not UTF-8 are pictures and fonts: left out.
pub fn read(root: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    collect(root, root, &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let relative = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let name = entry.file_name();
            let skipped = SKIPPED_ANYWHERE.iter().any(|skipped| name == *skipped);
            if !skipped && !SKIPPED_PATHS.contains(&relative.as_str()) {
                collect(root, &path, files)?;
            }
        } else if kind.is_file() && entry.metadata()?.len() <= LARGEST_FILE_BYTES {
            // A file may vanish between listing and reading while somebody edits: that is not a finding.
            if let Ok(text) = fs::read_to_string(&path) {
                files.push(SourceFile { path: relative, text });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
pub fn file(path: &str, text: &str) -> SourceFile {
    SourceFile {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_test_module_is_not_production() {
        let source = file(
            "base/a/src/lib.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\n",
        );
        assert_eq!(
            source.production_lines().map(|(_, line)| line).collect::<Vec<_>>(),
            ["fn a() {}"]
        );
        assert_eq!(source.test_lines().next(), Some((2, "#[cfg(test)]")));
    }

    #[test]
    fn a_test_module_in_its_own_file_hides_nothing_after_it() {
        let source = file("base/a/src/lib.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert_eq!(source.production_lines().count(), 3);
    }

    #[test]
    fn files_of_tests_and_benches_have_no_production_lines() {
        for path in [
            "engines/a/tests/it/main.rs",
            "tests/blackbox/src/lib.rs",
            "benches/src/main.rs",
            "base/a/src/tests.rs",
        ] {
            assert_eq!(file(path, "fn a() {}\n").production_lines().count(), 0, "{path}");
        }
    }

    #[test]
    fn the_real_tree_is_found() {
        let files = read(&root()).expect("the tree can be read");
        assert!(files.iter().any(|file| file.path == "Cargo.toml"));
        assert!(
            files
                .iter()
                .all(|file| !file.path.starts_with("target/") && !file.path.contains("/node_modules/"))
        );
    }
}
