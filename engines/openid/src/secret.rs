//! What is hard to guess: 32 random bytes in 43 letters, of which only the digest is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// New random letters (base64url).
pub(crate) fn new() -> Result<String> {
    let mut bytes = [0u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Fault::internal("openid.no_randomness").caused_by(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The digest that is stored.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Base64url of a SHA-256, as PKCE and the hashes in tokens want it.
pub(crate) fn digest_text(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
