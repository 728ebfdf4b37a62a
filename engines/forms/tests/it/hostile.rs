//! What no browser sends.

use forms::Raw;
use serde_json::{Value, json};

use crate::town::{Town, WHO, citizen, raw, value};

#[tokio::test]
async fn long_texts_are_refused_and_cut() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let long = "ệ".repeat(100_000);
    let saved = town
        .save(&me, id, "details", &raw([("copies", "1"), ("note", &long)]))
        .await
        .expect("saved");
    assert_eq!(saved.faults.len(), 1);
    assert_eq!(
        (saved.faults[0].code.as_str(), saved.faults[0].params["max"].as_str()),
        ("forms.field.too_long", "200")
    );
    let view = town.page(&me, id, "details").await.expect("a page");
    assert_eq!(
        value(&view, "note").as_str().map(|kept| kept.chars().count()),
        Some(20_001)
    );

    let mut typed = raw(WHO);
    for name in typed.keys().cloned().collect::<Vec<_>>() {
        typed.insert(name, vec!["9".repeat(100_000)]);
    }
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    let codes: Vec<&str> = saved.faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "forms.field.too_long",
            "forms.field.date",
            "forms.field.too_long",
            "forms.field.option"
        ]
    );
}

#[tokio::test]
async fn control_characters_do_not_reach_the_database() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let nasty = "Lê\u{0}\u{1b}[31m\u{202e} Thị\u{200b} B\u{7f}";
    let saved = town
        .save(&me, id, "details", &raw([("copies", "\u{0}"), ("note", nasty)]))
        .await
        .expect("saved");
    assert_eq!(saved.faults[0].code, "forms.field.required");
    assert_eq!(saved.draft.answers["note"], "Lê[31m Thị B");
    let view = town.page(&me, id, "details").await.expect("a page");
    assert!(!value(&view, "note").to_string().contains('\u{0}'));
}

#[tokio::test]
async fn what_nobody_asked_for_is_left_out() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let mut typed: Raw = raw([
        ("kind", "birth"),
        ("copies", "7"),
        ("_token", "x"),
        ("kind.day", "1"),
        ("__proto__", "x"),
        ("", "x"),
    ]);
    for at in 0..1_000 {
        typed.insert(format!("more_{at}"), vec!["x".into()]);
    }
    let saved = town.save(&me, id, "kind", &typed).await.expect("saved");
    assert_eq!(
        (saved.faults.len(), saved.draft.answers),
        (0, json!({ "kind": "birth" }))
    );
}

#[tokio::test]
async fn repeated_values_are_one_or_a_set() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let reasons: Vec<String> = (0..1_000)
        .map(|at| if at % 2 == 0 { "torn" } else { "lost" }.to_owned())
        .collect();
    let mut typed = raw([]);
    typed.insert("reasons".into(), reasons);
    typed.insert("copies".into(), vec!["3".into(); 1_000]);
    let saved = town.save(&me, id, "details", &typed).await.expect("saved");
    assert_eq!(saved.faults, []);
    assert_eq!(saved.draft.answers, json!({ "reasons": ["lost", "torn"], "copies": 3 }));
    typed.insert(
        "reasons".into(),
        vec!["lost".into(), "'; DROP TABLE forms.draft; --".into()],
    );
    let saved = town.save(&me, id, "details", &typed).await.expect("saved");
    assert_eq!(saved.faults[0].code, "forms.field.option");
    typed.insert("copies".into(), Vec::new());
    let saved = town.save(&me, id, "details", &typed).await.expect("saved");
    assert_eq!(saved.faults[0].code, "forms.field.required");
}

#[tokio::test]
async fn nonsense_in_every_field_is_told_and_never_breaks() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let nonsense = [
        "",
        " ",
        "\u{0}",
        "-",
        "0",
        "-1",
        "1e9",
        "99999999999999999999",
        "NaN",
        "null",
        "31/02/2020",
        "٣",
        "<script>",
        "{}",
        "🌾",
        "\u{301}",
        "a\u{301}\u{301}",
        "31340",
        "931",
        "true",
        "../../etc",
        "%00",
        "Ơ",
    ];
    for text in nonsense {
        for (page, names) in [
            ("kind", &["kind"][..]),
            (
                "who",
                &[
                    "full_name",
                    "born",
                    "born.day",
                    "born.month",
                    "born.year",
                    "home",
                    "home.ward",
                    "home.detail",
                    "group",
                ],
            ),
            ("details", &["copies", "reasons", "note"]),
        ] {
            let typed: Raw = names
                .iter()
                .map(|name| ((*name).to_owned(), vec![text.to_owned()]))
                .collect();
            let saved = town.save(&me, id, page, &typed).await.expect("saved");
            let view = town.page(&me, id, page).await.expect("drawn");
            assert_eq!(view.faults, saved.faults, "{page} {text:?}");
            for fault in &saved.faults {
                let rule = fault.code.strip_prefix("forms.field.");
                assert!(
                    fault.code == "forms.check_failed" || rule.is_some_and(|rule| forms::FIELD_RULES.contains(&rule)),
                    "{fault:?}"
                );
            }
        }
    }
    assert_ne!(
        town.see(&me, id).await.expect("seen").answers["kind"],
        Value::Null.to_string()
    );
}
