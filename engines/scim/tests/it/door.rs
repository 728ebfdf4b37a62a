//! Who gets in.

use axum::http::{Method, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openid::{ClientAuth, Grant, Registration, Step, Visitor};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::town::{ISSUER, Town, form};

#[tokio::test]
async fn every_address_and_method_refuses_whoever_brings_no_token_of_the_scope() {
    let town = Town::new().await;
    let other = town.app("Kho dữ liệu", &["kho.doc"]).await;
    let other = town.token(&other, &[]).await.body["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = format!("Bearer {other}");
    let mut asked = 0;
    for route in scim::http::routes::<Nobody>().views() {
        let path = route.path.replace("{id}", "x").replace("{*rest}", "khac/nua");
        let method: Method = route.method.parse().unwrap();
        for (given, expected) in [
            (None, 401),
            (Some("Bearer x"), 401),
            (Some("Basic eDp5"), 401),
            (Some(other.as_str()), 403),
        ] {
            let headers: Vec<(&str, &str)> = given.map(|given| ("authorization", given)).into_iter().collect();
            let reply = town.send(method.clone(), &path, &headers, String::new()).await;
            assert_eq!(reply.status, expected, "{method} {path} {given:?}");
            assert!(reply.headers.contains_key(header::WWW_AUTHENTICATE));
            assert_eq!(reply.headers[header::CONTENT_TYPE], "application/scim+json");
            asked += 1;
        }
    }
    assert_eq!(asked, 15 * 5 * 4);
}

/// Routes need a state; nobody serves with this one.
#[derive(Clone)]
struct Nobody;

impl AsRef<web::Site> for Nobody {
    fn as_ref(&self) -> &web::Site {
        unreachable!("nobody is served")
    }
}

impl AsRef<scim::Scim> for Nobody {
    fn as_ref(&self) -> &scim::Scim {
        unreachable!("nobody is served")
    }
}

#[tokio::test]
async fn who_loses_the_scope_or_is_switched_off_is_out_at_once() {
    let town = Town::new().await;
    let app = town.app("Nhân sự", &["scim"]).await;
    let token = town.token(&app, &[]).await.body["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let bearer = format!("Bearer {token}");
    let shown = [("authorization", bearer.as_str())];
    let ask = || town.send(Method::GET, "/scim/v2/Users", &shown, String::new());
    assert_eq!(ask().await.status, 200);
    for (scopes, enabled, expected) in [
        (vec![], true, 403),
        (vec!["scim".to_owned()], true, 200),
        (vec!["scim".to_owned()], false, 401),
    ] {
        let mut op = town.console().await;
        let new = Registration {
            name: "Nhân sự".into(),
            scopes,
            auth: ClientAuth::Secret,
            grants: vec![Grant::ClientCredentials],
            ..Registration::default()
        };
        town.openid
            .change_client(&mut op, &app.client.id, new, enabled)
            .await
            .unwrap();
        op.commit().await.unwrap();
        assert_eq!(ask().await.status, expected);
    }
}

#[tokio::test]
async fn a_token_of_somebody_who_has_signed_in_opens_nothing() {
    let town = Town::new().await;
    let back = "https://app.example/cb";
    let mut op = town.console().await;
    let new = Registration {
        name: "Nhân sự".into(),
        redirect_uris: vec![back.into()],
        scopes: vec!["openid".into(), "scim".into()],
        grants: vec![Grant::AuthorizationCode, Grant::ClientCredentials],
        trusted: true,
        ..Registration::default()
    };
    let app = town.openid.register_client(&mut op, new).await.unwrap();
    op.commit().await.unwrap();
    town.somebody("Lê Thị Sen", "sen").await;
    let signed = town.enter("sen").await.unwrap();
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let query = form(&[
        ("client_id", &app.client.id),
        ("response_type", "code"),
        ("scope", "openid scim"),
        ("redirect_uri", back),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let visitor = Visitor {
        actor: &signed.actor,
        session: Some(signed.session),
    };
    let step = town.openid.authorise(&town.ops, visitor, &query).await.unwrap();
    let Step::Back(address) = step else { panic!("{step:?}") };
    let address = url::Url::parse(&address).unwrap();
    let code = address
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", back),
        ("code_verifier", verifier),
        ("client_id", &app.client.id),
        ("client_secret", app.secret.as_deref().unwrap()),
    ];
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let of_person = town.send(Method::POST, "/openid/token", &kind, form(&fields)).await;
    assert_eq!(of_person.body["scope"], "openid scim", "{of_person:?}");
    let of_itself = town.token(&app, &[]).await;
    for (reply, expected) in [(of_person, 403), (of_itself, 200)] {
        let bearer = format!("Bearer {}", reply.body["access_token"].as_str().unwrap());
        let shown = [("authorization", bearer.as_str())];
        let reply = town.send(Method::GET, "/scim/v2/Users", &shown, String::new()).await;
        assert_eq!(reply.status, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn a_token_bound_to_a_key_needs_its_proof_each_time() {
    let town = Town::new().await;
    let app = town.app("Nhân sự", &["scim"]).await;
    let random = SystemRandom::new();
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).unwrap();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = key.public_key().as_ref();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) });
    let proof = |method: &str, path: &str, number: &str, token: Option<&str>| {
        let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        let mut claims = json!({ "jti": number, "htm": method, "htu": format!("{ISSUER}{path}"), "iat": town.ops.now().timestamp() });
        if let Some(token) = token {
            claims["ath"] = json!(encode(digest(&SHA256, token.as_bytes()).as_ref()));
        }
        let part = |value: &Value| encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&head), part(&claims));
        let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature.as_ref()))
    };
    let first = proof("POST", "/openid/token", "a", None);
    let reply = town.token(&app, &[("dpop", &first)]).await;
    assert_eq!(reply.body["token_type"], "DPoP");
    let token = reply.body["access_token"].as_str().unwrap().to_owned();
    let path = "/scim/v2/Users";
    let with = async |scheme: &str, proof: Option<&str>| {
        let shown = format!("{scheme} {token}");
        let mut headers = vec![("authorization", shown.as_str())];
        headers.extend(proof.map(|proof| ("dpop", proof)));
        town.send(Method::GET, path, &headers, String::new()).await.status
    };
    let good = proof("GET", path, "b", Some(&token));
    assert_eq!(with("DPoP", Some(&good)).await, 200);
    assert_eq!(with("DPoP", Some(&good)).await, 401);
    assert_eq!(with("DPoP", Some(&proof("POST", path, "c", Some(&token)))).await, 401);
    assert_eq!(
        with("DPoP", Some(&proof("GET", "/scim/v2/Groups", "d", Some(&token)))).await,
        401
    );
    assert_eq!(with("DPoP", None).await, 401);
    assert_eq!(with("Bearer", None).await, 401);
}

#[tokio::test]
async fn an_application_sees_nothing_of_another_one() {
    let town = Town::new().await;
    let (ours, theirs) = (
        town.personnel("Nhân sự tỉnh").await,
        town.personnel("Nhân sự huyện").await,
    );
    let user = ours.new_user("lan", json!({})).await;
    let group = ours.new_group("Văn phòng", &[&user]).await;
    for path in [format!("/Users/{user}"), format!("/Groups/{group}")] {
        assert_eq!(ours.get(&path).await.status, 200);
        assert_eq!(theirs.get(&path).await.error(), (404, ""));
        let reply = theirs
            .patch(&path, json!([{ "op": "replace", "path": "displayName", "value": "x" }]))
            .await;
        assert_eq!(reply.error(), (404, ""));
        assert_eq!(
            theirs.ask(Method::DELETE, &path, &[], Value::Null).await.error(),
            (404, "")
        );
    }
    let reply = theirs
        .ask(Method::POST, "/Groups", &[], crate::town::group("Nhóm", &[&user]))
        .await;
    assert_eq!(reply.error(), (400, "invalidValue"));
    let everything = theirs.ask(Method::POST, "/.search", &[], json!({})).await;
    assert_eq!(everything.body["totalResults"], 0);
    // Nor does it get the account by the name, however it is written.
    assert_eq!(theirs.user("LÂN", json!({})).await.error(), (409, "uniqueness"));
}
