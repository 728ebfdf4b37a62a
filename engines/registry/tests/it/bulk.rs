//! Many records at once: seen before, under the rights of whoever asked, each with its own history.

use identity::{NewAccount, NewPerson, NewPosition, Validity};
use kernel::{Actor, Result};
use op::Jobs;
use registry::{AsOf, Bulk, BulkChange, BulkPreview, BulkState, Keep, RecordFault, Written};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::town::{SHOP, Town, given, shop};

/// An official with an account and a position, so that the program can act for them later.
async fn seated(town: &Town, agency: &str, role: &str, login: &str) -> Actor {
    let since = || Validity::since("2020-01-01".parse().unwrap());
    let mut op = town.op(&Actor::System("province")).await;
    let person = town
        .identity
        .register_person(&mut op, &NewPerson::named("Trần Văn Mẫu"))
        .await
        .unwrap();
    let position = NewPosition {
        agency: town.agencies[agency],
        unit: None,
        code: login.replace('.', "-"),
        title: "Chuyên viên".into(),
        roles: vec![role.into()],
        validity: since(),
    };
    let position = town.identity.upsert_position(&mut op, &position).await.unwrap();
    town.identity
        .hold_position(&mut op, person, position, since())
        .await
        .unwrap();
    let account = NewAccount {
        person,
        login: login.into(),
        password: None,
    };
    let account = town.identity.create_account(&mut op, &account).await.unwrap();
    op.commit().await.unwrap();
    let mut connection = town.scratch.pool.acquire().await.unwrap();
    let now = town.scratch.ops.now();
    town.identity.actor_of(&mut connection, account, now).await.unwrap()
}

fn jobs(town: &Town) -> Jobs {
    let mut jobs = Jobs::new();
    registry::jobs::register(&mut jobs, &town.registry);
    jobs
}

async fn run(town: &Town) {
    op::drain(&town.scratch.ops, &jobs(town)).await.unwrap();
}

fn change(query: &[(&str, &str)], set: Value) -> BulkChange {
    BulkChange {
        query: query
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
        set: given(set),
        from: None,
        reason: "Rà soát năm 2026".into(),
    }
}

async fn preview(town: &Town, actor: &Actor, register: &str, change: &BulkChange) -> Result<BulkPreview> {
    let mut op = town.op(actor).await;
    town.registry.preview_bulk(&mut op, register, change).await
}

async fn ask(town: &Town, actor: &Actor, register: &str, change: &BulkChange, mark: &str) -> Result<Uuid> {
    let mut op = town.op(actor).await;
    let id = town.registry.ask_bulk(&mut op, register, change, mark).await?;
    op.commit().await?;
    Ok(id)
}

/// Shown and asked for.
async fn asked(town: &Town, actor: &Actor, register: &str, change: &BulkChange) -> Uuid {
    let shown = preview(town, actor, register, change).await.unwrap();
    ask(town, actor, register, change, &shown.mark).await.unwrap()
}

async fn bulk(town: &Town, actor: &Actor, id: Uuid) -> Result<Bulk> {
    let mut op = town.op(actor).await;
    town.registry.bulk(&mut op, id).await
}

async fn failures(town: &Town, actor: &Actor, id: Uuid) -> Vec<RecordFault> {
    let mut op = town.op(actor).await;
    let page = db::PageRequest::first();
    town.registry.bulk_failures(&mut op, id, &page).await.unwrap().items
}

async fn values(town: &Town, actor: &Actor, register: &str, written: Written) -> (i64, Value) {
    let mut op = town.op(actor).await;
    let record = town
        .registry
        .record(&mut op, register, written.id, AsOf::default(), Some("Kiểm tra"))
        .await
        .unwrap();
    (record.version, Value::Object(record.values))
}

/// Four shops, two of them in another district, one of them closed.
async fn shops(town: &Town, actor: &Actor) -> Vec<Written> {
    let mut made = Vec::new();
    for (code, ward, state, phone) in [
        ("CH-0001", "31340", "open", "0912345671"),
        ("CH-0002", "31341", "open", "0912345672"),
        ("CH-0003", "31318", "open", "0912345673"),
        ("CH-0004", "31318", "closed", "0912345674"),
    ] {
        let mut one = shop(code);
        one["ward"] = ward.into();
        one["state"] = state.into();
        one["phone"] = phone.into();
        one["capital"] = json!(5);
        made.push(town.add(actor, "shop", one).await.unwrap());
    }
    made
}

#[tokio::test]
async fn what_is_asked_for_is_what_was_shown() {
    let town = Town::new().await;
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    let made = shops(&town, &owner).await;
    town.scratch.clock.advance(chrono::TimeDelta::days(1));
    let close = change(
        &[("ward", "31318")],
        json!({ "state": "đã đóng cửa", "capital": "2.000.000.000" }),
    );
    let shown = preview(&town, &owner, "shop", &close).await.unwrap();
    assert_eq!(
        (shown.chosen, shown.changed, shown.unchanged, shown.failed),
        (2, 2, 0, 0)
    );
    assert!(!shown.waits);
    let fields: Vec<&str> = shown.shown[0].changes.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["state", "capital", "large"], "what follows from it too");
    assert_eq!(shown.shown[0].changes[0].was, "open");
    assert_eq!(shown.shown[0].changes[0].proposed, "closed");
    assert_eq!(
        town.codes(&owner, "shop", &[("state", "closed")]).await,
        ["CH-0004"],
        "only shown"
    );

    let id = ask(&town, &owner, "shop", &close, &shown.mark).await.unwrap();
    assert_eq!(bulk(&town, &owner, id).await.unwrap().state, BulkState::Running);
    run(&town).await;
    let done = bulk(&town, &owner, id).await.unwrap();
    assert_eq!((done.state, done.changed, done.failed), (BulkState::Done, 2, 0));
    let (version, now) = values(&town, &owner, "shop", made[2]).await;
    assert_eq!(version, 2);
    assert_eq!(
        (&now["state"], &now["capital"], &now["large"]),
        (&json!("closed"), &json!(2_000_000_000), &json!(true))
    );
    assert_eq!(now["phone"], "0912345673", "what is sealed stays");
    // Each with its own history: who, when, why, and what was before.
    let mut op = town.op(&owner).await;
    let (periods, past) = town.registry.history(&mut op, "shop", made[2].id, None).await.unwrap();
    assert_eq!(periods.len(), 2);
    assert_eq!(past[0].reason, "Rà soát năm 2026");
    assert_eq!(past[0].replaced_by, owner.person());
    drop(op);
    let told: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.event WHERE kind = 'registry.record_changed' AND payload ->> 'kind' = 'changed'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(told, 2);
    // The same mark once more: they are others by now.
    let again = ask(&town, &owner, "shop", &close, &shown.mark).await.unwrap_err();
    assert_eq!(again.code, "registry.selection_changed");
    let same = preview(&town, &owner, "shop", &close).await.unwrap();
    assert_eq!((same.changed, same.unchanged), (0, 2));
    let nothing = ask(&town, &owner, "shop", &close, &same.mark).await.unwrap_err();
    assert_eq!(nothing.code, "registry.nothing_to_change");
}

#[tokio::test]
async fn what_cannot_be_changed_is_told_record_by_record() {
    let town = Town::new().await;
    let strict = SHOP.replacen(
        "shared:\n",
        "rules:\n  - { rule: rich, that: state != \"closed\" or capital > 6, field: capital, vi: Vốn còn ít., en: Too little. }\nshared:\n",
        1,
    );
    town.publish(&strict).await.unwrap();
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    let mut made = Vec::new();
    for (code, capital) in [("CH-0001", 5), ("CH-0002", 7), ("CH-0003", 8)] {
        let mut one = shop(code);
        one["capital"] = json!(capital);
        made.push(town.add(&owner, "shop", one).await.unwrap());
    }
    // The third one is known to change later.
    let later = registry::Command::Change {
        from: Some("2026-06-01".parse().unwrap()),
        given: given(json!({ "code": "CH-0003", "name": "Mới", "ward": "31340", "capital": 8 })),
    };
    town.change(&owner, "shop", made[2], later, "").await.unwrap();
    town.scratch.clock.advance(chrono::TimeDelta::days(1));
    let close = change(&[], json!({ "state": "closed" }));
    let shown = preview(&town, &owner, "shop", &close).await.unwrap();
    assert_eq!((shown.chosen, shown.changed, shown.failed), (3, 1, 2));
    let told: Vec<(&str, &str)> = shown
        .faults
        .iter()
        .map(|one| (one.title.as_str(), one.code.as_str()))
        .collect();
    assert!(told.contains(&("Tạp hóa Bảy Ngã", "registry.invalid")), "{told:?}");
    assert!(
        told.iter().any(|(_, code)| *code == "registry.later_period"),
        "{told:?}"
    );
    let id = ask(&town, &owner, "shop", &close, &shown.mark).await.unwrap();
    // One more is changed by somebody before the job comes to it.
    let fast = registry::Command::Change {
        from: None,
        given: given(json!({ "code": "CH-0002", "name": "Nhanh", "ward": "31340", "capital": 7 })),
    };
    town.change(&owner, "shop", made[1], fast, "").await.unwrap();
    run(&town).await;
    let done = bulk(&town, &owner, id).await.unwrap();
    assert_eq!((done.state, done.changed, done.failed), (BulkState::Done, 0, 3));
    let codes: Vec<String> = failures(&town, &owner, id)
        .await
        .into_iter()
        .map(|one| one.code)
        .collect();
    assert!(codes.contains(&"registry.changed_meanwhile".to_owned()), "{codes:?}");
    let rule = failures(&town, &owner, id)
        .await
        .into_iter()
        .find(|one| one.code == "registry.invalid")
        .unwrap();
    assert_eq!(
        (rule.fields[0].code.as_str(), rule.fields[0].params["own_vi"].as_str()),
        ("registry.field.rule", "Vốn còn ít.")
    );
}

#[tokio::test]
async fn what_is_set_is_judged_before_any_record() {
    let town = Town::new().await;
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    shops(&town, &owner).await;
    let all = json!({ "code": "CH-0009", "phone": "0912345678", "owner_number": "", "large": true, "nothing": 1, "state": "gone", "started_on": "32/1/2026" });
    let fault = preview(&town, &owner, "shop", &change(&[], all)).await.unwrap_err();
    let mut told: Vec<(&str, &str)> = fault
        .fields
        .iter()
        .map(|one| (one.field.as_str(), one.code.trim_start_matches("registry.field.")))
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("code", "not_for_many"),
            ("large", "not_for_many"),
            ("nothing", "unknown"),
            ("owner_number", "not_for_many"),
            ("phone", "not_for_many"),
            ("started_on", "date"),
            ("state", "option"),
        ]
    );
    for (query, set, code) in [
        (vec![], json!({}), "registry.nothing_to_change"),
        (
            vec![("as_of", "2020-01-01")],
            json!({ "state": "open" }),
            "registry.bad_filter",
        ),
        (
            vec![("nothing", "x")],
            json!({ "state": "open" }),
            "registry.bad_filter",
        ),
        (
            vec![("name'; DROP TABLE", "x")],
            json!({ "state": "open" }),
            "registry.bad_filter",
        ),
    ] {
        let fault = preview(&town, &owner, "shop", &change(&query, set)).await.unwrap_err();
        assert_eq!(fault.code, code);
    }
    let mut silent = change(&[], json!({ "state": "closed" }));
    silent.reason = "  ".into();
    let mark = preview(&town, &owner, "shop", &silent).await.unwrap().mark;
    let fault = ask(&town, &owner, "shop", &silent, &mark).await.unwrap_err();
    assert_eq!(fault.code, "registry.reason_needed");
    // Emptied is a value too.
    let id = asked(
        &town,
        &owner,
        "shop",
        &change(&[("state", "open")], json!({ "capital": "" })),
    )
    .await;
    run(&town).await;
    assert_eq!(bulk(&town, &owner, id).await.unwrap().changed, 3);
    assert_eq!(
        town.codes(&owner, "shop", &[("capital", "~"), ("sort", "code")]).await,
        ["CH-0001", "CH-0002", "CH-0003"]
    );
}

/// Under the rights of whoever asked: in their area, and only as long as they have them.
#[tokio::test]
async fn nobody_reaches_further_than_by_hand() {
    let town = Town::new().await;
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    shops(&town, &owner).await;
    let here = seated(&town, "TPNB", "specialist", "tpnb.cv").await;
    let close = change(&[], json!({ "state": "closed" }));
    let shown = preview(&town, &here, "shop", &close).await.unwrap();
    assert_eq!((shown.chosen, shown.changed, shown.failed), (4, 2, 2));
    assert!(shown.faults.iter().all(|one| one.code == "registry.not_allowed"));
    // Nor are records moved out of it.
    let away = change(&[("ward", "31340")], json!({ "ward": "31318" }));
    let shown_away = preview(&town, &here, "shop", &away).await.unwrap();
    assert_eq!(shown_away.faults[0].code, "registry.not_allowed");
    let id = ask(&town, &here, "shop", &close, &shown.mark).await.unwrap();
    run(&town).await;
    assert_eq!(
        town.codes(&owner, "shop", &[("state", "closed"), ("sort", "code")])
            .await,
        ["CH-0001", "CH-0002", "CH-0004"]
    );
    assert_eq!(bulk(&town, &here, id).await.unwrap().failed, 2);
    for (agency, role) in [("SXD", "specialist"), ("SCT", "leader"), ("TPNB", "leader")] {
        let stranger = town.official(agency, role);
        assert!(
            preview(&town, &stranger, "shop", &close).await.is_err(),
            "{agency} {role}"
        );
        if agency != "SCT" {
            assert_eq!(
                bulk(&town, &stranger, id).await.unwrap_err().code,
                "registry.bulk_not_found"
            );
        }
    }
    for actor in [town.citizen(), Actor::Anonymous] {
        assert!(preview(&town, &actor, "shop", &close).await.is_err());
        assert!(bulk(&town, &actor, id).await.is_err());
    }
    // Whoever leaves the office between asking and the job changes nothing any more.
    let open = change(&[("ward", "31340")], json!({ "state": "open" }));
    let id = asked(&town, &here, "shop", &open).await;
    sqlx::query("UPDATE identity.holding SET valid_to = '2026-03-01' WHERE person = $1")
        .bind(here.person().unwrap().uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    run(&town).await;
    let stopped = bulk(&town, &here, id).await.unwrap();
    assert_eq!(
        (stopped.state, stopped.note.as_str(), stopped.changed),
        (BulkState::Stopped, "registry.asker_gone", 0)
    );
    assert_eq!(town.codes(&owner, "shop", &[("state", "open")]).await, ["CH-0003"]);
}

#[tokio::test]
async fn where_the_owner_approves_many_records_wait_as_one_does() {
    let town = Town::new().await;
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    shops(&town, &owner).await;
    town.publish(&SHOP.replacen("readers: officials", "readers: officials\napproval: true", 1))
        .await
        .unwrap();
    let close = change(&[("state", "open")], json!({ "state": "closed" }));
    assert!(preview(&town, &owner, "shop", &close).await.unwrap().waits);
    let id = asked(&town, &owner, "shop", &close).await;
    run(&town).await;
    assert_eq!(town.codes(&owner, "shop", &[("state", "closed")]).await, ["CH-0004"]);
    let decide = async |actor: &Actor, yes: bool| {
        let mut op = town.op(actor).await;
        match yes {
            true => town.registry.approve_bulk(&mut op, id).await?,
            false => town.registry.refuse_bulk(&mut op, id, "Chưa đủ căn cứ").await?,
        }
        op.commit().await
    };
    let mut both = owner.clone();
    if let Actor::Official(official) = &mut both {
        official.roles.push("leader".into());
    }
    assert_eq!(decide(&both, true).await.unwrap_err().code, "registry.own_proposal");
    for stranger in [town.official("TPNB", "leader"), town.official("SCT", "specialist")] {
        assert_eq!(
            decide(&stranger, true).await.unwrap_err().code,
            "registry.bulk_not_found"
        );
    }
    let leader = town.official("SCT", "leader");
    let mut op = town.op(&leader).await;
    assert_eq!(town.registry.waiting_bulks(&mut op).await.unwrap(), 1);
    let page = town.registry.bulks(&mut op, &db::PageRequest::first()).await.unwrap();
    assert!(page.items[0].decides && page.items[0].id == id);
    drop(op);
    decide(&leader, true).await.unwrap();
    assert_eq!(
        decide(&leader, true).await.unwrap_err().code,
        "registry.bulk_decided",
        "pressed twice"
    );
    run(&town).await;
    let done = bulk(&town, &leader, id).await.unwrap();
    assert_eq!((done.state, done.changed), (BulkState::Done, 3));
    assert_eq!(town.codes(&owner, "shop", &[("state", "closed")]).await.len(), 4);
    let stop = async |actor: &Actor, id: Uuid| {
        let mut op = town.op(actor).await;
        town.registry.stop_bulk(&mut op, id).await?;
        op.commit().await
    };
    assert_eq!(stop(&owner, id).await.unwrap_err().code, "registry.bulk_decided");
    let open = change(&[], json!({ "state": "open" }));
    let second = asked(&town, &owner, "shop", &open).await;
    assert_eq!(stop(&leader, second).await.unwrap_err().code, "registry.bulk_not_found");
    stop(&owner, second).await.unwrap();
    assert_eq!(bulk(&town, &owner, second).await.unwrap().state, BulkState::Withdrawn);
    run(&town).await;
    assert_eq!(town.codes(&owner, "shop", &[("state", "closed")]).await.len(), 4);
}

/// More than fit into one operation, two workers at once, and nothing twice.
#[tokio::test]
async fn it_goes_on_piece_by_piece() {
    let town = Town::new().await;
    let owner = seated(&town, "SCT", "specialist", "sct.cv").await;
    let mut op = town.op(&Actor::System("apps")).await;
    let rows = (0..500)
        .map(|number| registry::Given {
            number,
            fields: given(shop(&format!("CH-{number:04}"))),
            from: Some("2026-01-01".parse().unwrap()),
            to: None,
        })
        .collect();
    town.registry
        .take_over(&mut op, "shop", rows, Keep::Sealed)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let close = change(&[("state", "open")], json!({ "state": "closed" }));
    let id = asked(&town, &owner, "shop", &close).await;
    let jobs = jobs(&town);
    let (one, other) = tokio::join!(op::drain(&town.scratch.ops, &jobs), op::drain(&town.scratch.ops, &jobs),);
    one.unwrap();
    other.unwrap();
    let done = bulk(&town, &owner, id).await.unwrap();
    assert_eq!(
        (done.state, done.chosen, done.changed, done.failed),
        (BulkState::Done, 500, 500, 0)
    );
    let versions: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT max(version) FROM records.shop GROUP BY id")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(versions, [2], "each once");
    // What is asked lies sealed.
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(bulk)::text FROM registry.bulk")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(!rows[0].contains("closed") && !rows[0].contains("Rà soát"));
}
