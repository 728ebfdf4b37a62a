use kernel::Actor;
use registry::{AsOf, Command};
use serde_json::json;

use crate::town::{SHOP, Town, given, shop};

/// shows: R254
#[tokio::test]
async fn the_owner_enters_and_whoever_enters_does_so_in_their_area() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let here = town.official("TPNB", "specialist");
    let there = town.official("TPVT", "specialist");
    town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let made = town.add(&here, "shop", shop("CH-0002")).await.unwrap();
    let refused = town.add(&there, "shop", shop("CH-0003")).await.unwrap_err();
    assert_eq!(refused.code, "registry.not_allowed");
    // Nor does anybody move a record of others into their own area, or out of it.
    let command = || Command::Change {
        from: None,
        given: given(json!({ "code": "CH-0002", "name": "X", "ward": "31318" })),
    };
    for actor in [&there, &here] {
        let refused = town.change(actor, "shop", made, command(), "").await.unwrap_err();
        assert_eq!(refused.code, "registry.not_allowed");
    }
    for (agency, role) in [("SXD", "specialist"), ("TPNB", "leader"), ("SCT", "admin")] {
        let actor = town.official(agency, role);
        let refused = town.add(&actor, "shop", shop("CH-0004")).await.unwrap_err();
        assert!(
            ["registry.not_allowed", "op.no_right"].contains(&refused.code),
            "{agency} {role}"
        );
    }
    for actor in [town.citizen(), Actor::Anonymous] {
        assert!(town.add(&actor, "shop", shop("CH-0004")).await.is_err());
    }
    assert_eq!(
        town.codes(&owner, "shop", &[("sort", "code")]).await,
        ["CH-0001", "CH-0002"]
    );
}

#[tokio::test]
async fn a_record_has_a_past_and_every_day_its_answer() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let made = town
        .add_from(&owner, "shop", shop("CH-0001"), Some("2020-01-01"))
        .await
        .unwrap();
    town.scratch.clock.advance(chrono::TimeDelta::seconds(3600));
    let renamed = Command::Change {
        from: Some("2024-06-01".parse().unwrap()),
        given: given(json!({ "code": "CH-0001", "name": "Siêu thị Bảy Ngã", "ward": "31340", "state": "open" })),
    };
    let changed = town.change(&owner, "shop", made, renamed, "").await.unwrap();
    let before_correction = town.scratch.ops.now();
    town.scratch.clock.advance(chrono::TimeDelta::seconds(3600));
    let mended = Command::Correct {
        period: "2020-01-01".parse().unwrap(),
        from: None,
        to: None,
        given: given(json!({ "code": "CH-0001", "name": "Tạp hóa Bảy", "ward": "31340", "state": "open" })),
    };
    let no_reason = town
        .change(&owner, "shop", changed, mended.clone(), " ")
        .await
        .unwrap_err();
    assert_eq!(no_reason.code, "registry.reason_needed");
    let corrected = town
        .change(&owner, "shop", changed, mended, "Ghi nhầm tên")
        .await
        .unwrap();
    assert_eq!(corrected.version, 3);

    let mut op = town.op(&owner).await;
    let mut name = async |day: &str, known| {
        let as_of = AsOf {
            day: Some(day.parse().unwrap()),
            known,
        };
        let record = town.registry.record(&mut op, "shop", made.id, as_of, None).await;
        record.map(|record| record.values["name"].as_str().unwrap().to_owned())
    };
    assert_eq!(name("2021-01-01", None).await.unwrap(), "Tạp hóa Bảy");
    assert_eq!(name("2024-06-01", None).await.unwrap(), "Siêu thị Bảy Ngã");
    assert_eq!(name("2024-05-31", None).await.unwrap(), "Tạp hóa Bảy");
    // What was held true before the correction.
    assert_eq!(
        name("2021-01-01", Some(before_correction)).await.unwrap(),
        "Tạp hóa Bảy Ngã"
    );
    assert_eq!(
        name("2019-12-31", None).await.unwrap_err().code,
        "registry.record_not_found"
    );
    drop(op);

    let mut op = town.op(&owner).await;
    let (periods, past) = town.registry.history(&mut op, "shop", made.id, None).await.unwrap();
    assert_eq!(periods.len(), 2);
    assert_eq!(past.len(), 2, "the open period, and the wrong name");
    assert_eq!(past[0].reason, "Ghi nhầm tên");
    assert_eq!(past[0].replaced_by, owner.person());
    drop(op);
    // Lists of a day.
    let names = async |day: &str| {
        let found = town.list(&owner, "shop", &[("as_of", day)]).await.unwrap();
        found
            .into_iter()
            .map(|record| record.values["name"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("2023-01-01").await, ["Tạp hóa Bảy"]);
    assert_eq!(names("2026-01-01").await, ["Siêu thị Bảy Ngã"]);
    assert_eq!(names("2019-01-01").await, Vec::<serde_json::Value>::new());
    // And of what was known then.
    let known = before_correction.to_rfc3339();
    let pairs = [
        ("as_of", "2023-01-01"),
        ("known_at", known.as_str()),
        ("sort", "name"),
        ("q", "bay"),
    ];
    let found = town.list(&owner, "shop", &pairs).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].values["name"], "Tạp hóa Bảy Ngã");
}

#[tokio::test]
async fn nobody_overwrites_what_they_have_not_seen() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let made = town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let close = |state: &str| Command::Change {
        from: None,
        given: given(json!({ "code": "CH-0001", "name": "A", "ward": "31340", "state": state })),
    };
    // Two at once: one is written, the other is told.
    let (one, other) = tokio::join!(
        town.change(&owner, "shop", made, close("closed"), ""),
        town.change(&owner, "shop", made, close("open"), ""),
    );
    let refused = [one.is_err(), other.is_err()];
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 1);
    let fault = [one.err(), other.err()].into_iter().flatten().next().unwrap();
    assert_eq!(fault.code, "registry.changed_meanwhile");
    assert_eq!(fault.params["version"], "2");
}

#[tokio::test]
async fn keys_are_there_once_but_may_come_again() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let made = town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let twice = town.add(&owner, "shop", shop("CH-0001")).await.unwrap_err();
    assert_eq!(twice.code, "registry.duplicate_key");
    assert_eq!(twice.fields[0].field, "code");
    // Two who do it at once.
    let (one, other) = tokio::join!(
        town.add(&owner, "shop", shop("CH-0002")),
        town.add(&owner, "shop", shop("CH-0002")),
    );
    assert_eq!([one.is_ok(), other.is_ok()].iter().filter(|ok| **ok).count(), 1);
    let end = Command::End {
        last: "2026-03-02".parse().unwrap(),
    };
    town.change(&owner, "shop", made, end, "Chủ trả mặt bằng")
        .await
        .unwrap();
    // The last day is still its own.
    let same_day = town.add(&owner, "shop", shop("CH-0001")).await.unwrap_err();
    assert_eq!(same_day.code, "registry.duplicate_key");
    town.add_from(&owner, "shop", shop("CH-0001"), Some("2026-03-03"))
        .await
        .unwrap();
    // What is sealed is unique as well.
    let with_phone = |code: &str, phone: &str| {
        let mut shop = shop(code);
        shop["phone"] = phone.into();
        shop
    };
    town.add(&owner, "shop", with_phone("CH-0005", "0912345678"))
        .await
        .unwrap();
    let same = town
        .add(&owner, "shop", with_phone("CH-0006", "0912 345 678"))
        .await
        .unwrap_err();
    assert_eq!(same.fields[0].field, "phone");
}

#[tokio::test]
async fn lists_are_filtered_sorted_and_paged() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    for (code, name, ward, capital) in [
        ("CH-0001", "Đông Á", "31340", Some(5)),
        ("CH-0002", "Ánh Dương", "31341", None),
        ("CH-0003", "Bình Minh", "31340", Some(70)),
        ("CH-0004", "Dạ Lan", "31318", Some(1)),
        ("CH-0005", "Đại Phát", "31318", None),
    ] {
        let mut one = json!({ "code": code, "name": name, "ward": ward });
        if let Some(capital) = capital {
            one["capital"] = json!(capital * 1_000_000_000_i64);
        }
        town.add(&owner, "shop", one).await.unwrap();
    }
    let codes = async |pairs: &[(&str, &str)]| town.codes(&owner, "shop", pairs).await;
    // Vietnamese letters: a, b, d, đ.
    assert_eq!(
        codes(&[("sort", "name")]).await,
        ["CH-0002", "CH-0003", "CH-0004", "CH-0005", "CH-0001"]
    );
    assert_eq!(
        codes(&[("sort", "-name")]).await,
        ["CH-0001", "CH-0005", "CH-0004", "CH-0003", "CH-0002"]
    );
    // What has no value comes last, whichever way.
    assert_eq!(
        codes(&[("sort", "capital")]).await,
        ["CH-0004", "CH-0001", "CH-0003", "CH-0002", "CH-0005"]
    );
    assert_eq!(
        codes(&[("sort", "-capital")]).await,
        ["CH-0003", "CH-0001", "CH-0004", "CH-0005", "CH-0002"]
    );
    assert_eq!(
        codes(&[("ward", "31340"), ("sort", "code")]).await,
        ["CH-0001", "CH-0003"]
    );
    assert_eq!(
        codes(&[("ward", "31340"), ("ward", "31341"), ("sort", "code")]).await,
        ["CH-0001", "CH-0002", "CH-0003"]
    );
    assert_eq!(
        codes(&[("capital.from", "2.000.000.000"), ("capital.to", "6.000.000.000")]).await,
        ["CH-0001"]
    );
    assert_eq!(
        codes(&[("capital", "~"), ("sort", "code")]).await,
        ["CH-0002", "CH-0005"]
    );
    assert_eq!(codes(&[("name", "Đại Phát")]).await, ["CH-0005"]);
    // Words without tones, beginnings, in whatever order.
    assert_eq!(codes(&[("q", "phat dai")]).await, ["CH-0005"]);
    assert_eq!(codes(&[("q", "dai pha")]).await, ["CH-0005"]);
    // Of a single letter nothing is the beginning, nor of any word but the last.
    assert_eq!(codes(&[("q", "đ")]).await, Vec::<String>::new());
    assert_eq!(codes(&[("q", "pha dai")]).await, Vec::<String>::new());
    assert_eq!(codes(&[("q", "!!")]).await, Vec::<String>::new());
    // Page by page, in every order, however they are found, everything comes once.
    let orders = ["name", "-name", "capital", "-capital", ""];
    let narrowed = [("q", ""), ("q", "ch"), ("code.from", "CH-0001")];
    for (sort, more) in orders.iter().flat_map(|sort| narrowed.map(|more| (*sort, more))) {
        let mut op = town.op(&owner).await;
        let published = town.registry.register(&mut op, "shop").await.unwrap();
        let pairs = [("sort", sort), more].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (query, _) = registry::Query::read(&published.definition, &pairs).unwrap();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let request = db::PageRequest::new(after, Some(2));
            let listing = town.registry.list(&mut op, "shop", &query, &request).await.unwrap();
            seen.extend(listing.page.items.iter().map(|record| record.id));
            after = listing.page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 5, "{sort}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 5, "{sort}");
        assert_eq!(town.registry.count(&mut op, "shop", &query).await.unwrap(), 5);
    }
}

#[tokio::test]
async fn records_of_one_name_are_told_apart_by_their_keys() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    for (code, name) in [("CH-0001", "Bảy Ngã"), ("CH-0002", "Bảy Ngã"), ("CH-0003", "Bảy Thưa")] {
        let one = json!({ "code": code, "name": name, "ward": "31340" });
        town.add(&owner, "shop", one).await.unwrap();
    }
    let mut op = town.op(&owner).await;
    let found = town.registry.find(&mut op, "shop", "bay", 10).await.unwrap();
    let names: Vec<&str> = found.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["Bảy Thưa", "Bảy Ngã (CH-0002)", "Bảy Ngã (CH-0001)"]);
    // Whoever types the whole name of one alone means it, and the key means one.
    let found = town.registry.find(&mut op, "shop", "bảy thưa", 10).await.unwrap();
    assert_eq!(found[0].1, "Bảy Thưa");
    assert_eq!(found.len(), 1);
    let found = town.registry.find(&mut op, "shop", "CH-0002", 10).await.unwrap();
    assert_eq!(found[0].1, "Bảy Ngã");
}

#[tokio::test]
async fn links_are_resolved_by_key_and_lead_to_what_is_there() {
    let town = Town::new().await;
    let builder = town.official("SXD", "specialist");
    let owner = town.official("SCT", "specialist");
    let street = town
        .add(
            &builder,
            "street",
            json!({ "code": "D1", "name": "Hùng Vương", "width": "12,5" }),
        )
        .await
        .unwrap();
    let at = |code: &str, street: &str| {
        let mut shop = shop(code);
        shop["street"] = street.into();
        shop
    };
    let made = town.add(&owner, "shop", at("CH-0001", "D1")).await.unwrap();
    town.add(&owner, "shop", at("CH-0002", &street.id.to_string()))
        .await
        .unwrap();
    for nowhere in ["D2", "01890000-0000-7000-8000-000000000000"] {
        let fault = town.add(&owner, "shop", at("CH-0003", nowhere)).await.unwrap_err();
        assert_eq!(fault.fields[0].code, "registry.field.link");
    }
    let mut op = town.op(&owner).await;
    let record = town
        .registry
        .record(&mut op, "shop", made.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(record.values["street"], json!(street.id));
    let titles = town.registry.titles(&mut op, "street", &[street.id]).await.unwrap();
    assert_eq!(titles[&street.id], "Hùng Vương");
    drop(op);
    let found = town
        .codes(&owner, "shop", &[("street", &street.id.to_string()), ("sort", "code")])
        .await;
    assert_eq!(found, ["CH-0001", "CH-0002"]);
    // A street that has ended takes no new shop.
    let end = Command::End {
        last: "2026-01-31".parse().unwrap(),
    };
    let mut op = town.op(&builder).await;
    let refused = town
        .registry
        .change(&mut op, "street", (street.id, 1), end, "Bỏ")
        .await
        .unwrap_err();
    assert_eq!(refused.code, "registry.begins_later", "it was entered after that day");
    drop(op);
    let end = Command::End {
        last: "2026-03-02".parse().unwrap(),
    };
    town.change(&builder, "street", street, end, "Sáp nhập tuyến")
        .await
        .unwrap();
    town.scratch.clock.advance(chrono::TimeDelta::seconds(86_400));
    let fault = town.add(&owner, "shop", at("CH-0004", "D1")).await.unwrap_err();
    assert_eq!(fault.fields[0].code, "registry.field.link");
}

/// What was committed is there, whatever happens to the program right after; what was not leaves nothing.
#[tokio::test]
async fn nothing_half() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    town.add(&owner, "shop", shop("CH-0001")).await.unwrap();
    let mut op = town.op(&owner).await;
    town.registry
        .add(&mut op, "shop", given(shop("CH-0002")), None)
        .await
        .unwrap();
    drop(op);
    assert_eq!(town.codes(&owner, "shop", &[]).await, ["CH-0001"]);
    let changes: Vec<(String, String)> = sqlx::query_as("SELECT register, kind FROM registry.change ORDER BY seq")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(changes, [("shop".to_owned(), "created".to_owned())]);
}

/// What has ended goes when its time is over, and not a day before; what goes on stays.
#[tokio::test]
async fn records_are_kept_as_long_as_the_register_says() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let old = town
        .add_from(&owner, "shop", shop("CH-0001"), Some("2010-01-01"))
        .await
        .unwrap();
    town.add_from(&owner, "shop", shop("CH-0002"), Some("2010-01-01"))
        .await
        .unwrap();
    let end = Command::End {
        last: "2016-03-01".parse().unwrap(),
    };
    town.change(&owner, "shop", old, end, "Đóng cửa").await.unwrap();
    let expire = async || {
        let mut op = town.op(&Actor::System("retention")).await;
        let gone = town.registry.expire(&mut op).await.unwrap();
        op.commit().await.unwrap();
        gone
    };
    // An end that is written far back takes nothing away at once: the years count from when it was recorded.
    assert_eq!(expire().await, 0);
    town.scratch.clock.advance(chrono::TimeDelta::days(3_652));
    assert_eq!(expire().await, 0);
    town.scratch.clock.advance(chrono::TimeDelta::days(2));
    assert_eq!(expire().await, 1);
    let mut op = town.op(&owner).await;
    let fault = town.registry.history(&mut op, "shop", old.id, None).await.unwrap_err();
    assert_eq!(fault.code, "registry.record_not_found");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM records.shop__was")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "with what was known of it");
    drop(op);
    assert_eq!(town.codes(&owner, "shop", &[]).await, ["CH-0002"]);
    let mut op = town.op(&owner).await;
    assert!(town.registry.expire(&mut op).await.is_err());
}

/// A period is asked for by a day that lies in it, or by when it begins; a text by its being empty.
#[tokio::test]
async fn periods_are_asked_for_by_days() {
    let town = Town::new().await;
    let owner = town.official("SCT", "specialist");
    let yaml = crate::town::SHOP.replace(
        "type: period, class: internal }",
        "type: period, class: internal, search: true }",
    );
    town.publish(&yaml).await.unwrap();
    for (code, lease) in [
        ("CH-0001", json!({ "from": "2024-01-01", "to": "2024-12-31" })),
        ("CH-0002", json!({ "from": "2024-06-01" })),
        ("CH-0003", json!(null)),
    ] {
        let mut one = shop(code);
        one["lease"] = lease;
        town.add(&owner, "shop", one).await.unwrap();
    }
    for (pairs, expected) in [
        (&[("lease", "2024-03-01")][..], &["CH-0001"][..]),
        (&[("lease", "2025-03-01")], &["CH-0002"]),
        (
            &[("lease", "2024-03-01"), ("lease", "2025-03-01")],
            &["CH-0001", "CH-0002"],
        ),
        (&[("lease.from", "2024-02-01")], &["CH-0002"]),
        (&[("lease.to", "2024-02-01")], &["CH-0001"]),
        (&[("lease", "~")], &["CH-0003"]),
        (&[("name", "~")], &[]),
    ] {
        let pairs: Vec<(&str, &str)> = pairs.iter().copied().chain([("sort", "code")]).collect();
        assert_eq!(town.codes(&owner, "shop", &pairs).await, expected, "{pairs:?}");
    }
}

/// What lies in no ward is the owner's alone: whoever enters their area neither ends it nor takes it over.
#[tokio::test]
async fn what_lies_nowhere_is_not_for_everybody() {
    let town = Town::new().await;
    let anywhere = SHOP.replacen("type: area, required: true", "type: area", 1);
    town.publish(&anywhere).await.unwrap();
    let made = town
        .add(
            &town.official("SCT", "specialist"),
            "shop",
            json!({ "code": "CH-0001", "name": "Bán hàng lưu động" }),
        )
        .await
        .unwrap();
    let here = town.official("TPNB", "specialist");
    let commands = [
        Command::End {
            last: "2026-03-02".parse().unwrap(),
        },
        Command::Change {
            from: None,
            given: given(shop("CH-0001")),
        },
    ];
    for command in commands {
        let fault = town.change(&here, "shop", made, command, "Thôi bán").await.unwrap_err();
        assert_eq!(fault.code, "registry.not_allowed");
    }
}

/// Files go with their record; one that was brought and that no record has taken goes after some days.
#[tokio::test]
async fn files_are_kept_as_long_as_what_holds_them() {
    let town = Town::new().await;
    let with_files = SHOP.replacen(
        "  - { field: lease,",
        "  - { field: papers, vi: Giấy tờ, en: Papers, type: file, class: internal, most: 3 }\n  - { field: lease,",
        1,
    );
    town.publish(&with_files).await.unwrap();
    let owner = town.official("SCT", "specialist");
    let store = files::Files::new(town.scratch.directory().join("files"), files::Limits::default());
    let registry = crate::desk::Desk::node(&town);
    let mut op = town.op(&owner).await;
    let mut ids = Vec::new();
    for name in ["a.pdf", "b.pdf"] {
        let bytes = b"%PDF-1.4 a paper".to_vec();
        let holder = format!("record-upload:shop:{}", owner.key());
        let kept = store
            .store_bytes(&mut op, name, "application/pdf", &holder, bytes)
            .await
            .unwrap();
        ids.push(kept.id);
    }
    let mut one = shop("CH-0001");
    one["papers"] = json!([ids[0].to_string()]);
    let made = registry.add(&mut op, "shop", given(one), None).await.unwrap();
    op.commit().await.unwrap();
    let left = async || {
        let mut op = town.op(&Actor::System("retention")).await;
        registry.expire(&mut op).await.unwrap();
        op.commit().await.unwrap();
        let holders: Vec<String> = sqlx::query_scalar("SELECT holder FROM files.file")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
        holders
    };
    let record = format!("record:shop/{}/papers", made.id);
    assert_eq!(left().await.len(), 2);
    town.scratch.clock.advance(chrono::TimeDelta::days(8));
    assert_eq!(left().await, [record]);
    let mut op = town.op(&owner).await;
    let end = Command::End {
        last: "2026-03-05".parse().unwrap(),
    };
    let seen = (made.id, made.version);
    registry.change(&mut op, "shop", seen, end, "Đóng cửa").await.unwrap();
    op.commit().await.unwrap();
    town.scratch.clock.advance(chrono::TimeDelta::days(4_000));
    assert_eq!(left().await, Vec::<String>::new());
}
