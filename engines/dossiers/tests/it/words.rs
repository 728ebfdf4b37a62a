//! Every fault code of the case has words in both languages, with the same gaps, and no words are left over.

use std::collections::BTreeSet;

use dossiers::model::{PlainStatus, Status};
use schema::{Problems, Texts};

/// The sources that raise faults of the case.
const SOURCES: [&str; 4] = [
    include_str!("../../src/definition.rs"),
    include_str!("../../src/model/state.rs"),
    include_str!("../../src/model/status.rs"),
    include_str!("../../src/model/step.rs"),
];

fn words() -> [Texts; 2] {
    let mut problems = Problems::new();
    let vi = Texts::load("vi", include_str!("../../../../texts/vi/dossiers.toml"), &mut problems);
    let en = Texts::load("en", include_str!("../../../../texts/en/dossiers.toml"), &mut problems);
    vi.check_translation(&en, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    [vi, en]
}

/// Everything that the sources write as `"dossiers.<code>"`.
fn raised() -> BTreeSet<String> {
    let parts = SOURCES.iter().flat_map(|source| source.split("\"dossiers.").skip(1));
    parts
        .filter_map(|rest| rest.split('"').next())
        .map(|code| format!("errors.dossiers.{code}"))
        .collect()
}

#[test]
fn every_fault_has_words_and_no_words_are_left_over() {
    assert!(raised().len() > 20, "the sources are read");
    for texts in words() {
        let known: BTreeSet<String> = texts
            .keys()
            .filter(|key| key.starts_with("errors."))
            .map(str::to_owned)
            .collect();
        assert_eq!(known, raised());
    }
}

#[test]
fn every_status_has_words() {
    for texts in words() {
        for status in Status::ALL {
            assert!(
                texts.get(&format!("status.norm.{}", status.number())).is_some(),
                "{status:?}"
            );
            let plain: PlainStatus = status.plain();
            let word = serde_json::to_value(plain).unwrap();
            assert!(
                texts.get(&format!("status.plain.{}", word.as_str().unwrap())).is_some(),
                "{plain:?}"
            );
        }
        assert!(texts.get("status.plain.draft").is_some());
    }
}
