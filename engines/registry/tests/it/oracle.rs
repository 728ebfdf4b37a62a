//! What is not shown is not learnt by asking for it either.

use kernel::Actor;
use registry::{AsOf, Query, TwinState, definition::RecordDefinition};
use schema::Problems;
use serde_json::json;

use crate::town::{SHOP, Town, shop};

const NUMBER: &str = "093090000001";

/// Poor people, whom each district sees in its own area.
const AIDED: &str = r#"
format: 1
record: aided
vi: Người được trợ giúp
en: People with aid
about: { vi: Người được trợ giúp., en: People with aid. }
owner: SCT
enters: [district]
place: ward
sharing: [specific]
update: entry
readers: owner
retention: { years: 10 }
title: name
key: [number]
list: [name, ward]
duplicates:
  - { same: [name] }
fields:
  - { field: number, vi: Số định danh, en: Number, type: person, required: true, class: personal, search: true }
  - { field: name, vi: Họ tên, en: Name, type: name, required: true, class: personal, search: true }
  - { field: ward, vi: Xã, en: Ward, type: area, required: true, class: internal, search: true }
  - { field: why, vi: Lý do, en: Why, type: text, class: sensitive }
"#;

/// Refers to them.
const AID: &str = r#"
format: 1
record: aid
vi: Đợt trợ giúp
en: Aid
about: { vi: Đợt trợ giúp., en: Aid. }
owner: SXD
sharing: [specific]
update: entry
readers: owner
retention: { years: 10 }
title: code
key: [code]
list: [code]
fields:
  - { field: code, vi: Mã, en: Code, type: text, required: true, class: internal, search: true }
  - { field: who, vi: Người, en: Who, type: link, to: aided, class: internal }
"#;

fn query(definition: &RecordDefinition, pairs: &[(&str, &str)]) -> Query {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Query::read(definition, &pairs).unwrap().0
}

/// Finding by what is sealed is for whoever may open it, and stays written down.
#[tokio::test]
async fn whoever_may_not_open_may_not_ask() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["owner_number"] = NUMBER.into();
    town.add(&owner, "shop", one).await.unwrap();
    let asked = [("owner_number", NUMBER)];
    // A role of the same agency that reads and does not open.
    let reader = town.official("SCT", "admin");
    assert_eq!(
        town.list(&reader, "shop", &asked).await.unwrap_err().code,
        "registry.bad_filter"
    );
    let mut op = town.op(&owner).await;
    let published = town.registry.register(&mut op, "shop").await.unwrap();
    let query = query(&published.definition, &asked);
    assert!(query.asks_sealed(&published.definition));
    let page = db::PageRequest::first();
    let found = town.registry.list(&mut op, "shop", &query, &page).await.unwrap();
    assert_eq!(found.page.items.len(), 1);
    op.commit().await.unwrap();
    let sought: Vec<String> =
        sqlx::query_scalar("SELECT detail::text FROM op.audit_entry WHERE action = 'registry.sought'")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
    assert_eq!(sought.len(), 1);
    assert!(
        sought[0].contains("owner_number") && !sought[0].contains(NUMBER),
        "{sought:?}"
    );
    // No hash is kept of what was.
    let then = town.scratch.ops.now().to_rfc3339();
    let past = town
        .list(&owner, "shop", &[("owner_number", NUMBER), ("known_at", &then)])
        .await;
    assert_eq!(past.unwrap_err().code, "registry.field_sealed");
}

/// What has few values is read by asking for each of them.
#[test]
fn nothing_sealed_of_few_values_is_asked_for() {
    let sealed = SHOP.replace(
        "    type: choice\n    class: public\n",
        "    type: choice\n    class: sensitive\n",
    );
    let mut problems = Problems::new();
    RecordDefinition::read("x", &sealed, &mut problems);
    assert!(
        problems.to_string().contains("nothing sealed of type choice"),
        "{problems}"
    );
}

/// Where a register is for its owner and for those who enter, each of these sees their own area.
#[tokio::test]
async fn districts_see_their_own_people() {
    let town = Town::new().await;
    town.publish(AIDED).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let here = town.official("TPNB", "specialist");
    let there = town.official("TPVT", "specialist");
    let person = |number: &str, ward: &str| json!({ "number": number, "name": "Nguyễn Thị Đào", "ward": ward, "why": "Neo đơn" });
    let mine = town.add(&here, "aided", person(NUMBER, "31340")).await.unwrap();
    let theirs = town
        .add(&there, "aided", person("093090000002", "31318"))
        .await
        .unwrap();
    let count = async |actor: &Actor| town.list(actor, "aided", &[]).await.unwrap().len();
    assert_eq!(
        (count(&owner).await, count(&here).await, count(&there).await),
        (2, 1, 1)
    );
    let mut op = town.op(&here).await;
    let open = Some("Xét trợ giúp quý I");
    let own = town
        .registry
        .record(&mut op, "aided", mine.id, AsOf::default(), open)
        .await
        .unwrap();
    assert_eq!(own.values["why"], "Neo đơn");
    for purpose in [None, open] {
        let other = town
            .registry
            .record(&mut op, "aided", theirs.id, AsOf::default(), purpose)
            .await;
        assert_eq!(other.unwrap_err().code, "registry.record_not_found");
    }
    let past = town.registry.history(&mut op, "aided", theirs.id, open).await;
    assert_eq!(past.unwrap_err().code, "registry.record_not_found");
    // Nor by another way: side by side with their own, by its name, as a likely twin.
    let pair = town.registry.pair(&mut op, "aided", (mine.id, theirs.id), None).await;
    assert_eq!(pair.unwrap_err().code, "registry.record_not_found");
    let both = [mine.id, theirs.id];
    for named in [
        town.registry.titles(&mut op, "aided", &both).await.unwrap(),
        town.registry.names(&mut op, "aided", &both).await.unwrap(),
    ] {
        assert_eq!(named.into_keys().collect::<Vec<_>>(), [mine.id]);
    }
    let given = person("093090000003", "31340").as_object().cloned().unwrap();
    let likely = town.registry.likely_twins(&mut op, "aided", &given).await.unwrap();
    assert_eq!(likely.len(), 2);
    for twin in likely {
        assert_eq!(twin.title.is_empty(), twin.id == theirs.id);
    }
}

/// What is sealed of a record elsewhere is not opened by whoever reads the rest of it.
#[tokio::test]
async fn sealed_fields_of_other_areas_stay_closed() {
    let town = Town::new().await;
    let mut one = shop("CH-0001");
    one["ward"] = "31318".into();
    one["phone"] = "0912345678".into();
    let made = town
        .add(&town.official("SCT", "specialist"), "shop", one)
        .await
        .unwrap();
    let mut op = town.op(&town.official("TPNB", "specialist")).await;
    let read = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(read.values["name"], "Tạp hóa Bảy Ngã");
    let opened = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), Some("Kiểm tra"))
        .await;
    assert_eq!(opened.unwrap_err().code, "registry.not_allowed");
}

/// A link is no way to learn who is in a register that one does not see.
#[tokio::test]
async fn links_tell_nothing_of_a_closed_register() {
    let town = Town::new().await;
    town.publish(AIDED).await.unwrap();
    town.publish(AID).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let person = json!({ "number": NUMBER, "name": "Nguyễn Thị Đào", "ward": "31340" });
    let made = town.add(&owner, "aided", person).await.unwrap();
    let builder = town.official("SXD", "specialist");
    for named in [NUMBER.to_owned(), "093090000009".to_owned(), made.id.to_string()] {
        let refused = town
            .add(&builder, "aid", json!({ "code": "A1", "who": named }))
            .await
            .unwrap_err();
        assert_eq!(refused.fields[0].code, "registry.field.link", "{named}");
    }
}

/// Years that nobody means stop neither a list nor a file.
#[tokio::test]
async fn years_out_of_reach_are_faults_of_their_field() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let street = json!({ "code": "D1", "name": "Hùng Vương" });
    let early = town
        .add_from(&Actor::System("apps"), "street", street, Some("0900-01-01"))
        .await;
    assert_eq!(early.unwrap_err().code, "registry.bad_day");
    let yaml = SHOP.replace("record: shop", "record: seen").replace(
        "  - { field: lease",
        "  - { field: seen_at, vi: Lúc, en: At, type: moment, class: public }\n  - { field: lease",
    );
    town.publish(&yaml).await.unwrap();
    for moment in ["9999-12-31T23:59:59+00:00", "0000-01-01T00:00", "1-01-01 00:00"] {
        let mut one = shop("CH-0001");
        one["seen_at"] = moment.into();
        let refused = town.add(&owner, "seen", one).await.unwrap_err();
        assert_eq!(refused.fields[0].code, "registry.field.moment", "{moment}");
    }
    for code in ["CH\u{2011}0001", "CH-0001\u{fe0f}", "CH-0001\u{2800}"] {
        let yaml = SHOP
            .replace("record: shop", "record: free")
            .replace(", pattern: CH-9999", "");
        town.publish(&yaml).await.unwrap();
        let refused = town.add(&owner, "free", shop(code)).await.unwrap_err();
        assert_eq!(refused.fields[0].code, "registry.field.look_alike", "{code}");
    }
}

/// What is there twice is for whoever sees all that is compared: a hint about a hidden field tells what it holds.
#[tokio::test]
async fn pairs_are_for_those_who_see_what_is_compared() {
    let town = Town::new().await;
    let yaml = SHOP.replacen(
        "fields:\n",
        "duplicates:\n  - { same: [owner_number], alike: [name] }\nfields:\n",
        1,
    );
    town.publish(&yaml).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let with_number = |code: &str| {
        let mut one = shop(code);
        one["owner_number"] = NUMBER.into();
        one
    };
    let one = town.add(&owner, "shop", with_number("CH-0001")).await.unwrap();
    let other = town.add(&owner, "shop", with_number("CH-0002")).await.unwrap();
    let page = db::PageRequest::first();
    for (agency, sees) in [("SCT", true), ("CT", false), ("SXD", false)] {
        let mut op = town.op(&town.official(agency, "specialist")).await;
        let twins = town.registry.twins(&mut op, "shop", TwinState::Open, &page).await;
        let pair = town.registry.pair(&mut op, "shop", (one.id, other.id), None).await;
        assert_eq!((twins.is_ok(), pair.is_ok()), (sees, sees), "{agency}");
    }
    // Whoever enters is warned; of the number they hear only where they may open it.
    let given = with_number("CH-0003").as_object().cloned().unwrap();
    let mut op = town.op(&owner).await;
    let likely = town.registry.likely_twins(&mut op, "shop", &given).await.unwrap();
    assert_eq!(likely.len(), 2);
    assert!(likely[0].why.iter().any(|hint| hint.field == "owner_number"));
}
