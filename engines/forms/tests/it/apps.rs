//! The forms of the real systems, walked through from the first page to the last.

use std::collections::BTreeMap;

use forms::{Raw, summary};
use kernel::{Actor, DraftId};
use schema::field::FieldKind;
use serde_json::json;

use crate::town::{Town, applicant, citizen, definition, raw};

const BIRTH: &str = include_str!("../../../../apps/birth-registration/forms/apply.form.yaml");
const EXTRACT: &str = include_str!("../../../../apps/civil-extract/forms/apply.form.yaml");
const BUSINESS: &str = include_str!("../../../../apps/household-business/forms/apply.form.yaml");

/// An answer that every question of its sort takes.
fn usual(kind: &FieldKind) -> Vec<(&'static str, &'static str)> {
    match kind {
        FieldKind::Date { .. } => vec![(".day", "5"), (".month", "9"), (".year", "1985")],
        FieldKind::Number { .. } => vec![("", "2")],
        FieldKind::Money { .. } => vec![("", "50.000.000 đ")],
        FieldKind::Phone => vec![("", "0912 345 678")],
        FieldKind::Email => vec![("", "mau@vidu.vn")],
        FieldKind::PersonalNumber => vec![("", "093 185 001 234")],
        FieldKind::Choice { .. } if kind.catalogue().is_some() => vec![("", "05")],
        FieldKind::Address { .. } => vec![(".ward", "31340"), (".detail", "số 12, đường Mẫu")],
        FieldKind::Area => vec![(".ward", "31341")],
        FieldKind::Name { .. } => vec![("", "Nguyễn Văn Mẫu")],
        FieldKind::Text { .. } | FieldKind::LongText { .. } => vec![("", "Bán lẻ lúa giống")],
        _ => vec![],
    }
}

/// Answers whatever is asked next, these choices first, and gives the pages in the order in which they were asked.
async fn walk_through(town: &Town, me: &Actor, yaml: &str, chosen: &[(&str, &str)]) -> (DraftId, Vec<String>) {
    town.publish(yaml).await;
    let form = definition(yaml);
    let chosen: BTreeMap<&str, &str> = chosen.iter().copied().collect();
    let draft = town.start_with(me, applicant()).await.expect("a draft");
    let mut asked = Vec::new();
    let mut next = draft.next;
    while let Some(page) = next {
        assert!(!asked.contains(&page), "{page} is asked again: {asked:?}");
        let view = town.page(me, draft.id, &page).await.expect("a page");
        assert_eq!(view.number as usize, asked.len() + 1);
        let mut typed = Raw::new();
        for shown in &view.fields {
            let field = form.field(&shown.field).expect("a field");
            match chosen.get(shown.field.as_str()) {
                Some(answer) => {
                    typed.insert(shown.field.clone(), vec![(*answer).to_owned()]);
                }
                None => {
                    for (part, answer) in usual(&field.kind) {
                        typed.insert(format!("{}{part}", shown.field), vec![answer.to_owned()]);
                    }
                }
            }
        }
        asked.push(page.clone());
        let saved = town.save(me, draft.id, &page, &typed).await.expect("saved");
        assert_eq!(saved.faults, [], "{page}");
        next = saved.next;
    }
    let submission = town.submission(me, draft.id).await;
    assert_eq!(submission.faults, []);
    // Whatever was answered is read back, on the pages that were asked.
    let rows = summary(&form, &submission.answers);
    assert!(rows.iter().all(|page| asked.contains(&page.page)));
    let shown: usize = rows.iter().map(|page| page.rows.len()).sum();
    assert_eq!(Some(shown), submission.answers.as_object().map(serde_json::Map::len));
    (draft.id, asked)
}

// shows: R084
#[tokio::test]
async fn a_mother_registers_a_birth() {
    let (town, me) = (Town::new().await, citizen());
    let chosen = [
        ("relation", "mother"),
        ("parents", "married"),
        ("child_sex", "female"),
        ("birth_place_kind", "facility"),
        ("copies", "0"),
    ];
    let (id, asked) = walk_through(&town, &me, BIRTH, &chosen).await;
    assert!(!asked.contains(&"mother".to_owned()) && asked.contains(&"father".to_owned()));
    assert_eq!(asked.len(), 11);
    // The grandmother asks for a child of an unmarried mother: other pages, and the ethnic group of who asks is not needed.
    let saved = town.pass(&me, id, "who", [("relation", "grandparent")]).await;
    assert_eq!(saved.next.as_deref(), Some("mother"));
    let saved = town.pass(&me, id, "family", [("parents", "mother_only")]).await;
    let father = saved
        .draft
        .pages
        .iter()
        .find(|state| state.page == "father")
        .expect("a page");
    assert!(!father.applies && saved.draft.answers.get("father_name").is_none());
    // What the law sends elsewhere.
    let refused = town
        .save(&me, id, "family", &raw([("parents", "recognition")]))
        .await
        .expect("saved");
    assert_eq!(
        refused.faults[0].params["own_key"],
        "forms.apply.check.recognition_elsewhere"
    );
    let born = town
        .save(
            &me,
            id,
            "child",
            &raw([
                ("child_name", "A"),
                ("child_sex", "male"),
                ("child_birth_date", "3/3/2026"),
            ]),
        )
        .await
        .expect("saved");
    assert_eq!(born.faults[0].code, "forms.field.not_future");
}

// shows: R084
#[tokio::test]
async fn an_extract_for_oneself_and_for_a_child() {
    let (town, me) = (Town::new().await, citizen());
    let own = [
        ("extract_kind", "birth_certificate"),
        ("whose", "mine"),
        ("registered_year", "1985"),
    ];
    let (id, asked) = walk_through(&town, &me, EXTRACT, &own).await;
    assert!(!asked.contains(&"subject".to_owned()) && !asked.contains(&"spouse".to_owned()));
    let view = town.see(&me, id).await.expect("seen");
    assert_eq!(
        view.answers["registered_at"],
        json!({ "ward": "31341", "ward_name": "Phường Lái Hiếu", "district": "Thành phố Ngã Bảy" })
    );

    let child = [
        ("extract_kind", "marriage"),
        ("whose", "my_child"),
        ("registered_year", "1985"),
    ];
    let (id, asked) = walk_through(&town, &me, EXTRACT, &child).await;
    assert!(asked.contains(&"subject".to_owned()) && asked.contains(&"spouse".to_owned()));
    town.pass(&me, id, "kind", [("extract_kind", "death")]).await;
    let refused = town
        .save(&me, id, "belongs_to", &raw([("whose", "mine")]))
        .await
        .expect("saved");
    assert_eq!(
        refused.faults[0].params["own_key"],
        "forms.apply.check.death_of_oneself"
    );
}

// shows: R084
#[tokio::test]
async fn a_family_opens_a_shop() {
    let (town, me) = (Town::new().await, citizen());
    let family = [("acting", "authorised"), ("founders", "family")];
    let (id, asked) = walk_through(&town, &me, BUSINESS, &family).await;
    assert!(asked.contains(&"owner".to_owned()) && asked.contains(&"household".to_owned()));
    let view = town.see(&me, id).await.expect("seen");
    assert_eq!(
        (&view.answers["capital"], &view.answers["workers"]),
        (&json!(50_000_000), &json!(2))
    );
    let refused = town
        .save(&me, id, "naming", &raw([("business_name", "Công ty Mẫu")]))
        .await
        .expect("saved");
    assert_eq!(
        refused.faults[0].params["own_key"],
        "forms.apply.check.looks_like_company"
    );
    let single = [("acting", "myself"), ("founders", "individual")];
    let (_, asked) = walk_through(&town, &me, BUSINESS, &single).await;
    assert!(!asked.contains(&"owner".to_owned()) && !asked.contains(&"household".to_owned()));
}
