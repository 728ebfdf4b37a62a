//! Privileged accounts in which nobody comes in, and lists as tables.

use identity::AccountFilter;

use crate::town::{Town, code};

// shows: R045
#[tokio::test]
async fn a_privileged_account_that_nobody_uses_is_told_and_then_suspended() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let used = town
        .official(town.department, "Lý Thị Trị", "chi.tri", &["admin"])
        .await;
    let clerk = town.official(town.ward, "Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.set("2026-11-02T08:00");
    town.came_in(&used).await;
    town.work().await;
    assert!(town.told(&admin).await.contains(&"account_dormant".to_owned()));
    assert!(!town.told(&used).await.contains(&"account_dormant".to_owned()));
    assert!(
        !town.told(&clerk).await.contains(&"account_dormant".to_owned()),
        "privileged ones only"
    );
    town.set("2026-11-05T08:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "active", "the notice runs");
    town.set("2026-11-10T08:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "suspended");
    assert_eq!(
        (town.state(&used).await, town.state(&clerk).await),
        ("active".into(), "active".into())
    );
}

/// The last one who can sign in stays, and those who watch are told, once; who is let in again has the days of the notice again.
// shows: R045
#[tokio::test]
async fn the_last_administrator_stays_and_who_is_let_in_again_is_told_anew() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    town.set("2026-11-02T08:00");
    town.work().await;
    let kept = |told: Vec<String>| told.into_iter().filter(|kind| kind == "account_dormant_kept").count();
    for day in ["2026-11-10T08:00", "2026-11-11T09:00"] {
        town.set(day);
        town.work().await;
    }
    assert_eq!(town.state(&admin).await, "active");
    assert_eq!(kept(town.told(&admin).await), 1);
    let second = town
        .official(town.department, "Lý Thị Trị", "chi.tri", &["admin"])
        .await;
    town.came_in(&second).await;
    town.set("2026-11-12T10:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "suspended", "somebody else can sign in now");
    let mut op = town.op(&second).await;
    town.identity
        .resume_account(&mut op, admin.account, "vẫn còn dùng")
        .await
        .unwrap();
    op.commit().await.unwrap();
    town.set("2026-11-13T11:00");
    town.came_in(&second).await;
    town.work().await;
    assert_eq!(
        town.state(&admin).await,
        "active",
        "told anew, with the days of the notice"
    );
    town.set("2026-11-21T12:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "suspended");
}

/// Looking further for some hours is no leave to take all of it out.
// shows: R045
#[tokio::test]
async fn a_list_leaves_no_further_than_it_may_be_taken_out() {
    let town = Town::new().await;
    let manager = town
        .official(town.ward, "Võ Văn Tràm", "anh.tram", &["account_manager"])
        .await;
    town.official(town.ward, "Lê Văn Mẹo", "anh.meo", &["clerk"]).await;
    town.official(town.department, "Hồ Văn Xa", "anh.xa", &["specialist"])
        .await;
    let mut actor = town.actor(&manager).await;
    if let kernel::Actor::Official(official) = &mut actor {
        official.roles.push("emergency_accounts".into());
    }
    let mut op = town.ops.open(actor).await.unwrap();
    let csv = town
        .oversight
        .accounts_csv(&mut op, "", AccountFilter::All)
        .await
        .unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("anh.meo") && !csv.contains("anh.xa"), "{csv}");
}

#[tokio::test]
async fn whoever_comes_in_after_the_notice_keeps_the_account() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    town.set("2026-11-02T08:00");
    town.work().await;
    town.set("2026-11-05T08:00");
    town.came_in(&admin).await;
    town.set("2026-11-20T08:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "active");
    // The next time the owner is told anew, and has the days again.
    town.set("2027-02-10T08:00");
    town.work().await;
    assert_eq!(town.state(&admin).await, "active");
    let told = town.told(&admin).await;
    assert_eq!(told.iter().filter(|kind| *kind == "account_dormant").count(), 2);
}

#[tokio::test]
async fn a_list_of_accounts_leaves_by_whoever_may_and_without_formulas() {
    let town = Town::new().await;
    let admin = town
        .official(town.department, "Đỗ Văn Quản", "anh.quan", &["admin"])
        .await;
    let head = town.official(town.ward, "Võ Văn Tràm", "anh.tram", &["leader"]).await;
    town.official(town.ward, "@Lê Văn Mẹo", "anh.meo", &["clerk"]).await;
    let mut op = town.op(&admin).await;
    let csv = town
        .oversight
        .accounts_csv(&mut op, "", AccountFilter::All)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.contains("anh.tram") && csv.contains("'@Lê Văn Mẹo"), "{csv}");
    let mut op = town.op(&admin).await;
    let csv = town
        .oversight
        .accounts_csv(&mut op, "", AccountFilter::Privileged)
        .await
        .unwrap();
    assert!(!String::from_utf8(csv).unwrap().contains("anh.tram"));
    drop(op);
    let mut op = town.op(&head).await;
    let csv = town.oversight.accounts_csv(&mut op, "", AccountFilter::All).await;
    assert_eq!(code(csv), "oversight.not_allowed");
}
