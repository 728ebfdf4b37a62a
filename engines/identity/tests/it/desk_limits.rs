//! What one official alone cannot do to the accounts of others (R037, R045).

use chrono::Duration;
use identity::{AccountFilter, AccountState, NewSubstitution, NewUnit, Validity};

use crate::town::{Town, code, day};

const WHY: &str = "đã xem thẻ căn cước tại trụ sở";
const CALM: &str = "Nhiều tài khoản bị lộ mật khẩu, phải khóa ngay trong đêm.";
const NEW: &str = "một câu khác hẳn, dễ nhớ";

/// Whoever takes a right for an emergency does not shut out those who watch over it.
// shows: R045
#[tokio::test]
async fn a_right_for_an_emergency_shuts_no_privileged_account() {
    let town = Town::new().await;
    town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    town.official("Lý Thị Trị", "chi.tri", &["admin"]).await;
    town.official_elsewhere("H30.31.02", "anh.xa", &["clerk"]).await;
    town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let inside = town.enter("anh.tram").await;
    town.take(&inside.actor, "emergency_accounts", 1, CALM).await.unwrap();
    let acting = town.actor(&inside.token).await.unwrap();
    for (login, expected) in [("anh.quan", "identity.account_privileged"), ("anh.xa", "it worked")] {
        let account = town.account_of(login).await;
        let mut op = town.op(&acting).await;
        assert_eq!(
            code(town.identity.end_sessions_of(&mut op, account, WHY).await),
            expected,
            "{login}"
        );
        drop(op);
        let mut op = town.op(&acting).await;
        assert_eq!(
            code(town.identity.suspend_account(&mut op, account, WHY).await),
            expected,
            "{login}"
        );
    }
    // An administrator who takes one keeps what is theirs.
    let admin = town.enter("chi.tri").await;
    town.take(&admin.actor, "emergency_view", 1, CALM).await.unwrap();
    let acting = town.actor(&admin.token).await.unwrap();
    let other = town.account_of("anh.quan").await;
    let mut op = town.op(&acting).await;
    town.identity.suspend_account(&mut op, other, WHY).await.unwrap();
}

#[tokio::test]
async fn the_last_one_of_a_role_that_a_province_needs_is_not_shut_out() {
    let town = Town::new().await;
    town.official("Mai Văn Giữ", "anh.giu", &["data_protection"]).await;
    town.official("Lê Văn Lo", "anh.lo", &["account_manager"]).await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    let officer = town.account_of("anh.giu").await;
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, officer, WHY).await),
        "identity.last_of_role"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    let shut = town
        .identity
        .set_account_state(&mut op, officer, AccountState::Closed)
        .await;
    assert_eq!(code(shut), "identity.last_of_role");
    drop(op);
    let manager = town.account_of("anh.lo").await;
    let mut op = town.op(&admin).await;
    town.identity
        .suspend_account(&mut op, manager, WHY)
        .await
        .expect("a province can be without");
    drop(op);
    // An account that nobody has started is no help.
    let (person, _) = town.official("Lý Thị Hai", "chi.hai", &["data_protection"]).await;
    sqlx::query("UPDATE identity.account SET password = NULL WHERE person = $1")
        .bind(person.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, officer, WHY).await),
        "identity.last_of_role"
    );
    drop(op);
    town.official("Ngô Văn Ba", "anh.ba", &["data_protection"]).await;
    let mut op = town.op(&admin).await;
    town.identity.suspend_account(&mut op, officer, WHY).await.unwrap();
}

#[tokio::test]
async fn two_who_shut_each_other_out_at_once_do_not_leave_nobody() {
    let town = Town::new().await;
    let one = town.desk("anh.quan", &["admin"]).await;
    let other = town.desk("chi.tri", &["admin"]).await;
    let shut = async |by: &kernel::Actor, whom: &kernel::Actor| {
        let mut op = town.op(by).await;
        town.identity
            .suspend_account(&mut op, whom.account().unwrap(), WHY)
            .await?;
        op.commit().await
    };
    let (first, second) = tokio::join!(shut(&one, &other), shut(&other, &one));
    let mut codes = [code(first), code(second)];
    codes.sort_unstable();
    assert_eq!(codes, ["identity.last_of_role", "it worked"]);
}

/// Taking the factor away and giving a code, both by one manager, would be the account itself: a leader's as anybody's.
// shows: R037
#[tokio::test]
async fn one_manager_alone_opens_no_officials_account() {
    let town = Town::new().await;
    let manager = town.desk("anh.quanly", &["account_manager"]).await;
    town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    let leader = town.account_of("anh.tram").await;
    let mut op = town.op(&manager).await;
    town.identity.give_entry_code(&mut op, leader, WHY).await.unwrap();
    // At the same moment the other half is asked for: it waits, and finds the first one done.
    let second = async {
        let mut op = town.op(&manager).await;
        code(town.identity.reset_second_factor(&mut op, leader, WHY).await)
    };
    let first = async {
        tokio::task::yield_now().await;
        op.commit().await.unwrap();
    };
    let (refused, ()) = tokio::join!(second, first);
    assert_eq!(refused, "identity.four_eyes");
}

#[tokio::test]
async fn an_entry_code_is_withdrawn_and_ends_with_what_else_opens_the_account() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let account = town.account_of("anh.lua").await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    for step in ["withdrawn", "sessions"] {
        let mut op = town.op(&admin).await;
        let given = town.identity.give_entry_code(&mut op, account, WHY).await.unwrap();
        op.commit().await.unwrap();
        let mut op = town.op(&admin).await;
        if step == "withdrawn" {
            assert!(town.identity.withdraw_entry_code(&mut op, account, WHY).await.unwrap());
            assert!(!town.identity.withdraw_entry_code(&mut op, account, WHY).await.unwrap());
        } else {
            town.identity.end_sessions_of(&mut op, account, WHY).await.unwrap();
        }
        op.commit().await.unwrap();
        assert_eq!(
            code(town.start("anh.lua", &given.code, NEW).await),
            "identity.entry_code_wrong",
            "{step}"
        );
    }
    let mut op = town.op(&admin).await;
    let sheet = town.identity.account_sheet(&mut op, account).await.unwrap();
    assert!(sheet.code_until.is_none());
    assert_eq!(
        sheet
            .lines
            .iter()
            .filter(|line| line.act == "entry_code_withdrawn")
            .count(),
        1
    );
}

#[tokio::test]
async fn a_manager_lets_in_whom_they_have_shut_out_and_nobody_else() {
    let town = Town::new().await;
    let manager = town.desk("anh.quanly", &["account_manager"]).await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let account = town.account_of("anh.lua").await;
    for (by, expected) in [(&admin, "identity.suspended_above"), (&manager, "it worked")] {
        let mut op = town.op(by).await;
        town.identity.suspend_account(&mut op, account, WHY).await.unwrap();
        op.commit().await.unwrap();
        let mut op = town.op(&manager).await;
        assert_eq!(
            code(town.identity.resume_account(&mut op, account, WHY).await),
            expected
        );
        drop(op);
        let mut op = town.op(&admin).await;
        town.identity.resume_account(&mut op, account, WHY).await.unwrap();
        op.commit().await.unwrap();
    }
    // By another system: nobody of the agency undoes it.
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, account, AccountState::Suspended)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&manager).await;
    assert_eq!(
        code(town.identity.resume_account(&mut op, account, WHY).await),
        "identity.suspended_above"
    );
}

#[tokio::test]
async fn a_manager_does_not_list_whom_another_agency_has_too() {
    let town = Town::new().await;
    let manager = town.desk("anh.quanly", &["account_manager"]).await;
    let (person, _) = town.official("Phan Thị Mận", "chi.man", &["clerk"]).await;
    assert!(
        town.found(&manager, "", AccountFilter::All)
            .await
            .contains(&"chi.man".to_owned())
    );
    let elsewhere = town.agency("H30.31.02", "Cơ quan khác").await;
    let second = town.position(elsewhere, "second", &["clerk"]).await;
    town.hold(person, second, Validity::since(day("2024-01-01"))).await;
    let found = town.found(&manager, "", AccountFilter::All).await;
    assert_eq!(found, ["anh.quanly"], "the list reaches as far as the acts");
}

#[tokio::test]
async fn a_role_that_was_taken_back_does_not_come_back_by_standing_in() {
    let town = Town::new().await;
    let (_, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk", "specialist"]).await;
    let (man, own) = town.official("Phan Thị Mận", "chi.man", &["clerk", "specialist"]).await;
    let holder = town.enter("anh.lua").await.actor;
    let lend = |roles: &[&str]| NewSubstitution {
        position,
        substitute: man,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        from: town.today(),
        to: town.today(),
        reason: "nghỉ phép".into(),
    };
    let mut op = town.op(&holder).await;
    town.identity
        .substitute(&mut op, &lend(&["clerk", "specialist"]))
        .await
        .unwrap();
    op.commit().await.unwrap();
    let mut op = town.loader().await;
    town.identity
        .withhold_role(&mut op, (man, own), "clerk", "")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let substitute = town.enter("chi.man").await;
    let mut op = town.op(&substitute.actor).await;
    let acting = town
        .identity
        .choose_position(&mut op, substitute.session, Some(position))
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(acting.official().unwrap().roles, ["specialist"], "what was lent before");
    sqlx::query("UPDATE identity.substitution SET ended_at = given_at, ended_by = given_by")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&holder).await;
    assert_eq!(
        code(town.identity.substitute(&mut op, &lend(&["clerk"])).await),
        "identity.substitute_roles"
    );
}

#[tokio::test]
async fn a_role_is_given_back_with_a_reason_that_its_holder_reads() {
    let town = Town::new().await;
    let (lua, position) = town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let mut op = town.loader().await;
    town.identity
        .withhold_role(&mut op, (lua, position), "clerk", "")
        .await
        .unwrap();
    op.commit().await.unwrap();
    let admin = town.desk("anh.quan", &["admin"]).await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM identity.withheld_role")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.return_role(&mut op, id, " ").await),
        "identity.required"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity.return_role(&mut op, id, "làm lại việc cũ").await.unwrap();
    op.commit().await.unwrap();
    let news =
        "SELECT count(*) FROM op.event WHERE kind = 'identity.looked_after' AND payload ->> 'what' = 'role_returned'";
    assert_eq!(town.count(news).await, 1);
    let looks = "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.role_returned' AND person IS NOT NULL";
    assert_eq!(town.count(looks).await, 1);
}

#[tokio::test]
async fn rights_for_emergencies_are_no_daily_bread() {
    let town = Town::new().await;
    town.official("Võ Văn Tràm", "anh.tram", &["leader"]).await;
    for _ in 0..3 {
        let leader = town.enter("anh.tram").await.actor;
        town.take(&leader, "emergency_view", 4, CALM).await.unwrap();
        town.advance(Duration::hours(5));
    }
    let leader = town.enter("anh.tram").await.actor;
    assert_eq!(
        code(town.take(&leader, "emergency_view", 1, CALM).await),
        "identity.emergency_week"
    );
    town.advance(Duration::days(7));
    let leader = town.enter("anh.tram").await.actor;
    town.take(&leader, "emergency_view", 4, CALM).await.unwrap();
}

#[tokio::test]
async fn a_dormant_account_is_kept_by_whoever_comes_in_at_that_moment() {
    let town = Town::new().await;
    town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    town.official("Lý Thị Trị", "chi.tri", &["admin"]).await;
    let account = town.account_of("anh.quan").await;
    town.advance(Duration::days(100));
    let since = town.scratch.ops.now() - Duration::days(90);
    town.enter("anh.quan").await;
    let mut op = town.loader().await;
    assert!(!town.identity.suspend_dormant(&mut op, account, since).await.unwrap());
    op.commit().await.unwrap();
    town.enter("anh.quan").await;
}

/// Who leads a unit sees the accounts of officials whose every position is in it: none of another unit of the same agency, of a unit that is called the
/// same elsewhere, or of whoever works in both; and changes none.
// shows: R028
#[tokio::test]
async fn who_leads_a_unit_sees_its_accounts_and_no_others() {
    let town = Town::new().await;
    let (_, head) = town.official("Lê Văn Trưởng", "anh.truong", &["unit_head"]).await;
    town.official("Mai Thị Quầy", "chi.quay", &["clerk"]).await;
    let (_, justice) = town.official("Võ Văn Pháp", "anh.phap", &["specialist"]).await;
    let (_, nowhere) = town.official("Ngô Thị Trống", "chi.trong", &["specialist"]).await;
    let (both, _) = town.official("Lý Văn Hai", "anh.hai", &["clerk"]).await;
    town.official_elsewhere("H30.31.02", "anh.xa", &["clerk"]).await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let unit = NewUnit {
        agency,
        code: "justice".into(),
        kind: "justice".into(),
        name: "Bộ phận Tư pháp - Hộ tịch".into(),
        validity: Validity::since(day("2020-01-01")),
    };
    let mut op = town.loader().await;
    let unit = town.identity.upsert_unit(&mut op, &unit).await.unwrap();
    op.commit().await.unwrap();
    for (position, unit) in [(justice, Some(unit)), (nowhere, None)] {
        sqlx::query("UPDATE identity.position SET unit = $2 WHERE id = $1")
            .bind(position.uuid())
            .bind(unit.map(|unit| unit.uuid()))
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    }
    town.hold(both, justice, Validity::since(day("2024-01-01"))).await;
    let found = async || {
        let actor = town.enter("anh.truong").await.actor;
        let mut logins = town.found(&actor, "", AccountFilter::All).await;
        logins.sort();
        logins
    };
    assert_eq!(found().await, ["anh.truong", "chi.quay"]);
    let actor = town.enter("anh.truong").await.actor;
    for (login, expected) in [
        ("chi.quay", "it worked"),
        ("anh.phap", "identity.account_not_found"),
        ("chi.trong", "identity.account_not_found"),
        ("anh.hai", "identity.account_not_found"),
        ("anh.xa", "identity.account_not_found"),
    ] {
        let account = town.account_of(login).await;
        let mut op = town.op(&actor).await;
        assert_eq!(
            code(town.identity.account_sheet(&mut op, account).await),
            expected,
            "{login}"
        );
        drop(op);
        let mut op = town.op(&actor).await;
        let shut = town.identity.suspend_account(&mut op, account, WHY).await;
        assert_eq!(code(shut), "identity.not_allowed", "{login}");
    }
    // Moved to another unit, the head sees that one's.
    sqlx::query("UPDATE identity.position SET unit = $2 WHERE id = $1")
        .bind(head.uuid())
        .bind(unit.uuid())
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    assert_eq!(found().await, ["anh.phap", "anh.truong"]);
}
