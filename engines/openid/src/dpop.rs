//! Proofs that whoever brings a token also holds a key (DPoP, RFC 9449).

use chrono::{DateTime, Utc};
use kernel::Result;
use serde::Deserialize;
use serde_json::json;
use sqlx::PgConnection;
use web::Method;

use crate::config::Config;
use crate::{error, jose, secret, store};

/// What a proof says.
#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default)]
    ath: Option<String>,
}

/// A proof that fits the request; whether it was shown before is still to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// Thumbprint of the key.
    pub(crate) jkt: String,
    digest: Vec<u8>,
}

impl Proof {
    /// Reads a proof for this request; `token` is the access token that comes with it. Fails with `openid.proof_wrong`.
    pub(crate) fn read(
        text: &str,
        method: &Method,
        address: &str,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        Self::checked(text, method, address, token, now).ok_or_else(error::proof_wrong)
    }

    fn checked(text: &str, method: &Method, address: &str, token: Option<&str>, now: DateTime<Utc>) -> Option<Self> {
        let head = jose::header(text)?;
        if head.typ.as_deref() != Some("dpop+jwt") {
            return None;
        }
        // As it was sent: reading drops what a public key does not have.
        let shown = jose::public_keys(&json!({ "keys": [jose::raw_header(text)?.get("jwk")?] }))?;
        let key = shown.keys.first()?;
        let said: Claims = jose::read(text, key)?;
        let age = (now.timestamp() - said.iat).abs();
        let fits = said.htm == method.as_str()
            && said.htu.split(['?', '#']).next() == Some(address)
            && age <= Config::PROOF.num_seconds()
            && (1..=200).contains(&said.jti.len())
            && said.ath == token.map(secret::digest_text);
        let jkt = jose::thumbprint(key)?;
        fits.then(|| Self {
            digest: secret::digest(&format!("dpop\0{jkt}\0{}", said.jti)),
            jkt,
        })
    }

    /// Takes the proof; a second time it is refused.
    pub(crate) async fn take(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
        if store::proof::is_new(connection, &self.digest, now + Config::PROOF * 2).await? {
            Ok(())
        } else {
            Err(error::proof_wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use serde_json::Value;

    const TOKEN: &str = "https://tinh.example/openid/token";

    struct Holder(EcdsaKeyPair);

    impl Holder {
        fn new() -> Self {
            jose::install();
            let random = SystemRandom::new();
            let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref(), &random).unwrap())
        }

        fn jwk(&self) -> Value {
            let point = self.0.public_key().as_ref();
            json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]) })
        }

        fn proof(&self, head: &Value, claims: &Value) -> String {
            let message = format!("{}.{}", jose::part(head), jose::part(claims));
            let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn now() -> DateTime<Utc> {
        "2026-03-02T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_proof_is_for_one_request() {
        let holder = Holder::new();
        let head = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": holder.jwk() });
        let claims = json!({ "jti": "a1", "htm": "POST", "htu": TOKEN, "iat": now().timestamp() });
        let read = |proof: &str, token| Proof::read(proof, &Method::POST, TOKEN, token, now());
        let good = holder.proof(&head, &claims);
        assert_eq!(read(&good, None).unwrap().jkt.len(), 43);
        assert_eq!(read(&good, Some("token")).unwrap_err().code, "openid.proof_wrong");
        let bound = json!({ "jti": "a1", "htm": "POST", "htu": TOKEN, "iat": now().timestamp(), "ath": secret::digest_text("token") });
        assert!(read(&holder.proof(&head, &bound), Some("token")).is_ok());
        assert!(read(&holder.proof(&head, &bound), Some("other")).is_err());
        let with = |part: &str, value: Value| {
            let mut changed = claims.clone();
            changed[part] = value;
            read(&holder.proof(&head, &changed), None).is_ok()
        };
        assert!(with("htu", json!(format!("{TOKEN}?x=1"))));
        assert!(!with("htu", json!("https://evil.example/openid/token")));
        assert!(!with("htm", json!("GET")));
        assert!(!with("iat", json!(now().timestamp() - 301)));
        assert!(!with("iat", json!(now().timestamp() + 301)));
        assert!(!with("jti", json!("")));
    }

    #[test]
    fn the_key_stands_in_the_proof_and_has_made_it() {
        let (holder, other) = (Holder::new(), Holder::new());
        let claims = json!({ "jti": "a1", "htm": "POST", "htu": TOKEN, "iat": now().timestamp() });
        let read = |proof: &str| Proof::read(proof, &Method::POST, TOKEN, None, now()).is_ok();
        let head = |jwk: Value| json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        assert!(!read(&holder.proof(&head(other.jwk()), &claims)));
        assert!(!read(&holder.proof(
            &json!({ "typ": "JWT", "alg": "ES256", "jwk": holder.jwk() }),
            &claims
        )));
        assert!(!read(&holder.proof(
            &json!({ "typ": "dpop+jwt", "alg": "none", "jwk": holder.jwk() }),
            &claims
        )));
        assert!(!read(
            &holder.proof(&json!({ "typ": "dpop+jwt", "alg": "ES256" }), &claims)
        ));
        let symmetric = json!({ "kty": "oct", "k": "AAAA" });
        assert!(!read(&holder.proof(
            &json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": symmetric }),
            &claims
        )));
        let mut private = holder.jwk();
        private["d"] = json!("AAAA");
        assert!(!read(&holder.proof(&head(private), &claims)));
        for text in ["", "a.b.c", "…"] {
            assert!(!read(text), "{text}");
        }
    }
}
