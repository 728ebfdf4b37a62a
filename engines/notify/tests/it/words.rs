//! Every message has words in both languages, with the same values.

use std::collections::BTreeSet;

use schema::{Problems, Texts};

const VI: &str = include_str!("../../../../texts/vi/notify.toml");
const EN: &str = include_str!("../../../../texts/en/notify.toml");

fn texts(label: &str, source: &str) -> Texts {
    let mut problems = Problems::new();
    let texts = Texts::load(label, source, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    texts
}

#[test]
fn both_languages_say_the_same_with_the_same_values() {
    let (vi, en) = (texts("vi", VI), texts("en", EN));
    let keys: BTreeSet<String> = vi.keys().map(|key| key.to_string()).collect();
    assert_eq!(keys, en.keys().map(|key| key.to_string()).collect());
    for key in &keys {
        let places = |texts: &Texts| -> BTreeSet<String> {
            texts.text(key).expect("a text").placeholders.iter().cloned().collect()
        };
        assert_eq!(places(&vi), places(&en), "{key}");
    }
}

#[test]
fn the_dossier_messages_are_complete() {
    let vi = texts("vi", VI);
    for kind in [
        "dossier_submitted",
        "dossier_received",
        "supplement_requested",
        "supplement_supplied",
        "dossier_refused",
        "dossier_late",
        "result_ready",
        "result_returned",
        "dossier_withdrawn",
        "dossier_moved",
        "task_waiting",
        "task_overdue",
        "task_overdue_leader",
    ] {
        for part in ["title", "body"] {
            let text = vi
                .text(&format!("messages.{kind}.{part}"))
                .unwrap_or_else(|| panic!("{kind}.{part}"));
            let known = ["code", "procedure", "due", "agency", "reason"];
            assert!(
                text.placeholders.iter().all(|place| known.contains(&place.as_str())),
                "{kind}.{part}"
            );
        }
    }
}
