//! Secrets that a browser keeps: 32 random bytes; only their digest is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// Length of a token in its text form.
const LENGTH: usize = 43;

/// A new token, base64url without padding, from the random source of the operating system.
pub fn new() -> Result<String> {
    let mut bytes = [0u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Fault::internal("identity.no_randomness").caused_by(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The digest that is stored; `None` for a text that cannot be a token.
pub fn digest(token: &str) -> Option<Vec<u8>> {
    let fits = token.len() == LENGTH
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    fits.then(|| Sha256::digest(token.as_bytes()).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_different_and_digestible() {
        let (one, other) = (new().unwrap(), new().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), LENGTH);
        assert_eq!(digest(&one).unwrap().len(), 32);
        assert_ne!(digest(&one), digest(&other));
        for text in [
            "",
            "short",
            &format!("{one}x"),
            &format!("{}'", &one[..42]),
            &"é".repeat(43),
        ] {
            assert_eq!(digest(text), None, "{text}");
        }
    }
}
