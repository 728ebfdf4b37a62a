//! An application that holds a key of its own.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use serde_json::{Value, json};

pub struct Holder(EcdsaKeyPair);

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a token, not verified.
pub fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Base64url of SHA-256.
pub fn hashed(text: &str) -> String {
    encode(digest(&SHA256, text.as_bytes()))
}

impl Holder {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).unwrap())
    }

    pub fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
    }

    pub fn thumbprint(&self) -> String {
        let key = self.jwk();
        hashed(&format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            key["x"], key["y"]
        ))
    }

    pub fn token(&self, head: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }

    /// A proof for a request (RFC 9449).
    pub fn proof(&self, method: &str, address: &str, at: i64, number: &str, token: Option<&str>) -> String {
        let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        let mut claims = json!({ "jti": number, "htm": method, "htu": address, "iat": at });
        if let Some(token) = token {
            claims["ath"] = json!(hashed(token));
        }
        self.token(&head, &claims)
    }
}

/// An application that holds an RSA key, made by `openssl genpkey -algorithm RSA` for these tests alone.
pub struct RsaHolder(RsaKeyPair);

impl RsaHolder {
    pub fn new() -> Self {
        let text: String = include_str!("certificates/stranger.rsa").split_whitespace().collect();
        Self(RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap())
    }

    pub fn jwk(&self) -> Value {
        let public: PublicKeyComponents<Vec<u8>> = self.0.public().into();
        json!({ "kty": "RSA", "n": encode(public.n), "e": encode(public.e) })
    }

    /// Signed as RS256 does, whatever the head says.
    pub fn token(&self, head: &Value, claims: &Value) -> String {
        self.signed(&RSA_PKCS1_SHA256, head, claims)
    }

    /// Signed as PS256 does.
    pub fn token_pss(&self, head: &Value, claims: &Value) -> String {
        self.signed(&RSA_PSS_SHA256, head, claims)
    }

    fn signed(&self, encoding: &'static dyn RsaEncoding, head: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(head.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .unwrap();
        format!("{message}.{}", encode(signature))
    }
}
