//! Whoever asks too often, and what takes too long.

use std::{net::SocketAddr, num::NonZeroU32, time::Duration};

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use op::Entry;
use tower::ServiceExt;
use web::{Answer, Site, Visit};

use crate::House;

/// Begins something in the database and does not come to an end.
pub async fn never(visit: Visit<Site>) -> Answer {
    let mut op = visit.op().await?;
    op.record(Entry::new("test.begun", "thing:1")).await?;
    sqlx::query("INSERT INTO op.outcome (key, value, at) VALUES ('begun', 'null', now())")
        .execute(op.conn())
        .await
        .map_err(db::fault)?;
    std::future::pending().await
}

async fn ask(house: &House, path: &str, from: &str) -> StatusCode {
    let peer: SocketAddr = from.parse().unwrap();
    let request = Request::get(path)
        .header(header::COOKIE, "__Host-phien=away")
        .extension(ConnectInfo(peer))
        .body(Body::empty())
        .unwrap();
    house.ask(request).await.0
}

/// Asks until it is turned away, which a rate of one a second does soon, however slow the machine is.
async fn until_turned_away(house: &House, path: &str, from: &str, before: StatusCode) {
    for _ in 0..1_000 {
        match ask(house, path, from).await {
            StatusCode::TOO_MANY_REQUESTS => return,
            other => assert_eq!(other, before, "{path}"),
        }
    }
    panic!("{path} can be asked for without limit");
}

/// The session of the cookie is never looked up for somebody who asks too often; here looking it up always fails.
#[tokio::test]
async fn the_rate_comes_before_the_database_and_counts_lost_addresses() {
    let house = House::with(NonZeroU32::new(1), None).await;
    until_turned_away(&house, "/", "203.0.113.9:1", StatusCode::SERVICE_UNAVAILABLE).await;
    until_turned_away(&house, "/nowhere", "203.0.113.10:1", StatusCode::NOT_FOUND).await;
    let other = ask(&house, "/nowhere", "203.0.113.11:1").await;
    assert_eq!(other, StatusCode::NOT_FOUND, "each address has its own rate");
}

#[tokio::test]
async fn one_subscriber_of_ipv6_is_one_sender() {
    let house = House::with(NonZeroU32::new(1), None).await;
    until_turned_away(&house, "/nowhere", "[2001:db8:1:2::1]:1", StatusCode::NOT_FOUND).await;
    let neighbour = ask(&house, "/nowhere", "[2001:db8:1:2:ffff::9]:1").await;
    assert_eq!(neighbour, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        ask(&house, "/nowhere", "[2001:db8:1:3::1]:1").await,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn figures_are_for_programs_beside_us_only() {
    let router = axum::Router::new()
        .route("/metrics", axum::routing::get(async || "figures"))
        .layer(axum::middleware::from_fn(web::local_only));
    let ask = async |from: &str, passed_on: Option<&str>| {
        let peer: SocketAddr = from.parse().unwrap();
        let mut request = Request::get("/metrics").extension(ConnectInfo(peer));
        if let Some(name) = passed_on {
            request = request.header(name, "203.0.113.9");
        }
        let request = request.body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap().status()
    };
    assert_eq!(ask("127.0.0.1:1", None).await, StatusCode::OK);
    assert_eq!(ask("[::1]:1", None).await, StatusCode::OK);
    assert_eq!(ask("203.0.113.9:1", None).await, StatusCode::NOT_FOUND);
    for name in ["x-real-ip", "x-forwarded-for", "forwarded", "via"] {
        assert_eq!(ask("127.0.0.1:1", Some(name)).await, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_undone_and_told() {
    let house = House::with(None, Some(Duration::from_millis(200))).await;
    let (status, headers, page) = house.get("/never", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key(header::RETRY_AFTER));
    assert!(page.contains("mất quá nhiều thời gian"), "{page}");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM op.outcome")
        .fetch_one(&house.scratch.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}
