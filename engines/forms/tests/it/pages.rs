//! Saving pages: what passes, what is kept, what is skipped.

use forms::{Display, Raw, prune, summary};
use identity::{Area, AreaLevel, Validity};
use kernel::Actor;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::town::{FORM, Town, WHO, citizen, definition, raw, value};

fn codes(faults: &[kernel::FieldFault]) -> Vec<(&str, &str)> {
    faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.code.as_str()))
        .collect()
}

// shows: R085
#[tokio::test]
async fn what_is_known_is_shown_and_saved_with_the_page_only() {
    let (town, me) = (Town::new().await, citizen());
    let draft = town.start(&me).await;
    assert_eq!((draft.next.as_deref(), &draft.answers), (Some("kind"), &json!({})));
    let view = town.page(&me, draft.id, "who").await.expect("a page");
    assert_eq!((view.number, view.of, view.previous.as_deref()), (2, 4, Some("kind")));
    assert!(view.faults.is_empty() && view.fields.iter().all(|field| field.prefilled));
    assert_eq!(value(&view, "full_name"), "Nguyễn Thị Mẫu");
    assert_eq!(
        value(&view, "born"),
        json!({ "day": "5", "month": "9", "year": "1985" })
    );
    assert_eq!(
        value(&view, "home"),
        json!({ "ward": "31340", "ward_name": "Phường Ngã Bảy", "district": "Thành phố Ngã Bảy", "detail": "ấp 1" })
    );
    assert_eq!(value(&view, "group"), "01");
    assert_eq!(town.see(&me, draft.id).await.expect("seen").answers, json!({}));

    let saved = town.pass(&me, draft.id, "who", WHO).await;
    assert_eq!(saved.draft.answers["born"], "1985-09-05");
    assert_eq!(saved.draft.answers["home"]["district"], "Thành phố Ngã Bảy");
    assert_eq!((saved.next.as_deref(), saved.draft.version), (Some("kind"), 2));
    let view = town.page(&me, draft.id, "who").await.expect("a page");
    assert!(
        view.fields
            .iter()
            .all(|field| !field.prefilled && field.fault.is_none())
    );
}

#[tokio::test]
async fn an_emptied_field_is_not_filled_again() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    town.pass(&me, id, "kind", [("kind", "other")]).await;
    let mut typed = raw(WHO);
    typed.insert("group".into(), vec![String::new()]);
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    assert!(saved.faults.is_empty(), "not required for this kind");
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(value(&view, "group"), Value::Null);
    // An earlier answer that changes makes it required: the page has not passed any more, and says why.
    let saved = town.pass(&me, id, "kind", [("kind", "birth")]).await;
    assert_eq!(saved.next.as_deref(), Some("who"));
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(codes(&view.faults), [("group", "forms.field.choose")]);
}

#[tokio::test]
async fn what_was_typed_is_kept_where_it_was_not_understood() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    town.pass(&me, id, "who", WHO).await;
    let mut typed = raw(WHO);
    typed.insert("full_name".into(), vec!["  Lê   Thị B ".into()]);
    typed.insert("born.month".into(), vec!["13".into()]);
    typed.insert("home.ward".into(), vec!["99999".into()]);
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    assert_eq!(
        codes(&saved.faults),
        [("born", "forms.field.date"), ("home", "forms.field.ward")]
    );
    assert_eq!(saved.faults[0].params["own_key"], "forms.apply.born.error_date");
    assert_eq!(saved.faults[0].params["label_key"], "forms.apply.born.label");
    assert_eq!(saved.next.as_deref(), Some("who"));
    // What was understood is an answer; what was not leaves the earlier answer alone.
    assert_eq!(saved.draft.answers["full_name"], "Lê Thị B");
    assert_eq!(saved.draft.answers["born"], "1985-09-05");
    assert!(!saved.draft.passed.contains("who"));
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(
        value(&view, "born"),
        json!({ "day": "5", "month": "13", "year": "1985" })
    );
    assert_eq!(
        value(&view, "home"),
        json!({ "where": "", "ward": "99999", "province": "", "place": "", "detail": "ấp 1" })
    );
    assert_eq!(view.faults, saved.faults);
    let submission = town.submission(&me, id).await;
    assert!(
        submission
            .faults
            .iter()
            .any(|fault| fault.page == "who" && fault.field == "born")
    );

    town.pass(&me, id, "who", WHO).await;
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(
        (view.faults.len(), value(&view, "full_name")),
        (0, "Nguyễn Thị Mẫu".into())
    );
}

#[tokio::test]
async fn checks_look_across_fields() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let mut typed = raw(WHO);
    for (part, today) in [("day", "02"), ("month", "03"), ("year", "2026")] {
        typed.insert(format!("born.{part}"), vec![today.into()]);
    }
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    assert_eq!(codes(&saved.faults), [("born", "forms.check_failed")]);
    assert_eq!(saved.faults[0].params["own_key"], "forms.apply.check.born_today");
    // An answer that is missing has its own fault; the check is not surely false then.
    typed.retain(|name, _| !name.starts_with("born"));
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    assert_eq!(codes(&saved.faults), [("born", "forms.field.required")]);
}

#[tokio::test]
async fn two_tabs_with_different_pages_both_survive() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let (who, details) = (raw(WHO), raw([("copies", "3")]));
    let (one, two) = tokio::join!(town.save(&me, id, "who", &who), town.save(&me, id, "details", &details));
    one.expect("saved");
    two.expect("saved");
    let draft = town.see(&me, id).await.expect("seen");
    assert_eq!(
        (&draft.answers["copies"], &draft.answers["full_name"]),
        (&json!(3), &json!("Nguyễn Thị Mẫu"))
    );
    assert_eq!(draft.version, 3);
    // Of two savings of the same page the later stays.
    town.pass(&me, id, "details", [("copies", "4")]).await;
    town.pass(&me, id, "details", [("copies", "5"), ("reasons", "torn")])
        .await;
    let draft = town.see(&me, id).await.expect("seen");
    assert_eq!(
        (&draft.answers["copies"], &draft.answers["reasons"]),
        (&json!(5), &json!(["torn"]))
    );
}

#[tokio::test]
async fn skipped_pages_do_not_count_and_are_not_lost() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let fault = town.page(&me, id, "wedding").await.expect_err("not asked yet");
    assert_eq!(fault.code, "forms.page_skipped");
    let fault = town
        .save(&me, id, "wedding", &raw([]))
        .await
        .expect_err("not asked yet");
    assert_eq!(fault.code, "forms.page_skipped");
    let fault = town.page(&me, id, "nonsense").await.expect_err("no page");
    assert_eq!(fault.code, "forms.page_not_found");

    let saved = town.pass(&me, id, "kind", [("kind", "marriage")]).await;
    assert_eq!(saved.next.as_deref(), Some("wedding"));
    town.pass(
        &me,
        id,
        "wedding",
        [("spouse", "Trần Văn Mẫu"), ("married_on", "1/2/2010")],
    )
    .await;
    town.pass(&me, id, "kind", [("kind", "birth")]).await;
    let draft = town.see(&me, id).await.expect("seen");
    assert_eq!(draft.answers, json!({ "kind": "birth" }));
    assert!(!draft.passed.contains("wedding"));
    let wedding = &draft.pages[1];
    assert_eq!(
        (wedding.page.as_str(), wedding.applies, wedding.passed),
        ("wedding", false, false)
    );
    assert_eq!(town.submission(&me, id).await.answers, json!({ "kind": "birth" }));
    // Back again: nothing has to be typed twice.
    town.pass(&me, id, "kind", [("kind", "marriage")]).await;
    let draft = town.see(&me, id).await.expect("seen");
    assert_eq!(draft.answers["married_on"], "2010-02-01");
    assert!(draft.passed.contains("wedding"));
}

/// A page `who` whose home is in another province.
const WHO_ELSEWHERE: [(&str, &str); 9] = [
    ("full_name", "Nguyễn Thị Mẫu"),
    ("born.day", "5"),
    ("born.month", "9"),
    ("born.year", "1985"),
    ("home.where", "outside"),
    ("home.province", "92"),
    ("home.place", "phường An Khánh, quận Ninh Kiều"),
    ("home.detail", "số 1, đường Mẫu"),
    ("group", "01"),
];

#[tokio::test]
async fn a_home_in_another_province_is_kept_in_words_and_read_back_everywhere() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    town.pass(&me, id, "kind", [("kind", "birth")]).await;
    let saved = town.pass(&me, id, "who", WHO_ELSEWHERE).await;
    let home = json!({
        "province": "92", "province_name": "Thành phố Cần Thơ", "place": "phường An Khánh, quận Ninh Kiều",
        "detail": "số 1, đường Mẫu"
    });
    assert_eq!(saved.draft.answers["home"], home);
    assert!(saved.draft.passed.contains("who"));
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(value(&view, "home"), home);
    assert!(
        view.fields
            .iter()
            .all(|field| field.elsewhere == (field.field == "home"))
    );

    let rows = summary(&definition(FORM), &saved.draft.answers);
    let row = rows.iter().flat_map(|page| &page.rows).find(|row| row.field == "home");
    assert_eq!(
        row.map(|row| row.value.clone()),
        Some(Display::Text(
            "số 1, đường Mẫu, phường An Khánh, quận Ninh Kiều, Thành phố Cần Thơ".into()
        ))
    );

    // This province has its wards: there one of them must be chosen.
    let mut wrong = raw(WHO_ELSEWHERE);
    wrong.insert("home.province".into(), vec!["93".into()]);
    let saved = town.save(&me, id, "who", &wrong).await.expect("saved");
    assert_eq!(codes(&saved.faults), [("home", "forms.field.province")]);
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(value(&view, "home")["place"], "phường An Khánh, quận Ninh Kiều");
    assert_eq!(value(&view, "home")["where"], "outside");
}

#[tokio::test]
async fn a_province_that_is_called_otherwise_by_now_must_be_chosen_again() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    for (page, typed) in [
        ("kind", raw([("kind", "birth")])),
        ("who", raw(WHO_ELSEWHERE)),
        ("details", raw([("copies", "2")])),
        ("papers", raw([])),
    ] {
        assert_eq!(town.save(&me, id, page, &typed).await.expect("saved").faults, []);
    }
    assert_eq!(town.submission(&me, id).await.faults, []);
    let renamed = Area {
        code: "92".into(),
        level: AreaLevel::Province,
        parent: None,
        name: "Tỉnh Cần Thơ".into(),
        validity: Validity::since("2004-01-01".parse().expect("a day")),
    };
    town.upsert(&renamed).await;
    let faults = town.submission(&me, id).await.faults;
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.field.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(told, [("home", "forms.field.province")]);
}

#[tokio::test]
async fn a_ward_whose_code_means_another_must_be_chosen_again() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.filled(&me).await;
    assert_eq!(town.submission(&me, id).await.faults, []);
    let mut area = Area {
        code: "31340".into(),
        level: AreaLevel::Ward,
        parent: Some("931".into()),
        name: "Phường Ngã Bảy".into(),
        validity: Validity {
            from: "2004-01-01".parse().expect("a day"),
            to: Some("2026-03-02".parse().expect("a day")),
        },
    };
    town.upsert(&area).await;
    area.name = "Phường Mới".into();
    area.validity = Validity::since("2026-03-03".parse().expect("a day"));
    town.upsert(&area).await;
    assert_eq!(town.submission(&me, id).await.faults, []);
    town.scratch.clock.advance(chrono::TimeDelta::days(1));
    let faults = town.submission(&me, id).await.faults;
    assert_eq!(faults.len(), 1);
    assert_eq!(
        (
            faults[0].page.as_str(),
            faults[0].field.as_str(),
            faults[0].code.as_str()
        ),
        ("who", "home", "forms.field.ward")
    );
}

#[tokio::test]
async fn names_typed_in_pieces_are_composed() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.start(&me).await.id;
    let mut typed = raw(WHO);
    let pieces: String = "Nguyễn Thị Ngọc Ánh".nfd().collect();
    assert_ne!(pieces, "Nguyễn Thị Ngọc Ánh");
    typed.insert("full_name".into(), vec![pieces.clone()]);
    let saved = town.save(&me, id, "who", &typed).await.expect("saved");
    assert_eq!(saved.draft.answers["full_name"], "Nguyễn Thị Ngọc Ánh");
    // Also what was not understood is kept composed.
    typed.insert("full_name".into(), vec![format!("{pieces} 2")]);
    town.save(&me, id, "who", &typed).await.expect("saved");
    let view = town.page(&me, id, "who").await.expect("a page");
    assert_eq!(value(&view, "full_name"), "Nguyễn Thị Ngọc Ánh 2");
}

#[tokio::test]
async fn answers_are_read_back_and_reckoned_with() {
    let (town, me) = (Town::new().await, citizen());
    let id = town.filled(&me).await;
    let submission = town.submission(&me, id).await;
    let pages = summary(&submission.form, &submission.answers);
    let rows: Vec<(&str, &Display)> = pages
        .iter()
        .flat_map(|page| &page.rows)
        .map(|row| (row.field.as_str(), &row.value))
        .collect();
    assert_eq!(
        rows,
        [
            ("kind", &Display::Key("forms.apply.kind.birth".into())),
            ("full_name", &Display::Text("Nguyễn Thị Mẫu".into())),
            ("born", &Display::Date("1985-09-05".into())),
            ("home", &Display::Text("ấp 1, Phường Ngã Bảy, Thành phố Ngã Bảy".into())),
            ("group", &Display::Text("Kinh".into())),
            ("copies", &Display::Number("2".into())),
        ]
    );
    assert_eq!(pages[0].title_key, "forms.apply.kind.title");
    let form = definition(FORM);
    let all = json!({ "kind": "birth", "spouse": "A", "copies": 1, "nonsense": 2 });
    assert_eq!(
        prune(&form, &all, town.scratch.ops.now()),
        json!({ "kind": "birth", "copies": 1 })
    );
}

#[tokio::test]
async fn single_fields_are_asked_again_outside_a_draft() {
    let town = Town::new().await;
    let form = definition(FORM);
    let answers = json!({ "kind": "birth", "copies": 2, "full_name": "Nguyễn Thị Mẫu" });
    let asked = ["copies".to_owned(), "home".to_owned(), "nonsense".to_owned()];
    let mut op = town.op(&Actor::System("test")).await;
    let views = town
        .forms
        .field_views(&mut op, &form, &asked, &answers, &Raw::new())
        .await
        .expect("views");
    let shown: Vec<(&str, &Value)> = views.iter().map(|view| (view.field.as_str(), &view.value)).collect();
    assert_eq!(shown, [("home", &Value::Null), ("copies", &json!("2"))]);

    let typed = raw([
        ("copies", "3"),
        ("home.ward", "31341"),
        ("home.detail", "số 5"),
        ("kind", "other"),
    ]);
    let (read, faults) = town
        .forms
        .read_answers(&mut op, &form, &asked, &typed, &answers)
        .await
        .expect("read");
    assert_eq!(faults, []);
    assert_eq!(
        (&read["copies"], &read["kind"], &read["home"]["ward_name"]),
        (&json!(3), &json!("birth"), &json!("Phường Lái Hiếu"))
    );

    let typed = raw([("copies", "21"), ("home.detail", "số 5")]);
    let (read, faults) = town
        .forms
        .read_answers(&mut op, &form, &asked, &typed, &answers)
        .await
        .expect("read");
    assert_eq!(
        codes(&faults),
        [("home", "forms.field.ward_missing"), ("copies", "forms.field.max")]
    );
    assert_eq!(read, answers);
}
