//! Recovery codes (mã dự phòng): ten codes of 60 random bits, each good for one sign-in without the authenticator.

use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

/// How many an account gets.
pub(crate) const COUNT: usize = 10;
/// Base 32 after Crockford: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;
const LONG: usize = 20;
const GROUP: usize = 4;

/// New codes as they are shown once: `7KQ2-M4XD-9TRA`.
pub(crate) fn new() -> Result<Vec<String>> {
    (0..COUNT).map(|_| one()).collect()
}

/// One code of the same form.
pub(crate) fn one() -> Result<String> {
    letters(LENGTH)
}

/// A code of 100 bits, of which a digest alone can be kept: `7KQ2-M4XD-9TRA-0B1C-2D3E`.
pub(crate) fn long() -> Result<String> {
    letters(LONG)
}

/// The digest of a long code in any spelling; `None` where it is none.
pub(crate) fn long_digest(typed: &str) -> Option<Vec<u8>> {
    read_letters(typed, LONG).map(|code| Sha256::digest(code.as_bytes()).to_vec())
}

fn letters(length: usize) -> Result<String> {
    let mut bytes = vec![0_u8; length];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Fault::internal("identity.no_randomness").caused_by(error.to_string()))?;
    // 256 is a multiple of 32, so every letter is equally likely.
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The letters of a code that somebody typed, in any spelling: small letters, spaces, dashes, O for 0, I and L for 1. `None` where
/// it is no recovery code.
pub(crate) fn read(typed: &str) -> Option<String> {
    read_letters(typed, LENGTH)
}

fn read_letters(typed: &str, length: usize) -> Option<String> {
    let letters = typed
        .chars()
        .take(8 * length)
        .filter(|c| !(c.is_whitespace() || "-‐‑–—._".contains(*c)));
    let code: Option<String> = letters
        .map(|c| match c.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            other => u8::try_from(other)
                .is_ok_and(|byte| ALPHABET.contains(&byte))
                .then_some(other),
        })
        .collect();
    code.filter(|code| code.len() == length)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_different_and_can_be_typed_as_they_look() {
        let codes = new().unwrap();
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), COUNT);
        for code in &codes {
            assert_eq!(code.len(), LENGTH + 2);
            let plain = code.replace('-', "");
            for typed in [
                code.clone(),
                code.to_lowercase(),
                plain.clone(),
                code.replace('-', " – "),
                format!(" {code} "),
            ] {
                assert_eq!(read(&typed).as_ref(), Some(&plain), "{typed}");
            }
        }
        assert_eq!(read("oil0-1234-5678").as_deref(), Some("011012345678"));
        for other in [
            "",
            "123456",
            "123 456",
            "0000-0000-000",
            "0000-0000-00000",
            "UUUU-UUUU-UUUU",
            "0000-0000-000é",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
