//! Looking after the accounts of others (R036, R037, R045), and what must not be possible.

use chrono::Duration;
use db::PageRequest;
use identity::{AccountFilter, AccountState, NewAccount, NewPerson, Start, Validity};
use kernel::{AccountId, Actor, PersonalNumber};

use crate::town::{HOME, PASSWORD, Town, code, day};

const WHY: &str = "đã xem thẻ căn cước tại trụ sở";
const NEW: &str = "một câu khác hẳn, dễ nhớ";

impl Town {
    pub async fn found(&self, actor: &Actor, words: &str, filter: AccountFilter) -> Vec<String> {
        let mut op = self.op(actor).await;
        let page = self
            .identity
            .accounts(&mut op, words, filter, &PageRequest::first())
            .await
            .unwrap();
        op.commit().await.unwrap();
        page.items.into_iter().map(|row| row.login).collect()
    }

    pub async fn account_of(&self, login: &str) -> AccountId {
        let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM identity.account WHERE login_folded = $1")
            .bind(login)
            .fetch_one(&self.scratch.pool)
            .await
            .unwrap();
        id.into()
    }

    /// An official of another agency.
    pub async fn official_elsewhere(&self, code: &str, login: &str, roles: &[&str]) {
        let agency = self.agency(code, &format!("Cơ quan {code}")).await;
        let position = self.position(agency, &login.replace('.', "-"), roles).await;
        let person = self.person("Hồ Văn Xa").await;
        self.hold(person, position, Validity::since(day("2024-01-01"))).await;
        self.account(person, login).await;
    }

    pub async fn start(&self, login: &str, code: &str, password: &str) -> kernel::Result<AccountId> {
        let start = Start {
            login,
            code,
            password,
            source: HOME,
        };
        self.identity.start_with_code(&self.scratch.ops, start).await
    }
}

// shows: R036
#[tokio::test]
async fn accounts_are_found_by_name_login_and_number_and_the_owner_sees_who_has_looked() {
    let town = Town::new().await;
    let mut person = NewPerson::named("Nguyễn Thị Lành");
    person.personal_number = Some(PersonalNumber::parse("093190012345").unwrap());
    let person = town.register(&person).await;
    town.account(person, "chi_lanh").await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    let all = AccountFilter::All;
    assert_eq!(town.found(&admin, "lanh nguyen", all).await, ["chi_lanh"]);
    assert_eq!(town.found(&admin, "093 190 012 345", all).await, ["chi_lanh"]);
    assert_eq!(town.found(&admin, "chi_l", all).await, ["chi_lanh"]);
    assert!(
        town.found(&admin, "chixl", all).await.is_empty(),
        "an underscore is no wildcard"
    );
    assert!(town.found(&admin, "%%%lan", all).await.len() <= 1);
    assert_eq!(
        town.found(&admin, "", all).await,
        ["anh.lua", "anh.quan"],
        "without words those of officials"
    );
    assert_eq!(town.found(&admin, "", AccountFilter::Privileged).await, ["anh.quan"]);
    let looks = "SELECT count(*) FROM op.audit_entry WHERE action = 'identity.account_found' AND person IS NOT NULL";
    assert!(town.count(looks).await >= 4);
    let clerk = town.enter("anh.lua").await.actor;
    let mut op = town.op(&clerk).await;
    let found = town
        .identity
        .accounts(&mut op, "lanh", all, &PageRequest::first())
        .await;
    assert_eq!(code(found), "identity.not_allowed");
}

#[tokio::test]
async fn lists_go_on_where_they_ended_and_know_who_has_not_come_for_long() {
    let town = Town::new().await;
    for number in 0..5 {
        town.official("Trần Văn Lúa", &format!("anh.lua{number}"), &["clerk"])
            .await;
    }
    let admin = town.desk("anh.quan", &["admin"]).await;
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let mut op = town.op(&admin).await;
        let request = PageRequest::new(after, Some(2));
        let page = town
            .identity
            .accounts(&mut op, "", AccountFilter::NotStarted, &request)
            .await
            .unwrap();
        seen.extend(page.items.into_iter().map(|row| row.login));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["anh.lua0", "anh.lua1", "anh.lua2", "anh.lua3", "anh.lua4"]);
    town.advance(Duration::days(60));
    town.enter("anh.lua3").await;
    town.advance(Duration::days(31));
    let since = AccountFilter::Dormant(town.scratch.ops.now() - Duration::days(90));
    let dormant = town.found(&admin, "", since).await;
    assert_eq!(dormant.len(), 5, "{dormant:?}");
    assert!(!dormant.contains(&"anh.lua3".to_owned()));
}

// shows: R037
#[tokio::test]
async fn a_suspended_account_is_out_at_once_and_comes_back_with_a_reason() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let inside = town.enter("anh.lua").await;
    let account = inside.actor.account().unwrap();
    let admin = town.desk("anh.quan", &["admin"]).await;
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, account, " a ").await),
        "identity.required"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity
        .suspend_account(&mut op, account, "nghỉ không phép")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(town.actor(&inside.token).await, None);
    assert_eq!(
        town.refused("anh.lua", PASSWORD, HOME).await,
        "identity.account_suspended"
    );
    let mut op = town.op(&admin).await;
    town.identity
        .resume_account(&mut op, account, "đã trở lại làm việc")
        .await
        .unwrap();
    let sheet = town.identity.account_sheet(&mut op, account).await.unwrap();
    op.commit().await.unwrap();
    let acts: Vec<_> = sheet
        .lines
        .iter()
        .map(|line| (line.act.as_str(), line.reason.as_str()))
        .collect();
    assert!(acts.contains(&("suspended", "nghỉ không phép")) && acts.contains(&("resumed", "đã trở lại làm việc")));
    assert_eq!(sheet.row.state, AccountState::Active);
    town.enter("anh.lua").await;
}

#[tokio::test]
async fn sessions_of_somebody_else_end_and_nobody_ends_their_own_here() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let inside = town.enter("anh.lua").await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let ended = town
        .identity
        .end_sessions_of(&mut op, inside.actor.account().unwrap(), WHY)
        .await;
    assert_eq!(ended.unwrap(), 1);
    op.commit().await.unwrap();
    assert_eq!(town.actor(&inside.token).await, None);
    let own = admin.account().unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.end_sessions_of(&mut op, own, WHY).await),
        "identity.not_allowed"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, own, WHY).await),
        "identity.not_allowed"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.give_entry_code(&mut op, own, WHY).await),
        "identity.not_allowed"
    );
}

/// Managers of an agency's accounts: neither the next agency, nor administrators, nor citizens, nor themselves.
// shows: R045
#[tokio::test]
async fn who_manages_the_accounts_of_an_agency_reaches_no_further() {
    let town = Town::new().await;
    let manager = town.desk("anh.quanly", &["account_manager"]).await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    town.official_elsewhere("H30.31.02", "anh.xa", &["clerk"]).await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let all = AccountFilter::All;
    let mut seen = town.found(&manager, "", all).await;
    seen.sort();
    assert_eq!(seen, ["anh.lua", "anh.quan", "anh.quanly"]);
    assert!(town.found(&manager, "sen", all).await.is_empty());
    assert!(town.found(&manager, "anh.xa", all).await.is_empty());
    for (login, expected) in [
        ("anh.lua", "it worked"),
        ("anh.quan", "identity.account_privileged"),
        ("anh.quanly", "identity.not_allowed"),
        ("anh.xa", "identity.account_not_found"),
        ("chi.sen", "identity.account_not_found"),
    ] {
        let account = town.account_of(login).await;
        let mut op = town.op(&manager).await;
        assert_eq!(
            code(town.identity.end_sessions_of(&mut op, account, WHY).await),
            expected,
            "{login}"
        );
        drop(op);
        let mut op = town.op(&manager).await;
        assert_eq!(
            code(town.identity.give_entry_code(&mut op, account, WHY).await),
            expected,
            "{login}"
        );
        drop(op);
        let mut op = town.op(&manager).await;
        assert_eq!(
            code(town.identity.suspend_account(&mut op, account, WHY).await),
            expected,
            "{login}"
        );
    }
    let far = town.account_of("anh.xa").await;
    let mut op = town.op(&manager).await;
    assert_eq!(
        code(town.identity.account_sheet(&mut op, far).await),
        "identity.account_not_found"
    );
    // Somebody with a second position elsewhere is not the one agency's alone.
    let lua: uuid::Uuid = sqlx::query_scalar("SELECT person FROM identity.account WHERE login = 'anh.lua'")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    let elsewhere = town.agency("H30.31.02", "Cơ quan H30.31.02").await;
    let second = town.position(elsewhere, "second", &["clerk"]).await;
    town.hold(lua.into(), second, Validity::since(day("2024-01-01"))).await;
    let account = town.account_of("anh.lua").await;
    let mut op = town.op(&manager).await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, account, WHY).await),
        "identity.account_not_found"
    );
}

#[tokio::test]
async fn acts_on_accounts_ask_who_is_there_anew() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let account = town.account_of("anh.lua").await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    let long_ago = town.scratch.ops.now() - Duration::minutes(16);
    let stale = || async { town.op(&admin).await.shown(Some(long_ago)) };
    let mut op = stale().await;
    assert_eq!(
        code(town.identity.suspend_account(&mut op, account, WHY).await),
        "identity.step_up_needed"
    );
    let mut op = stale().await;
    assert_eq!(
        code(town.identity.resume_account(&mut op, account, WHY).await),
        "identity.step_up_needed"
    );
    let mut op = stale().await;
    assert_eq!(
        code(town.identity.end_sessions_of(&mut op, account, WHY).await),
        "identity.step_up_needed"
    );
    let mut op = stale().await;
    assert_eq!(
        code(town.identity.give_entry_code(&mut op, account, WHY).await),
        "identity.step_up_needed"
    );
    let mut op = stale().await;
    assert_eq!(
        code(town.identity.reset_second_factor(&mut op, account, WHY).await),
        "identity.step_up_needed"
    );
}

/// An account that another system has opened has no password: its owner starts it with a code.
// shows: R036
#[tokio::test]
async fn an_account_without_a_password_is_started_with_a_code_once() {
    let town = Town::new().await;
    let agency = town.agency("H30.29.01", "UBND phường Ngã Bảy").await;
    let position = town.position(agency, "moi", &["clerk"]).await;
    let person = town.person("Phạm Văn Mới").await;
    town.hold(person, position, Validity::since(day("2024-01-01"))).await;
    let mut op = town.loader().await;
    let new = NewAccount {
        person,
        login: "anh.moi".into(),
        password: None,
    };
    let account = town.identity.create_account(&mut op, &new).await.unwrap();
    op.commit().await.unwrap();
    let admin = town.desk("anh.quan", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let first = town
        .identity
        .give_entry_code(&mut op, account, "tài khoản mới")
        .await
        .unwrap();
    let second = town
        .identity
        .give_entry_code(&mut op, account, "tài khoản mới")
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        code(town.start("anh.moi", &first.code, NEW).await),
        "identity.entry_code_wrong"
    );
    assert_eq!(
        code(town.start("anh.khac", &second.code, NEW).await),
        "identity.entry_code_wrong"
    );
    assert_eq!(
        code(town.start("anh.quan", &second.code, NEW).await),
        "identity.entry_code_wrong"
    );
    assert_eq!(code(town.start("anh.moi", "", NEW).await), "identity.required");
    assert_eq!(
        code(town.start("anh.moi", &second.code, "ngắn quá").await),
        "identity.password_unfit",
        "what officials' passwords ask for"
    );
    let typed = second.code.to_lowercase().replace('-', " ");
    town.start("ANH.MOI", &typed, NEW).await.unwrap();
    assert_eq!(
        code(town.start("anh.moi", &second.code, NEW).await),
        "identity.entry_code_wrong"
    );
    assert_eq!(
        town.sign_in("anh.moi", NEW, HOME).await.unwrap().actor.account(),
        Some(account)
    );
    let trail = town.trail().await;
    assert!(
        trail
            .iter()
            .all(|(_, _, text)| !text.contains(&second.code) && !text.contains(NEW)),
        "neither code nor password stands in the trail"
    );
}

#[tokio::test]
async fn an_entry_code_ends_after_three_days_and_opens_no_suspended_account() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let account = town.account_of("anh.lua").await;
    let inside = town.enter("anh.lua").await;
    let admin = town.desk("anh.quan", &["admin"]).await;
    let mut op = town.op(&admin).await;
    let given = town.identity.give_entry_code(&mut op, account, WHY).await.unwrap();
    op.commit().await.unwrap();
    assert!(
        town.actor(&inside.token).await.is_some(),
        "until it is used nothing ends"
    );
    let mut op = town.op(&admin).await;
    town.identity.suspend_account(&mut op, account, WHY).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        code(town.start("anh.lua", &given.code, NEW).await),
        "identity.entry_code_wrong",
        "it ends with everything else that opens the account"
    );
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.give_entry_code(&mut op, account, WHY).await),
        "identity.account_suspended"
    );
    drop(op);
    let mut op = town.op(&admin).await;
    town.identity.resume_account(&mut op, account, WHY).await.unwrap();
    op.commit().await.unwrap();
    assert_eq!(
        code(town.start("anh.lua", &given.code, NEW).await),
        "identity.entry_code_wrong",
        "and does not come back with it"
    );
    let mut op = town.op(&admin).await;
    let given = town.identity.give_entry_code(&mut op, account, WHY).await.unwrap();
    op.commit().await.unwrap();
    town.advance(Duration::hours(73));
    assert_eq!(
        code(town.start("anh.lua", &given.code, NEW).await),
        "identity.entry_code_wrong"
    );
}

#[tokio::test]
async fn guesses_at_entry_codes_are_counted() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let mut last = "";
    for _ in 0..11 {
        last = code(town.start("anh.lua", "0000-0000-0000-0000-0000", NEW).await);
    }
    assert_eq!(last, "identity.too_many_attempts");
    assert_eq!(
        code(town.start("khong.co", "0000-0000-0000-0000-0000", NEW).await),
        "identity.entry_code_wrong",
        "another login has its own count"
    );
    town.enter("anh.lua").await;
}

#[tokio::test]
async fn one_administrator_alone_does_not_take_over_another() {
    let town = Town::new().await;
    town.official("Đỗ Văn Quản", "anh.quan", &["admin"]).await;
    let admin = town.enter("anh.quan").await.actor;
    town.official("Lý Thị Trị", "chi.tri", &["admin"]).await;
    let other = town.enter("chi.tri").await.actor;
    town.official("Mai Văn Ba", "anh.ba", &["admin"]).await;
    let target = town.account_of("anh.ba").await;
    let mut op = town.op(&admin).await;
    town.identity.give_entry_code(&mut op, target, WHY).await.unwrap();
    op.commit().await.unwrap();
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.reset_second_factor(&mut op, target, WHY).await),
        "identity.four_eyes"
    );
    drop(op);
    let mut op = town.op(&other).await;
    assert_eq!(
        code(town.identity.reset_second_factor(&mut op, target, WHY).await),
        "identity.no_second_factor",
        "another one may"
    );
    drop(op);
    town.advance(Duration::days(8));
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.reset_second_factor(&mut op, target, WHY).await),
        "identity.four_eyes",
        "waiting is no second pair of eyes"
    );
    drop(op);
    town.enter("anh.ba").await;
    let mut op = town.op(&admin).await;
    assert_eq!(
        code(town.identity.reset_second_factor(&mut op, target, WHY).await),
        "identity.no_second_factor",
        "the owner has come in since"
    );
}

#[tokio::test]
async fn only_an_account_with_a_password_is_asked_for_it_again() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let actor = town.enter("anh.lua").await.actor;
    let mut op = town.op(&actor).await;
    assert!(town.identity.again_ways(&mut op).await.unwrap().password);
    drop(op);
    sqlx::query("UPDATE identity.account SET password = NULL")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let mut op = town.op(&actor).await;
    let ways = town.identity.again_ways(&mut op).await.unwrap();
    assert!(!ways.password && !ways.code && !ways.passkey);
}
