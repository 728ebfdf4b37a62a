//! Every declaration of the province, written and read again, is the same.

use std::path::{Path, PathBuf};

use registry::definition::RecordDefinition;
use schema::Problems;

fn declarations(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => declarations(&path, found),
            false if path.to_string_lossy().ends_with(".record.yaml") => found.push(path),
            false => {}
        }
    }
}

fn read(label: &str, text: &str) -> RecordDefinition {
    let mut problems = Problems::new();
    let read = RecordDefinition::read(label, text, &mut problems);
    assert!(problems.is_empty(), "{problems}\n{text}");
    read.expect("a register")
}

#[test]
fn every_declaration_of_the_province_comes_back_as_it_was() {
    let apps = concat!(env!("CARGO_MANIFEST_DIR"), "/../../apps");
    let folder = std::env::var("NGABAY_DECLARATIONS").unwrap_or_else(|_| apps.to_owned());
    let mut found = Vec::new();
    declarations(Path::new(&folder), &mut found);
    for path in &found {
        let label = path.to_string_lossy();
        let definition = read(&label, &std::fs::read_to_string(path).unwrap());
        let written = definition.to_yaml();
        let again = read(&label, &written);
        assert_eq!(again, definition, "{label}\n{written}");
        assert_eq!(again.digest(), definition.digest(), "{label}");
        assert_eq!(again.to_yaml(), written, "{label}");
        let longest = written.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(longest < 1_100, "{label}: {longest}");
    }
    println!("{} declarations", found.len());
}
