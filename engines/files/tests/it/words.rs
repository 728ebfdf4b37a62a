//! Every fault code of the README has words in both languages, with the same values.

use std::collections::BTreeSet;

use schema::{Problems, Texts};

#[test]
fn every_fault_code_has_words() {
    let mut problems = Problems::new();
    let vi = Texts::load("vi", include_str!("../../../../texts/vi/files.toml"), &mut problems);
    let en = Texts::load("en", include_str!("../../../../texts/en/files.toml"), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let readme = include_str!("../../README.md");
    let (_, listed) = readme.split_once("## Fault codes").expect("a list of codes");
    let codes: BTreeSet<String> = listed
        .split('`')
        .filter(|part| part.starts_with("files."))
        .map(|code| format!("errors.{code}"))
        .collect();
    assert_eq!(codes.len(), 21);
    assert_eq!(codes, vi.keys().map(str::to_owned).collect());
    assert_eq!(codes, en.keys().map(str::to_owned).collect());
    for code in &codes {
        let places = |texts: &Texts| -> BTreeSet<String> {
            texts
                .text(code)
                .map(|text| text.placeholders.iter().cloned().collect())
                .unwrap_or_default()
        };
        assert_eq!(places(&vi), places(&en), "{code}");
    }
}
