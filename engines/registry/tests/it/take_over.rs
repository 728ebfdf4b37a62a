use kernel::{Actor, Result};
use registry::{AsOf, Given, Keep, Taken};
use serde_json::{Value, json};

use crate::town::{Town, given, shop};

fn rows(all: &[Value]) -> Vec<Given> {
    all.iter()
        .enumerate()
        .map(|(place, fields)| Given {
            number: place as u64 + 2,
            fields: given(fields.clone()),
            from: None,
            to: None,
        })
        .collect()
}

async fn take(town: &Town, actor: &Actor, register: &str, rows: Vec<Given>) -> Result<Taken> {
    let mut op = town.op(actor).await;
    let taken = town.registry.take_over(&mut op, register, rows, Keep::Sealed).await?;
    op.commit().await?;
    Ok(taken)
}

#[tokio::test]
async fn the_same_again_changes_nothing_and_another_content_is_a_change() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["phone"] = "0912345678".into();
    one["capital"] = "1.500.000".into();
    one["lease"] = json!({ "from": "2024-01-01" });
    one["goods"] = json!(["food", "tools"]);
    let first = [one.clone(), shop("CH-0002")];
    let taken = take(&town, &owner, "shop", rows(&first)).await.unwrap();
    assert_eq!((taken.created, taken.changed, taken.unchanged), (2, 0, 0));
    let again = take(&town, &owner, "shop", rows(&first)).await.unwrap();
    assert_eq!(
        (again.created, again.changed, again.unchanged),
        (0, 0, 2),
        "{:?}",
        again.bad
    );
    town.scratch.clock.advance(chrono::TimeDelta::days(3));
    one["capital"] = 2_000_000.into();
    let changed = take(&town, &owner, "shop", rows(&[one, shop("CH-0003")]))
        .await
        .unwrap();
    assert_eq!((changed.created, changed.changed, changed.unchanged), (1, 1, 0));
    assert_eq!(
        town.codes(&owner, "shop", &[("sort", "code")]).await,
        ["CH-0001", "CH-0002", "CH-0003"]
    );
    // What was, still is on its days.
    let capital = async |day: &str| {
        let found = town
            .list(&owner, "shop", &[("as_of", day), ("code", "CH-0001")])
            .await
            .unwrap();
        found[0].values["capital"].clone()
    };
    assert_eq!(capital("2026-03-04").await, 1_500_000);
    assert_eq!(capital("2026-03-05").await, 2_000_000);
    // A stretch of new records is one line of the feed.
    let lines: Vec<(String, bool)> = sqlx::query_as("SELECT kind, last IS NOT NULL FROM registry.change ORDER BY seq")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    let expected = [("created", true), ("created", false), ("changed", false)];
    assert_eq!(lines, expected.map(|(kind, many)| (kind.to_owned(), many)));
}

#[tokio::test]
async fn good_rows_go_in_and_bad_ones_come_back() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut with_phone = shop("CH-0009");
    with_phone["phone"] = "0912345678".into();
    town.add(&owner, "shop", with_phone.clone()).await.unwrap();
    let mut twin = shop("CH-0004");
    twin["phone"] = "0912 345 678".into();
    let mut nowhere = shop("CH-0005");
    nowhere["street"] = "D9".into();
    let all = [
        shop("CH-0001"),
        json!({ "code": "X", "ward": "99999" }),
        shop("CH-0001"),
        twin,
        nowhere,
        shop("CH-0002"),
        with_phone,
    ];
    let taken = take(&town, &owner, "shop", rows(&all)).await.unwrap();
    assert_eq!((taken.created, taken.unchanged), (2, 1));
    let bad: Vec<(u64, Vec<&str>)> = taken
        .bad
        .iter()
        .map(|row| {
            let rules = row
                .faults
                .iter()
                .map(|fault| fault.code.trim_start_matches("registry.field."));
            (row.number, rules.collect())
        })
        .collect();
    assert_eq!(
        bad,
        [
            (3, vec!["pattern", "ward", "required"]),
            (4, vec!["twice"]),
            (5, vec!["unique"]),
            (6, vec!["link"])
        ]
    );
}

/// What would end a cell, or be read as something else, comes back as it was.
#[tokio::test]
async fn every_letter_survives() {
    let town = Town::new().await;
    let builder = town.official("SXD", "specialist");
    let names = [
        "a\\b",
        "\\N",
        "\\.",
        "it's \"so\"",
        "{x,y}",
        "Đường số 1 ☂ 𠀀",
        "NULL",
        "\u{202e}x",
    ];
    let all: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(place, name)| json!({ "code": format!("D{place}"), "name": name, "width": 2.5 }))
        .collect();
    let taken = take(&town, &builder, "street", rows(&all)).await.unwrap();
    assert_eq!(taken.created as usize, names.len(), "{:?}", taken.bad);
    let found = town.list(&builder, "street", &[("sort", "code")]).await.unwrap();
    for (record, name) in found.iter().zip(names) {
        assert_eq!(record.values["name"], kernel::text::clean_line(name));
        assert_eq!(record.values["width"], 2.5);
    }
}

#[tokio::test]
async fn periods_that_have_ended_come_in_with_their_days() {
    let town = Town::new().await;
    let platform = Actor::System("apps");
    let row = |name: &str, from: &str, to: Option<&str>| Given {
        number: 1,
        fields: given(json!({ "code": "D1", "name": name })),
        from: Some(from.parse().unwrap()),
        to: to.map(|day| day.parse().unwrap()),
    };
    let old = || vec![row("Đường 1", "2010-01-01", Some("2019-12-31"))];
    let new = || vec![row("Hùng Vương", "2020-01-01", None)];
    assert_eq!(take(&town, &platform, "street", old()).await.unwrap().created, 1);
    assert_eq!(take(&town, &platform, "street", old()).await.unwrap().unchanged, 1);
    assert_eq!(take(&town, &platform, "street", new()).await.unwrap().created, 1);
    assert_eq!(take(&town, &platform, "street", new()).await.unwrap().unchanged, 1);
    let name =
        async |day: &str| town.list(&platform, "street", &[("as_of", day)]).await.unwrap()[0].values["name"].clone();
    assert_eq!(name("2015-01-01").await, "Đường 1");
    assert_eq!(name("2025-01-01").await, "Hùng Vương");
    let backwards = take(
        &town,
        &platform,
        "street",
        vec![row("x", "2020-01-01", Some("2019-01-01"))],
    )
    .await
    .unwrap();
    assert_eq!(backwards.bad[0].faults[0].code, "registry.field.period_backwards");
}

/// Two nodes that take the same file over at once: every record is there once.
#[tokio::test]
async fn two_at_once() {
    let town = Town::new().await;
    let platform = Actor::System("apps");
    let all: Vec<Value> = (0..300)
        .map(|n| json!({ "code": format!("D{n}"), "name": format!("Đường {n}") }))
        .collect();
    let (one, other) = tokio::join!(
        take(&town, &platform, "street", rows(&all)),
        take(&town, &platform, "street", rows(&all)),
    );
    for done in [&one, &other] {
        if let Err(fault) = done {
            assert_eq!(fault.code, "registry.duplicate_key");
        }
    }
    take(&town, &platform, "street", rows(&all)).await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM records.street")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(count, 300);
}

#[tokio::test]
async fn only_the_owner_and_the_platform() {
    let town = Town::new().await;
    for actor in [
        town.official("TPNB", "specialist"),
        town.official("SXD", "specialist"),
        town.official("SCT", "leader"),
        town.citizen(),
        Actor::Anonymous,
    ] {
        assert!(take(&town, &actor, "shop", rows(&[shop("CH-0001")])).await.is_err());
    }
}

/// A key that is sealed is compared by its keyed hash, and parts of a key by all of them.
#[tokio::test]
async fn keys_of_every_sort() {
    let town = Town::new().await;
    let yaml = r#"
format: 1
record: pensioner
vi: Người hưởng
en: Pensioners
about: { vi: Người hưởng trợ cấp., en: People with a pension. }
owner: SCT
sharing: [specific]
update: entry
readers: owner
retention: { years: 10 }
title: name
key: [number, kind, since]
list: [name, kind]
fields:
  - { field: number, vi: Số định danh, en: Number, type: person, required: true, class: sensitive }
  - { field: kind, vi: Loại, en: Kind, type: choice, required: true, class: internal, options: [{ code: a, vi: A, en: A }, { code: b, vi: B, en: B }] }
  - { field: since, vi: Từ ngày, en: Since, type: date, required: true, class: internal }
  - { field: name, vi: Họ tên, en: Name, type: name, required: true, class: personal }
  - { field: amount, vi: Mức hưởng, en: Amount, type: money, class: sensitive }
"#;
    town.publish(yaml).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let row = |kind: &str, since: &str, amount: i64| json!({ "number": "093090000001", "kind": kind, "since": since, "name": "Nguyễn Thị Đào", "amount": amount });
    let all = [
        row("a", "2020-01-01", 1),
        row("b", "2020-01-01", 2),
        row("a", "2021-01-01", 3),
    ];
    assert_eq!(take(&town, &owner, "pensioner", rows(&all)).await.unwrap().created, 3);
    let again = take(&town, &owner, "pensioner", rows(&all)).await.unwrap();
    assert_eq!(again.unchanged, 3, "{again:?}");
    let more = [row("a", "2020-01-01", 9), row("b", "2021-01-01", 4)];
    let more = take(&town, &owner, "pensioner", rows(&more)).await.unwrap();
    assert_eq!((more.created, more.changed), (1, 1));
    let found = town.list(&owner, "pensioner", &[]).await.unwrap();
    assert_eq!(found.len(), 4);
    let mut op = town.op(&owner).await;
    let mut amounts = Vec::new();
    for record in &found {
        let open = town
            .registry
            .record(&mut op, "pensioner", record.id, AsOf::default(), Some("Chi trả quý I"))
            .await
            .unwrap();
        amounts.push(open.values["amount"].as_i64().unwrap());
    }
    amounts.sort_unstable();
    assert_eq!(amounts, [2, 3, 4, 9]);
}

/// A link in a key is named by the key of what it leads to, also where a row says only a part of the record.
#[tokio::test]
async fn a_link_in_a_key_is_named_by_key() {
    let town = Town::with_firms().await;
    let builder = town.official("SXD", "specialist");
    let yaml = crate::goods::LICENCE
        .replace("record: licence", "record: permit")
        .replace("key: [number]", "key: [firm, number]")
        + "  - { field: keeper, vi: Người giữ, en: Keeper, type: phone, class: personal }\n";
    town.publish(&yaml).await.unwrap();
    town.firm("F1", "Cơ khí Lân", json!({})).await;
    let whole = json!({ "number": "1", "firm": "F1", "keeper": "0912345678" });
    let taken = take(&town, &builder, "permit", rows(&[whole])).await.unwrap();
    assert_eq!((taken.created, taken.bad.len()), (1, 0));
    let in_part = json!({ "number": "1", "firm": "F1" });
    let stranger = json!({ "number": "1", "firm": "F9" });
    let taken = take(&town, &builder, "permit", rows(&[in_part, stranger]))
        .await
        .unwrap();
    assert_eq!((taken.created, taken.changed, taken.unchanged), (0, 0, 1), "{taken:?}");
    assert_eq!(taken.bad[0].faults[0].code, "registry.field.link");
}
