//! There and back: a journey is good once, for a while, in one browser, with one provider.

use chrono::Duration;
use federation::{Purpose, Start};
use simulators::{Behaviour, Provider};

use crate::town::{DIEP, Town};

#[tokio::test]
async fn a_journey_is_good_once_in_its_own_browser_with_its_own_provider() {
    let town = Town::new().await;
    let (mine, other) = (town.depart(Provider::Vneid).await, town.depart(Provider::Vneid).await);
    let back = town.answer(&mine, Some(DIEP)).await;
    let code = |outcome: Result<federation::Arrival, Box<federation::Refused>>| {
        outcome.map(|_| ()).map_err(|refused| refused.fault.code)
    };
    // Somebody else's browser is to come in as me, or I as somebody else (login CSRF): neither does.
    assert_eq!(
        code(town.arrive("vneid", &other.browser, &back).await),
        Err("federation.expired")
    );
    assert_eq!(code(town.arrive("vneid", "", &back).await), Err("federation.expired"));
    // The answer of one provider at the address of the other (mix-up).
    assert_eq!(
        code(town.arrive("dvcqg", &mine.browser, &back).await),
        Err("federation.expired")
    );
    assert_eq!(
        code(town.arrive("nobody", &mine.browser, &back).await),
        Err("federation.unknown_provider")
    );
    let mut changed = back.clone();
    changed.set_query(Some("code=a&state=b"));
    assert_eq!(
        code(town.arrive("vneid", &mine.browser, &changed).await),
        Err("federation.expired")
    );
    // None of that has used it up.
    assert_eq!(code(town.arrive("vneid", &mine.browser, &back).await), Ok(()));
    assert_eq!(
        code(town.arrive("vneid", &mine.browser, &back).await),
        Err("federation.expired")
    );
}

#[tokio::test]
async fn a_journey_ends_after_ten_minutes_and_is_swept() {
    let town = Town::new().await;
    let departure = town.depart(Provider::Vneid).await;
    let back = town.answer(&departure, Some(DIEP)).await;
    town.depart(Provider::NationalPortal).await;
    town.advance(Duration::minutes(10));
    let refused = town.arrive("vneid", &departure.browser, &back).await.unwrap_err();
    assert_eq!(refused.fault.code, "federation.expired");
    let mut op = town.op(&kernel::Actor::System("jobs")).await;
    assert_eq!(town.federation.sweep(&mut op).await.unwrap(), 2);
    op.commit().await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM federation.journey").await, 0);
}

#[tokio::test]
async fn who_goes_back_at_the_provider_is_told_and_loses_nothing() {
    let town = Town::new().await;
    let departure = town.depart(Provider::NationalPortal).await;
    let back = town.answer(&departure, None).await;
    let refused = town.arrive("dvcqg", &departure.browser, &back).await.unwrap_err();
    assert_eq!(refused.fault.code, "federation.cancelled");
    assert_eq!(
        (refused.back.as_str(), refused.resume.as_str()),
        ("/thu-tuc", "{\"path\":\"/a\"}")
    );
}

#[tokio::test]
async fn the_way_there_carries_what_is_asked_and_the_database_keeps_no_secret() {
    let town = Town::new().await;
    let departure = town.depart(Provider::NationalPortal).await;
    let address = url::Url::parse(&departure.address).unwrap();
    let of = |name: &str| {
        address
            .query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    assert_eq!(of("response_type").as_deref(), Some("code"));
    assert_eq!(of("acr_values").as_deref(), Some("LoA1"));
    assert_eq!(of("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(
        of("redirect_uri").as_deref(),
        Some("http://127.0.0.1:9/dang-nhap/lien-thong/dvcqg/ve")
    );
    let (state, nonce) = (of("state").unwrap(), of("nonce").unwrap());
    let row: String = sqlx::query_scalar("SELECT row_to_json(journey)::text FROM federation.journey AS journey")
        .fetch_one(&town.scratch.pool)
        .await
        .unwrap();
    for secret in [&state, &nonce, &departure.browser, &"path".to_owned()] {
        assert!(!row.contains(secret.as_str()));
        assert!(!departure.address.contains(&departure.browser));
    }
    // In a second window the browser keeps its mark, so that both come back.
    let start = Start {
        provider: "vneid",
        browser: Some(&departure.browser),
        back: "/",
        resume: "",
        purpose: Purpose::SignIn,
    };
    let second = town.federation.start(&town.ops, start).await.unwrap();
    assert_eq!(second.browser, departure.browser);
    assert_ne!(second.address, departure.address);
    // A mark that we have not made is not taken.
    let forged = Start {
        browser: Some("x"),
        ..start
    };
    assert_ne!(town.federation.start(&town.ops, forged).await.unwrap().browser, "x");
}

#[tokio::test]
async fn a_lie_of_one_provider_is_not_carried_to_the_other() {
    let town = Town::new().await;
    town.simulator.behave(Provider::Vneid, Behaviour::WrongIssuerBack);
    town.come(Provider::NationalPortal, DIEP).await;
}
