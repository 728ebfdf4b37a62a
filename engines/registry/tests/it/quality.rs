use chrono::TimeDelta;
use db::PageRequest;
use kernel::Actor;
use registry::{AsOf, Command, FailingQuery, Figure, Sort};
use serde_json::{Value, json};

use crate::goods::{FIRM, firm, with};
use crate::town::{STREET, Town, given};

/// Every sort of fault is found, told by record, and counted in the figure that it belongs to.
///
/// shows: R264, R266, R281
#[tokio::test]
async fn a_register_has_four_figures_and_every_fault_its_record() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    town.firm("F1", "Xay xát Bảy Ngã", json!({ "phone": "0912345678" }))
        .await;
    let no_capital = town.firm("F2", "Tạp hóa Đào", json!({ "capital": null })).await;
    let backwards = town.firm("F3", "Cơ khí Lân", json!({ "ended_on": "2019-01-01" })).await;
    let old = town
        .firm("F4", "Gạch Hùng", json!({ "checked_on": "2024-01-01" }))
        .await;
    let both = town
        .firm("F5", "Mía đường Tân", json!({ "capital": null, "checked_on": null }))
        .await;
    town.firm("F6", "Nhà thuốc An Khang", json!({})).await;
    town.firm("F7", "Nhà thuốc An Khanh", json!({})).await;
    let ended = town.firm("F8", "Đã đóng cửa", json!({ "capital": null })).await;
    let end = Command::End {
        last: "2026-03-02".parse().unwrap(),
    };
    town.change(&owner, "firm", ended, end, "Chủ nghỉ").await.unwrap();
    town.scratch.clock.advance(TimeDelta::days(1));
    town.measure(&owner, "firm").await;
    let figures = town.figures(&owner, "firm").await;
    assert_eq!(figures.records, 7, "what has ended is not of the day");
    assert_eq!((figures.correct, figures.complete), (4, 7));
    assert_eq!((figures.clean, figures.live), (Some(5), Some(5)));
    assert_eq!(figures.share(Figure::Clean), Some(714));
    // Of optional fields: street, keeper, phone, capital, started_on, ended_on, checked_on, parent.
    assert_eq!((figures.filled, figures.fillable), (20, 56));
    assert!(!figures.partly);
    let counted = town.reasons(&owner, "firm").await;
    let reason = |sort, field: &str, rule: &str, records| (sort, field.to_owned(), rule.to_owned(), records);
    assert_eq!(
        counted,
        [
            reason(Sort::Rule, "capital", "known_capital", 2),
            reason(Sort::Rule, "ended_on", "ends_after_start", 1),
            reason(Sort::Old, "", "old", 2),
        ]
    );
    let mut op = town.op(&owner).await;
    let mut failing = async |query: FailingQuery| {
        let page = town
            .registry
            .failing(&mut op, "firm", &query, &PageRequest::first())
            .await
            .unwrap();
        page.items.into_iter().map(|row| row.record).collect::<Vec<_>>()
    };
    let of = |sort| FailingQuery {
        sort: Some(sort),
        ..FailingQuery::default()
    };
    assert_eq!(failing(of(Sort::Old)).await, [both.id, old.id], "the newest first");
    assert_eq!(failing(of(Sort::Rule)).await, [both.id, backwards.id, no_capital.id]);
    let of_capital = FailingQuery {
        field: Some("capital".into()),
        ..FailingQuery::default()
    };
    assert_eq!(failing(of_capital).await, [both.id, no_capital.id]);
    assert!(failing(of(Sort::Wrong)).await.is_empty());
}

/// What was right when it was entered and is not by the rules of today: a stricter declaration, a field that has become required, a reference to
/// what is no more, a row that somebody has tampered with.
///
/// shows: R281
#[tokio::test]
async fn records_are_judged_by_the_rules_of_today() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let builder = town.official("SXD", "specialist");
    let street = town
        .add(&builder, "street", json!({ "code": "D1", "name": "Hùng Vương" }))
        .await
        .unwrap();
    town.firm("F1", "Xay xát Bảy Ngã", json!({ "street": "D1" })).await;
    town.firm("F22", "Tạp hóa Đào", json!({ "phone": "0912345678" })).await;
    town.firm("F33", "Cơ khí Lân", json!({ "capital": 5_000_000 })).await;
    let stricter = FIRM
        .replace("en: Code, type: text", "en: Code, type: text, pattern: F99")
        .replace(
            "class: internal, search: true",
            "class: internal, search: true, min: 10000000",
        )
        .replace("type: phone,", "type: phone, required: true,");
    assert_ne!(stricter, FIRM);
    town.publish(&stricter).await.unwrap();
    let end = Command::End {
        last: "2026-03-02".parse().unwrap(),
    };
    town.change(&builder, "street", street, end, "Bỏ tuyến").await.unwrap();
    sqlx::query("UPDATE records.firm SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE code = 'F22'")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    town.scratch.clock.advance(TimeDelta::days(1));
    town.measure(&owner, "firm").await;
    let reason = |sort, field: &str, rule: &str, records| (sort, field.to_owned(), rule.to_owned(), records);
    assert_eq!(
        town.reasons(&owner, "firm").await,
        [
            reason(Sort::Wrong, "", "sealed", 1),
            reason(Sort::Wrong, "capital", "min", 1),
            reason(Sort::Wrong, "code", "pattern", 1),
            reason(Sort::Wrong, "street", "link_ended", 1),
            reason(Sort::Missing, "phone", "required", 2),
        ]
    );
    let figures = town.figures(&owner, "firm").await;
    assert_eq!((figures.correct, figures.complete), (0, 1));
    // What was never there at all.
    sqlx::query("UPDATE records.firm SET street = gen_random_uuid() WHERE code = 'F1'")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    town.measure(&owner, "firm").await;
    let counted = town.reasons(&owner, "firm").await;
    assert!(
        counted.contains(&reason(Sort::Wrong, "street", "link", 1)),
        "{counted:?}"
    );
}

/// shows: R280
#[tokio::test]
async fn a_profile_says_what_the_values_are_like_and_nothing_of_what_is_sealed() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    for number in 0..30 {
        let phone = (number < 12).then(|| format!("09123456{number:02}"));
        let capital = if number == 29 {
            9_000_000_000_i64
        } else {
            50_000_000 + number * 1_000_000
        };
        let ward = if number % 3 == 0 { "31341" } else { "31340" };
        let more = json!({ "phone": phone, "capital": capital, "ward": ward, "started_on": format!("2020-01-{:02}", number + 1) });
        // Names of one word each, so that none is like another.
        let name = ["Lụa", "Gạch", "Mía", "Cau", "Dừa"][usize::try_from(number).unwrap() % 5];
        town.firm(&format!("F{number:02}"), &format!("{name} {number}"), more)
            .await;
    }
    town.measure(&owner, "firm").await;
    let mut op = town.op(&owner).await;
    let quality = town.registry.quality(&mut op, "firm").await.unwrap();
    drop(op);
    let field = |name: &str| quality.profile.iter().find(|field| field.field == name).unwrap();
    let capital = field("capital");
    assert_eq!(
        (capital.filled, capital.distinct, capital.distinct_exact),
        (30, Some(30), true)
    );
    assert_eq!(
        (&capital.least, &capital.most),
        (&Some(json!(50_000_000)), &Some(json!(9_000_000_000_i64)))
    );
    assert_eq!(capital.outliers, Some(1));
    assert_eq!(capital.quarters.len(), 3);
    let started = field("started_on");
    assert_eq!(
        (&started.least, &started.most),
        (&Some(json!("2020-01-01")), &Some(json!("2020-01-30")))
    );
    assert_eq!(started.outliers, Some(0));
    let ward = field("ward");
    assert_eq!(ward.distinct, Some(2));
    assert_eq!(
        (ward.frequent[0].value.as_str(), ward.frequent[0].records),
        ("31340", 20)
    );
    let phone = field("phone");
    assert_eq!((phone.filled, phone.sealed, phone.distinct), (12, true, None));
    assert_eq!(field("code").filled, 30);
    let reasons = town.reasons(&owner, "firm").await;
    assert_eq!(
        reasons,
        [(Sort::Outlier, "capital".to_owned(), "outlier".to_owned(), 1)]
    );
    assert_eq!(town.figures(&owner, "firm").await.correct, 30, "far out is not wrong");
    // Nothing of what is sealed lies in plain in what a run leaves behind, or writes on its way.
    for query in [
        "SELECT to_jsonb(own)::text FROM registry.profile AS own",
        "SELECT to_jsonb(own)::text FROM registry.quality AS own",
        "SELECT to_jsonb(own)::text FROM registry.failing AS own",
        "SELECT to_jsonb(own)::text FROM op.event AS own",
        "SELECT to_jsonb(own)::text FROM op.audit_entry AS own",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&town.scratch.pool).await.unwrap();
        assert!(!rows.is_empty(), "{query}");
        assert!(!rows.iter().any(|row| row.contains("0912345")), "{query}");
    }
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.quality_run")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// The whole register is looked through once a day, by night, and the first time at once; those without records never.
#[tokio::test]
async fn time_brings_it_back_every_day() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    town.firm("F1", "Xay xát Bảy Ngã", json!({})).await;
    let builder = town.official("SXD", "specialist");
    town.add(&builder, "street", json!({ "code": "D1", "name": "Hùng Vương" }))
        .await
        .unwrap();
    let runs = async || {
        let rows: Vec<String> = sqlx::query_scalar("SELECT register FROM registry.quality ORDER BY register, at")
            .fetch_all(&town.scratch.pool)
            .await
            .unwrap();
        rows
    };
    op::begin_recurring(&town.scratch.ops, &town.jobs()).await.unwrap();
    town.work().await;
    assert_eq!(runs().await, ["firm", "street"]);
    // The day after: planned for the night, one after the other.
    town.scratch.clock.advance(TimeDelta::days(1));
    town.work().await;
    assert_eq!(runs().await.len(), 2, "not yet");
    town.scratch.clock.advance(TimeDelta::hours(24));
    town.work().await;
    assert_eq!(runs().await, ["firm", "firm", "street", "street"]);
    let mut op = town.op(&owner).await;
    let quality = town.registry.quality(&mut op, "firm").await.unwrap();
    assert_eq!(quality.trend.len(), 2);
    assert!(quality.trend[0].at > quality.trend[1].at);
    assert_eq!(quality.running, None);
    let overview = town.registry.quality_overview(&mut op).await.unwrap();
    assert_eq!(overview.len(), 4);
    assert!(overview[3].figures.is_none(), "without records, at the end");
}

/// What falls by a hundredth or more is told, and only then.
#[tokio::test]
async fn the_owner_is_told_when_it_falls() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let mut firms = Vec::new();
    for (code, name) in [
        ("F1", "Xay xát"),
        ("F2", "Tạp hóa"),
        ("F3", "Cơ khí"),
        ("F4", "Gạch ngói"),
    ] {
        firms.push(town.firm(code, name, json!({})).await);
    }
    town.measure(&owner, "firm").await;
    let told = async || {
        let events: Vec<Value> =
            sqlx::query_scalar("SELECT payload FROM op.event WHERE kind = 'registry.quality_fell' ORDER BY at")
                .fetch_all(&town.scratch.pool)
                .await
                .unwrap();
        events
    };
    assert_eq!(
        told().await,
        Vec::<Value>::new(),
        "the first time there is nothing to fall from"
    );
    let command = Command::Change {
        from: None,
        given: given(with(
            firm("F1", "Xay xát"),
            json!({ "capital": null, "checked_on": "2020-01-01" }),
        )),
    };
    town.change(&owner, "firm", firms[0], command, "").await.unwrap();
    town.measure(&owner, "firm").await;
    town.measure(&owner, "firm").await;
    let events = told().await;
    assert_eq!(events.len(), 1, "what has fallen once is told once");
    assert_eq!(events[0]["register"], "firm");
    assert_eq!(events[0]["owner"], json!(town.agencies["SCT"]));
    assert_eq!(
        events[0]["figures"],
        json!([{ "figure": "correct", "before": 1000, "now": 750 }, { "figure": "live", "before": 1000, "now": 750 }])
    );
}

#[tokio::test]
async fn the_owner_asks_and_others_read_what_is_theirs_to_see() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let builder = town.official("SXD", "specialist");
    town.firm("F1", "Xay xát Bảy Ngã", json!({ "capital": null })).await;
    let made = town.firm("F2", "Tạp hóa", json!({})).await;
    town.add(
        &builder,
        "licence",
        json!({ "number": "GP1", "firm": made.id.to_string() }),
    )
    .await
    .unwrap();
    for actor in [
        &builder,
        &town.official("SCT", "clerk"),
        &town.citizen(),
        &Actor::Anonymous,
    ] {
        let mut op = town.op(actor).await;
        let fault = town.registry.measure(&mut op, "firm").await.unwrap_err();
        assert!(
            ["registry.not_allowed", "op.no_right"].contains(&fault.code),
            "{}",
            fault.code
        );
    }
    town.measure(&owner, "firm").await;
    town.measure(&builder, "licence").await;
    // Officials of others read it; nobody from outside, and what only its owner reads nobody else.
    let mut op = town.op(&builder).await;
    let seen = town.registry.quality(&mut op, "firm").await.unwrap();
    assert!(!seen.measures && !seen.merges);
    assert!(
        seen.profile
            .iter()
            .all(|field| field.field != "phone" && field.field != "keeper")
    );
    assert!(seen.profile.iter().any(|field| field.field == "capital"));
    drop(op);
    let mut op = town.op(&owner).await;
    assert!(town.registry.quality(&mut op, "firm").await.unwrap().merges);
    let hidden = town.registry.quality(&mut op, "licence").await.unwrap_err();
    assert_eq!(hidden.code, "registry.not_found");
    drop(op);
    let mut op = town.op(&owner).await;
    let page = PageRequest::first();
    let fault = town
        .registry
        .failing(&mut op, "licence", &FailingQuery::default(), &page)
        .await;
    assert_eq!(fault.unwrap_err().code, "registry.not_found");
    drop(op);
    for actor in [town.citizen(), Actor::Anonymous] {
        let mut op = town.op(&actor).await;
        let fault = town.registry.quality(&mut op, "street").await.unwrap_err();
        assert_eq!(
            fault.code, "registry.not_found",
            "also of what is open: it is for officials"
        );
    }
    // Behind the second wall too.
    let mut op = town.op(&owner).await;
    for (table, expected) in [("profile", 1_i64), ("failing", 1), ("twin", 0)] {
        let query = match table {
            "profile" => "SELECT count(*) FROM registry.profile",
            "failing" => "SELECT count(*) FROM registry.failing",
            _ => "SELECT count(*) FROM registry.twin",
        };
        let count: i64 = sqlx::query_scalar(query).fetch_one(op.conn()).await.unwrap();
        assert_eq!(count, expected, "{table}: of licences nothing");
    }
}

/// A run stops where a program stopped and carries on; a declaration that was changed begins it anew; a second one is not begun beside it.
#[tokio::test]
async fn a_run_carries_on_and_begins_anew_under_new_rules() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    town.firm("F1", "Xay xát Bảy Ngã", json!({})).await;
    let mut op = town.op(&owner).await;
    town.registry.measure(&mut op, "firm").await.unwrap();
    town.registry.measure(&mut op, "firm").await.unwrap();
    op.commit().await.unwrap();
    // The first step alone.
    let only = town.jobs().only("registry.measure");
    assert_eq!(
        op::drain(&town.scratch.ops, &only).await.unwrap(),
        1,
        "asked twice, begun once"
    );
    let mut op = town.op(&owner).await;
    let quality = town.registry.quality(&mut op, "firm").await.unwrap();
    assert!(quality.running.is_some() && quality.trend.is_empty());
    town.registry.measure(&mut op, "firm").await.unwrap();
    op.commit().await.unwrap();
    op::drain(&town.scratch.ops, &only).await.unwrap();
    let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM registry.quality_run")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(begun, 1);
    town.publish(&FIRM.replace("type: phone,", "type: phone, required: true,"))
        .await
        .unwrap();
    town.work().await;
    let figures = town.figures(&owner, "firm").await;
    assert_eq!((figures.records, figures.complete), (1, 0), "by the new declaration");
    assert_eq!(town.reasons(&owner, "firm").await.len(), 1);
}

/// A reference to a record that was merged is found where that remains, by whatever way it is looked for.
///
/// shows: R264
#[tokio::test]
async fn a_reference_to_a_merged_record_is_sound_and_is_led_on() {
    let town = Town::with_firms().await;
    let owner = town.owner();
    let builder = town.official("SXD", "specialist");
    let keep = town.firm("F1", "Xay xát Bảy Ngã", json!({})).await;
    let lose = town.firm("F2", "Xay xát BảyNgã", json!({})).await;
    let mut op = town.op(&owner).await;
    let merge = registry::Merge {
        keep: (keep.id, 1),
        lose: (lose.id, 1),
        take: Vec::new(),
        given: serde_json::Map::new(),
        reason: "Nhập hai lần".into(),
    };
    town.registry.merge(&mut op, "firm", &merge).await.unwrap();
    op.commit().await.unwrap();
    // Entered by the old identifier.
    let made = town
        .add(
            &builder,
            "licence",
            json!({ "number": "GP1", "firm": lose.id.to_string() }),
        )
        .await
        .unwrap();
    let mut op = town.op(&builder).await;
    let record = town
        .registry
        .record(&mut op, "licence", made.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(record.values["firm"], json!(keep.id));
    let shown = town
        .registry
        .record(&mut op, "firm", lose.id, AsOf::default(), None)
        .await
        .unwrap();
    assert_eq!(shown.id, keep.id);
    drop(op);
    // Written while the records were being merged: no fault of the licence, and mended by the run.
    sqlx::query("UPDATE records.licence SET firm = $1")
        .bind(lose.id)
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    town.measure(&builder, "licence").await;
    let figures = town.figures(&builder, "licence").await;
    assert_eq!((figures.records, figures.correct), (1, 1));
    let firm: uuid::Uuid = sqlx::query_scalar("SELECT firm FROM records.licence")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(firm, keep.id);
}

#[tokio::test]
async fn figures_of_registers_without_ways_and_age_are_not_invented() {
    let town = Town::new().await;
    let builder = town.official("SXD", "specialist");
    assert!(!STREET.contains("fresh") && !STREET.contains("duplicates"));
    town.add(&builder, "street", json!({ "code": "D1", "name": "Hùng Vương" }))
        .await
        .unwrap();
    town.measure(&builder, "street").await;
    let figures = town.figures(&builder, "street").await;
    assert_eq!((figures.clean, figures.live), (None, None));
    assert_eq!((figures.correct, figures.fields), (1, 4));
}
