use chrono::Duration;
use identity::Source;

use crate::town::{HOME, PASSWORD, Town, code};

fn stranger(ip: &str) -> Source<'_> {
    Source {
        device: None,
        ip,
        user_agent: "curl/8",
    }
}

#[tokio::test]
async fn ten_guesses_from_one_source_then_a_pause() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    for _ in 0..10 {
        assert_eq!(
            town.refused("chi.sen", "sai", stranger("198.51.100.1")).await,
            "identity.wrong_credentials"
        );
    }
    // The eleventh is not looked at, right or wrong; nor is any other spelling of the name.
    let fault = town
        .sign_in("CHI.SEN", PASSWORD, stranger("198.51.100.1"))
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.params["minutes"].as_str()),
        ("identity.too_many_attempts", "15")
    );
    // Others are not kept out.
    town.sign_in("chi.sen", PASSWORD, stranger("198.51.100.2"))
        .await
        .unwrap();
    town.advance(Duration::minutes(15) - Duration::seconds(1));
    assert_eq!(
        town.refused("chi.sen", PASSWORD, stranger("198.51.100.1")).await,
        "identity.too_many_attempts"
    );
    town.advance(Duration::seconds(1));
    town.sign_in("chi.sen", PASSWORD, stranger("198.51.100.1"))
        .await
        .unwrap();
    let refusals = town
        .trail()
        .await
        .into_iter()
        .filter(|(action, ..)| action == "identity.sign_in_refused");
    assert_eq!(refusals.count(), 12);
}

#[tokio::test]
async fn an_unknown_name_is_limited_like_a_known_one() {
    let town = Town::new().await;
    for _ in 0..10 {
        assert_eq!(
            town.refused("khong.ai", "sai", stranger("198.51.100.1")).await,
            "identity.wrong_credentials"
        );
    }
    assert_eq!(
        town.refused("khong.ai", "sai", stranger("198.51.100.1")).await,
        "identity.too_many_attempts"
    );
}

#[tokio::test]
async fn guesses_sent_at_once_are_counted_one_by_one() {
    let town = std::sync::Arc::new(Town::new().await);
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let town = town.clone();
        guesses.spawn(async move { town.refused("chi.sen", "sai", stranger("198.51.100.1")).await });
    }
    let answers = guesses.join_all().await;
    let evaluated = answers
        .iter()
        .filter(|code| **code == "identity.wrong_credentials")
        .count();
    let refused = answers
        .iter()
        .filter(|code| **code == "identity.too_many_attempts")
        .count();
    assert_eq!((evaluated, refused), (10, 20));
}

#[tokio::test]
async fn strangers_do_not_lock_the_owner_out_of_a_known_device() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    town.citizen("Kẻ Lạ Mặt", "ke.la").await;
    let device = town.enter("chi.sen").await.device;
    let foreign = town
        .sign_in("ke.la", PASSWORD, stranger("198.51.100.99"))
        .await
        .unwrap()
        .device;
    for network in 0..6 {
        let ip = format!("198.51.100.{network}");
        for _ in 0..10 {
            assert_eq!(
                town.refused("chi.sen", "sai", stranger(&ip)).await,
                "identity.wrong_credentials"
            );
        }
    }
    // Sixty in an hour: nobody unknown is heard any more, with whatever device token of somebody else.
    let new_network = stranger("198.51.100.200");
    let fault = town.sign_in("chi.sen", PASSWORD, new_network).await.unwrap_err();
    assert_eq!(
        (fault.code, fault.params["minutes"].as_str()),
        ("identity.too_many_attempts", "60")
    );
    for token in [foreign.as_str(), "made-up", ""] {
        let source = Source {
            device: Some(token),
            ..new_network
        };
        assert_eq!(
            town.refused("chi.sen", PASSWORD, source).await,
            "identity.too_many_attempts"
        );
    }
    // The owner is, with the token from anywhere.
    let elsewhere = Source {
        device: Some(&device),
        ..new_network
    };
    let again = town.sign_in("chi.sen", PASSWORD, elsewhere).await.unwrap();
    assert_eq!(again.device, device, "the device keeps its token");
    // A known device has ten guesses as well, no more.
    for _ in 0..10 {
        assert_eq!(
            town.refused("chi.sen", "sai", elsewhere).await,
            "identity.wrong_credentials"
        );
    }
    assert_eq!(
        town.refused("chi.sen", PASSWORD, elsewhere).await,
        "identity.too_many_attempts"
    );
    town.advance(Duration::hours(1));
    town.sign_in("chi.sen", PASSWORD, new_network).await.unwrap();
}

#[tokio::test]
async fn neighbours_with_the_same_browser_do_not_lock_the_owner_out() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let device = town.enter("chi.sen").await.device;
    for _ in 0..10 {
        assert_eq!(town.refused("chi.sen", "sai", HOME).await, "identity.wrong_credentials");
    }
    assert_eq!(
        town.refused("chi.sen", PASSWORD, HOME).await,
        "identity.too_many_attempts"
    );
    let own = Source {
        device: Some(&device),
        ..HOME
    };
    town.sign_in("chi.sen", PASSWORD, own).await.unwrap();
}

#[tokio::test]
async fn one_network_may_not_try_many_names() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let device = town.enter("chi.sen").await.device;
    for number in 0..100 {
        let login = format!("nguoi.{number}");
        assert_eq!(
            town.refused(&login, "sai", stranger("2001:db8:1:2::1")).await,
            "identity.wrong_credentials"
        );
    }
    let neighbour = stranger("2001:db8:1:2:ffff::9");
    assert_eq!(
        town.refused("chi.sen", PASSWORD, neighbour).await,
        "identity.too_many_attempts"
    );
    let known = Source {
        device: Some(&device),
        ..neighbour
    };
    town.sign_in("chi.sen", PASSWORD, known).await.unwrap();
    town.sign_in("chi.sen", PASSWORD, stranger("2001:db8:1:3::1"))
        .await
        .unwrap();
}

#[tokio::test]
async fn old_attempts_sessions_and_devices_are_swept() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    town.enter("chi.sen").await;
    assert_eq!(
        code(town.sign_in("chi.sen", "sai", HOME).await),
        "identity.wrong_credentials"
    );
    let mut jobs = op::Jobs::new();
    identity::jobs::register(&mut jobs, &town.identity);
    op::begin_recurring(&town.scratch.ops, &jobs).await.unwrap();
    op::drain(&town.scratch.ops, &jobs).await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM identity.sign_in_attempt").await, 2);
    town.advance(Duration::hours(25));
    op::drain(&town.scratch.ops, &jobs).await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM identity.sign_in_attempt").await, 0);
    assert_eq!(town.count("SELECT count(*) FROM identity.session").await, 1);
    town.advance(Duration::days(401));
    op::drain(&town.scratch.ops, &jobs).await.unwrap();
    assert_eq!(town.count("SELECT count(*) FROM identity.session").await, 0);
    assert_eq!(town.count("SELECT count(*) FROM identity.device").await, 0);
    assert_eq!(
        town.count("SELECT count(*) FROM op.job").await,
        1,
        "one sweep waits for tomorrow"
    );
}
