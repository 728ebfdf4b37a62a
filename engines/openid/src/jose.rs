//! Signatures over JSON (RFC 7515–7518): ours with P-256, those of others by whatever of the accepted algorithms.
//!
//! Reading is done by `jsonwebtoken` on top of `ring`, the one implementation of cryptography in the program.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::jwk::{Jwk, JwkSet, ThumbprintHash};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, Header, Validation};
use ring::digest;
use ring::signature::{
    self as curves, ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What others may sign with. No `none`, nothing symmetric: a public key can never be taken for a shared one.
pub(crate) const ACCEPTED: [Algorithm; 4] = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA, Algorithm::RS256];
/// The same by their names, for the discovery document.
pub(crate) const ACCEPTED_NAMES: [&str; 4] = ["ES256", "PS256", "EdDSA", "RS256"];

/// Most keys of one set.
const MOST: usize = 20;
/// Longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| -> Result<Box<dyn JwtSigner>, Error> { Err(ErrorKind::InvalidAlgorithm.into()) },
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Ring {
            algorithm: *algorithm,
            key: key.clone(),
        }))
    },
    key_utils: KeyUtils {
        compute_digest: |bytes, hash| match hash {
            ThumbprintHash::SHA256 => Ok(digest::digest(&digest::SHA256, bytes).as_ref().to_vec()),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        },
        ..KeyUtils::new_unimplemented()
    },
};

/// Tells `jsonwebtoken` to compute with `ring`. A second call changes nothing.
pub(crate) fn install() {
    // Already installed: by us, there is nobody else.
    let _ = PROVIDER.install_default();
}

struct Ring {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Ring {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Ring {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let bytes = |algorithm: &'static dyn curves::VerificationAlgorithm| {
            let key = self.key.try_get_as_bytes().map_err(signature::Error::from_source)?;
            UnparsedPublicKey::new(algorithm, key)
                .verify(message, signature)
                .map_err(|_| signature::Error::new())
        };
        let rsa = |parameters| match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }
                .verify(parameters, message, signature)
                .map_err(|_| signature::Error::new()),
            DecodingKeyKind::SecretOrDer(_) => Err(signature::Error::new()),
        };
        match self.algorithm {
            Algorithm::ES256 => bytes(&ECDSA_P256_SHA256_FIXED),
            Algorithm::EdDSA => bytes(&ED25519),
            Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::PS256 => rsa(&RSA_PSS_2048_8192_SHA256),
            _ => Err(signature::Error::new()),
        }
    }
}

/// The public keys of a set, or `None` where one is not of an accepted kind, carries a secret part, or there is none.
pub(crate) fn public_keys(set: &Value) -> Option<JwkSet> {
    let keys = set.get("keys")?.as_array()?;
    let public = keys.iter().all(|key| {
        matches!(key["kty"].as_str(), Some("EC" | "RSA" | "OKP"))
            && ["d", "p", "q", "k"].iter().all(|part| key.get(part).is_none())
    });
    if keys.is_empty() || keys.len() > MOST || !public {
        return None;
    }
    let set: JwkSet = serde_json::from_value(set.clone()).ok()?;
    set.keys
        .iter()
        .all(|key| DecodingKey::from_jwk(key).is_ok())
        .then_some(set)
}

/// Those keys of a set of others that can be used to check signatures, as a set of their own; `None` where there is none.
pub(crate) fn usable(set: &Value) -> Option<Value> {
    let keys = set.get("keys")?.as_array()?.iter().filter(|key| {
        let for_signatures = key.get("use").is_none_or(|of| of == "sig");
        for_signatures && public_keys(&json!({ "keys": [key] })).is_some()
    });
    let keys: Vec<&Value> = keys.take(MOST).collect();
    (!keys.is_empty()).then(|| json!({ "keys": keys }))
}

/// The head of a token, not yet believed.
pub(crate) fn header(token: &str) -> Option<Header> {
    if token.len() > LONGEST {
        return None;
    }
    jsonwebtoken::decode_header(token).ok()
}

/// The head of a token letter by letter.
pub(crate) fn raw_header(token: &str) -> Option<Value> {
    let part = token.split('.').next()?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The claims of a token that this key has signed, by an accepted algorithm that fits the key. Whether they hold now is for the caller,
/// who has the clock.
pub(crate) fn read<T: DeserializeOwned>(token: &str, key: &Jwk) -> Option<T> {
    let algorithm = header(token)?.alg;
    if !ACCEPTED.contains(&algorithm) {
        return None;
    }
    // A key that says what it is for is used for nothing else.
    if key
        .common
        .key_algorithm
        .is_some_and(|own| own.to_string() != format!("{algorithm:?}"))
    {
        return None;
    }
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = DecodingKey::from_jwk(key).ok()?;
    if !key.family().algorithms().contains(&algorithm) {
        return None;
    }
    jsonwebtoken::decode::<T>(token, &key, &validation)
        .ok()
        .map(|token| token.claims)
}

/// The thumbprint of a key (RFC 7638).
pub(crate) fn thumbprint(key: &Jwk) -> Option<String> {
    key.thumbprint(ThumbprintHash::SHA256).ok()
}

/// One part of a compact token.
pub(crate) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key and a token `{"sub":"an"}` that it has signed, made by another library (Authlib).
    fn made(algorithm: &str) -> (Value, &'static str) {
        match algorithm {
            "RS256" => (
                json!({"n": "vZY-_Adrb5a7qObGMbBamExl9ILdTinrwfDbfE0f3h31EsClBohDlp614oe-i2fK9oqDWbHVJ4xRyjVlt1ft8h-pUexHzoZYM-IEm77g83mJqXZb6rC7UYYuCdWBwrcKaWA1b__Pj_o3UA4sjcgxUiX5PcpjW1NMNXaDn0sHa5jpSKgAaie3ree1_hJSat3reEo7lj0SfzuUHVXxt_004Xwakr3D9NLGpx6NRRrZvX9QBkf0UBaOHuNUstsQw5We9I8XJT5smsLsrvnQNz90524v7K7Wotp-4kZ9r_i2idn8Nvk6oOO5r1U4VBXb9b6Vi4nlGkywcjN0FBIvUGMHdw", "e": "AQAB", "kty": "RSA"}),
                "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbiJ9.sFvXWeaJvDwyRHZyHFZRcMSt_GLgi42m5xdY92b-VBdFpluH_dbw0LgDA0K9C5AWoIRW0yuQQBHRLuWHmSvK_dAlOj0fkTqgNgH4eeQKpL5d00Xx9z5PunTvwtPZLgxlY8ck-tvJ4ruFJNSt1KMoVB7tNufqSgMZQeuBgtXB0UOS-Pfzo9iOikEqWMOfmHnoixI2JZX6do9GXdmpBSmhcC256HPehLeLwDrce6zRYECoPQk1K5IAxDsS4wHZT5XApzFrBACAkXROIat0Z4S7s2L-Wv28HOxjmrs0fJRsS-fv26QPybhpROelZl2CGHtngWz0fbOBUtkQTyLgMM3a7A",
            ),
            "PS256" => (
                json!({"n": "vZY-_Adrb5a7qObGMbBamExl9ILdTinrwfDbfE0f3h31EsClBohDlp614oe-i2fK9oqDWbHVJ4xRyjVlt1ft8h-pUexHzoZYM-IEm77g83mJqXZb6rC7UYYuCdWBwrcKaWA1b__Pj_o3UA4sjcgxUiX5PcpjW1NMNXaDn0sHa5jpSKgAaie3ree1_hJSat3reEo7lj0SfzuUHVXxt_004Xwakr3D9NLGpx6NRRrZvX9QBkf0UBaOHuNUstsQw5We9I8XJT5smsLsrvnQNz90524v7K7Wotp-4kZ9r_i2idn8Nvk6oOO5r1U4VBXb9b6Vi4nlGkywcjN0FBIvUGMHdw", "e": "AQAB", "kty": "RSA"}),
                "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJhbiJ9.sGExhEB2cZKeCSi97cjBSFDsrHsoJU6eEQ1d7f_hwsIMDPqJ4U_ySgDweMThn1gY5_S-gcCbI86MqmT_Mmfn0Vpec8zo7LZp2SmFmD_6QCaKImf_HGQwgeqc6VtlpiXcVK_jUODJoF25q4mS_s6iU6bR5K3Ns7pjF_vKMqKXIs3gTavbxVuDy88PXteqT_M7RcrgFIbCrz7LFoxsZcyOTfDq5G2bRJLbKDTpm7fSFqXhRU4rNBnRhxv0KZom-NPF92B4Xm55vNC32YwZyPOMfqt3SJq7SqmATSrhmJvpTj3RCd2SrqqV2Ba8wDD8LODH-6o86umuvDjeE6h-zedx3A",
            ),
            "ES256" => (
                json!({"crv": "P-256", "x": "6xxCZmXO0pYXHzZRHjpwB-bXg89G6by5aCCT14-5Lzc", "y": "CVZ5Y9rAW2dKObI3FCUHu0SlVGHKnMc8vqU-v5VOtYs", "kty": "EC"}),
                "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbiJ9.0O5IZnRNKgeWaswiD7nmygUBEWUSpWSNI08GtJWo4o3pvm0COjULXYipf-Qcz40qlMZmMFL4iqFls5pvnArufQ",
            ),
            "EdDSA" => (
                json!({"crv": "Ed25519", "x": "UW90cNl_00XJwhtcDlBIyPk3PbgfLGnK0g3GOwxtTeM", "kty": "OKP"}),
                "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbiJ9.5RrD727hsmrQf4uO48kh6Co_C5T41CbbmASwlOlz0bQGbJGttl0oMffDAguymEuxIWo2CbSWER8oDwqb3aRNBg",
            ),
            other => panic!("{other}"),
        }
    }

    fn key(value: &Value) -> Jwk {
        public_keys(&json!({ "keys": [value] })).unwrap().keys.remove(0)
    }

    #[test]
    fn every_algorithm_that_is_announced_is_read() {
        install();
        for algorithm in ACCEPTED_NAMES {
            let (public, token) = made(algorithm);
            let claims: Value = read(token, &key(&public)).unwrap_or_else(|| panic!("{algorithm}"));
            assert_eq!(claims, json!({ "sub": "an" }));
            // Another payload, another key, no signature.
            let parts: Vec<&str> = token.split('.').collect();
            let forged = format!("{}.{}.{}", parts[0], part(&json!({ "sub": "be" })), parts[2]);
            assert!(read::<Value>(&forged, &key(&public)).is_none(), "{algorithm}");
            assert!(read::<Value>(&format!("{}.{}.", parts[0], parts[1]), &key(&public)).is_none());
            for other in ACCEPTED_NAMES.into_iter().filter(|other| *other != algorithm) {
                let (foreign, _) = made(other);
                let same = foreign == public;
                assert_eq!(
                    read::<Value>(token, &key(&foreign)).is_some(),
                    same,
                    "{algorithm} {other}"
                );
            }
        }
    }

    #[test]
    fn a_key_that_says_what_it_is_for_is_used_for_nothing_else() {
        install();
        let (mut public, token) = made("RS256");
        public["alg"] = json!("RS256");
        assert!(read::<Value>(token, &key(&public)).is_some());
        public["alg"] = json!("PS256");
        assert!(read::<Value>(token, &key(&public)).is_none());
    }

    #[test]
    fn only_public_keys_of_known_kinds_are_taken() {
        let (public, _) = made("RS256");
        for secret in ["d", "p", "q"] {
            let mut private = public.clone();
            private[secret] = json!("AQAB");
            assert!(public_keys(&json!({ "keys": [private] })).is_none(), "{secret}");
        }
        for set in [
            json!({}),
            json!({ "keys": [] }),
            json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }),
            json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "!", "y": "!" }] }),
            json!({ "keys": vec![public.clone(); 21] }),
        ] {
            assert!(public_keys(&set).is_none(), "{set}");
        }
        assert!(public_keys(&json!({ "keys": [public] })).is_some());
        // Of a set at another address what cannot be used is left out.
        let mut encrypts = public.clone();
        encrypts["use"] = json!("enc");
        let mixed =
            json!({ "keys": [encrypts, { "kty": "oct", "k": "AAAA" }, { "kty": "EC", "crv": "P-521" }, "x", public] });
        assert_eq!(usable(&mixed), Some(json!({ "keys": [public] })));
        assert_eq!(usable(&json!({ "keys": [encrypts] })), None);
        assert_eq!(usable(&json!([public])), None);
    }
}
