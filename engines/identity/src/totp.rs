//! Time-based one-time codes as authenticator apps make them (RFC 6238): SHA-1, six digits, steps of 30 seconds.

use chrono::{DateTime, Utc};
use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use ring::hmac;

/// Bytes of a secret: the length of the hash (RFC 4226, R6).
const LENGTH: usize = 20;
const STEP_SECONDS: i64 = 30;
/// Steps by which a clock may be wrong, in either direction.
const SKEW: i64 = 1;
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret, from the random source of the operating system.
pub(crate) fn new_secret() -> Result<[u8; LENGTH]> {
    let mut secret = [0; LENGTH];
    SysRng
        .try_fill_bytes(&mut secret)
        .map_err(|error| Fault::internal("identity.no_randomness").caused_by(error.to_string()))?;
    Ok(secret)
}

/// The step whose code this is, among those near the moment and after `last`; `None` where it is none of theirs.
pub(crate) fn matching_step(secret: &[u8], now: DateTime<Utc>, last: i64, typed: &str) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let here = now.timestamp() / STEP_SECONDS;
    (here - SKEW..=here + SKEW).find(|step| *step > last && code(secret, *step) == typed)
}

/// The six digits of a step.
pub(crate) fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    // Dynamic truncation (RFC 4226, 5.3).
    let at = usize::from(tag[LENGTH - 1] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

/// The secret as apps take it in by hand: base 32 (RFC 4648) in groups of four letters.
pub(crate) fn spelled(secret: &[u8]) -> String {
    let letters = base32(secret);
    let groups: Vec<&str> = (0..letters.len()).step_by(4).map(|at| &letters[at..at + 4]).collect();
    groups.join(" ")
}

/// The address that a QR code carries to an app. `issuer` and `login` are what the app shows.
pub(crate) fn address(secret: &[u8], issuer: &str, login: &str) -> String {
    let (issuer, login) = (escaped(issuer), escaped(login));
    format!(
        "otpauth://totp/{issuer}:{login}?secret={}&issuer={issuer}",
        base32(secret)
    )
}

/// Five bytes are eight letters exactly, so that twenty need no padding.
fn base32(secret: &[u8]) -> String {
    let letters = secret.chunks_exact(5).flat_map(|five| {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        (0..8)
            .rev()
            .map(move |place| char::from(ALPHABET[(bits >> (5 * place)) as usize & 31]))
    });
    letters.collect()
}

/// Percent-encoded but for what no app trips over (RFC 3986, 2.3).
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B: the last six of the eight digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(SECRET, seconds / 30), digits, "{seconds}");
        }
    }

    #[test]
    fn a_code_holds_for_three_steps_and_once() {
        let now = at(1_111_111_111);
        let step = now.timestamp() / 30;
        let typed = |step| code(SECRET, step);
        for near in [-1, 0, 1] {
            assert_eq!(matching_step(SECRET, now, 0, &typed(step + near)), Some(step + near));
        }
        for far in [-2, 2] {
            assert_eq!(matching_step(SECRET, now, 0, &typed(step + far)), None);
        }
        assert_eq!(matching_step(SECRET, now, step, &typed(step)), None, "it was taken");
        assert_eq!(
            matching_step(SECRET, now, step, &typed(step - 1)),
            None,
            "a later one was taken"
        );
        assert_eq!(matching_step(SECRET, now, step - 1, " 050 471 "), Some(step));
        for wrong in ["", "50471", "0050471", "05047a", "０５０４７１"] {
            assert_eq!(matching_step(SECRET, now, 0, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn apps_can_take_the_secret_in() {
        assert_eq!(spelled(SECRET), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            address(SECRET, "Tỉnh Hậu Giang", "chi.sen@x"),
            "otpauth://totp/T%E1%BB%89nh%20H%E1%BA%ADu%20Giang:chi.sen%40x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=T%E1%BB%89nh%20H%E1%BA%ADu%20Giang"
        );
        assert_ne!(new_secret().unwrap(), new_secret().unwrap());
    }
}
