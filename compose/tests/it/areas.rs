//! The national list of areas as this release carries it, beside the areas by which the province works.

use chrono::NaiveDate;
use db::PageRequest;
use identity::{CatalogueLineage, CatalogueQuery, CatalogueShare, Identity};
use kernel::Actor;
use op::Op;
use testkit::Scratch;

use crate::count;
use crate::house::loaded;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn meant(identity: &Identity, op: &mut Op, code: &str, on: &str) -> CatalogueLineage {
    identity.catalogue_lineage(op, code, day(on)).await.unwrap()
}

fn named(shares: &[CatalogueShare]) -> Vec<(String, bool)> {
    shares
        .iter()
        .map(|one| (one.area.area.name.clone(), one.whole))
        .collect()
}

fn whole(names: &[&str]) -> Vec<(String, bool)> {
    names.iter().map(|name| ((*name).to_owned(), true)).collect()
}

// shows: R221
#[tokio::test]
async fn a_ward_is_found_under_its_name_of_2024_and_of_today() {
    let (scratch, identity) = loaded().await;
    let mut op = scratch.ops.open(Actor::Anonymous).await.unwrap();
    // One code, two wards.
    let old = meant(&identity, &mut op, "31321", "2025-06-30").await;
    assert_eq!(old.area.area.name, "Phường III");
    assert_eq!(old.area.place, "Thành phố Vị Thanh, Tỉnh Hậu Giang");
    assert_eq!(old.area.area.validity.to, Some(day("2025-06-30")));
    assert_eq!(named(&old.today), whole(&["Phường Vị Thanh"]));
    assert_eq!(old.today[0].basis, "Nghị quyết 1668/NQ-UBTVQH15");
    let new = meant(&identity, &mut op, "31321", "2025-07-01").await;
    assert_eq!(
        (new.area.area.name.as_str(), new.area.place.as_str()),
        ("Phường Vị Thanh", "Thành phố Cần Thơ")
    );
    assert_eq!(named(&new.came_from), whole(&["Phường I", "Phường III", "Phường VII"]));
    assert_eq!(new.meanings.len(), 2);
    // The house goes on living by its profile: there the code means Phường III still.
    let own = identity.area(&mut op, "31321", day("2026-03-02")).await.unwrap();
    assert_eq!(own.name, "Phường III");
    // Divided among several, and renamed.
    let divided = meant(&identity, &mut op, "00016", "2024-12-31").await;
    assert_eq!(divided.area.area.name, "Phường Ngọc Hà");
    assert_eq!(
        named(&divided.became),
        [
            ("Phường Ba Đình".to_owned(), false),
            ("Phường Ngọc Hà".to_owned(), false)
        ]
    );
    let renamed = meant(&identity, &mut op, "24235", "2024-12-31").await;
    assert_eq!(renamed.area.area.name, "Xã Krông Na");
    assert_eq!(
        (named(&renamed.today), renamed.today[0].note.as_str()),
        (whole(&["Xã Buôn Đôn"]), "Đổi tên")
    );
    // A province that went on has one meaning; one that was taken in leads on; a district leads to what its wards became.
    assert_eq!(meant(&identity, &mut op, "01", "2026-01-01").await.meanings.len(), 1);
    assert_eq!(
        named(&meant(&identity, &mut op, "93", "2024-12-31").await.today),
        whole(&["Thành phố Cần Thơ"])
    );
    let district = meant(&identity, &mut op, "930", "2024-12-31").await;
    assert_eq!(
        district
            .today
            .iter()
            .map(|one| one.area.area.name.as_str())
            .collect::<Vec<_>>(),
        ["Phường Vị Tân", "Phường Vị Thanh", "Xã Hỏa Lựu"]
    );
    let query = CatalogueQuery {
        words: "phuong iii vi thanh".into(),
        on: None,
    };
    let found = identity
        .search_area_catalogue(&mut op, &query, &PageRequest::first())
        .await
        .unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(found.items[0].became[0].area.area.name, "Phường Vị Thanh");
}

// shows: R221
#[tokio::test]
async fn both_national_lists_are_there_whole() {
    let (scratch, _) = loaded().await;
    let of = async |sql| count(&scratch, sql).await;
    for (sql, expected) in [
        ("SELECT count(*) FROM identity.area_catalogue WHERE level = 'province' AND valid_from < '2025-07-01'", 63),
        ("SELECT count(*) FROM identity.area_catalogue WHERE level = 'province' AND valid_to IS NULL", 34),
        ("SELECT count(*) FROM identity.area_catalogue WHERE level = 'district' AND valid_to = '2025-06-30'", 696),
        ("SELECT count(*) FROM identity.area_catalogue WHERE level = 'ward' AND valid_from = '2025-07-01'", 3321),
        (
            "SELECT count(*) FROM identity.area_catalogue AS ward JOIN identity.area_catalogue AS district ON district.code = ward.parent
             WHERE ward.level = 'ward' AND district.parent = '93'",
            75,
        ),
        (
            "SELECT count(DISTINCT link.new_code) FROM identity.area_catalogue_successor AS link
             JOIN identity.area ON area.code = link.old_code AND area.valid_from = link.old_from
             WHERE area.level = 'ward' AND link.whole",
            28,
        ),
    ] {
        assert_eq!(of(sql).await, expected, "{sql}");
    }
    names_of_this_province_agree(&scratch).await;
}

/// The province writes its areas as the national list of its day does.
async fn names_of_this_province_agree(scratch: &Scratch) {
    let differing = "SELECT count(*) FROM identity.area AS own
         LEFT JOIN identity.area_catalogue AS listed ON listed.code = own.code AND listed.valid_from = own.valid_from
         WHERE listed.name IS DISTINCT FROM own.name";
    assert_eq!(count(scratch, differing).await, 0);
}
