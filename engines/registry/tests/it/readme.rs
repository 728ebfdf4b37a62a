use std::collections::BTreeSet;
use std::path::Path;

/// What a call is given first, where that is a literal.
fn literals(text: &str, call: &str) -> Vec<String> {
    let after = text.split(call).skip(1);
    after
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
        .map(str::to_owned)
        .collect()
}

fn entries(folder: &Path, found: &mut BTreeSet<String>) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        match path.is_dir() {
            true => entries(&path, found),
            false => found.extend(literals(&std::fs::read_to_string(&path).unwrap(), "Entry::new(")),
        }
    }
}

/// The README names every entry of the trail that is written here.
#[test]
fn the_readme_names_what_stands_in_the_trail() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut written = BTreeSet::new();
    entries(&root.join("src"), &mut written);
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let listed = readme.split("In the audit trail:").nth(1).unwrap();
    let listed = listed.split("\n\n").next().unwrap();
    let named: BTreeSet<String> = listed.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(written.len() > 10);
    assert_eq!(named, written);
}
