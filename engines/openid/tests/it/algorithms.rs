//! What an application is told of a sign-in is signed as it is registered: RS256, which OpenID Connect Core asks of every provider, or ES256. No key is taken
//! for another's, nor for a shared secret.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{Method, StatusCode};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Duration;
use openid::{ClientAuth, Registration, SigningAlgorithm};
use ring::hmac;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::holder::{Holder, RsaHolder, claims, encode};
use crate::town::{BACK, ISSUER, Town, form, visitor};

fn head(token: &str) -> Value {
    serde_json::from_slice(&bytes(token.split('.').next().unwrap())).unwrap()
}

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

async fn keys(town: &Town) -> Vec<Value> {
    let set = town.ask(Method::GET, "/openid/jwks", &[], String::new()).await.body;
    set["keys"].as_array().unwrap().clone()
}

async fn key(town: &Town, algorithm: &str) -> Value {
    let all = keys(town).await;
    all.into_iter().find(|key| key["alg"] == algorithm).unwrap()
}

/// As an application checks it: by the published key that the token names, and no other.
async fn is_signed(town: &Town, token: &str) -> bool {
    let head = head(token);
    let all = keys(town).await;
    let key = all.iter().find(|key| key["kid"] == head["kid"]).unwrap();
    assert_eq!(key["alg"], head["alg"]);
    let part = |name: &str| bytes(key[name].as_str().unwrap());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = bytes(signature);
    match head["alg"].as_str().unwrap() {
        "RS256" => PublicKeyComponents {
            n: part("n"),
            e: part("e"),
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        .is_ok(),
        "ES256" => {
            let point = [vec![4], part("x"), part("y")].concat();
            UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, point)
                .verify(message.as_bytes(), &signature)
                .is_ok()
        }
        other => panic!("{other}"),
    }
}

fn silent() -> Registration {
    Registration {
        name: "Sổ tay".into(),
        redirect_uris: vec![BACK.into()],
        trusted: true,
        ..Registration::default()
    }
}

// shows: R038 R040
#[tokio::test]
async fn where_nothing_is_said_it_is_rs256_and_who_is_there_keeps_what_it_has() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let old = town.trusted().await;
    assert_eq!(head(town.tokens(&sen, &old, "").await.text("id_token"))["alg"], "ES256");
    let mut op = town.console().await;
    let app = town.openid.register_client(&mut op, silent()).await.unwrap();
    let same = town
        .openid
        .change_client(&mut op, &old.client.id, silent(), true)
        .await
        .unwrap();
    op.commit().await.unwrap();
    assert_eq!(app.client.id_token_signed_response_alg, SigningAlgorithm::Rs256);
    assert_eq!(same.client.id_token_signed_response_alg, SigningAlgorithm::Es256);
    let first = town.tokens(&sen, &app, "").await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", first.text("refresh_token")),
    ];
    let second = town.post_as(&app, "/openid/token", &fields).await;
    for tokens in [&first, &second] {
        let (id, access) = (tokens.text("id_token"), tokens.text("access_token"));
        assert_eq!((&head(id)["alg"], &head(id)["typ"]), (&json!("RS256"), &json!("JWT")));
        assert!(is_signed(&town, id).await);
        assert_eq!(head(access)["alg"], "ES256");
        assert!(is_signed(&town, access).await);
        let half = &ring::digest::digest(&ring::digest::SHA256, access.as_bytes()).as_ref()[..16].to_vec();
        assert_eq!(claims(id)["at_hash"], encode(half));
        assert_eq!(town.get("/openid/userinfo", access).await.status, StatusCode::OK);
    }
    // It says who asks when its person goes.
    let hint = form(&[("id_token_hint", first.text("id_token"))]);
    let farewell = town.openid.farewell(&town.ops, visitor(&sen), &hint).await.unwrap();
    assert!(farewell.sure && farewell.client.is_some(), "{farewell:?}");
    // An administrator changes it.
    let mut op = town.console().await;
    let other = Registration {
        id_token_signed_response_alg: Some(SigningAlgorithm::Es256),
        ..silent()
    };
    town.openid
        .change_client(&mut op, &app.client.id, other, true)
        .await
        .unwrap();
    op.commit().await.unwrap();
    let id = town.tokens(&sen, &app, "").await.text("id_token").to_owned();
    assert_eq!(head(&id)["alg"], "ES256");
    assert!(is_signed(&town, &id).await);
    let noted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM op.audit_entry WHERE action = 'openid.client_changed' AND detail LIKE '%\"id_token_signed_response_alg\":\"ES256\"%'",
    )
    .fetch_one(&town.scratch.pool)
    .await
    .unwrap();
    assert_eq!(noted, 2);
}

#[tokio::test]
async fn the_end_of_a_session_is_told_by_the_same_algorithm() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/ket-thuc", listener.local_addr().unwrap());
    let ear = heard.clone();
    let hear = post(move |body: String| async move { ear.lock().unwrap().push(body) });
    let service = Router::new().route("/ket-thuc", hear);
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            back_channel_logout_uri: Some(address),
            id_token_signed_response_alg: Some(SigningAlgorithm::Rs256),
            ..silent()
        })
        .await;
    town.tokens(&sen, &app, "").await;
    let mut op = town.ops.open(sen.actor.clone()).await.unwrap();
    town.identity.sign_out(&mut op, sen.session).await.unwrap();
    op.commit().await.unwrap();
    op::drain(&town.ops, &town.jobs).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    let token = heard[0].strip_prefix("logout_token=").unwrap();
    assert_eq!(
        (&head(token)["alg"], &head(token)["typ"]),
        (&json!("RS256"), &json!("logout+jwt"))
    );
    assert!(is_signed(&town, token).await);
}

#[tokio::test]
async fn both_keys_change_and_nobody_notices() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            id_token_signed_response_alg: Some(SigningAlgorithm::Rs256),
            ..silent()
        })
        .await;
    let old = town.tokens(&sen, &app, "").await.text("id_token").to_owned();
    let mut op = town.console().await;
    let made = town.openid.rotate_key(&mut op).await.unwrap();
    op.commit().await.unwrap();
    town.advance(Duration::seconds(3));
    assert_eq!(keys(&town).await.len(), 4);
    let between = town.tokens(&sen, &app, "").await.text("id_token").to_owned();
    assert_eq!(head(&between)["kid"], head(&old)["kid"]);
    town.advance(Duration::minutes(10));
    let new = town.tokens(&sen, &app, "").await;
    assert_eq!(head(new.text("id_token"))["kid"], made.rs256.as_str());
    assert_eq!(head(new.text("access_token"))["kid"], made.es256.as_str());
    for token in [&old, &between, new.text("id_token")] {
        assert!(is_signed(&town, token).await);
    }
    town.advance(Duration::days(2));
    let left: Vec<Value> = keys(&town).await.iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(left, [made.es256.as_str(), made.rs256.as_str()]);
    // After three months each by itself: here the one for RS256 was made later.
    let mut op = town.console().await;
    sqlx::query("UPDATE openid.signing_key SET signs_from = signs_from + interval '30 days' WHERE algorithm = 'RS256'")
        .execute(op.conn())
        .await
        .unwrap();
    op.commit().await.unwrap();
    let sweep = || async {
        let mut op = town.console().await;
        town.openid.sweep(&mut op).await.unwrap();
        op.commit().await.unwrap();
        town.advance(Duration::seconds(3));
        let all = keys(&town).await;
        ["ES256", "RS256"].map(|word| all.iter().filter(|key| key["alg"] == word).count())
    };
    town.advance(Duration::days(89));
    assert_eq!(sweep().await, [2, 1]);
    town.advance(Duration::days(30));
    assert_eq!(sweep().await, [1, 2]);
    // Both are sealed, and follow the vault.
    town.vault.add_key(town.ops.now()).unwrap();
    assert_eq!(town.openid.reseal(&town.ops).await.unwrap().done, 3);
    assert_eq!(keys(&town.again()).await.len(), 3);
}

#[tokio::test]
async fn two_processes_make_one_key() {
    let town = Town::new().await;
    let other = town.again();
    let (mine, theirs) = tokio::join!(keys(&town), keys(&other));
    assert_eq!((mine.len(), &mine), (2, &theirs));
}

#[tokio::test]
async fn no_key_is_taken_for_another() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            id_token_signed_response_alg: Some(SigningAlgorithm::Rs256),
            ..silent()
        })
        .await;
    let tokens = town.tokens(&sen, &app, "").await;
    let (id, access) = (tokens.text("id_token"), tokens.text("access_token"));
    let (rsa, ec) = (key(&town, "RS256").await, key(&town, "ES256").await);
    let (rsa_stranger, ec_stranger) = (RsaHolder::new(), Holder::new());
    let as_hint = |token: String| {
        let (town, sen) = (&town, &sen);
        async move {
            let query = form(&[("id_token_hint", &token)]);
            let farewell = town.openid.farewell(&town.ops, visitor(sen), &query).await.unwrap();
            farewell.client.is_some()
        }
    };
    let as_bearer = |token: String| {
        let town = &town;
        async move { town.get("/openid/userinfo", &token).await.status == StatusCode::OK }
    };
    assert!(as_hint(id.to_owned()).await && as_bearer(access.to_owned()).await);
    // A token about a sign-in opens nothing, and an access token says nothing of a sign-in, whoever has signed them.
    assert!(!as_hint(access.to_owned()).await && !as_bearer(id.to_owned()).await);
    for (token, typ) in [(id, "JWT"), (access, "at+jwt")] {
        let parts: Vec<&str> = token.split('.').collect();
        let said = claims(token);
        let (body, signature) = (parts[1], parts[2]);
        let mut forged: Vec<String> = Vec::new();
        for key in [&rsa, &ec] {
            let header = |alg: &str| json!({ "alg": alg, "typ": typ, "kid": key["kid"] });
            // No signature, and the signature of another algorithm.
            for alg in [
                "none", "None", "NONE", "HS256", "HS384", "HS512", "RS384", "RS512", "PS256", "ES384", "EdDSA",
            ] {
                let head = encode(header(alg).to_string());
                forged.push(format!("{head}.{body}."));
                forged.push(format!("{head}.{body}.{signature}"));
            }
            // Both algorithms with both keys: the signature does not fit, or the key does not.
            for alg in ["RS256", "ES256"] {
                let head = encode(header(alg).to_string());
                if head != parts[0] {
                    forged.push(format!("{head}.{body}.{signature}"));
                }
                forged.push(rsa_stranger.token(&header(alg), &said));
                forged.push(ec_stranger.token(&header(alg), &said));
            }
            forged.push(rsa_stranger.token_pss(&header("PS256"), &said));
            // The public key as a shared secret, in whatever form somebody may have it.
            for secret in secrets(key) {
                for (alg, kind) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512)] {
                    let message = format!("{}.{body}", encode(header(alg).to_string()));
                    let tag = hmac::sign(&hmac::Key::new(kind, &secret), message.as_bytes());
                    forged.push(format!("{message}.{}", encode(tag.as_ref())));
                }
            }
            // A key that comes along.
            let mut with_key = header("RS256");
            with_key["jwk"] = rsa_stranger.jwk();
            forged.push(rsa_stranger.token(&with_key, &said));
        }
        for token in forged {
            assert!(!as_hint(token.clone()).await, "{token}");
            assert!(!as_bearer(token.clone()).await, "{token}");
        }
    }
}

/// A public key as bytes: its parts, the JWK, and DER and PEM of RSA.
fn secrets(key: &Value) -> Vec<Vec<u8>> {
    let mut all = vec![key.to_string().into_bytes()];
    for part in ["n", "e", "x", "y"] {
        if let Some(text) = key[part].as_str() {
            all.push(text.as_bytes().to_vec());
            all.push(bytes(text));
        }
    }
    if let Some(n) = key["n"].as_str() {
        let n = bytes(n);
        // RSAPublicKey with 65,537.
        let length = n.len() + 1;
        let mut der = vec![0x02, 0x82, (length >> 8) as u8, length as u8, 0];
        der.extend(n);
        der.extend([0x02, 0x03, 1, 0, 1]);
        let mut whole = vec![0x30, 0x82, (der.len() >> 8) as u8, der.len() as u8];
        whole.extend(der);
        let lines: Vec<String> = STANDARD
            .encode(&whole)
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect();
        let text = lines.join("\n");
        all.push(format!("-----BEGIN RSA PUBLIC KEY-----\n{text}\n-----END RSA PUBLIC KEY-----\n").into_bytes());
        all.push(whole);
    }
    all
}

#[tokio::test]
async fn applications_with_rsa_keys_sign_as_the_key_says() {
    let town = Town::new().await;
    let holder = RsaHolder::new();
    let with = |change: fn(&mut Value)| {
        let mut key = holder.jwk();
        change(&mut key);
        Registration {
            auth: ClientAuth::PrivateKey,
            jwks: Some(json!({ "keys": [key] })),
            ..silent()
        }
    };
    let apps = [
        (town.app(with(|_| ())).await, true, true),
        (town.app(with(|key| key["alg"] = json!("RS256"))).await, true, false),
        (town.app(with(|key| key["alg"] = json!("PS256"))).await, false, true),
    ];
    let mut number = 0;
    for (app, by_pkcs1, by_pss) in &apps {
        let id = app.client.id.as_str();
        let mut said = || {
            number += 1;
            json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": number.to_string(), "exp": town.at() + 60 })
        };
        let pkcs1 = holder.token(&json!({ "alg": "RS256" }), &said());
        let pss = holder.token_pss(&json!({ "alg": "PS256" }), &said());
        let swapped = holder.token(&json!({ "alg": "PS256" }), &said());
        let body = said();
        let message = format!(
            "{}.{}",
            encode(json!({ "alg": "HS256" }).to_string()),
            encode(body.to_string())
        );
        let shared = secrets(&holder.jwk()).into_iter().map(|secret| {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
            (format!("{message}.{}", encode(tag.as_ref())), false)
        });
        let all = [(pkcs1, *by_pkcs1), (pss, *by_pss), (swapped, false)];
        for (token, fits) in all.into_iter().chain(shared) {
            let fields = [
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &token),
            ];
            let status = town.post("/openid/token", &[], &fields).await.status;
            let expected = if fits { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
            assert_eq!(status, expected, "{token}");
        }
    }
}
