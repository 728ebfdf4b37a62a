//! Every fault code has words in both languages, with the same gaps, and no words are left over.

use schema::{Problems, Texts};

#[test]
fn every_fault_has_words() {
    let mut problems = Problems::new();
    let vi = Texts::load("vi", include_str!("../../../../texts/vi/workflow.toml"), &mut problems);
    let en = Texts::load("en", include_str!("../../../../texts/en/workflow.toml"), &mut problems);
    vi.check_translation(&en, &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let mut wanted: Vec<String> = workflow::CODES.iter().map(|code| format!("errors.{code}")).collect();
    wanted.sort();
    assert_eq!(vi.keys().collect::<Vec<_>>(), wanted);
}

/// The list of codes is the list of what the sources use.
#[test]
fn every_fault_is_listed() {
    let sources = [
        include_str!("../../src/access.rs"),
        include_str!("../../src/advance.rs"),
        include_str!("../../src/calendar/keep.rs"),
        include_str!("../../src/calendar/year.rs"),
        include_str!("../../src/claim.rs"),
        include_str!("../../src/complete.rs"),
        include_str!("../../src/error.rs"),
        include_str!("../../src/jobs.rs"),
        include_str!("../../src/list.rs"),
        include_str!("../../src/model.rs"),
        include_str!("../../src/publish.rs"),
        include_str!("../../src/start.rs"),
        include_str!("../../src/store.rs"),
        include_str!("../../src/suspend.rs"),
        include_str!("../../src/timers.rs"),
    ];
    let kinds = [
        "invalid",
        "not_found",
        "forbidden",
        "conflict",
        "internal",
        "unavailable",
        "too_many",
        "unauthenticated",
    ];
    let mut used = std::collections::BTreeSet::new();
    for source in sources {
        for kind in kinds {
            let call = format!("Fault::{kind}(\"");
            used.extend(source.split(&call).skip(1).filter_map(|rest| rest.split('"').next()));
        }
    }
    for source in sources {
        // Faults of fields carry their code as the second argument.
        let calls = source.split("FieldFault::new(").skip(1);
        used.extend(calls.filter_map(|rest| rest.split('"').find(|part| part.starts_with("workflow."))));
    }
    assert_eq!(used.into_iter().collect::<Vec<_>>(), workflow::CODES.to_vec());
}
