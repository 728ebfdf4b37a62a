//! Form tokens: a keyed hash of the visitor's cookie, masked anew on every page so that compression does not leak it.

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;

const LENGTH: usize = 16;

fn code(secret: &[u8; 32], holder: &str) -> [u8; LENGTH] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret)
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(b"form token\0");
    mac.update(holder.as_bytes());
    let full = mac.finalize().into_bytes();
    let mut code = [0; LENGTH];
    code.copy_from_slice(&full[..LENGTH]);
    code
}

/// A token for the holder of this cookie.
pub(crate) fn issue(secret: &[u8; 32], holder: &str) -> String {
    let mut pad = [0u8; LENGTH];
    rand::rng().fill_bytes(&mut pad);
    let mut masked = code(secret, holder);
    masked.iter_mut().zip(pad).for_each(|(byte, pad)| *byte ^= pad);
    hex::encode(pad) + &hex::encode(masked)
}

/// Whether the token was issued to the holder of this cookie.
pub(crate) fn holds(secret: &[u8; 32], holder: &str, token: &str) -> bool {
    let Ok(bytes) = hex::decode(token) else { return false };
    if bytes.len() != 2 * LENGTH {
        return false;
    }
    let (pad, masked) = bytes.split_at(LENGTH);
    let opened: Vec<u8> = pad.iter().zip(masked).map(|(pad, byte)| pad ^ byte).collect();
    opened.ct_eq(&code(secret, holder)).into()
}

/// 32 random bytes as hex, for cookies.
pub(crate) fn random() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_holder_only() {
        let secret = [7; 32];
        let token = issue(&secret, "cookie a");
        assert!(holds(&secret, "cookie a", &token));
        assert!(!holds(&secret, "cookie b", &token));
        assert!(!holds(&[8; 32], "cookie a", &token));
        assert!(!holds(&secret, "cookie a", ""));
        assert!(!holds(&secret, "cookie a", &token[2..]));
        assert_ne!(token, issue(&secret, "cookie a"), "masked anew each time");
    }
}
