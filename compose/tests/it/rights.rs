//! Who can do what: the table in the repository, and that nothing is outside of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use op::rights::STANDING;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The golden table: whoever changes a right sees it in the diff.
#[test]
fn the_table_in_the_repository_is_fresh() {
    let policy = compose::rights::policy().unwrap();
    let made = compose::rights::table(&policy);
    let file = root().join("docs/rights.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == made,
        "docs/rights.md is not fresh: BLESS=1 cargo nextest run -p compose rights"
    );
}

/// Every role that a position carries is declared, and none comes from how somebody stands there.
#[test]
fn positions_carry_declared_roles() {
    let policy = compose::rights::policy().unwrap();
    let source = std::fs::read_to_string(root().join("province/hau-giang/positions.yaml")).unwrap();
    let carried: BTreeSet<&str> = source
        .split("roles: [")
        .skip(1)
        .filter_map(|rest| rest.split_once(']'))
        .flat_map(|(roles, _)| roles.split(", "))
        .collect();
    assert!(carried.len() >= 4, "{carried:?}");
    for role in carried {
        assert!(policy.role(role).is_some(), "{role} is not declared");
        assert!(!STANDING.contains(&role), "{role} comes from no position");
    }
}

/// Before these stands what an action is asked of.
const ASKING: [&str; 5] = [".allow(", ".may(", ".covers(", ".everywhere(", "Door::Right("];

/// Whatever is asked of `allow`, and whatever a door or a decision asks of the rights, is an action that an engine declares; and what
/// an engine declares is asked for somewhere.
#[test]
fn every_action_in_the_code_is_declared() {
    let declared: BTreeSet<&str> = compose::actions().map(|action| action.name).collect();
    let sources = sources();
    let mut asked = BTreeSet::new();
    for source in &sources {
        for asking in ASKING {
            let literals = source.split(asking).skip(1).filter_map(|rest| {
                let rest = rest.trim_start().strip_prefix('"')?;
                rest.split_once('"').map(|(name, _)| name)
            });
            asked.extend(literals);
        }
    }
    assert!(asked.len() > 40, "{asked:?}");
    let stray: Vec<&&str> = asked.iter().filter(|name| !declared.contains(**name)).collect();
    assert!(stray.is_empty(), "asked for and declared by no engine: {stray:?}");
    let idle: Vec<&&str> = declared
        .iter()
        .filter(|name| !sources.iter().any(|source| source.contains(&format!("\"{name}\""))))
        .collect();
    assert!(idle.is_empty(), "declared and never asked for: {idle:?}");
}

/// Every action and every role can be shown to people.
#[test]
fn every_action_has_words() {
    for language in ["vi", "en"] {
        let file = root().join(format!("texts/{language}/rights.toml"));
        let mut problems = schema::Problems::new();
        let texts = schema::Texts::load("rights.toml", &std::fs::read_to_string(file).unwrap(), &mut problems);
        let missing: Vec<&str> = compose::actions()
            .map(|action| action.name)
            .filter(|name| texts.get(&format!("rights.action.{name}")).is_none())
            .collect();
        assert!(missing.is_empty(), "{language}: {missing:?}");
    }
}

/// The text of all sources of base, engines and pages but the lists of actions themselves.
fn sources() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![
        root().join("engines"),
        root().join("portal/src"),
        root().join("base/web/src"),
    ];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(without_lists(&text));
            }
        }
    }
    assert!(found.len() > 100);
    found
}

fn without_lists(text: &str) -> String {
    match text.split_once("pub const ACTIONS: &[Action] = &[") {
        None => text.to_owned(),
        Some((before, rest)) => format!("{before}{}", rest.split_once("];").map_or("", |(_, after)| after)),
    }
}
