//! What the providers sign. The keys come with the program and protect nothing: everybody has them.

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};
use serde_json::{Value, json};

use crate::{Behaviour, Granted, Human, Provider, Simulator};

/// A key that signs.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    kid: &'static str,
}

/// Both keys.
pub(crate) fn keys() -> Result<[SigningKey; 2]> {
    let key = |text: &str, kid| {
        let text: String = text.split_whitespace().collect();
        let der = STANDARD.decode(text).context("a key of the simulator")?;
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|error| anyhow!("a key of the simulator: {error}"))?;
        anyhow::Ok(SigningKey { pair, kid })
    };
    Ok([
        key(include_str!("../keys/key-1.pk8.b64"), "simulator-1")?,
        key(include_str!("../keys/key-2.pk8.b64"), "simulator-2")?,
    ])
}

/// 32 random bytes in letters.
pub(crate) fn random_word(count: u64) -> String {
    let mut bytes = [0u8; 32];
    // Without randomness words are still different, which is all that a simulator needs.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bytes[..8].copy_from_slice(&count.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// Base64url of a SHA-256.
pub(crate) fn digest_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

impl SigningKey {
    fn published(&self) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
            "n": URL_SAFE_NO_PAD.encode(public.n), "e": URL_SAFE_NO_PAD.encode(public.e),
        })
    }

    fn sign(&self, message: &str) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        match self
            .pair
            .sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
        {
            Ok(()) => signature,
            Err(_) => Vec::new(),
        }
    }
}

impl Simulator {
    /// The keys that a provider publishes.
    pub(crate) fn key_set(&self, provider: Provider) -> Value {
        let behaviour = self.behaviour(provider);
        let [first, second] = &self.inner.keys;
        match behaviour {
            Behaviour::NextKey => json!({ "keys": [first.published(), second.published()] }),
            _ => json!({ "keys": [first.published()] }),
        }
    }

    /// An ID token about somebody, honest or not.
    pub(crate) fn id_token(&self, provider: Provider, granted: &Granted) -> String {
        let behaviour = self.behaviour(provider);
        let mut claims = self.claims(provider, &self.people()[granted.human]);
        let at = self.settings().clock.now().timestamp();
        claims["iss"] = json!(self.address(provider.issuer()));
        claims["aud"] = json!(self.settings().client_id);
        claims["iat"] = json!(at);
        claims["exp"] = json!(at + 300);
        claims["auth_time"] = json!(granted.auth_time);
        claims["nonce"] = json!(granted.nonce);
        match behaviour {
            Behaviour::WrongIssuer => claims["iss"] = json!("https://elsewhere.example/realms/citizen"),
            Behaviour::Expired => {
                claims["iat"] = json!(at - 900);
                claims["exp"] = json!(at - 600);
            }
            Behaviour::Future => claims["iat"] = json!(at + 600),
            Behaviour::OtherNonce => claims["nonce"] = json!(self.word()),
            Behaviour::NoNonce => claims["nonce"] = Value::Null,
            Behaviour::OtherAudience => claims["aud"] = json!("another-application"),
            _ => {}
        }
        let [first, second] = &self.inner.keys;
        let (head, key) = match behaviour {
            Behaviour::AlgNone => (json!({ "alg": "none", "typ": "JWT" }), None),
            Behaviour::SharedSecret => (json!({ "alg": "HS256", "typ": "JWT", "kid": first.kid }), None),
            Behaviour::UnknownKey => (
                json!({ "alg": "RS256", "typ": "JWT", "kid": "nobody-knows" }),
                Some(second),
            ),
            Behaviour::OtherKey => (json!({ "alg": "RS256", "typ": "JWT", "kid": first.kid }), Some(second)),
            Behaviour::NextKey => (json!({ "alg": "RS256", "typ": "JWT", "kid": second.kid }), Some(second)),
            _ => (json!({ "alg": "RS256", "typ": "JWT", "kid": first.kid }), Some(first)),
        };
        let message = format!("{}.{}", part(&head), part(&claims));
        let signature = match (key, behaviour) {
            (Some(key), _) => key.sign(&message),
            (None, Behaviour::SharedSecret) => {
                let public = first.pair.public_key();
                let key = hmac::Key::new(hmac::HMAC_SHA256, public.as_ref());
                hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            (None, _) => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The claims of a provider about somebody: VNeID tells the number, and the rest in its profile; the national portal tells all.
    fn claims(&self, provider: Provider, human: &Human) -> Value {
        let behaviour = self.behaviour(provider);
        let turn = if behaviour == Behaviour::OtherSubject {
            "again "
        } else {
            ""
        };
        let sub = digest_text(&format!("{} {turn}{} {}", provider.as_str(), human.number, human.born))[..22].to_owned();
        let number = match behaviour {
            Behaviour::NoNumber => Value::Null,
            Behaviour::OtherNumber => json!("999000000999"),
            _ => json!(human.number),
        };
        match provider {
            Provider::Vneid => json!({ "sub": sub, "preferred_username": number, "typ": "ID" }),
            Provider::NationalPortal => json!({
                "sub": sub, "TechID": format!("TECH-{}", &sub[..8]), "LoaiTaiKhoan": human.kind, "HoVaTen": self.name(provider, human),
                "SoDinhDanh": number, "NgayThangNamSinh": human.born.replace('-', ""), "loginIdp": "BCA",
                "acr": if behaviour == Behaviour::SecondLevel { "LoA2" } else { "LoA1" },
                "userProfileUri": self.address(provider.profile()), "logoutUri": self.address(provider.logout()),
            }),
        }
    }

    fn name(&self, provider: Provider, human: &Human) -> String {
        if self.behaviour(provider) == Behaviour::OtherName {
            format!("{} Mới", human.name)
        } else {
            human.name.clone()
        }
    }

    /// What VNeID tells beside the token. The names of its fields are not published: these are our own.
    pub(crate) fn profile(&self, provider: Provider, human: usize) -> Value {
        let human = &self.people()[human];
        let number = if matches!(
            self.behaviour(provider),
            Behaviour::OtherProfile | Behaviour::OtherNumber
        ) {
            "999000000999"
        } else {
            &human.number
        };
        json!({ "preferred_username": number, "hoVaTen": self.name(provider, human), "ngaySinh": human.born })
    }
}
