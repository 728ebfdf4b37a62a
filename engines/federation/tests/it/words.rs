//! Words that do not hold: every lie of the simulator, and providers that do not answer.

use chrono::Duration;
use simulators::{Behaviour, Provider};

use crate::town::{DIEP, HOA, Town};

#[tokio::test]
async fn no_lie_opens_anything() {
    let town = Town::new().await;
    for (behaviour, why) in [
        (Behaviour::WrongIssuer, "issuer"),
        (Behaviour::WrongIssuerBack, "issuer"),
        (Behaviour::AlgNone, "unknown_key"),
        (Behaviour::SharedSecret, "algorithm"),
        (Behaviour::Expired, "expired"),
        (Behaviour::Future, "future"),
        (Behaviour::OtherNonce, "nonce"),
        (Behaviour::NoNonce, "nonce"),
        (Behaviour::OtherAudience, "audience"),
        (Behaviour::UnknownKey, "unknown_key"),
        (Behaviour::OtherKey, "signature"),
        (Behaviour::NoCode, "code"),
    ] {
        for provider in Provider::ALL {
            assert_eq!(
                town.refused(provider, DIEP, behaviour).await,
                "federation.word_refused",
                "{behaviour:?}"
            );
            let (code, found) = town.last_refusal().await;
            assert_eq!(code, "federation.word_refused");
            // One key and no name of it in the token: the only one there is, which does not fit.
            let expected = if behaviour == Behaviour::AlgNone {
                "algorithm"
            } else {
                why
            };
            assert_eq!(found.as_deref(), Some(expected), "{behaviour:?}");
        }
    }
    let code = town.refused(Provider::Vneid, DIEP, Behaviour::OtherProfile).await;
    assert_eq!(code, "federation.word_refused");
    assert_eq!(town.last_refusal().await.1.as_deref(), Some("profile"));
    for table in [
        "SELECT count(*) FROM identity.person",
        "SELECT count(*) FROM identity.session",
    ] {
        assert_eq!(town.count(table).await, 0);
    }
    assert_eq!(
        town.count("SELECT count(*) FROM federation.journey").await,
        0,
        "each is good once"
    );
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_waited_for() {
    let town = Town::new().await;
    for behaviour in [
        Behaviour::Slow,
        Behaviour::Down,
        Behaviour::Huge,
        Behaviour::NotJson,
        Behaviour::Fails,
    ] {
        let code = town.refused(Provider::Vneid, DIEP, behaviour).await;
        assert_eq!(code, "federation.provider_away", "{behaviour:?}");
    }
    // The other one still lets people in.
    town.simulator.behave(Provider::Vneid, Behaviour::Down);
    town.come(Provider::NationalPortal, DIEP).await;
}

#[tokio::test]
async fn keys_are_fetched_seldom_and_found_when_they_change() {
    let town = Town::new().await;
    for _ in 0..3 {
        town.come(Provider::NationalPortal, DIEP).await;
    }
    assert_eq!(town.simulator.key_calls(), 1);
    // Names of keys that are made up do not make us ask.
    for _ in 0..5 {
        town.refused(Provider::NationalPortal, DIEP, Behaviour::UnknownKey)
            .await;
    }
    assert_eq!(town.simulator.key_calls(), 1);
    town.advance(Duration::seconds(61));
    town.refused(Provider::NationalPortal, DIEP, Behaviour::UnknownKey)
        .await;
    assert_eq!(town.simulator.key_calls(), 2);
    town.advance(Duration::seconds(61));
    town.simulator.behave(Provider::NationalPortal, Behaviour::NextKey);
    town.come(Provider::NationalPortal, DIEP).await;
    assert_eq!(town.simulator.key_calls(), 3);
    town.advance(Duration::hours(1));
    town.come(Provider::NationalPortal, HOA).await;
    assert_eq!(town.simulator.key_calls(), 4);
}

#[tokio::test]
async fn the_trail_holds_no_number_no_name_and_no_token() {
    let town = Town::new().await;
    town.come(Provider::Vneid, DIEP).await;
    town.come(Provider::NationalPortal, DIEP).await;
    town.refused(Provider::Vneid, DIEP, Behaviour::OtherNonce).await;
    town.refused(Provider::Vneid, HOA, Behaviour::OtherKey).await;
    let said: Vec<String> = sqlx::query_scalar("SELECT subject || ' ' || purpose || ' ' || detail FROM op.audit_entry")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    let events: Vec<String> = sqlx::query_scalar("SELECT payload::text FROM op.event")
        .fetch_all(&town.scratch.pool)
        .await
        .unwrap();
    assert!(said.len() > 4 && events.len() > 2);
    for line in said.iter().chain(&events) {
        for word in ["999301990011", "999075990022", "Điệp", "Sơn Thái", "eyJ"] {
            assert!(!line.contains(word), "{line}");
        }
    }
}
