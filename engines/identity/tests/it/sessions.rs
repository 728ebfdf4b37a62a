use std::sync::Arc;

use chrono::Duration;
use identity::AccountState;
use kernel::Actor;

use crate::town::{HOME, Town, code};

#[tokio::test]
async fn an_officials_session_ends_after_an_idle_hour_and_after_twelve_hours() {
    let town = Town::new().await;
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let idle = town.enter("anh.lua").await;
    town.advance(Duration::minutes(59));
    assert!(town.actor(&idle.token).await.is_some());
    town.advance(Duration::minutes(59));
    assert!(town.actor(&idle.token).await.is_some(), "each request counts");
    town.advance(Duration::minutes(60));
    assert!(town.actor(&idle.token).await.is_none());

    let busy = town.enter("anh.lua").await;
    for _ in 0..23 {
        town.advance(Duration::minutes(30));
        assert!(town.actor(&busy.token).await.is_some());
    }
    town.advance(Duration::minutes(30));
    assert!(town.actor(&busy.token).await.is_none(), "twelve hours are over");
}

#[tokio::test]
async fn a_citizens_session_ends_after_an_idle_week_and_after_thirty_days() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let idle = town.enter("chi.sen").await;
    town.advance(Duration::days(7));
    assert!(town.actor(&idle.token).await.is_none());
    let busy = town.enter("chi.sen").await;
    for _ in 0..5 {
        town.advance(Duration::days(5));
        assert!(town.actor(&busy.token).await.is_some());
    }
    town.advance(Duration::days(5));
    assert!(town.actor(&busy.token).await.is_none());
}

#[tokio::test]
async fn signing_out_kills_the_token_and_only_that_one() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    town.citizen("Võ Thị Lành", "chi.lanh").await;
    let (one, other) = (town.enter("chi.sen").await, town.enter("chi.sen").await);
    assert_ne!(one.token, other.token);
    let neighbour = town.enter("chi.lanh").await;

    let mut op = town.op(&neighbour.actor).await;
    assert_eq!(
        code(town.identity.sign_out(&mut op, one.session).await),
        "identity.session_not_found"
    );
    drop(op);
    assert!(town.actor(&one.token).await.is_some());

    let mut op = town.op(&one.actor).await;
    town.identity.sign_out(&mut op, one.session).await.unwrap();
    op.commit().await.unwrap();
    assert!(town.actor(&one.token).await.is_none());
    assert!(town.actor(&other.token).await.is_some());
    let mut op = town.op(&other.actor).await;
    assert_eq!(
        code(town.identity.sign_out(&mut op, one.session).await),
        "identity.session_not_found"
    );
    for token in ["", "x", &one.token[1..], &one.device, &format!("{}=", other.token)] {
        assert!(town.actor(token).await.is_none(), "{token}");
    }
}

#[tokio::test]
async fn the_owner_sees_the_devices_and_ends_the_others() {
    let town = Town::new().await;
    town.citizen("Lê Thị Sen", "chi.sen").await;
    let old = town.enter("chi.sen").await;
    town.advance(Duration::minutes(5));
    let here = town.enter("chi.sen").await;
    let mut op = town.op(&here.actor).await;
    let rows = town.identity.sessions_of(&mut op).await.unwrap();
    assert_eq!(
        rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [here.session, old.session]
    );
    assert_eq!(
        (rows[0].ip.as_str(), rows[0].user_agent.as_str()),
        (HOME.ip, HOME.user_agent)
    );
    assert_eq!(
        town.identity.end_other_sessions(&mut op, here.session).await.unwrap(),
        1
    );
    op.commit().await.unwrap();
    assert!(town.actor(&old.token).await.is_none());
    assert!(town.actor(&here.token).await.is_some());
    let mut op = town.op(&Actor::Anonymous).await;
    assert!(town.identity.sessions_of(&mut op).await.unwrap().is_empty());
}

// shows: R036, R037
#[tokio::test]
async fn suspending_an_account_ends_its_sessions_at_once() {
    let town = Town::new().await;
    let account = town.citizen("Lê Thị Sen", "chi.sen").await;
    let signed = town.enter("chi.sen").await;
    let mut op = town.op(&signed.actor).await;
    let own = town
        .identity
        .set_account_state(&mut op, account, AccountState::Closed)
        .await;
    assert_eq!(code(own), "identity.not_allowed");
    drop(op);
    let mut op = town.loader().await;
    town.identity
        .set_account_state(&mut op, account, AccountState::Suspended)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(town.actor(&signed.token).await.is_none());
    let mut op = town.loader().await;
    for state in [AccountState::Active, AccountState::Closed] {
        town.identity.set_account_state(&mut op, account, state).await.unwrap();
    }
    let reopened = town
        .identity
        .set_account_state(&mut op, account, AccountState::Active)
        .await;
    assert_eq!(code(reopened), "identity.account_closed");
    op.commit().await.unwrap();
    assert!(town.actor(&signed.token).await.is_none(), "what has ended stays ended");
}

#[tokio::test]
async fn many_requests_at_once_see_the_same_session() {
    let town = Arc::new(Town::new().await);
    town.official("Trần Văn Lúa", "anh.lua", &["clerk"]).await;
    let signed = town.enter("anh.lua").await;
    town.advance(Duration::minutes(10));
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let (town, token) = (town.clone(), signed.token.clone());
        requests.spawn(async move { town.actor(&token).await });
    }
    let actors = requests.join_all().await;
    assert!(actors.iter().all(|actor| actor.as_ref() == Some(&signed.actor)));
    let mut op = town.op(&signed.actor).await;
    let rows = town.identity.sessions_of(&mut op).await.unwrap();
    assert_eq!(rows[0].last_seen_at - rows[0].created_at, Duration::minutes(10));
}
