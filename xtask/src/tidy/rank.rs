//! Calls go down: a crate depends on lower ranks only. The ranks are data in the workspace `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Finding;

const RULE: &str = "rank";
/// The one crate that tests of any rank may use.
const TEST_CRATE: &str = "testkit";

/// Who depends on whom inside the workspace.
#[derive(Debug, Default)]
pub struct Packages {
    pub ranks: BTreeMap<String, i64>,
    /// Crate name to its folder, relative to the repository.
    pub folders: BTreeMap<String, String>,
    pub edges: Vec<Edge>,
}

/// One line of a `[dependencies]` table that names a crate of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    /// From `[dev-dependencies]`.
    pub for_tests: bool,
}

impl Packages {
    /// Asks cargo, without network and without touching the lock file.
    pub fn of_workspace(root: &Path) -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
            .current_dir(root)
            .output()
            .context("cannot run cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Self::from_metadata(&serde_json::from_slice(&output.stdout)?)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let root = metadata["workspace_root"].as_str().context("no workspace_root")?;
        let ranks = metadata["metadata"]["ranks"]
            .as_object()
            .context("no [workspace.metadata.ranks]")?;
        let mut packages = Self::default();
        for (name, rank) in ranks {
            let rank = rank
                .as_i64()
                .with_context(|| format!("rank of {name} is not a whole number"))?;
            packages.ranks.insert(name.clone(), rank);
        }
        let members = metadata["packages"].as_array().context("no packages")?;
        for member in members {
            let name = member["name"].as_str().context("package without name")?;
            let manifest = member["manifest_path"].as_str().context("package without path")?;
            let folder = manifest
                .trim_start_matches(root)
                .trim_end_matches("Cargo.toml")
                .trim_matches('/');
            packages.folders.insert(name.to_owned(), folder.to_owned());
            for dependency in member["dependencies"].as_array().into_iter().flatten() {
                // Only crates of this workspace have a path.
                if dependency["path"].is_string() {
                    packages.edges.push(Edge {
                        from: name.to_owned(),
                        to: dependency["name"].as_str().unwrap_or_default().to_owned(),
                        for_tests: dependency["kind"] == "dev",
                    });
                }
            }
        }
        Ok(packages)
    }
}

/// Every member has a rank, every rank a member, every edge goes down.
pub fn check(packages: &Packages) -> Vec<Finding> {
    let mut findings = Vec::new();
    let members: BTreeSet<&String> = packages.folders.keys().collect();
    for member in &members {
        if !packages.ranks.contains_key(*member) {
            findings.push(Finding::new(
                RULE,
                member,
                0,
                "has no rank in [workspace.metadata.ranks]",
            ));
        }
    }
    for ranked in packages.ranks.keys().filter(|ranked| !members.contains(ranked)) {
        findings.push(Finding::new(
            RULE,
            ranked,
            0,
            "has a rank but is no member of the workspace",
        ));
    }
    for Edge { from, to, for_tests } in &packages.edges {
        if *for_tests && to == TEST_CRATE {
            continue;
        }
        let (Some(upper), Some(lower)) = (packages.ranks.get(from), packages.ranks.get(to)) else {
            continue;
        };
        if lower >= upper {
            let message = format!(
                "{from} (rank {upper}) depends on {to} (rank {lower}); call downwards, or emit an event that the upper crate hears"
            );
            findings.push(Finding::new(RULE, from, 0, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(edges: &[(&str, &str, bool)]) -> Packages {
        let names = [
            ("kernel", 0),
            ("testkit", 4),
            ("files", 11),
            ("notify", 13),
            ("workflow", 13),
        ];
        Packages {
            ranks: names.iter().map(|(name, rank)| ((*name).to_owned(), *rank)).collect(),
            folders: names
                .iter()
                .map(|(name, _)| ((*name).to_owned(), format!("x/{name}")))
                .collect(),
            edges: edges
                .iter()
                .map(|(from, to, for_tests)| Edge {
                    from: (*from).into(),
                    to: (*to).into(),
                    for_tests: *for_tests,
                })
                .collect(),
        }
    }

    #[test]
    fn edges_downwards_are_fine() {
        assert_eq!(
            check(&packages(&[("notify", "files", false), ("files", "kernel", false)])),
            []
        );
    }

    #[test]
    fn equal_and_upward_edges_are_found() {
        let findings = check(&packages(&[("notify", "workflow", false), ("kernel", "files", false)]));
        assert_eq!(findings.len(), 2);
        assert!(
            findings[1]
                .message
                .contains("kernel (rank 0) depends on files (rank 11)"),
            "{}",
            findings[1]
        );
    }

    #[test]
    fn tests_may_use_the_test_crate_and_nothing_else_from_above() {
        let findings = check(&packages(&[
            ("kernel", "testkit", true),
            ("kernel", "files", true),
            ("kernel", "testkit", false),
        ]));
        assert_eq!(findings.len(), 2);
    }

    #[test]
    fn members_and_ranks_agree() {
        let mut packages = packages(&[]);
        packages.ranks.remove("files");
        packages.ranks.insert("ghost".into(), 1);
        let found: Vec<String> = check(&packages).into_iter().map(|finding| finding.path).collect();
        assert_eq!(found, ["files", "ghost"]);
    }

    /// The rule on this very workspace: part of every test run.
    #[test]
    fn this_workspace_calls_downwards() {
        let packages = Packages::of_workspace(&crate::tree::root()).expect("cargo metadata");
        assert!(packages.edges.len() > 10, "the graph was not read");
        let findings = check(&packages);
        assert!(findings.is_empty(), "{findings:#?}");
    }
}
