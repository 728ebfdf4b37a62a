//! Who comes in: new people, people with an account, officials, people who may not.

use chrono::Duration;
use federation::Arrival;
use identity::{AccountState, Assurance, Entered, SecondFactorRule, WayIn};
use kernel::Actor;
use simulators::{Behaviour, Provider};

use crate::town::{COOPERATIVE, DIEP, HOA, HOME, NGAN, Town, UT, UT_OF_ANOTHER_DAY, entered};

// shows: R042
#[tokio::test]
async fn whom_nobody_knows_gets_one_account_and_comes_back_to_it() {
    let town = Town::new().await;
    let first = town.come(Provider::Vneid, DIEP).await;
    assert_eq!(first.actor.name(), "Võ Thị Bông Điệp");
    assert!(!first.actor.is_official());
    town.advance(Duration::hours(1));
    let second = town.come(Provider::Vneid, DIEP).await;
    assert_eq!(first.actor.account(), second.actor.account());
    assert_ne!(first.token, second.token);
    // By the other provider too.
    let third = town.come(Provider::NationalPortal, DIEP).await;
    assert_eq!(third.actor.account(), first.actor.account());
    assert_eq!((town.accounts().await, town.living_links().await), (1, 2));
    assert_eq!(town.events("federation.linked").await, 2);
    assert_eq!(town.events("identity.account_opened").await, 1);
    let mut op = town.op(&first.actor).await;
    let account = town
        .identity
        .account(&mut op, first.actor.account().unwrap())
        .await
        .unwrap();
    assert_eq!(account.login, "999301990011");
    let person = town
        .identity
        .person(&mut op, first.actor.person().unwrap(), "")
        .await
        .unwrap();
    assert!(person.synthetic, "a simulator vouches for nobody who exists");
    assert_eq!(person.birth_date, Some("2001-05-20".parse().unwrap()));
    let sessions = town.identity.sessions_of(&mut op).await.unwrap();
    assert_eq!(sessions.len(), 3);
    assert!(
        sessions
            .iter()
            .all(|row| row.way.way == WayIn::Provider && row.assurance() == Assurance::Low)
    );
    assert_eq!(sessions[0].way.provider.as_deref(), Some("dvcqg"));
}

#[tokio::test]
async fn the_one_person_and_the_one_account_are_found() {
    let town = Town::new().await;
    let account = town.settled(NGAN, "congdan").await;
    let person = town.known(UT).await;
    let signed = town.come(Provider::Vneid, NGAN).await;
    assert_eq!(signed.actor.account(), Some(account));
    assert_eq!(town.events("identity.account_opened").await, 1);
    // Known at the counter, without an account.
    let signed = town.come(Provider::NationalPortal, UT).await;
    assert_eq!(signed.actor.person(), Some(person));
    assert_eq!((town.accounts().await, town.living_links().await), (2, 2));
    assert_eq!(town.count("SELECT count(*) FROM identity.person").await, 2);
    // The password still opens it.
    assert_eq!(town.enter("congdan").await.actor.account(), Some(account));
}

#[tokio::test]
async fn a_name_or_birth_date_that_differs_links_nothing() {
    let town = Town::new().await;
    town.settled(UT, "congdan2").await;
    let code = town
        .refused(Provider::Vneid, UT_OF_ANOTHER_DAY, Behaviour::Honest)
        .await;
    assert_eq!(code, "identity.person_differs");
    assert_eq!(town.last_refusal().await.0, "identity.person_differs");
    let code = town.refused(Provider::Vneid, UT, Behaviour::OtherName).await;
    assert_eq!(code, "identity.person_differs");
    assert_eq!(town.living_links().await, 0);
    // Once it is linked a new name is only news.
    town.come(Provider::Vneid, UT).await;
    town.simulator.behave(Provider::Vneid, Behaviour::OtherName);
    town.come(Provider::Vneid, UT).await;
    assert_eq!(town.accounts().await, 1);
}

#[tokio::test]
async fn a_simulator_lets_in_nobody_who_is_real() {
    let town = Town::new().await;
    let account = town.settled(NGAN, "congdan").await;
    sqlx::query("UPDATE identity.person SET synthetic = false")
        .execute(&town.scratch.pool)
        .await
        .unwrap();
    let code = town.refused(Provider::Vneid, NGAN, Behaviour::Honest).await;
    assert_eq!(code, "identity.person_is_real");
    assert_eq!(town.living_links().await, 0);
    assert_eq!(town.enter("congdan").await.actor.account(), Some(account));
    // Nor is there a simulator where nobody demonstrates anything.
    let file = town.scratch.directory().join("federation.yaml");
    let refused = federation::Config::at("https://tinh.example").with_file(&file, false);
    assert_eq!(refused.unwrap_err().code, "federation.simulator_in_service");
}

#[tokio::test]
async fn organisations_and_the_nameless_are_refused_and_leave_nothing() {
    let town = Town::new().await;
    let code = town
        .refused(Provider::NationalPortal, COOPERATIVE, Behaviour::Honest)
        .await;
    assert_eq!(code, "federation.organisation");
    for provider in Provider::ALL {
        let code = town.refused(provider, DIEP, Behaviour::NoNumber).await;
        assert_eq!(code, "federation.nameless", "{provider:?}");
    }
    assert_eq!(town.count("SELECT count(*) FROM identity.person").await, 0);
}

#[tokio::test]
async fn many_first_sign_ins_at_once_make_one_account() {
    let town = std::sync::Arc::new(Town::new().await);
    let one = |number: usize| {
        let town = town.clone();
        let provider = Provider::ALL[number % 2];
        tokio::spawn(async move { town.come(provider, HOA).await.actor.account() })
    };
    let all: Vec<_> = (0..8).map(one).collect();
    let mut accounts = Vec::new();
    for task in all {
        accounts.push(task.await.unwrap().unwrap());
    }
    accounts.dedup();
    assert_eq!(accounts.len(), 1);
    assert_eq!((town.accounts().await, town.living_links().await), (1, 2));
    assert_eq!(town.count("SELECT count(*) FROM identity.person").await, 1);
}

#[tokio::test]
async fn suspended_and_closed_accounts_stay_shut() {
    let town = Town::new().await;
    let account = town.come(Provider::Vneid, DIEP).await.actor.account().unwrap();
    let set = async |state| {
        let mut op = town.op(&Actor::System("province")).await;
        town.identity.set_account_state(&mut op, account, state).await.unwrap();
        op.commit().await.unwrap();
    };
    set(AccountState::Suspended).await;
    for provider in Provider::ALL {
        let code = town.refused(provider, DIEP, Behaviour::Honest).await;
        assert_eq!(code, "identity.account_suspended");
    }
    set(AccountState::Closed).await;
    let code = town.refused(Provider::Vneid, DIEP, Behaviour::Honest).await;
    assert_eq!(code, "identity.account_closed");
    assert_eq!(town.accounts().await, 1, "nobody gets a second one in its place");
}

// shows: R379
#[tokio::test]
async fn the_word_of_a_provider_is_a_first_factor_only() {
    let town = Town::with(SecondFactorRule::Officials).await;
    town.official(NGAN, "motcua").await;
    let signed = town.come(Provider::Vneid, NGAN).await;
    assert!(!signed.actor.is_official(), "without a second factor a citizen");
    assert!(signed.second_factor_missing);
    // With one: the sign-in waits, and what it becomes is a session of the provider with two factors.
    let code = second_factor(&town, "motcua").await;
    let arrival = town.walk(Provider::Vneid, NGAN).await.unwrap();
    let Arrival::Entered {
        entered: Entered::Half(half),
        ..
    } = arrival
    else {
        panic!("it did not wait")
    };
    let step = identity::SecondStep {
        half: &half.token,
        code: &code,
        source: HOME,
    };
    let signed = town.identity.finish_sign_in(&town.ops, step).await.unwrap();
    assert!(signed.actor.is_official());
    let mut op = town.op(&signed.actor).await;
    let now = op.now();
    let how = town
        .identity
        .authentication(op.conn(), signed.session, now)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(how.way.provider.as_deref(), Some("vneid"));
    assert_eq!((how.two_factors, how.assurance()), (true, Assurance::Substantial));
    // Signing out of the provider is offered here too.
    town.federation
        .settle_farewell(&mut op, &half.token, signed.session, signed.expires_at)
        .await
        .unwrap();
    assert!(
        town.federation
            .farewell(&mut op, signed.session)
            .await
            .unwrap()
            .is_some()
    );
}

/// Sets an authenticator up; gives a recovery code.
async fn second_factor(town: &Town, login: &str) -> String {
    let signed = town.enter(login).await;
    let mut op = town.op(&signed.actor).await;
    town.identity.offer_totp(&mut op, signed.session).await.unwrap();
    let offer = town
        .identity
        .offered_totp(&mut op, signed.session, "Hậu Giang")
        .await
        .unwrap()
        .unwrap();
    op.commit().await.unwrap();
    let code = totp(&offer.secret, town.ops.now().timestamp());
    let proof = identity::OwnerProof {
        password: crate::town::PASSWORD,
        session: signed.session,
        source: HOME,
    };
    let new = town
        .identity
        .confirm_totp(&town.ops, &signed.actor, &code, proof)
        .await
        .unwrap();
    new.codes[0].clone()
}

/// A code of RFC 6238, computed apart from the engine.
fn totp(secret: &str, at: i64) -> String {
    let letters: Vec<u8> = secret.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let mut bits = 0u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for letter in letters {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            other => other - b'2' + 26,
        };
        bits = (bits << 5) | u32::from(value);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let step = u64::try_from(at / 30).unwrap().to_be_bytes();
    let tag = ring::hmac::sign(&key, &step);
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[tokio::test]
async fn what_a_sign_in_is_worth_is_what_was_declared() {
    let town = Town::new().await;
    town.simulator.behave(Provider::NationalPortal, Behaviour::SecondLevel);
    let signed = town.come(Provider::NationalPortal, DIEP).await;
    let mut op = town.op(&signed.actor).await;
    let rows = town.identity.sessions_of(&mut op).await.unwrap();
    assert_eq!(rows[0].assurance(), Assurance::Substantial);
    drop(op);
    town.simulator.behave(Provider::NationalPortal, Behaviour::Honest);
    let signed = entered(town.walk(Provider::NationalPortal, DIEP).await.unwrap());
    let mut op = town.op(&signed.actor).await;
    let rows = town.identity.sessions_of(&mut op).await.unwrap();
    assert_eq!(rows[0].assurance(), Assurance::Low);
}
