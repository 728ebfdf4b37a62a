//! What must be there once, on whatever days, under whatever key; and what is written after something else.

use kernel::{Actor, Result};
use registry::{AsOf, Command, Given, Keep, Taken, Written};
use serde_json::json;

use crate::town::{Town, given, shop};

fn end(last: &str) -> Command {
    Command::End {
        last: last.parse().unwrap(),
    }
}

fn row(fields: serde_json::Value, from: Option<&str>, to: Option<&str>) -> Given {
    Given {
        number: 1,
        fields: given(fields),
        from: from.map(|day| day.parse().unwrap()),
        to: to.map(|day| day.parse().unwrap()),
    }
}

async fn take(town: &Town, actor: &Actor, register: &str, rows: Vec<Given>) -> Result<Taken> {
    let mut op = town.op(actor).await;
    let taken = town.registry.take_over(&mut op, register, rows, Keep::Sealed).await?;
    op.commit().await?;
    Ok(taken)
}

/// The days of the periods of a record.
async fn days(town: &Town, actor: &Actor, register: &str, record: uuid::Uuid) -> Vec<(String, Option<String>)> {
    let mut op = town.op(actor).await;
    let (periods, _) = town.registry.history(&mut op, register, record, None).await.unwrap();
    let each = periods.iter();
    each.map(|own| (own.valid_from.to_string(), own.valid_to.map(|day| day.to_string())))
        .collect()
}

/// A key is free again on the days after the end, and not before.
#[tokio::test]
async fn what_ends_later_holds_its_key_until_then() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["phone"] = "0912345678".into();
    let made = town.add_from(&owner, "shop", one, Some("2020-01-01")).await.unwrap();
    town.change(&owner, "shop", made, end("2030-12-31"), "Hết hạn")
        .await
        .unwrap();
    let same_key = town.add(&owner, "shop", shop("CH-0001")).await.unwrap_err();
    assert_eq!(
        (same_key.code, same_key.fields[0].field.as_str()),
        ("registry.duplicate_key", "code")
    );
    let mut other = shop("CH-0002");
    other["phone"] = "0912345678".into();
    let same_phone = town.add(&owner, "shop", other).await.unwrap_err();
    assert_eq!(
        (same_phone.code, same_phone.fields[0].field.as_str()),
        ("registry.duplicate_key", "phone")
    );
    town.add_from(&owner, "shop", shop("CH-0001"), Some("2031-01-01"))
        .await
        .unwrap();
    // Nor does the one that ends grow into the days of the other.
    let longer = Command::Correct {
        period: "2020-01-01".parse().unwrap(),
        from: None,
        to: Some(None),
        given: given(shop("CH-0001")),
    };
    let seen = Written { version: 2, ..made };
    let refused = town.change(&owner, "shop", seen, longer, "Gia hạn").await.unwrap_err();
    assert_eq!(refused.code, "registry.duplicate_key");
    // A row of a file is about the record that holds the key on its days.
    let taken = take(
        &town,
        &owner,
        "shop",
        vec![row(shop("CH-0001"), Some("2029-01-01"), Some("2029-06-30"))],
    )
    .await
    .unwrap();
    assert_eq!(taken.created, 0, "{taken:?}");
}

/// Two who end and enter at once: never both.
#[tokio::test]
async fn two_at_once_never_share_a_day() {
    let town = Town::new().await;
    let platform = Actor::System("apps");
    for n in 0..20 {
        let code = format!("D{n}");
        let fields = || json!({ "code": code, "name": "Đường" });
        let (one, other) = tokio::join!(
            take(
                &town,
                &platform,
                "street",
                vec![row(fields(), Some("2026-01-01"), Some("2027-12-31"))]
            ),
            town.add_from(&platform, "street", fields(), Some("2027-01-01")),
        );
        let made = one.map_or(0, |taken| taken.created) + u64::from(other.is_ok());
        assert_eq!(made, 1, "{code}");
    }
}

/// Between a new key of the vault and the end of sealing anew, the hashes of two keys stand side by side.
#[tokio::test]
async fn a_sealed_value_is_there_once_under_every_key() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let with_phone = |code: &str| {
        let mut one = shop(code);
        one["phone"] = "0912345678".into();
        one
    };
    town.add(&owner, "shop", with_phone("CH-0001")).await.unwrap();
    town.identity.vault().add_key(town.scratch.ops.now()).unwrap();
    let twice = town.add(&owner, "shop", with_phone("CH-0002")).await.unwrap_err();
    assert_eq!(twice.code, "registry.duplicate_key");
    let taken = take(&town, &owner, "shop", vec![row(with_phone("CH-0003"), None, None)])
        .await
        .unwrap();
    assert_eq!(taken.bad[0].faults[0].code, "registry.field.unique");
}

/// What a system was never shown it does not empty by leaving it out.
#[tokio::test]
async fn rows_that_do_not_name_what_is_sealed_leave_it() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let mut one = shop("CH-0001");
    one["phone"] = "0912345678".into();
    one["capital"] = 5.into();
    let made = town.add(&owner, "shop", one).await.unwrap();
    let mut renamed = shop("CH-0001");
    renamed["name"] = "Siêu thị".into();
    let taken = take(&town, &owner, "shop", vec![row(renamed.clone(), None, None)])
        .await
        .unwrap();
    assert_eq!(taken.changed, 1, "{taken:?}");
    let mut op = town.op(&owner).await;
    let purpose = Some("Kiểm tra theo hồ sơ");
    let open = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), purpose)
        .await
        .unwrap();
    assert_eq!(open.values["phone"], "0912345678");
    assert_eq!(open.values["name"], "Siêu thị");
    assert!(!open.values.contains_key("capital"), "what is open is as the row says");
    drop(op);
    renamed["phone"] = serde_json::Value::Null;
    let emptied = take(&town, &owner, "shop", vec![row(renamed, None, None)])
        .await
        .unwrap();
    assert_eq!(emptied.changed, 1);
    let mut op = town.op(&owner).await;
    let open = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), purpose)
        .await
        .unwrap();
    assert!(!open.values.contains_key("phone"));
}

/// The last day of a row is kept, and the same file again says nothing new.
#[tokio::test]
async fn a_row_ends_when_it_says() {
    let town = Town::new().await;
    let platform = Actor::System("apps");
    let fields = |name: &str| json!({ "code": "D1", "name": name });
    let made = town
        .add_from(&platform, "street", fields("Cũ"), Some("2020-01-01"))
        .await
        .unwrap();
    let limited = || vec![row(fields("Mới"), Some("2026-01-01"), Some("2026-12-31"))];
    assert_eq!(take(&town, &platform, "street", limited()).await.unwrap().changed, 1);
    let expected = [("2020-01-01", Some("2025-12-31")), ("2026-01-01", Some("2026-12-31"))];
    let expected = expected.map(|(from, to)| (from.to_owned(), to.map(str::to_owned)));
    assert_eq!(days(&town, &platform, "street", made.id).await, expected);
    assert_eq!(take(&town, &platform, "street", limited()).await.unwrap().unchanged, 1);
    // Whoever changes it within its days does not make it go on for ever.
    let change = Command::Change {
        from: Some("2026-03-01".parse().unwrap()),
        given: given(fields("Khác")),
    };
    let seen = Written { version: 2, ..made };
    town.change(&platform, "street", seen, change, "").await.unwrap();
    let own = days(&town, &platform, "street", made.id).await;
    assert_eq!(
        own.last().unwrap(),
        &("2026-03-01".to_owned(), Some("2026-12-31".to_owned()))
    );
}

/// Whoever began earlier and waited writes after what they have waited for: at every moment one thing was known.
#[tokio::test]
async fn what_is_known_stands_in_one_order() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let made = town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let named = |name: &str| {
        let mut one = shop("CH-0001");
        one["name"] = name.into();
        one
    };
    town.scratch.clock.advance(chrono::TimeDelta::minutes(1));
    let mut early = town.op(&owner).await;
    town.scratch.clock.advance(chrono::TimeDelta::minutes(1));
    let change = |name: &str| Command::Change {
        from: None,
        given: given(named(name)),
    };
    town.change(&owner, "shop", made, change("Hai"), "").await.unwrap();
    let between = town.scratch.ops.now();
    let rows = vec![row(named("Ba"), None, None)];
    town.registry
        .take_over(&mut early, "shop", rows, Keep::Sealed)
        .await
        .unwrap();
    early.commit().await.unwrap();
    let mut op = town.op(&owner).await;
    let as_of = AsOf {
        day: None,
        known: Some(between),
    };
    let then = town
        .registry
        .record(&mut op, "shop", made.id, as_of, None)
        .await
        .unwrap();
    assert_eq!(then.values["name"], "Hai");
    let known = between.to_rfc3339();
    let listed = town.list(&owner, "shop", &[("known_at", &known)]).await.unwrap();
    assert_eq!(listed.len(), 1);
}

/// What cannot be a key is found nowhere, and stops nothing.
#[tokio::test]
async fn a_link_that_cannot_be_a_key_is_a_fault_of_its_field() {
    let town = Town::new().await;
    let base = r#"
format: 1
record: NAME
vi: Mục
en: Items
about: { vi: Mục., en: Items. }
owner: SCT
sharing: [open]
update: entry
readers: everybody
retention: { forever: true }
title: name
key: [KEY]
list: [name]
fields:
  - { field: name, vi: Tên, en: Name, type: text, required: true, class: public }
"#;
    let numbered = base.replace("NAME", "numbered").replace("KEY", "number")
        + "  - { field: number, vi: Số, en: Number, type: number, required: true, class: public }\n";
    let linked = base.replace("NAME", "linked").replace("KEY", "name")
        + "  - { field: to, vi: Thuộc, en: Of, type: link, to: numbered, class: public }\n  - { field: seen_at, vi: Lúc, en: At, type: moment, class: public }\n";
    town.publish(&numbered).await.unwrap();
    town.publish(&linked).await.unwrap();
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "numbered", json!({ "name": "Một", "number": 1 }))
        .await
        .unwrap();
    let wrong = town
        .add(&owner, "linked", json!({ "name": "a", "to": "abc" }))
        .await
        .unwrap_err();
    assert_eq!(wrong.fields[0].code, "registry.field.link");
    let fields = || json!({ "name": "a", "to": "1", "seen_at": "2026-03-01T08:00:00.123Z" });
    let rows = || vec![row(fields(), None, None)];
    assert_eq!(take(&town, &owner, "linked", rows()).await.unwrap().created, 1);
    assert_eq!(
        take(&town, &owner, "linked", rows()).await.unwrap().unchanged,
        1,
        "parts of a second"
    );
}
