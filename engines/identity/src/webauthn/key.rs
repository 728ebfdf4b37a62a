//! Public keys of passkeys in the form of COSE (RFC 9052), and signatures by them.

use ring::signature::{self, UnparsedPublicKey};

use super::cbor::{self, Value};

/// ECDSA on P-256 with SHA-256.
const ES256: i64 = -7;
/// Ed25519.
const EDDSA: i64 = -8;
/// RSASSA-PKCS1-v1_5 with SHA-256; some computers with Windows know nothing else.
const RS256: i64 = -257;

/// What is asked for, the preferred first.
pub(super) const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];

/// A key that can be verified with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    P256([u8; 65]),
    Ed25519(&'a [u8]),
    Rsa { n: &'a [u8], e: &'a [u8] },
}

impl<'a> Key<'a> {
    /// Reads a key of one of [`ALGORITHMS`]; `None` for anything else.
    pub(super) fn read(cose: &'a [u8]) -> Option<Self> {
        let (map, rest) = cbor::read(cose)?;
        if !rest.is_empty() {
            return None;
        }
        let int = |key| map.of(key).and_then(Value::int);
        let bytes = |key| map.of(key).and_then(Value::bytes);
        match (int(1)?, int(3)?) {
            (2, ES256) if int(-1) == Some(1) => {
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if x.len() != 32 || y.len() != 32 {
                    return None;
                }
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Some(Self::P256(point))
            }
            (1, EDDSA) if int(-1) == Some(6) => bytes(-2).filter(|x| x.len() == 32).map(Self::Ed25519),
            (3, RS256) => Some(Self::Rsa {
                n: bytes(-1).filter(|n| (256..=512).contains(&n.len()))?,
                e: bytes(-2).filter(|e| (1..=8).contains(&e.len()))?,
            }),
            _ => None,
        }
    }

    /// Whether this key has signed the message.
    pub(super) fn has_signed(&self, message: &[u8], signed: &[u8]) -> bool {
        match self {
            Self::P256(point) => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
                .verify(message, signed)
                .is_ok(),
            Self::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key)
                .verify(message, signed)
                .is_ok(),
            Self::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signed)
                .is_ok(),
        }
    }
}
