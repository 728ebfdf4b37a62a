//! Every fault code has words in both languages, with the same gaps, and no words are left over.

use std::collections::BTreeSet;

use forms::{CODES, FIELD_RULES};
use schema::field::FieldKind;
use schema::{Problems, Texts};

use crate::town::{FORM, definition};

/// The sources that raise faults.
const SOURCES: [&str; 15] = [
    include_str!("../../src/access.rs"),
    include_str!("../../src/attach.rs"),
    include_str!("../../src/close.rs"),
    include_str!("../../src/discard.rs"),
    include_str!("../../src/draft.rs"),
    include_str!("../../src/error.rs"),
    include_str!("../../src/fields.rs"),
    include_str!("../../src/http.rs"),
    include_str!("../../src/jobs.rs"),
    include_str!("../../src/page.rs"),
    include_str!("../../src/publish.rs"),
    include_str!("../../src/save.rs"),
    include_str!("../../src/start.rs"),
    include_str!("../../src/submission.rs"),
    include_str!("../../src/store/draft.rs"),
];

#[test]
fn every_fault_has_words_and_no_words_are_left_over() {
    let mut problems = Problems::new();
    let vi = Texts::load("vi", include_str!("../../../../texts/vi/forms.toml"), &mut problems);
    let en = Texts::load("en", include_str!("../../../../texts/en/forms.toml"), &mut problems);
    vi.check_translation(&en, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let wanted: BTreeSet<String> = CODES
        .iter()
        .map(|code| format!("errors.{code}"))
        .chain(FIELD_RULES.iter().map(|rule| format!("errors.forms.field.{rule}")))
        .collect();
    for texts in [vi, en] {
        let known: BTreeSet<String> = texts.keys().map(str::to_owned).collect();
        assert_eq!(known, wanted);
    }
}

#[test]
fn every_fault_that_is_raised_is_listed() {
    let kinds = [
        "invalid",
        "not_found",
        "forbidden",
        "conflict",
        "internal",
        "too_many",
        "unauthenticated",
    ];
    let mut raised = BTreeSet::new();
    for source in SOURCES {
        for kind in kinds {
            let call = format!("Fault::{kind}(\"");
            raised.extend(source.split(&call).skip(1).filter_map(|rest| rest.split('"').next()));
        }
    }
    // Faults of fields and pages are values, not errors.
    raised.extend(["forms.check_failed", "forms.page_unseen"]);
    assert_eq!(raised, BTreeSet::from(CODES));
}

/// The rules that the reader of definitions announces are those that have words, and those that reading answers breaks.
#[test]
fn every_rule_is_listed() {
    let reading = concat!(
        include_str!("../../src/model/kind.rs"),
        include_str!("../../src/model/reading.rs"),
        include_str!("../../src/model/progress.rs")
    );
    let mut broken: BTreeSet<&str> = ["broken(\"", "broken_part(\"", "Broken::new(\""]
        .iter()
        .flat_map(|call| reading.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    broken.extend(schema::field::RULES);
    // Given as pairs.
    broken.extend(["choose", "required", "unknown"]);
    assert_eq!(broken, BTreeSet::from(FIELD_RULES));
    for field in definition(FORM).fields() {
        assert!(
            field.kind.rules().iter().all(|rule| FIELD_RULES.contains(rule)),
            "{:?}",
            field.kind
        );
    }
    assert!(
        FieldKind::TaxNumber
            .rules()
            .iter()
            .all(|rule| FIELD_RULES.contains(rule))
    );
}
