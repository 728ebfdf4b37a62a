//! Until when: by the law of the day, by the calendar, with extension and third parties.

use kernel::Actor;
use privacy::{Kind, State};

use crate::town::{Town, at};

// shows: R028
#[tokio::test]
async fn a_request_before_tet_is_acknowledged_on_the_second_working_day_after_it() {
    let town = Town::new().await;
    town.set("2026-02-13T10:00");
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::See).await;
    let request = town.see(&sen, id).await.request;
    assert_eq!(request.law, "law_91_2025");
    // Friday before Tết; work begins again on Monday the 23rd.
    assert_eq!(request.acknowledge_due, Some(at("2026-02-24T17:00")));
    // Ten days, counted day by day.
    assert_eq!(request.due_at, at("2026-02-23T17:00"));
    assert_eq!(request.next_due(), Some(at("2026-02-23T17:00")));
    assert!(!request.is_overdue(at("2026-02-23T17:00")));
    assert!(request.is_overdue(at("2026-02-23T17:01")));
}

#[tokio::test]
async fn the_law_of_the_day_counts_and_the_one_before_keeps_what_it_promised() {
    let town = Town::new().await;
    town.set("2025-12-31T23:59");
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let old = town.ask(&sen, Kind::Delete).await;
    town.set("2026-01-01T00:00");
    let new = town.ask(&sen, Kind::See).await;
    let old = town.see(&sen, old).await.request;
    assert_eq!(old.law, "decree_13_2023");
    assert_eq!((old.acknowledge_due, old.due_at), (None, at("2026-01-03T23:59")));
    let new = town.see(&sen, new).await.request;
    assert_eq!(new.law, "law_91_2025");
    assert!(new.acknowledge_due.is_some());
}

#[tokio::test]
async fn a_third_party_and_one_extension_give_what_the_law_gives() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    // Monday 2026-03-02.
    let id = town.ask(&sen, Kind::Delete).await;
    assert_eq!(town.see(&sen, id).await.request.due_at, at("2026-03-23T17:00"));
    town.acknowledge(&officer, id, true).await;
    let request = town.see(&sen, id).await.request;
    assert_eq!(request.state, State::Acknowledged);
    assert!(request.third_party);
    assert_eq!(request.due_at, at("2026-04-01T17:00"));

    let mut op = town.op(&officer).await;
    let fault = town.privacy.extend(&mut op, id, "  ").await.unwrap_err();
    assert_eq!(fault.fields[0].field, "reason");
    drop(op);
    for _ in 0..2 {
        // Pressed twice.
        let mut op = town.op(&officer).await;
        town.privacy.extend(&mut op, id, "Chờ bên lưu trữ").await.unwrap();
        op.commit().await.unwrap();
    }
    let detail = town.see(&sen, id).await;
    // 30 and 20 days from the day of the request.
    assert_eq!(detail.request.due_at, at("2026-04-21T17:00"));
    assert_eq!(detail.lines.iter().filter(|line| line.action == "extended").count(), 1);
    let mut op = town.op(&officer).await;
    let fault = town.privacy.extend(&mut op, id, "Lần nữa").await.unwrap_err();
    assert_eq!(fault.code, "privacy.cannot_extend");
    drop(op);
    assert_eq!(
        town.told(&sen).await,
        ["privacy_received", "privacy_acknowledged", "privacy_extended"]
    );
}

#[tokio::test]
async fn a_law_without_extensions_is_not_extended() {
    let town = Town::new().await;
    town.set("2025-12-30T09:00");
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::Object).await;
    town.acknowledge(&officer, id, true).await;
    let request = town.see(&sen, id).await.request;
    assert!(!request.third_party);
    assert_eq!(request.due_at, at("2026-01-02T09:00"));
    let mut op = town.op(&officer).await;
    let fault = town.privacy.extend(&mut op, id, "Chờ").await.unwrap_err();
    assert_eq!(fault.code, "privacy.cannot_extend");
}

#[tokio::test]
async fn what_is_late_is_told_once_a_due_to_those_who_may_act() {
    let town = Town::new().await;
    let officer = town.officer("Trần Văn Lúa", "lua").await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let id = town.ask(&sen, Kind::Protect).await;
    op::begin_recurring(&town.ops, &town.jobs).await.unwrap();
    op::drain(&town.ops, &town.jobs).await.unwrap();
    assert_eq!(town.told(&officer).await, ["privacy_new"]);
    // Two working days have passed: Wednesday evening.
    for hour in ["2026-03-04T18:00", "2026-03-04T20:00"] {
        town.set(hour);
        op::drain(&town.ops, &town.jobs).await.unwrap();
        assert_eq!(town.told(&officer).await, ["privacy_new", "privacy_late"], "{hour}");
    }
    town.acknowledge(&officer, id, false).await;
    town.set("2026-03-18T08:00");
    op::drain(&town.ops, &town.jobs).await.unwrap();
    assert_eq!(
        town.told(&officer).await,
        ["privacy_new", "privacy_late", "privacy_late"]
    );
    let detail = town.see(&sen, id).await;
    assert_eq!(detail.lines.iter().filter(|line| line.action == "late").count(), 2);
    // Nobody but the platform looks for what is late.
    let mut op = town.op(&Actor::Anonymous).await;
    assert!(town.privacy.mine(&mut op, &db::PageRequest::first()).await.is_err());
}
