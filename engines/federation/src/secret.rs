//! What is hard to guess: 32 random bytes in 43 letters, of which only the digest is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// Length in letters.
const LENGTH: usize = 43;

/// New random letters (base64url).
pub(crate) fn new() -> Result<String> {
    let mut bytes = [0u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Fault::internal("federation.no_randomness").caused_by(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The digest that is stored; none of a text that we have not made.
pub(crate) fn digest(secret: &str) -> Option<Vec<u8>> {
    let fits = secret.len() == LENGTH
        && secret
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| Sha256::digest(secret.as_bytes()).to_vec())
}

/// A word of its own for each use, from what travels (`state`) and what never leaves the browser and us (`browser`): so nothing of it needs to be kept.
pub(crate) fn derived(use_of_it: &str, state: &str, browser: &str) -> String {
    let hash = Sha256::new()
        .chain_update(use_of_it.as_bytes())
        .chain_update(b"\0")
        .chain_update(state.as_bytes())
        .chain_update(b"\0")
        .chain_update(browser.as_bytes())
        .finalize();
    URL_SAFE_NO_PAD.encode(hash)
}

/// Base64url of a SHA-256, as PKCE wants it.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_has_a_word_of_its_own() {
        let (state, browser) = (new().unwrap(), new().unwrap());
        let nonce = derived("nonce", &state, &browser);
        assert_eq!(nonce, derived("nonce", &state, &browser));
        assert_ne!(nonce, derived("pkce", &state, &browser));
        assert_ne!(nonce, derived("nonce", &state, &new().unwrap()));
        assert_eq!(nonce.len(), LENGTH);
        assert!(digest(&state).is_some());
        assert!(digest("short").is_none() && digest(&"é".repeat(43)).is_none());
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
