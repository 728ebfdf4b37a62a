//! Every fault code of the case has words in both languages, with the same gaps, and no words are left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use dossiers::model::{PlainStatus, Status};
use schema::{Problems, Texts};

/// What the sources call so that is no fault: actions asked of the operation, audit entries and jobs that are named apart from
/// where they are used.
const NOT_FAULTS: [&str; 9] = [
    "document_read",
    "inbox",
    "ledger",
    "paper_file",
    "paper_read",
    "read",
    "search",
    "view",
    "work",
];

fn words() -> [Texts; 2] {
    let mut problems = Problems::new();
    let vi = Texts::load("vi", include_str!("../../../../texts/vi/dossiers.toml"), &mut problems);
    let en = Texts::load("en", include_str!("../../../../texts/en/dossiers.toml"), &mut problems);
    vi.check_translation(&en, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    [vi, en]
}

/// The sources of the case: all but the catalogue, whose words are with the portal's, the reader of declarations, which reports
/// problems and no faults, and tests.
fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let passed_over = ["src/catalogue", "definition/read.rs", "definition/read"]
                .iter()
                .any(|own| path.ends_with(own))
                || name == "tests.rs";
            if path.is_dir() && !passed_over {
                folders.push(path);
            } else if name.ends_with(".rs") && !passed_over {
                found.push(path);
            }
        }
    }
    found
}

/// Everything that the sources write as `"dossiers.<code>"`, but for what they ask, record or plan under such a name.
fn raised() -> BTreeSet<String> {
    let mut raised = BTreeSet::new();
    for path in sources() {
        let source = fs::read_to_string(path).unwrap();
        let parts: Vec<&str> = source.split("\"dossiers.").collect();
        for pair in parts.windows(2) {
            let before = pair[0].trim_end();
            let named_only = [
                ".allow(",
                "Entry::new(",
                "&str =",
                "starts_with(",
                "register(",
                "Sealed(",
                "count_by_key!(",
            ]
            .iter()
            .any(|end| before.ends_with(end));
            let code = pair[1].split('"').next().unwrap();
            let is_code = code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            let is_action = dossiers::ACTIONS
                .iter()
                .any(|action| action.name.ends_with(&format!(".{code}")));
            if !named_only && is_code && !is_action && !NOT_FAULTS.contains(&code) {
                raised.insert(format!("errors.dossiers.{code}"));
            }
        }
    }
    raised
}

#[test]
fn every_fault_has_words_and_no_words_are_left_over() {
    assert!(raised().len() > 50, "the sources are read");
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

#[test]
fn every_line_of_the_history_has_words() {
    let actions = [
        "submitted",
        "taken_in",
        "received",
        "claimed",
        "released",
        "assigned",
        "advanced",
        "supplement_asked",
        "supplied",
        "paid",
        "refused",
        "withdrawn",
        "apologised",
        "late",
        "issued",
        "handed_over",
        "rated",
    ];
    for texts in words() {
        for action in actions {
            assert!(texts.get(&format!("history.dossiers.{action}")).is_some(), "{action}");
        }
    }
}
