//! Signatures of providers over JSON (RFC 7515, 7517): RSA (`RS256`) and P-256 (`ES256`), each only by a key of its kind.
//!
//! The algorithm that a token names chooses nothing: it must be the one of the key. There is no `none`, and nothing symmetric.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use crate::word::Unfit;

/// Longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;
/// Keys of a set that are read.
const MOST_KEYS: usize = 20;

/// A public key of a provider.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) kid: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The point, not compressed.
    P256(Vec<u8>),
}

impl Material {
    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RS256",
            Self::P256(_) => "ES256",
        }
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

/// The keys of a set that we can use; the others are passed over.
pub(crate) fn keys(set: &Value) -> Vec<Key> {
    let listed = set["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    listed.iter().take(MOST_KEYS).filter_map(key).collect()
}

fn key(value: &Value) -> Option<Key> {
    if value["use"].as_str().is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let material = match value["kty"].as_str()? {
        "RSA" => Material::Rsa {
            n: bytes(&value["n"])?,
            e: bytes(&value["e"])?,
        },
        "EC" if value["crv"] == "P-256" => {
            let (x, y) = (bytes(&value["x"])?, bytes(&value["y"])?);
            if x.len() != 32 || y.len() != 32 {
                return None;
            }
            Material::P256([&[4], x.as_slice(), y.as_slice()].concat())
        }
        _ => return None,
    };
    // A key that says what it is for is used for nothing else.
    if value["alg"]
        .as_str()
        .is_some_and(|algorithm| algorithm != material.algorithm())
    {
        return None;
    }
    Some(Key {
        kid: value["kid"].as_str().map(str::to_owned),
        material,
    })
}

/// A token that was taken apart and is not believed yet.
pub(crate) struct Token<'a> {
    algorithm: String,
    pub(crate) kid: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a compact token apart.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Unfit> {
        if text.len() > LONGEST {
            return Err(Unfit::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(Unfit::Malformed)?;
        let (head, payload) = signed.split_once('.').ok_or(Unfit::Malformed)?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unfit::Malformed);
        let head: Value = serde_json::from_slice(&decoded(head)?).map_err(|_| Unfit::Malformed)?;
        // What must be understood and is not.
        if payload.contains('.') || head.get("crit").is_some() {
            return Err(Unfit::Malformed);
        }
        Ok(Self {
            algorithm: head["alg"].as_str().ok_or(Unfit::Algorithm)?.to_owned(),
            kid: head["kid"].as_str().map(str::to_owned),
            signed,
            payload,
            signature: decoded(signature)?,
        })
    }

    /// The key that the token names; without a name, the only one there is.
    pub(crate) fn key<'k>(&self, keys: &'k [Key]) -> Option<&'k Key> {
        match &self.kid {
            Some(kid) => keys.iter().find(|key| key.kid.as_ref() == Some(kid)),
            None => keys.first().filter(|_| keys.len() == 1),
        }
    }

    /// The claims, if this key has signed them.
    pub(crate) fn claims(&self, key: &Key) -> Result<Value, Unfit> {
        if self.algorithm != key.material.algorithm() {
            return Err(Unfit::Algorithm);
        }
        let message = self.signed.as_bytes();
        let verified = match &key.material {
            Material::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature)
            }
            Material::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &self.signature)
            }
        };
        verified.map_err(|_| Unfit::Signature)?;
        let payload = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| Unfit::Malformed)?;
        serde_json::from_slice(&payload).map_err(|_| Unfit::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A key and a token `{"sub":"an"}` that it has signed, made by another library (Authlib).
    fn rsa() -> (Value, &'static str) {
        (
            json!({"n": "vZY-_Adrb5a7qObGMbBamExl9ILdTinrwfDbfE0f3h31EsClBohDlp614oe-i2fK9oqDWbHVJ4xRyjVlt1ft8h-pUexHzoZYM-IEm77g83mJqXZb6rC7UYYuCdWBwrcKaWA1b__Pj_o3UA4sjcgxUiX5PcpjW1NMNXaDn0sHa5jpSKgAaie3ree1_hJSat3reEo7lj0SfzuUHVXxt_004Xwakr3D9NLGpx6NRRrZvX9QBkf0UBaOHuNUstsQw5We9I8XJT5smsLsrvnQNz90524v7K7Wotp-4kZ9r_i2idn8Nvk6oOO5r1U4VBXb9b6Vi4nlGkywcjN0FBIvUGMHdw", "e": "AQAB", "kty": "RSA"}),
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbiJ9.sFvXWeaJvDwyRHZyHFZRcMSt_GLgi42m5xdY92b-VBdFpluH_dbw0LgDA0K9C5AWoIRW0yuQQBHRLuWHmSvK_dAlOj0fkTqgNgH4eeQKpL5d00Xx9z5PunTvwtPZLgxlY8ck-tvJ4ruFJNSt1KMoVB7tNufqSgMZQeuBgtXB0UOS-Pfzo9iOikEqWMOfmHnoixI2JZX6do9GXdmpBSmhcC256HPehLeLwDrce6zRYECoPQk1K5IAxDsS4wHZT5XApzFrBACAkXROIat0Z4S7s2L-Wv28HOxjmrs0fJRsS-fv26QPybhpROelZl2CGHtngWz0fbOBUtkQTyLgMM3a7A",
        )
    }

    fn p256() -> (Value, &'static str) {
        (
            json!({"crv": "P-256", "x": "6xxCZmXO0pYXHzZRHjpwB-bXg89G6by5aCCT14-5Lzc", "y": "CVZ5Y9rAW2dKObI3FCUHu0SlVGHKnMc8vqU-v5VOtYs", "kty": "EC"}),
            "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbiJ9.0O5IZnRNKgeWaswiD7nmygUBEWUSpWSNI08GtJWo4o3pvm0COjULXYipf-Qcz40qlMZmMFL4iqFls5pvnArufQ",
        )
    }

    fn read(token: &str, key: &Value) -> Result<Value, Unfit> {
        let keys = keys(&json!({ "keys": [key] }));
        let token = Token::parse(token)?;
        token.claims(token.key(&keys).ok_or(Unfit::UnknownKey)?)
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    #[test]
    fn each_algorithm_by_a_key_of_its_kind_only() {
        for (key, token) in [rsa(), p256()] {
            assert_eq!(read(token, &key), Ok(json!({ "sub": "an" })));
            let parts: Vec<&str> = token.split('.').collect();
            let forged = format!("{}.{}.{}", parts[0], part(&json!({ "sub": "be" })), parts[2]);
            assert_eq!(read(&forged, &key), Err(Unfit::Signature));
        }
        assert_eq!(read(rsa().1, &p256().0), Err(Unfit::Algorithm));
        assert_eq!(read(p256().1, &rsa().0), Err(Unfit::Algorithm));
        for algorithm in ["none", "None", "HS256", "RS512", ""] {
            let token = format!(
                "{}.{}.",
                part(&json!({ "alg": algorithm })),
                part(&json!({ "sub": "an" }))
            );
            assert_eq!(read(&token, &rsa().0), Err(Unfit::Algorithm), "{algorithm}");
        }
    }

    #[test]
    fn keys_that_are_for_something_else_are_passed_over() {
        let (good, token) = rsa();
        for (name, value) in [("use", "enc"), ("alg", "PS256"), ("kty", "oct")] {
            let mut other = good.clone();
            other[name] = json!(value);
            assert_eq!(read(token, &other), Err(Unfit::UnknownKey), "{name}");
        }
        // Nobody says which of two it is.
        let two = keys(&json!({ "keys": [good, p256().0] }));
        assert!(Token::parse(token).unwrap().key(&two).is_none());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", &"a".repeat(LONGEST + 1)] {
            assert!(Token::parse(text).is_err(), "{}", text.len());
        }
        let crit = format!(
            "{}.{}.AAAA",
            part(&json!({ "alg": "RS256", "crit": ["x"] })),
            part(&json!({}))
        );
        assert!(Token::parse(&crit).is_err());
    }
}
