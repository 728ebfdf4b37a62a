//! Keys of applications: assertions in place of a secret, and tokens that are bound to a key.

use axum::http::{Method, StatusCode};
use openid::{ClientAuth, Grant, Registration, jwks_of_certificates};
use serde_json::json;

use crate::holder::Holder;
use crate::town::{BACK, ISSUER, Town, fetch};

const MACHINE: (&str, &str) = ("grant_type", "client_credentials");
const KIND: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

#[tokio::test]
async fn an_application_signs_instead_of_telling_a_secret() {
    let town = Town::new().await;
    let (holder, other) = (Holder::new(), Holder::new());
    let app = town
        .app(Registration {
            auth: ClientAuth::PrivateKey,
            jwks: Some(json!({ "keys": [holder.jwk()] })),
            ..Registration::default()
        })
        .await;
    assert!(app.secret.is_none());
    let id = app.client.id.as_str();
    let whole = json!({ "iss": id, "sub": id, "aud": ISSUER, "jti": "1", "iat": town.at(), "exp": town.at() + 60 });
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut said = whole.clone();
        for (name, value) in changes {
            said[*name] = value.clone();
        }
        holder.token(&json!({ "alg": "ES256" }), &said)
    };
    let send = |token: String| {
        let town = &town;
        async move {
            town.post("/openid/token", &[], &[MACHINE, KIND, ("client_assertion", &token)])
                .await
        }
    };
    assert_eq!(send(with(&[])).await.status, StatusCode::OK);
    assert_eq!(send(with(&[])).await.error(), (401, "invalid_client"), "shown twice");
    let endpoint = json!(format!("{ISSUER}/openid/token"));
    assert_eq!(
        send(with(&[("jti", json!("2")), ("aud", endpoint)])).await.status,
        StatusCode::OK
    );
    assert_eq!(
        send(with(&[
            ("jti", json!("3")),
            ("aud", json!([ISSUER, "https://other.example"]))
        ]))
        .await
        .status,
        StatusCode::OK
    );
    for (name, value) in [
        ("aud", json!("https://other.example")),
        ("aud", json!(format!("{ISSUER}.evil.example/openid/token"))),
        ("iss", json!("other")),
        ("sub", json!("other")),
        ("exp", json!(town.at() - 61)),
        ("exp", json!(town.at() + 7_200)),
        ("nbf", json!(town.at() + 120)),
        ("jti", json!("")),
    ] {
        let token = with(&[("jti", json!("4")), (name, value.clone())]);
        assert_eq!(send(token).await.error(), (401, "invalid_client"), "{name} {value}");
    }
    let foreign = other.token(&json!({ "alg": "ES256" }), &whole);
    assert_eq!(send(foreign).await.error(), (401, "invalid_client"));
    let none = format!(
        "{}.",
        holder
            .token(&json!({ "alg": "none" }), &whole)
            .rsplit_once('.')
            .unwrap()
            .0
    );
    assert_eq!(send(none).await.error(), (401, "invalid_client"));
    // Its name alone, or a secret, does not do.
    assert_eq!(
        town.post("/openid/token", &[], &[MACHINE, ("client_id", id)])
            .await
            .error(),
        (401, "invalid_client")
    );
    assert_eq!(
        town.post(
            "/openid/token",
            &[],
            &[MACHINE, ("client_id", id), ("client_secret", "")]
        )
        .await
        .error(),
        (401, "invalid_client")
    );
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_worth_nothing_without_it() {
    let town = Town::new().await;
    let sen = town.citizen("Lê Thị Sen", "sen").await;
    let app = town
        .app(Registration {
            auth: ClientAuth::None,
            trusted: true,
            dpop: true,
            ..Registration::default()
        })
        .await;
    let (holder, thief) = (Holder::new(), Holder::new());
    let endpoint = format!("{ISSUER}/openid/token");
    let code = town
        .code(&sen, &app.client.id, &format!("&dpop_jkt={}", holder.thumbprint()))
        .await;
    let mut fields = fetch(&code).to_vec();
    fields.push(("client_id", &app.client.id));
    assert_eq!(
        town.post("/openid/token", &[], &fields).await.error(),
        (400, "invalid_dpop_proof")
    );
    let foreign = thief.proof("POST", &endpoint, town.at(), "1", None);
    assert_eq!(
        town.post("/openid/token", &[("dpop", &foreign)], &fields).await.error(),
        (400, "invalid_grant")
    );
    let proof = holder.proof("POST", &endpoint, town.at(), "1", None);
    let tokens = town.post("/openid/token", &[("dpop", &proof)], &fields).await;
    assert_eq!(
        (tokens.status, tokens.text("token_type")),
        (StatusCode::OK, "DPoP"),
        "{tokens:?}"
    );
    let access = tokens.text("access_token");
    let userinfo = format!("{ISSUER}/openid/userinfo");
    let ask = |scheme: &'static str, proof: Option<String>| {
        let town = &town;
        async move {
            let authorization = format!("{scheme} {access}");
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend(proof.as_deref().map(|proof| ("dpop", proof)));
            town.ask(Method::GET, "/openid/userinfo", &headers, String::new()).await
        }
    };
    let good = holder.proof("GET", &userinfo, town.at(), "2", Some(access));
    assert_eq!(ask("DPoP", Some(good.clone())).await.status, StatusCode::OK);
    assert_eq!(
        ask("DPoP", Some(good)).await.error(),
        (401, "invalid_dpop_proof"),
        "shown twice"
    );
    assert_eq!(ask("Bearer", None).await.error(), (401, "invalid_token"));
    assert_eq!(ask("DPoP", None).await.error(), (401, "invalid_dpop_proof"));
    let stolen = thief.proof("GET", &userinfo, town.at(), "3", Some(access));
    assert_eq!(ask("DPoP", Some(stolen)).await.error(), (401, "invalid_dpop_proof"));
    // The next tokens too.
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.text("refresh_token")),
        ("client_id", app.client.id.as_str()),
    ];
    let foreign = thief.proof("POST", &endpoint, town.at(), "4", None);
    assert_eq!(
        town.post("/openid/token", &[("dpop", &foreign)], &again).await.error(),
        (400, "invalid_grant")
    );
    let own = holder.proof("POST", &endpoint, town.at(), "5", None);
    assert_eq!(
        town.post("/openid/token", &[("dpop", &own)], &again).await.status,
        StatusCode::OK
    );
}

/// What a gateway says of a certificate.
fn client_cert(pem: &str) -> String {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    format!(":{base64}:")
}

#[tokio::test]
async fn an_application_comes_with_its_certificate_and_tokens_go_with_it() {
    let plain = Town::new().await;
    let town = plain.believing_certificates();
    let (own, other) = (
        include_str!("certificates/machine.pem"),
        include_str!("certificates/other.pem"),
    );
    let app = town
        .app(Registration {
            auth: ClientAuth::Certificate,
            jwks: jwks_of_certificates(own),
            scopes: vec!["openid".into(), "profile".into(), "kho.doc".into()],
            redirect_uris: vec![BACK.into()],
            grants: vec![Grant::AuthorizationCode, Grant::RefreshToken, Grant::ClientCredentials],
            trusted: true,
            ..Registration::default()
        })
        .await;
    assert!(app.secret.is_none());
    let id = app.client.id.as_str();
    let (own, other) = (client_cert(own), client_cert(other));
    let named = ("client_id", id);
    let own = [("client-cert", own.as_str())];
    let fields = [MACHINE, named];
    // Nobody says it, somebody else's, not one, and a gateway that does not exist.
    for headers in [
        &[][..],
        &[("client-cert", other.as_str())],
        &[("client-cert", ":AAAA:")],
    ] {
        let reply = town.post("/openid/token", headers, &fields).await;
        assert_eq!(reply.error(), (401, "invalid_client"), "{headers:?}");
    }
    let reply = plain.post("/openid/token", &own, &fields).await;
    assert_eq!(reply.error(), (401, "invalid_client"), "the header of anybody");
    let twice = [own[0], ("client-cert", other.as_str())];
    assert_eq!(town.post("/openid/token", &twice, &fields).await.error().0, 400);
    let both = [MACHINE, named, ("client_secret", "x")];
    let reply = town.post("/openid/token", &own, &both).await;
    assert_eq!(reply.error(), (401, "invalid_client"), "one way, and no second one");

    let reply = town.post("/openid/token", &own, &fields).await;
    assert_eq!((reply.status, reply.text("token_type")), (StatusCode::OK, "Bearer"));
    let looked = [("token", reply.text("access_token")), named];
    let seen = town.post("/openid/introspect", &own, &looked).await;
    assert_eq!(seen.body["active"], true);
    assert_eq!(seen.body["cnf"]["x5t#S256"].as_str().unwrap().len(), 43);
    assert_eq!(seen.body["token_type"], "Bearer");

    // Somebody signs in; what the application gets is worth nothing elsewhere.
    let signed = town.citizen("Lê Thị Sen", "sen").await;
    let code = town.code(&signed, id, "").await;
    let mut fields = fetch(&code).to_vec();
    fields.push(named);
    let tokens = town.post("/openid/token", &own, &fields).await;
    assert_eq!(tokens.status, StatusCode::OK, "{:?}", tokens.body);
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let shown = [("authorization", bearer.as_str())];
    let userinfo = async |town: &Town, more: &[(&str, &str)]| {
        let headers = [&shown[..], more].concat();
        town.ask(Method::GET, "/openid/userinfo", &headers, String::new()).await
    };
    assert_eq!(userinfo(&town, &own).await.status, StatusCode::OK);
    assert_eq!(userinfo(&town, &[]).await.error(), (401, "invalid_token"));
    let stolen = [("client-cert", other.as_str())];
    assert_eq!(userinfo(&town, &stolen).await.error(), (401, "invalid_token"));
    assert_eq!(userinfo(&plain, &own).await.error(), (401, "invalid_token"));
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.text("refresh_token")),
        named,
    ];
    assert_eq!(town.post("/openid/token", &stolen, &refresh).await.error().0, 401);
    assert_eq!(town.post("/openid/token", &own, &refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn certificates_are_said_only_where_they_are_believed() {
    let plain = Town::new().await;
    for (town, believed) in [(plain.believing_certificates(), true), (plain, false)] {
        let path = "/.well-known/openid-configuration";
        let described = town.ask(Method::GET, path, &[], String::new()).await.body;
        let ways = described["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert_eq!(ways.contains(&json!("self_signed_tls_client_auth")), believed);
        assert_eq!(described["tls_client_certificate_bound_access_tokens"], believed);
    }
}
