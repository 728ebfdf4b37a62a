use registry::Query;
use serde_json::json;

use crate::town::{SHOP, Town, definition, shop};

const NASTY: [&str; 10] = [
    "'; DROP TABLE records.shop; --",
    "\"; DROP TABLE records.shop; --",
    "a' OR '1'='1",
    "$1",
    "%",
    "\\",
    "' | '",
    "a & !b",
    "<script>alert(1)</script>",
    "x\u{0}y",
];

/// Whatever stands in a filter is a value, whatever stands in a name is none of ours.
#[tokio::test]
async fn filters_sort_keys_and_field_names_are_no_sql() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let shop_definition = definition(SHOP);
    for nasty in NASTY {
        for field in [
            "q",
            "code",
            "name",
            "state",
            "ward",
            "owner_name",
            "started_on",
            "capital",
            "street",
            "as_of",
            "sort",
        ] {
            let pairs = [(field.to_owned(), nasty.to_owned())];
            let Ok((query, _)) = Query::read(&shop_definition, &pairs) else {
                continue;
            };
            let mut op = town.op(&owner).await;
            let page = db::PageRequest::first();
            match town.registry.list(&mut op, "shop", &query, &page).await {
                Ok(listing) => assert!(listing.page.items.len() <= 1),
                Err(fault) => assert_eq!(
                    fault.kind,
                    kernel::FaultKind::Invalid,
                    "{field} {nasty:?}: {}",
                    fault.code
                ),
            }
        }
        let (_, others) = Query::read(&shop_definition, &[(nasty.to_owned(), "x".to_owned())]).unwrap();
        assert_eq!(others.len(), 1, "a field that nobody declared is handed back");
        for register in [nasty, "op.event", "shop\" UNION SELECT", "pg_class"] {
            let mut op = town.op(&owner).await;
            let fault = town.registry.register(&mut op, register).await.unwrap_err();
            assert!(
                ["registry.not_found", "db.bad_text"].contains(&fault.code),
                "{}",
                fault.code
            );
        }
    }
    for cursor in [
        "",
        "zz",
        "5b5d",
        &db::cursor::encode(&json!({ "key": NASTY[0], "id": "x" })),
    ] {
        let (query, _) = Query::read(&shop_definition, &[("sort".to_owned(), "capital".to_owned())]).unwrap();
        let mut op = town.op(&owner).await;
        let page = db::PageRequest::new(Some(cursor.to_owned()), None);
        if let Err(fault) = town.registry.list(&mut op, "shop", &query, &page).await {
            assert_eq!(fault.code, "db.bad_cursor");
        }
    }
    // A cursor of another list: its key is no number.
    let forged = db::cursor::encode(&json!({ "key": "no number", "id": uuid::Uuid::now_v7() }));
    let (query, _) = Query::read(&shop_definition, &[("sort".to_owned(), "capital".to_owned())]).unwrap();
    let mut op = town.op(&owner).await;
    let page = db::PageRequest::new(Some(forged), None);
    let fault = town.registry.list(&mut op, "shop", &query, &page).await.unwrap_err();
    assert_eq!(fault.code, "db.bad_cursor");
    drop(op);
    assert_eq!(
        town.codes(&owner, "shop", &[]).await,
        ["CH-0001"],
        "nothing was dropped"
    );
}

#[tokio::test]
async fn what_is_sent_for_fields_is_kept_as_it_is_or_refused() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    for (place, nasty) in NASTY.iter().enumerate() {
        let mut one = shop(&format!("CH-00{place:02}"));
        one["name"] = (*nasty).into();
        match town.add(&owner, "shop", one).await {
            Ok(_) => {}
            Err(fault) => assert_eq!(fault.kind, kernel::FaultKind::Invalid, "{nasty:?}: {}", fault.code),
        }
    }
    let found = town.list(&owner, "shop", &[("sort", "code")]).await.unwrap();
    assert_eq!(found[0].values["name"], NASTY[0]);
    for (field, value) in [
        ("name", json!({ "a": 1 })),
        ("capital", json!("1e400")),
        ("capital", json!(-5)),
        ("started_on", json!("2026-02-30")),
        ("goods", json!(["food", { "x": 1 }])),
        ("lease", json!([])),
        ("name", json!("a".repeat(100_000))),
        ("owner_number", json!("1")),
        ("large", json!(true)),
        ("id", json!("x")),
        ("valid_from", json!("2020-01-01")),
    ] {
        let mut one = shop("CH-0099");
        one[field] = value.clone();
        if let Err(fault) = town.add(&owner, "shop", one).await {
            assert_eq!(fault.code, "registry.invalid", "{field}: {}", fault.code);
            assert_eq!(fault.fields[0].field, field);
        } else {
            assert_eq!(field, "lease", "an empty list is nothing");
        }
    }
}
