//! The national list: what a code means on a day anywhere, what became of it, and how it is found.

use axum::http::{Method, StatusCode};
use db::PageRequest;
use identity::{
    Area, AreaLevel, CatalogueChange, CatalogueLineage, CatalogueQuery, CatalogueShare, NationalList, Validity,
};
use kernel::Actor;
use serde_json::{Value, json};

use crate::api::{ask, router};
use crate::town::{Town, code, day};

fn area(code: &str, parent: Option<&str>, name: &str, begins: bool) -> (Area, bool) {
    let level = match code.len() {
        2 => AreaLevel::Province,
        3 => AreaLevel::District,
        _ => AreaLevel::Ward,
    };
    let validity = match begins {
        true => Validity::since(day("2025-07-01")),
        false => Validity {
            from: day("2004-01-01"),
            to: Some(day("2025-06-30")),
        },
    };
    let area = Area {
        code: code.into(),
        level,
        parent: parent.map(str::to_owned),
        name: name.into(),
        validity,
    };
    (area, begins)
}

fn change(old: &str, new: &str, whole: bool) -> CatalogueChange {
    CatalogueChange {
        first_day: day("2025-07-01"),
        old_code: old.into(),
        new_code: new.into(),
        whole,
        note: if old == "24235" {
            "Đổi tên".into()
        } else {
            String::new()
        },
        basis: if old == "31321" {
            "NQ 1668".into()
        } else {
            String::new()
        },
    }
}

/// Some areas of the real list.
fn list() -> NationalList {
    NationalList {
        areas: vec![
            area("93", None, "Tỉnh Hậu Giang", false),
            area("92", None, "Thành phố Cần Thơ", false),
            area("66", None, "Tỉnh Đắk Lắk", false),
            area("930", Some("93"), "Thành phố Vị Thanh", false),
            area("647", Some("66"), "Huyện Buôn Đôn", false),
            area("31318", Some("930"), "Phường I", false),
            area("31321", Some("930"), "Phường III", false),
            area("31333", Some("930"), "Xã Vị Tân", false),
            area("24235", Some("647"), "Xã Krông Na", false),
            area("92", None, "Thành phố Cần Thơ", true),
            area("66", None, "Tỉnh Đắk Lắk", true),
            area("31321", Some("92"), "Phường Vị Thanh", true),
            area("31333", Some("92"), "Phường Vị Tân", true),
            area("24235", Some("66"), "Xã Buôn Đôn", true),
        ],
        changes: vec![
            change("93", "92", true),
            change("92", "92", true),
            change("66", "66", true),
            change("930", "31321", false),
            change("930", "31333", false),
            change("31321", "31321", true),
            change("31318", "31321", false),
            change("31318", "31333", false),
            change("24235", "24235", true),
        ],
    }
}

async fn town() -> Town {
    let town = Town::new().await;
    let mut op = town.loader().await;
    for _ in 0..2 {
        town.identity.replace_area_catalogue(&mut op, &list()).await.unwrap();
    }
    op.commit().await.unwrap();
    town
}

async fn lineage(town: &Town, code: &str, on: &str) -> CatalogueLineage {
    let mut op = town.op(&Actor::Anonymous).await;
    town.identity.catalogue_lineage(&mut op, code, day(on)).await.unwrap()
}

fn named(shares: &[CatalogueShare]) -> Vec<(&str, bool)> {
    shares
        .iter()
        .map(|one| (one.area.area.name.as_str(), one.whole))
        .collect()
}

// shows: R221
#[tokio::test]
async fn one_code_means_two_wards_and_each_leads_to_the_other() {
    let town = town().await;
    let old = lineage(&town, "31321", "2025-06-30").await;
    assert_eq!((old.area.area.name.as_str(), old.in_force), ("Phường III", true));
    assert_eq!(old.area.place, "Thành phố Vị Thanh, Tỉnh Hậu Giang");
    assert!(!old.area.from_known);
    assert_eq!(named(&old.today), [("Phường Vị Thanh", true)]);
    assert_eq!(old.today[0].basis, "NQ 1668");
    assert_eq!(old.meanings.len(), 2);
    let new = lineage(&town, "31321", "2025-07-01").await;
    assert_eq!((new.area.area.name.as_str(), new.in_force), ("Phường Vị Thanh", true));
    assert_eq!(new.area.place, "Thành phố Cần Thơ");
    assert_eq!(
        named(&new.came_from),
        [("Phường I", false), ("Phường III", true)],
        "wards, not the district on whose ground they were"
    );
    assert_eq!(named(&new.today), [("Phường Vị Thanh", true)], "itself");
    // A code that is no more tells what it meant last, and what is there now.
    let gone = lineage(&town, "93", "2026-03-02").await;
    assert_eq!((gone.area.area.name.as_str(), gone.in_force), ("Tỉnh Hậu Giang", false));
    assert_eq!(named(&gone.today), [("Thành phố Cần Thơ", true)]);
    let mut op = town.op(&Actor::Anonymous).await;
    assert_eq!(
        code(
            town.identity
                .catalogue_lineage(&mut op, "99999", day("2026-01-01"))
                .await
        ),
        "identity.area_not_found"
    );
}

// shows: R221
#[tokio::test]
async fn a_ward_that_was_divided_leads_to_each_part_and_a_renamed_one_to_its_new_name() {
    let town = town().await;
    let divided = lineage(&town, "31318", "2024-12-31").await;
    assert_eq!(
        named(&divided.today),
        [("Phường Vị Tân", false), ("Phường Vị Thanh", false)]
    );
    let district = lineage(&town, "930", "2026-01-01").await;
    assert_eq!(named(&district.became).len(), 2);
    let renamed = lineage(&town, "24235", "2024-12-31").await;
    assert_eq!(renamed.area.area.name, "Xã Krông Na");
    assert_eq!(named(&renamed.became), [("Xã Buôn Đôn", true)]);
    assert_eq!(renamed.became[0].note, "Đổi tên");
    // The source does not tell what became of one.
    let unknown = lineage(&town, "31333", "2024-12-31").await;
    assert_eq!(
        (unknown.in_force, unknown.today.len(), unknown.meanings.len()),
        (true, 0, 2)
    );
}

// shows: R222
#[tokio::test]
async fn names_are_found_without_marks_page_after_page() {
    let town = town().await;
    let mut op = town.op(&Actor::Anonymous).await;
    let mut found = async |words: &str, on: Option<&str>| {
        let query = CatalogueQuery {
            words: words.into(),
            on: on.map(day),
        };
        let page = town
            .identity
            .search_area_catalogue(&mut op, &query, &PageRequest::first())
            .await
            .unwrap();
        let names = page.items.into_iter().map(|entry| entry.area.area.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        found("vi thanh", None).await,
        [
            "Phường Vị Thanh",
            "Thành phố Vị Thanh",
            "Phường I",
            "Phường III",
            "Phường Vị Tân",
            "Xã Vị Tân"
        ],
        "whose own name it is first, then what lies in it"
    );
    assert_eq!(found("p. iii, TP Vị Thanh", None).await, ["Phường III"]);
    assert_eq!(found("31321", None).await, ["Phường III", "Phường Vị Thanh"]);
    assert_eq!(found("31321", Some("2024-12-31")).await, ["Phường III"]);
    assert_eq!(found("3132", None).await, [""; 0], "a number is meant whole");
    assert_eq!(found("%", Some("2025-07-01")).await.len(), 5, "all of the day");
    assert_eq!(found("rạch không có", None).await, [""; 0]);
    // Page after page, each area once.
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest::new(after, Some(3));
        let query = CatalogueQuery::default();
        let page = town
            .identity
            .search_area_catalogue(&mut op, &query, &request)
            .await
            .unwrap();
        seen.extend(
            page.items
                .into_iter()
                .map(|entry| (entry.area.area.code, entry.area.area.validity.from)),
        );
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 14);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 14);
}

#[tokio::test]
async fn a_list_that_does_not_hold_together_is_refused_and_nobody_but_the_loader_writes_one() {
    let town = town().await;
    let mut orphan = list();
    orphan.areas.push(area("00004", Some("001"), "Phường Trúc Bạch", false));
    let mut astray = list();
    astray.changes.push(change("31330", "31321", true));
    let mut twice = list();
    twice.areas.push(area("31321", Some("930"), "Phường Khác", false));
    for (broken, fault) in [
        (orphan, "identity.malformed"),
        (astray, "identity.malformed"),
        (twice, "identity.overlap"),
    ] {
        let mut op = town.loader().await;
        assert_eq!(
            code(town.identity.replace_area_catalogue(&mut op, &broken).await),
            fault
        );
    }
    let clerk = town.desk("can.bo", &["clerk"]).await;
    let mut op = town.op(&clerk).await;
    assert_eq!(
        code(town.identity.replace_area_catalogue(&mut op, &list()).await),
        "identity.not_allowed"
    );
}

// shows: R222
#[tokio::test]
async fn what_a_place_is_called_on_a_day_is_one_public_call() {
    let town = town().await;
    let router = router(&town);
    let get = async |path: &str| ask(&router, Method::GET, path, "", Value::Null).await;
    let (status, found) = get("/api/v1/area-catalogue/31321?on=2024-12-31").await;
    assert_eq!((status, &found["area"]["name"]), (StatusCode::OK, &json!("Phường III")));
    assert_eq!(found["area"]["validity"]["to"], "2025-06-30");
    assert_eq!(found["today"][0]["area"]["name"], "Phường Vị Thanh");
    assert_eq!(found["today"][0]["whole"], true);
    assert_eq!(found["meanings"].as_array().unwrap().len(), 2);
    let (_, found) = get("/api/v1/area-catalogue/31321").await;
    assert_eq!(found["came_from"][1]["area"]["name"], "Phường III");
    let (_, page) = get("/api/v1/area-catalogue?q=phuong%20vi&so=1").await;
    assert_eq!(page["items"][0]["area"]["name"], "Phường Vị Tân");
    let next = page["next"].as_str().unwrap();
    let (_, page) = get(&format!("/api/v1/area-catalogue?q=phuong%20vi&so=1&sau={next}")).await;
    assert_eq!(page["items"][0]["area"]["name"], "Phường Vị Thanh");
    let (_, page) = get("/api/v1/area-catalogue?q=31321&on=2024-12-31").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["became"][0]["area"]["code"], "31321");
    for (path, code) in [
        ("/api/v1/area-catalogue/99999", "identity.area_not_found"),
        ("/api/v1/area-catalogue/31321?on=yesterday", "identity.malformed"),
        ("/api/v1/area-catalogue?on=31-12-2024", "identity.malformed"),
    ] {
        assert_eq!(get(path).await.1["code"], code, "{path}");
    }
}
