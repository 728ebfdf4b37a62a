//! Certificates of applications (RFC 8705): an application shows who it is by the certificate of its connection, and what it gets is worth nothing
//! without it. The gateway in front of the platform ends the connections and says in `Client-Cert` which certificate came (RFC 9440).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use webpki::EndEntityCert;

/// Most certificates of one application: the one in use and those that come after it.
const MOST: usize = 5;
/// Longest certificate, in bytes.
const LONGEST: usize = 8 << 10;

/// What an application with these certificates registers: a JWK set that has each as `x5c` (RFC 8705, 2.2). `None` where the text holds none, or
/// something else.
pub fn jwks_of_certificates(pem: &str) -> Option<Value> {
    let all: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let keys: Vec<Value> = all
        .ok()?
        .iter()
        .map(|one| json!({ "x5c": [STANDARD.encode(one)] }))
        .collect();
    let set = json!({ "keys": keys });
    thumbprints(&set).is_some().then_some(set)
}

/// The thumbprints (`x5t#S256`) of the certificates in a JWK set; `None` unless every key has a certificate that can be read.
pub(crate) fn thumbprints(set: &Value) -> Option<Vec<String>> {
    let keys = set["keys"].as_array()?;
    if keys.is_empty() || keys.len() > MOST {
        return None;
    }
    keys.iter().map(|key| thumbprint_of(key["x5c"][0].as_str()?)).collect()
}

/// Those keys of a set of others that have a certificate, as a set of their own; `None` where there is none.
pub(crate) fn usable(set: &Value) -> Option<Value> {
    let keys = set["keys"].as_array()?.iter();
    let keys = keys.filter(|key| key["x5c"][0].as_str().and_then(thumbprint_of).is_some());
    let keys: Vec<&Value> = keys.take(MOST).collect();
    (!keys.is_empty()).then(|| json!({ "keys": keys }))
}

/// The thumbprint of the certificate in a header `Client-Cert`: a byte sequence of structured fields, `:<base64>:`.
pub(crate) fn shown(header: &str) -> Option<String> {
    thumbprint_of(header.trim().strip_prefix(':')?.strip_suffix(':')?)
}

fn thumbprint_of(base64: &str) -> Option<String> {
    if base64.len() > LONGEST * 4 / 3 {
        return None;
    }
    let der = CertificateDer::from(STANDARD.decode(base64).ok()?);
    EndEntityCert::try_from(&der).ok()?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(&der)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=may -days 36500`, and its
    /// `openssl x509 -fingerprint -sha256`.
    const PEM: &str = include_str!("../tests/it/certificates/machine.pem");
    const FINGERPRINT: &str = include_str!("../tests/it/certificates/machine.sha256");

    #[test]
    fn a_certificate_is_known_by_its_fingerprint() {
        let set = jwks_of_certificates(PEM).unwrap();
        let bytes = hex::decode(FINGERPRINT.trim().replace(':', "")).unwrap();
        let expected = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(thumbprints(&set).unwrap(), std::slice::from_ref(&expected));
        let base64 = set["keys"][0]["x5c"][0].as_str().unwrap();
        assert_eq!(shown(&format!(":{base64}:")), Some(expected.clone()));
        assert_eq!(shown(&format!(" :{base64}: ")), Some(expected));
    }

    #[test]
    fn nothing_else_is_a_certificate() {
        let set = jwks_of_certificates(PEM).unwrap();
        let base64 = set["keys"][0]["x5c"][0].as_str().unwrap();
        for header in [
            base64.to_owned(),
            format!(":{base64}"),
            format!("::{base64}::"),
            format!(":{}:", &base64[..base64.len() - 8]),
            "::".into(),
            String::new(),
            format!(":{}:", STANDARD.encode("no certificate")),
        ] {
            assert_eq!(shown(&header), None, "{header}");
        }
        for set in [
            json!({}),
            json!({ "keys": [] }),
            json!({ "keys": [{ "kty": "EC" }] }),
            json!({ "keys": [{ "x5c": [base64] }, { "kty": "EC" }] }),
            json!({ "keys": vec![json!({ "x5c": [base64] }); MOST + 1] }),
        ] {
            assert_eq!(thumbprints(&set), None, "{set}");
        }
        let mixed = json!({ "keys": [{ "kty": "EC" }, { "x5c": ["AAAA"] }, { "x5c": [base64] }] });
        assert_eq!(usable(&mixed), Some(json!({ "keys": [{ "x5c": [base64] }] })));
        assert_eq!(usable(&json!({ "keys": [{ "kty": "EC" }] })), None);
        assert_eq!(jwks_of_certificates(""), None);
        assert_eq!(jwks_of_certificates(&PEM.replace("CERTIFICATE", "PRIVATE KEY")), None);
    }
}
