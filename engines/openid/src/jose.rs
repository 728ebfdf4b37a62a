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
use serde_json::Value;

/// What others may sign with. No `none`, nothing symmetric: a public key can never be taken for a shared one.
pub(crate) const ACCEPTED: [Algorithm; 4] = [Algorithm::ES256, Algorithm::PS256, Algorithm::EdDSA, Algorithm::RS256];
/// The same by their names, for the discovery document.
pub(crate) const ACCEPTED_NAMES: [&str; 4] = ["ES256", "PS256", "EdDSA", "RS256"];

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
    if keys.is_empty() || keys.len() > 20 || !public {
        return None;
    }
    let set: JwkSet = serde_json::from_value(set.clone()).ok()?;
    set.keys
        .iter()
        .all(|key| DecodingKey::from_jwk(key).is_ok())
        .then_some(set)
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
