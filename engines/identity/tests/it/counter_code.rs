use chrono::Duration;
use identity::{CounterCode, NewCounterCode, NewPerson, Start, Validity};
use kernel::{AccountId, Actor, Fault, Result};

use crate::town::{HOME, PASSWORD, Town, code, day};

const NUMBER: &str = "999192000017";
const NEW: &str = "một câu mới bên rạch";

/// Sen, whose login is her number, with an account.
async fn sen(town: &Town) -> AccountId {
    let new = NewPerson {
        personal_number: Some(NUMBER.parse().unwrap()),
        ..NewPerson::named("Lê Thị Sen")
    };
    let person = town.register(&new).await;
    town.account(person, NUMBER).await
}

fn wanted(number: &str, name: &str) -> NewCounterCode {
    NewCounterCode {
        number: number.into(),
        name: name.into(),
        paper: "Thẻ căn cước".into(),
    }
}

async fn issue(town: &Town, clerk: &Actor, new: &NewCounterCode) -> Result<CounterCode, Fault> {
    town.identity.issue_code(town.op(clerk).await, new).await
}

async fn set(town: &Town, login: &str, code: &str, password: &str) -> Result<(), Fault> {
    let wish = Start {
        login,
        code,
        password,
        source: HOME,
    };
    let set = town.identity.set_password_by_code(&town.scratch.ops, wish).await;
    set.map(drop)
}

#[tokio::test]
async fn a_code_from_the_counter_sets_a_password_once_and_ends_all_sessions() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let account = sen(&town).await;
    let before = town.enter(NUMBER).await;
    let given = issue(&town, &clerk, &wanted("999 192 000 017", "LÊ THỊ SEN"))
        .await
        .unwrap();
    assert_eq!(given.login, NUMBER);
    assert_eq!(given.expires_at - town.scratch.ops.now(), Duration::minutes(15));
    for (login, typed) in [
        ("khong.ai.ca", given.code.as_str()),
        (NUMBER, "7KQ2-M4XD-9TRA"),
        (NUMBER, "123456"),
        ("anh.lua", given.code.as_str()),
    ] {
        let fault = set(&town, login, typed, NEW).await.unwrap_err();
        assert_eq!(fault.code, "identity.counter_code_wrong", "{login} {typed}");
    }
    let unfit = set(&town, NUMBER, &given.code, "Lê Thị Sen").await;
    assert_eq!(
        code(unfit),
        "identity.password_unfit",
        "and the code is not used up by it"
    );
    // As it is typed by somebody in a hurry.
    set(&town, NUMBER, &given.code.to_lowercase().replace('-', " "), NEW)
        .await
        .unwrap();
    assert_eq!(town.actor(&before.token).await, None, "all sessions end");
    assert_eq!(town.refused(NUMBER, PASSWORD, HOME).await, "identity.wrong_credentials");
    let signed = town.sign_in(NUMBER, NEW, HOME).await.unwrap();
    assert_eq!(signed.actor.account(), Some(account));
    assert_eq!(
        code(set(&town, NUMBER, &given.code, NEW).await),
        "identity.counter_code_wrong",
        "once"
    );
    let trail = town.trail().await;
    for action in ["identity.code_issued", "identity.password_set_by_code"] {
        assert!(trail.iter().any(|(known, ..)| known == action), "{action}");
    }
    let plain = given.code.replace('-', "");
    assert!(
        trail
            .iter()
            .all(|(_, subject, rest)| !subject.contains(&plain) && !rest.contains(&plain))
    );
}

#[tokio::test]
async fn a_code_holds_for_a_quarter_of_an_hour_and_until_the_next_one() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    sen(&town).await;
    let first = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    let second = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    assert_eq!(
        code(set(&town, NUMBER, &first.code, NEW).await),
        "identity.counter_code_wrong"
    );
    town.advance(Duration::minutes(15));
    assert_eq!(
        code(set(&town, NUMBER, &second.code, NEW).await),
        "identity.counter_code_wrong"
    );
    let third = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    // Two browsers at once: one of them.
    let (one, other) = tokio::join!(
        set(&town, NUMBER, &third.code, NEW),
        set(&town, NUMBER, &third.code, "một câu khác bên kênh")
    );
    let outcomes = [code(one), code(other)];
    assert!(
        outcomes.contains(&"it worked") && outcomes.contains(&"identity.counter_code_wrong"),
        "{outcomes:?}"
    );
    // Not from the same official, and not from another one either: three within a day.
    let fourth = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await;
    assert_eq!(code(fourth), "identity.four_eyes");
    let colleague = town.desk("chi.phu", &["clerk"]).await;
    let fourth = issue(&town, &colleague, &wanted(NUMBER, "Lê Thị Sen")).await;
    assert_eq!(code(fourth), "identity.code_limit");
}

#[tokio::test]
async fn a_code_is_shown_in_place_of_a_second_factor() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    sen(&town).await;
    town.set_up(&town.identity, NUMBER).await;
    // She has lost her telephone.
    let given = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    let half = town.half(NUMBER).await;
    assert_eq!(code(town.finish(&half, "7KQ2-M4XD-9TRA").await), "identity.code_wrong");
    town.finish(&half, &given.code).await.unwrap();
    let half = town.half(NUMBER).await;
    assert_eq!(
        code(town.finish(&half, &given.code).await),
        "identity.code_wrong",
        "once"
    );
    // It is no way around the second factor: a new password leads to the same question.
    // Both from one official would be the whole account: the other half comes from somebody else.
    let again = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await;
    assert_eq!(code(again), "identity.four_eyes");
    let colleague = town.desk("chi.phu", &["clerk"]).await;
    let given = issue(&town, &colleague, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    set(&town, NUMBER, &given.code, PASSWORD).await.unwrap();
    town.half(NUMBER).await;
}

#[tokio::test]
async fn no_code_for_officials_oneself_strangers_or_by_strangers() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    sen(&town).await;
    for (number, name) in [(NUMBER, "Lê Thị Khác"), ("999192000018", "Lê Thị Sen"), ("", "")] {
        assert_eq!(
            code(issue(&town, &clerk, &wanted(number, name)).await),
            "identity.code_person",
            "{number} {name}"
        );
    }
    let mut paperless = wanted(NUMBER, "Lê Thị Sen");
    paperless.paper = " ".into();
    assert_eq!(code(issue(&town, &clerk, &paperless).await), "identity.paper_needed");
    // An official, and the clerk's own account.
    let (chair, _) = town.official("Lý Văn Sông", "ong.song", &["leader"]).await;
    for (person, number) in [(chair, "999078000042"), (clerk.person().unwrap(), "999085000097")] {
        sqlx::query("UPDATE identity.person SET sealed = NULL, number_tag = NULL, phone_tag = NULL, personal_number = $2 WHERE id = $1")
            .bind(person.uuid())
            .bind(number)
            .execute(&town.scratch.pool)
            .await
            .unwrap();
    }
    assert_eq!(
        code(issue(&town, &clerk, &wanted("999078000042", "Lý Văn Sông")).await),
        "identity.code_official"
    );
    assert_eq!(
        code(issue(&town, &clerk, &wanted("999085000097", "Trần Văn Lúa")).await),
        "identity.code_person"
    );
    // Whoever becomes an official before using it, does not.
    let given = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    let agency = clerk.agency().unwrap();
    let position = town.position(agency, "moi", &["specialist"]).await;
    let person = town.enter(NUMBER).await.actor.person().unwrap();
    town.hold(person, position, Validity::since(day("2026-01-01"))).await;
    assert_eq!(
        code(set(&town, NUMBER, &given.code, NEW).await),
        "identity.counter_code_wrong"
    );

    let specialist = town.desk("chi.phu", &["specialist"]).await;
    assert_eq!(
        code(issue(&town, &specialist, &wanted(NUMBER, "Lê Thị Sen")).await),
        "identity.not_allowed"
    );
    assert_eq!(
        code(issue(&town, &Actor::Anonymous, &wanted(NUMBER, "Lê Thị Sen")).await),
        "identity.not_allowed"
    );
}

/// Whoever types numbers and names at the counter until one fits learns who has an account.
#[tokio::test]
async fn an_official_tries_numbers_as_seldom_as_others_try_passwords() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    let colleague = town.desk("chi.phu", &["clerk"]).await;
    sen(&town).await;
    let known = wanted(NUMBER, "Lê Thị Sen");
    issue(&town, &clerk, &known).await.unwrap();
    // All at once, each is counted before the next.
    let wrong: Vec<NewCounterCode> = (0..12)
        .map(|last| wanted(&format!("9991920001{last:02}"), "Lê Thị Sen"))
        .collect();
    let tries = wrong.iter().cloned().map(|new| {
        let (identity, ops, clerk) = (town.identity.clone(), town.scratch.ops.clone(), clerk.clone());
        tokio::spawn(async move { identity.issue_code(ops.open(clerk).await?, &new).await })
    });
    let tries: Vec<_> = tries.collect();
    let mut outcomes = Vec::new();
    for one in tries {
        outcomes.push(code(one.await.unwrap()));
    }
    let missed = outcomes.iter().filter(|word| **word == "identity.code_person").count();
    let held = outcomes
        .iter()
        .filter(|word| **word == "identity.too_many_attempts")
        .count();
    assert_eq!((missed, held), (10, 2), "{outcomes:?}");
    // A right one is not looked at either: what is told must not depend on it.
    assert_eq!(code(issue(&town, &clerk, &known).await), "identity.too_many_attempts");
    // Others go on, and so does this one after a quarter of an hour.
    issue(&town, &colleague, &known).await.unwrap();
    town.advance(Duration::minutes(15));
    issue(&town, &clerk, &known).await.unwrap();
    // But no more than so many within an hour, however long one waits between.
    let mut misses = 10;
    for _ in 0..200 {
        match code(issue(&town, &clerk, &wrong[0]).await) {
            "identity.code_person" => misses += 1,
            word => assert_eq!(word, "identity.too_many_attempts"),
        }
        town.advance(Duration::seconds(12));
    }
    assert!((40..=60).contains(&misses), "{misses}");
    let trail = town.trail().await;
    let noted: Vec<_> = trail
        .iter()
        .filter(|(action, ..)| action == "identity.code_missed")
        .collect();
    assert_eq!(noted.len(), misses);
    assert!(
        noted
            .iter()
            .all(|(_, subject, rest)| !subject.contains("999192") && !rest.contains("999192"))
    );
    town.enter(NUMBER).await;
}

#[tokio::test]
async fn codes_are_guessed_as_seldom_as_passwords() {
    let town = Town::new().await;
    sen(&town).await;
    for _ in 0..10 {
        assert_eq!(
            code(set(&town, NUMBER, "7KQ2-M4XD-9TRA", NEW).await),
            "identity.counter_code_wrong"
        );
    }
    assert_eq!(
        code(set(&town, NUMBER, "7KQ2-M4XD-9TRA", NEW).await),
        "identity.too_many_attempts"
    );
    town.enter(NUMBER).await;
}

#[tokio::test]
async fn a_code_that_waits_ends_when_the_owner_secures_the_account() {
    let town = Town::new().await;
    let clerk = town.desk("anh.lua", &["clerk"]).await;
    sen(&town).await;
    let given = issue(&town, &clerk, &wanted(NUMBER, "Lê Thị Sen")).await.unwrap();
    // Told of a code that she has not asked for, she changes the password.
    let signed = town.enter(NUMBER).await;
    let change = identity::PasswordChange {
        old: PASSWORD,
        new: NEW,
        session: signed.session,
        source: HOME,
    };
    let changed = town
        .identity
        .change_password(&town.scratch.ops, &signed.actor, change)
        .await;
    changed.unwrap();
    let late = set(&town, NUMBER, &given.code, "bông điên điển mùa nước nổi").await;
    assert_eq!(code(late), "identity.counter_code_wrong");
}
