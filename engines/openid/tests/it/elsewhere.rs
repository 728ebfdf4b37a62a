//! Keys of applications that stand at an address of theirs (`jwks_uri`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use chrono::Duration;
use openid::{ClientAuth, Registered, Registration, jwks_of_certificates};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::holder::{Holder, RsaHolder};
use crate::town::{BACK, ISSUER, Reply, Town};

/// What the server of an application says at a path.
#[derive(Clone)]
enum Says {
    Set(Value),
    Text(String),
    Elsewhere(String),
    Status(StatusCode),
    /// Nothing, for longer than anybody waits.
    Nothing,
}

/// The server of an application on this machine.
#[derive(Clone, Default)]
struct Place {
    says: Arc<Mutex<HashMap<String, Says>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Place {
    async fn new() -> (Self, String) {
        let place = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = Router::new().fallback(answer).with_state(place.clone());
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        (place, address)
    }

    fn says(&self, path: &str, says: Says) {
        self.says.lock().unwrap().insert(path.to_owned(), says);
    }

    /// How often a path was asked for.
    fn asked(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|one| *one == path).count()
    }
}

async fn answer(State(place): State<Place>, uri: Uri) -> Response {
    place.asked.lock().unwrap().push(uri.path().to_owned());
    let says = place.says.lock().unwrap().get(uri.path()).cloned();
    match says {
        Some(Says::Set(set)) => axum::Json(set).into_response(),
        Some(Says::Text(text)) => text.into_response(),
        Some(Says::Elsewhere(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Says::Status(status)) => status.into_response(),
        Some(Says::Nothing) => std::future::pending().await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn set(keys: &[(&Holder, &str)]) -> Says {
    let keys: Vec<Value> = keys
        .iter()
        .map(|(holder, kid)| {
            let mut key = holder.jwk();
            key["kid"] = json!(kid);
            key
        })
        .collect();
    Says::Set(json!({ "keys": keys }))
}

fn at(address: &str) -> Registration {
    Registration {
        name: "Sổ tay".into(),
        auth: ClientAuth::PrivateKey,
        jwks_uri: Some(address.into()),
        redirect_uris: vec![BACK.into()],
        ..Registration::default()
    }
}

fn assertion(town: &Town, app: &Registered, number: &str, sign: impl Fn(&Value) -> String) -> String {
    let id = app.client.id.as_str();
    sign(&json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": number, "exp": town.at() + 60 }))
}

async fn show(town: &Town, token: &str) -> Reply {
    let fields = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", token),
    ];
    town.post("/openid/token", &[], &fields).await
}

/// Whether an application comes in with a token that this key has signed under this name.
async fn comes_in(town: &Town, app: &Registered, holder: &Holder, kid: &str, number: &str) -> bool {
    let token = assertion(town, app, number, |said| {
        holder.token(&json!({ "alg": "ES256", "kid": kid }), said)
    });
    let reply = show(town, &token).await;
    match reply.error() {
        (200, _) => true,
        (401, "invalid_client") => false,
        _ => panic!("{reply:?}"),
    }
}

// shows: R038
#[tokio::test]
async fn an_application_changes_its_keys_without_us() {
    let town = Town::new().await.demonstrating();
    let (place, address) = Place::new().await;
    let (first, second, stranger) = (Holder::new(), Holder::new(), Holder::new());
    place.says("/jwks", set(&[(&first, "k1")]));
    let app = town.app(at(&format!("{address}/jwks"))).await;
    assert_eq!(place.asked("/jwks"), 0, "nobody has come yet");
    // Many at once, and the address is asked once.
    let names: Vec<String> = (0..8).map(|number| format!("a{number}")).collect();
    let all: Vec<_> = names
        .iter()
        .map(|name| {
            let town = town.clone();
            let token = assertion(&town, &app, name, |said| {
                first.token(&json!({ "alg": "ES256", "kid": "k1" }), said)
            });
            tokio::spawn(async move { show(&town, &token).await.status })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(place.asked("/jwks"), 1);
    // What was signed by somebody else under a known name is wrong, and nobody is asked for that.
    town.advance(Duration::minutes(2));
    for number in 0..5 {
        assert!(!comes_in(&town, &app, &stranger, "k1", &format!("b{number}")).await);
    }
    assert_eq!(place.asked("/jwks"), 1);
    // A new key: it is looked for once. A flood of names that nobody has is not.
    place.says("/jwks", set(&[(&first, "k1"), (&second, "k2")]));
    assert!(comes_in(&town, &app, &second, "k2", "c1").await);
    assert_eq!(place.asked("/jwks"), 2);
    for number in 0..20 {
        assert!(!comes_in(&town, &app, &stranger, &format!("x{number}"), &format!("d{number}")).await);
    }
    assert_eq!(place.asked("/jwks"), 2);
    // Those who have a key come in beside it.
    assert!(comes_in(&town, &app, &first, "k1", "d").await);
    town.advance(Duration::seconds(61));
    for number in 0..20 {
        assert!(!comes_in(&town, &app, &stranger, &format!("y{number}"), &format!("e{number}")).await);
    }
    assert_eq!(place.asked("/jwks"), 3);
    // A key that is withdrawn is gone after ten minutes at the latest.
    place.says("/jwks", set(&[(&second, "k2")]));
    town.advance(Duration::minutes(10));
    assert!(!comes_in(&town, &app, &first, "k1", "f1").await);
    assert!(comes_in(&town, &app, &second, "k2", "f2").await);
    // A token is good once, wherever its key stands.
    assert!(!comes_in(&town, &app, &second, "k2", "f2").await);
}

#[tokio::test]
async fn who_does_not_answer_is_believed_for_an_hour_and_asked_once_a_minute() {
    let town = Town::new().await.demonstrating();
    let (place, address) = Place::new().await;
    let (holder, new) = (Holder::new(), Holder::new());
    place.says("/jwks", set(&[(&holder, "k1")]));
    let app = town.app(at(&format!("{address}/jwks"))).await;
    assert!(comes_in(&town, &app, &holder, "k1", "1").await);
    place.says("/jwks", Says::Status(StatusCode::INTERNAL_SERVER_ERROR));
    town.advance(Duration::minutes(30));
    for number in 2..8 {
        assert!(comes_in(&town, &app, &holder, "k1", &number.to_string()).await);
        assert!(!comes_in(&town, &app, &new, "k2", &format!("n{number}")).await);
    }
    assert_eq!(place.asked("/jwks"), 2);
    town.advance(Duration::minutes(31));
    assert!(!comes_in(&town, &app, &holder, "k1", "8").await);
    // It is back.
    place.says("/jwks", set(&[(&holder, "k1")]));
    town.advance(Duration::minutes(1));
    assert!(comes_in(&town, &app, &holder, "k1", "9").await);
    // An application that is sent elsewhere takes nothing of the old place along.
    place.says("/new", set(&[(&new, "k1")]));
    let mut op = town.console().await;
    town.openid
        .change_client(&mut op, &app.client.id, at(&format!("{address}/new")), true)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert!(!comes_in(&town, &app, &holder, "k1", "10").await);
    assert!(comes_in(&town, &app, &new, "k1", "11").await);
}

#[tokio::test]
async fn what_is_no_set_of_keys_lets_nobody_in() {
    let town = Town::new().await.demonstrating();
    let (place, address) = Place::new().await;
    let (holder, stranger) = (Holder::new(), Holder::new());
    let whole = set(&[(&holder, "k1")]);
    let Says::Set(right) = whole.clone() else {
        unreachable!()
    };
    let mut padded = right.clone();
    padded["more"] = json!("x".repeat(70 << 10));
    let mut secret = right["keys"][0].clone();
    secret["d"] = json!("AAAA");
    place.says("/right", whole);
    for (path, says) in [
        ("/redirect", Says::Elsewhere(format!("{address}/target"))),
        ("/large", Says::Set(padded)),
        ("/text", Says::Text("no JSON".into())),
        ("/gone", Says::Status(StatusCode::NOT_FOUND)),
        ("/empty", Says::Set(json!({ "keys": [] }))),
        (
            "/shared",
            Says::Set(json!({ "keys": [{ "kty": "oct", "k": "AAAA", "kid": "k1" }] })),
        ),
        ("/secret", Says::Set(json!({ "keys": [secret] }))),
        ("/list", Says::Set(right["keys"].clone())),
        ("/nothing", Says::Nothing),
    ] {
        place.says(path, says);
        let app = town.app(at(&format!("{address}{path}"))).await;
        assert!(!comes_in(&town, &app, &holder, "k1", "1").await, "{path}");
        assert_eq!(place.asked(path), 1, "{path}");
    }
    assert_eq!(place.asked("/target"), 0, "a redirect was followed");
    // The same set does where it stands; and of a set what cannot be used is left out.
    let app = town.app(at(&format!("{address}/right"))).await;
    assert!(comes_in(&town, &app, &holder, "k1", "1").await);
    let rsa = RsaHolder::new();
    let mut encrypts = stranger.jwk();
    encrypts["use"] = json!("enc");
    let mixed = json!({ "keys": [encrypts, { "kty": "oct", "k": "AAAA" }, { "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }, rsa.jwk()] });
    place.says("/mixed", Says::Set(mixed));
    let app = town.app(at(&format!("{address}/mixed"))).await;
    let by_rsa = assertion(&town, &app, "1", |said| rsa.token(&json!({ "alg": "RS256" }), said));
    assert_eq!(show(&town, &by_rsa).await.status, StatusCode::OK);
    assert!(!comes_in(&town, &app, &stranger, "k1", "2").await);
}

#[tokio::test]
async fn in_service_no_inner_machine_is_asked() {
    let service = Town::new().await;
    let demonstration = service.demonstrating();
    let (place, address) = Place::new().await;
    let holder = Holder::new();
    place.says("/jwks", set(&[(&holder, "k1")]));
    let port = address.rsplit(':').next().unwrap();
    for address in [
        format!("{address}/jwks"),
        format!("http://localhost:{port}/jwks"),
        format!("https://localhost:{port}/jwks"),
        format!("https://127.0.0.1:{port}/jwks"),
        format!("https://2130706433:{port}/jwks"),
        format!("https://[::1]:{port}/jwks"),
        format!("https://[::ffff:127.0.0.1]:{port}/jwks"),
        "https://10.0.0.1/jwks".into(),
        "https://169.254.169.254/jwks".into(),
        "http://app.example.vn/jwks".into(),
        "https://user:word@app.example.vn/jwks".into(),
    ] {
        let mut op = service.console().await;
        let fault = service.openid.register_client(&mut op, at(&address)).await.unwrap_err();
        let wrong: Vec<&str> = fault.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(
            (fault.code, wrong),
            ("openid.registration", vec!["jwks_uri"]),
            "{address}"
        );
    }
    // One that came into the database otherwise is not asked either: not by its number, nor by a name that stands for this machine.
    for host in ["127.0.0.1", "localhost"] {
        let app = demonstration.app(at(&format!("http://{host}:{port}/jwks"))).await;
        for scheme in ["http", "https"] {
            sqlx::query("UPDATE openid.client SET jwks_uri = $2 WHERE id = $1")
                .bind(&app.client.id)
                .bind(format!("{scheme}://{host}:{port}/jwks"))
                .execute(&service.scratch.pool)
                .await
                .unwrap();
            service.advance(Duration::minutes(2));
            assert!(!comes_in(&service, &app, &holder, "k1", "1").await, "{scheme} {host}");
        }
    }
    assert_eq!(place.asked("/jwks"), 0);
    // Inner machines but this one are no part of a demonstration.
    let mut op = demonstration.console().await;
    for address in [
        "http://10.0.0.1/jwks",
        "https://192.168.0.1/jwks",
        "http://app.example.vn/jwks",
    ] {
        assert!(
            demonstration
                .openid
                .register_client(&mut op, at(address))
                .await
                .is_err(),
            "{address}"
        );
    }
}

#[tokio::test]
async fn keys_stand_in_one_place_and_belong_to_whoever_shows_them() {
    let town = Town::new().await;
    let holder = Holder::new();
    let far = at("https://app.example.vn/jwks");
    for (new, fields) in [
        (
            Registration {
                jwks: Some(json!({ "keys": [holder.jwk()] })),
                ..far.clone()
            },
            vec!["jwks_uri"],
        ),
        (
            Registration {
                auth: ClientAuth::Secret,
                ..far.clone()
            },
            vec!["jwks_uri"],
        ),
        (
            Registration {
                jwks_uri: Some(" ".into()),
                ..far.clone()
            },
            vec!["jwks"],
        ),
    ] {
        let mut op = town.console().await;
        let fault = town.openid.register_client(&mut op, new).await.unwrap_err();
        let wrong: Vec<&str> = fault.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!(wrong, fields);
    }
    let mut op = town.console().await;
    let app = town.openid.register_client(&mut op, far).await.unwrap();
    assert_eq!(app.client.jwks_uri.as_deref(), Some("https://app.example.vn/jwks"));
    // Back to keys that are kept here.
    let near = Registration {
        jwks: Some(json!({ "keys": [holder.jwk()] })),
        jwks_uri: None,
        ..at("")
    };
    let app = town
        .openid
        .change_client(&mut op, &app.client.id, near, true)
        .await
        .unwrap();
    assert!(app.client.jwks_uri.is_none() && app.client.jwks.is_some());
}

#[tokio::test]
async fn certificates_may_stand_there_too() {
    let town = Town::new().await.demonstrating();
    let (place, address) = Place::new().await;
    let (own, other) = (
        include_str!("certificates/machine.pem"),
        include_str!("certificates/other.pem"),
    );
    let header = |pem: &str| {
        let set = jwks_of_certificates(pem).unwrap();
        format!(":{}:", set["keys"][0]["x5c"][0].as_str().unwrap())
    };
    place.says("/jwks", Says::Set(jwks_of_certificates(own).unwrap()));
    let app = town
        .app(Registration {
            auth: ClientAuth::Certificate,
            ..at(&format!("{address}/jwks"))
        })
        .await;
    let with = |pem: Option<&'static str>| {
        let (town, id) = (&town, app.client.id.as_str());
        async move {
            let shown = pem.map(header);
            let headers: Vec<(&str, &str)> = shown.iter().map(|one| ("client-cert", one.as_str())).collect();
            let fields = [("grant_type", "client_credentials"), ("client_id", id)];
            town.post("/openid/token", &headers, &fields).await.status
        }
    };
    assert_eq!(with(None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(place.asked("/jwks"), 0, "who shows nothing makes nobody ask");
    assert_eq!(with(Some(own)).await, StatusCode::OK);
    for _ in 0..5 {
        assert_eq!(with(Some(other)).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(place.asked("/jwks"), 1);
    // The next one is published before it is used.
    let mut both = jwks_of_certificates(own).unwrap();
    let next = jwks_of_certificates(other).unwrap()["keys"][0].clone();
    both["keys"].as_array_mut().unwrap().push(next);
    place.says("/jwks", Says::Set(both));
    town.advance(Duration::minutes(2));
    assert_eq!(with(Some(other)).await, StatusCode::OK);
    assert_eq!(with(Some(own)).await, StatusCode::OK);
    assert_eq!(place.asked("/jwks"), 2);
}
