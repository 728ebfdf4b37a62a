use db::PageRequest;
use kernel::Actor;
use registry::{Likeness, TwinState};
use serde_json::json;

use crate::goods::{firm, with};
use crate::town::{Town, given};

impl Town {
    /// Open pairs of firms as codes, the likeliest first, with their scores.
    async fn pairs(&self, state: TwinState) -> Vec<(String, String, u8)> {
        let owner = self.owner();
        let mut op = self.op(&owner).await;
        let page = PageRequest::new(None, Some(100));
        let found = self.registry.twins(&mut op, "firm", state, &page).await.unwrap();
        let mut pairs = Vec::new();
        for twin in found.items {
            let mut code = async |id| {
                let code: String = sqlx::query_scalar("SELECT code FROM records.firm WHERE id = $1")
                    .bind(id)
                    .fetch_one(op.conn())
                    .await
                    .unwrap();
                code
            };
            pairs.push((code(twin.one).await, code(twin.other).await, twin.score));
        }
        pairs
    }
}

/// Same ward and an alike name, or the same keeper: found with a score and its reasons, whatever else there is.
///
/// shows: R264, R281
#[tokio::test]
async fn pairs_are_found_by_every_declared_way_and_explained() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let same = json!({ "keeper": "093090000001" });
    for (code, name, more) in [
        ("F01", "Xay xát Nguyễn Thị Hồng Đào", json!({})),
        ("F02", "XAY XAT Nguyen Thi Dao", json!({})),
        ("F03", "Xay sát Nguyễn Thị Hồng Đào", json!({ "ward": "31341" })),
        ("F04", "Trường mầm non 1", json!({})),
        ("F05", "Trường mầm non 2", json!({})),
        ("F06", "Cơ khí Lân", same.clone()),
        (
            "F07",
            "Vật liệu xây dựng Sáu Thành",
            with(same, json!({ "ward": "31341" })),
        ),
        ("F08", "Nhà thuốc Minh Tâm", json!({ "keeper": "093090000002" })),
        ("F09", "Nhà thuốc Minh Tâm", json!({ "keeper": "093190054321" })),
        ("F10", "Quán Tâm Minh", json!({ "keeper": "093090000030" })),
        ("F11", "Quán Minh Tâm", json!({ "keeper": "093090000003" })),
    ] {
        town.firm(code, name, more).await;
    }
    town.measure(&owner, "firm").await;
    let pair = |one: &str, other: &str, score| (one.to_owned(), other.to_owned(), score);
    assert_eq!(
        town.pairs(TwinState::Open).await,
        [pair("F06", "F07", 100), pair("F01", "F02", 95), pair("F10", "F11", 95)],
        "another ward, another number of a school, another keeper: no pair"
    );
    let figures = town.figures(&owner, "firm").await;
    assert_eq!(figures.clean, Some(5));
    let mut op = town.op(&owner).await;
    let page = PageRequest::new(None, Some(1));
    let first = town
        .registry
        .twins(&mut op, "firm", TwinState::Open, &page)
        .await
        .unwrap();
    let why = &first.items[0].why;
    assert_eq!(
        (why[0].field.as_str(), why[0].likeness, why[0].score),
        ("keeper", Likeness::Same, 100)
    );
    let page = PageRequest::new(first.next, Some(1));
    let second = town
        .registry
        .twins(&mut op, "firm", TwinState::Open, &page)
        .await
        .unwrap();
    let page = PageRequest::new(second.next, Some(1));
    let third = town
        .registry
        .twins(&mut op, "firm", TwinState::Open, &page)
        .await
        .unwrap();
    assert_eq!(third.next, None);
    let why: Vec<(&str, Likeness)> = third.items[0]
        .why
        .iter()
        .map(|hint| (hint.field.as_str(), hint.likeness))
        .collect();
    assert_eq!(
        why,
        [
            ("ward", Likeness::Same),
            ("name", Likeness::Alike),
            ("keeper", Likeness::Near)
        ]
    );
    // What is kept of a pair tells no value.
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(twin)::text FROM registry.twin")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 3);
    assert!(!rows.iter().any(|row| row.contains("0930900") || row.contains("Minh")));
}

#[tokio::test]
async fn what_was_said_to_be_different_is_remembered_and_can_be_taken_back() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let one = town.firm("F1", "Nhà thuốc Minh Tâm", json!({})).await;
    let other = town.firm("F2", "Nhà thuốc Minh Tâm", json!({})).await;
    town.measure(&owner, "firm").await;
    assert_eq!(town.pairs(TwinState::Open).await.len(), 1);
    let say = async |actor: &Actor, note: &str| {
        let mut op = town.op(actor).await;
        // In whatever order they are named.
        let said = town
            .registry
            .tell_apart(&mut op, "firm", (other.id, one.id), note)
            .await;
        match said {
            Ok(()) => op.commit().await,
            Err(fault) => Err(fault),
        }
    };
    assert_eq!(say(&owner, " ").await.unwrap_err().code, "registry.reason_needed");
    let stranger = town.official("SXD", "specialist");
    assert_eq!(
        say(&stranger, "Hai nơi").await.unwrap_err().code,
        "registry.not_allowed"
    );
    say(&owner, "Hai chi nhánh, đã đến tận nơi").await.unwrap();
    town.measure(&owner, "firm").await;
    assert_eq!(town.pairs(TwinState::Open).await, []);
    assert_eq!(town.pairs(TwinState::Different).await.len(), 1);
    assert_eq!(town.figures(&owner, "firm").await.clean, Some(2));
    let mut op = town.op(&owner).await;
    let pair = town
        .registry
        .pair(&mut op, "firm", (one.id, other.id), None)
        .await
        .unwrap();
    let twin = pair.twin.unwrap();
    assert_eq!(
        (twin.state, twin.note.as_str()),
        (TwinState::Different, "Hai chi nhánh, đã đến tận nơi")
    );
    assert_eq!(twin.decided_name, "Trần Văn Mẫu");
    let warned = town
        .registry
        .likely_twins_of(&mut op, "firm", &given(firm("F1", "Nhà thuốc Minh Tâm")), Some(one.id))
        .await
        .unwrap();
    assert_eq!(warned, []);
    town.registry
        .take_apart_back(&mut op, "firm", (one.id, other.id))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(town.pairs(TwinState::Open).await.len(), 1);
    // A pair that is one no longer goes by itself.
    let renamed = registry::Command::Change {
        from: None,
        given: given(firm("F2", "Vật liệu xây dựng Sáu Thành")),
    };
    town.change(&owner, "firm", other, renamed, "").await.unwrap();
    town.measure(&owner, "firm").await;
    assert_eq!(town.pairs(TwinState::Open).await, []);
    assert_eq!(town.figures(&owner, "firm").await.clean, Some(2));
}

/// Whoever enters is warned, of what is sealed too; nobody else learns by asking.
///
/// shows: R264
#[tokio::test]
async fn whoever_enters_is_warned_of_likely_twins() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let one = town
        .firm("F1", "Xay xát Nguyễn Thị Hồng Đào", json!({ "keeper": "093090000001" }))
        .await;
    town.firm("F2", "Vật liệu xây dựng Sáu Thành", json!({})).await;
    town.firm("F3", "Xay xát Nguyễn Thị Hồng Đào", json!({ "ward": "31341" }))
        .await;
    let ask = async |actor: &Actor, values| {
        let mut op = town.op(actor).await;
        let found = town.registry.likely_twins(&mut op, "firm", &given(values)).await;
        found.map(|found| {
            found
                .into_iter()
                .map(|twin| (twin.id, twin.title, twin.score))
                .collect::<Vec<_>>()
        })
    };
    let typed = json!({ "name": "xay xat dao nguyen thi hong", "ward": "31340" });
    let told = ask(&owner, typed.clone()).await.unwrap();
    assert_eq!(told, [(one.id, "Xay xát Nguyễn Thị Hồng Đào".to_owned(), 100)]);
    let slip = json!({ "name": "Xay xát Nguyễn Thị Hồng Đòa", "ward": "31340", "capital": "không biết" });
    assert_eq!(
        ask(&owner, slip).await.unwrap().len(),
        1,
        "what does not read is left out"
    );
    let by_number = json!({ "name": "Tên khác hẳn", "ward": "31318", "keeper": "093090000001" });
    assert_eq!(
        ask(&owner, by_number.clone()).await.unwrap(),
        [(one.id, "Xay xát Nguyễn Thị Hồng Đào".to_owned(), 100)]
    );
    assert_eq!(
        ask(&owner, json!({ "name": "Lò rèn Tư Đen", "ward": "31340" }))
            .await
            .unwrap(),
        []
    );
    assert_eq!(ask(&owner, json!({})).await.unwrap(), []);
    // Entering it all the same is not refused.
    town.firm("F4", "Xay xát Nguyễn Thị Hồng Đào", json!({})).await;
    for actor in [town.official("SXD", "specialist"), town.citizen(), Actor::Anonymous] {
        let fault = ask(&actor, by_number.clone()).await.unwrap_err();
        assert_eq!(fault.code, "registry.not_allowed", "nobody tries numbers out");
    }
    for nasty in [
        "'; DROP TABLE records.firm; --",
        "' | '",
        "a & !b",
        "\\",
        "x\u{0}y",
        "–",
    ] {
        ask(&owner, json!({ "name": nasty, "ward": nasty, "keeper": nasty }))
            .await
            .unwrap();
        assert_eq!(
            ask(&owner, json!({ "name": nasty, "ward": "31340" })).await.unwrap(),
            []
        );
    }
}

/// Two records side by side: what is sealed only for a purpose, which is written down.
///
/// shows: R028
#[tokio::test]
async fn a_pair_stands_side_by_side_and_opens_for_a_purpose() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let one = town
        .firm(
            "F1",
            "Cơ khí Lân",
            json!({ "keeper": "093090000001", "phone": "0912345678" }),
        )
        .await;
    let other = town.firm("F2", "Cơ khí Lân", json!({ "keeper": "093090000001" })).await;
    town.add(
        &town.official("SCT", "specialist"),
        "firm",
        with(firm("F3", "Tiệm hàn"), json!({ "parent": one.id.to_string() })),
    )
    .await
    .unwrap();
    let mut op = town.op(&owner).await;
    let pair = town
        .registry
        .pair(&mut op, "firm", (other.id, one.id), None)
        .await
        .unwrap();
    assert_eq!(
        [pair.records[0].id, pair.records[1].id],
        [one.id, other.id],
        "the older one first"
    );
    assert_eq!(pair.references, [1, 0]);
    assert_eq!(
        pair.sealed,
        [vec!["keeper".to_owned(), "phone".to_owned()], vec!["keeper".to_owned()]]
    );
    assert!(pair.records.iter().all(|record| !record.values.contains_key("keeper")));
    let opened = town
        .registry
        .pair(&mut op, "firm", (one.id, other.id), Some("Xử lý bản ghi trùng"))
        .await
        .unwrap();
    assert_eq!(opened.records[1].values["keeper"], "093090000001");
    op.commit().await.unwrap();
    let looked: i64 = sqlx::query_scalar("SELECT count(*) FROM op.audit_entry WHERE action = 'registry.opened'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(looked, 2);
    let mut op = town.op(&owner).await;
    let itself = town
        .registry
        .pair(&mut op, "firm", (one.id, one.id), None)
        .await
        .unwrap_err();
    assert_eq!(itself.code, "registry.record_not_found");
    drop(op);
    let mut op = town.op(&town.citizen()).await;
    let hidden = town
        .registry
        .pair(&mut op, "firm", (one.id, other.id), None)
        .await
        .unwrap_err();
    assert_eq!(hidden.code, "registry.not_found");
}

/// Many of the same name: each is found, and not each with each.
#[tokio::test]
async fn a_crowd_is_found_without_comparing_all() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    town.firm("F0", "Tạp hóa Nguyễn Văn Năm", json!({})).await;
    // As an import would: rows of the same thing, then some with a slip, in one statement.
    sqlx::query(
        "INSERT INTO records.firm (id, valid_from, version, recorded_at, words, code, code__sort, name, name__sort, ward, capital, started_on, checked_on)
         SELECT gen_random_uuid(), '2026-01-01', 1, '2026-01-01', '', 'X' || number, 'x' || number,
                CASE WHEN number % 50 = 0 THEN 'Tạp hóa Nguyễn Văn Nam' || chr(97 + number / 50) ELSE 'Tạp hóa Nguyễn Văn Năm' END, 'x',
                '31340', 1000000, '2020-01-01', '2026-02-01'
         FROM generate_series(1, 1000) AS number",
    )
    .execute(&town.scratch.pool)
    .await
    .unwrap();
    town.measure(&owner, "firm").await;
    let figures = town.figures(&owner, "firm").await;
    assert_eq!((figures.records, figures.clean), (1_001, Some(0)));
    let pairs: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.twin")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert!(pairs < 3_000, "{pairs}");
}
