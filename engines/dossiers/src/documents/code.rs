//! Verification codes: 100 random bits in twenty letters and digits that cannot be mistaken for each other.

use kernel::{Fault, Result};
use rand::TryRng;
use rand::rngs::SysRng;

/// Base 32 after Crockford: no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;
/// Letters written together on a paper.
const GROUP: usize = 5;

/// A new code, from the random source of the operating system.
pub(super) fn new() -> Result<String> {
    let mut bytes = [0_u8; LENGTH];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Fault::internal("dossiers.no_randomness").caused_by(error))?;
    // 256 is a multiple of 32, so every letter is equally likely.
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

/// The code as it stands on a paper: `ABCDE-12345-FGHJK-67890`.
pub(crate) fn spelled(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// The code that somebody typed, in any spelling: small letters, spaces, dashes, O for 0, I and L for 1. `None` if it is none.
pub(super) fn read(typed: &str) -> Option<String> {
    // More than a code with a sign after each letter was not typed from a paper.
    if typed.chars().count() > 8 * LENGTH {
        return None;
    }
    let skipped = |c: &char| !(c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '‒' | '–' | '—' | '.' | '_'));
    let code: Option<String> = typed
        .chars()
        .filter(skipped)
        .map(|c| {
            let plain = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(plain).is_ok_and(|byte| ALPHABET.contains(&byte));
            known.then_some(plain)
        })
        .collect();
    code.filter(|code| code.len() == LENGTH)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_new_each_time_and_of_the_alphabet() {
        let codes: BTreeSet<String> = (0..500).map(|_| new().unwrap()).collect();
        assert_eq!(codes.len(), 500);
        for code in &codes {
            assert_eq!(code.len(), LENGTH);
            assert_eq!(read(code).as_ref(), Some(code));
            assert_eq!(read(&spelled(code)).as_ref(), Some(code));
        }
        let letters: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
        assert_eq!(letters.len(), 32, "every letter comes up");
    }

    #[test]
    fn any_spelling_is_read() {
        let code = "0123456789ABCDEFGH1K";
        for typed in [
            "01234-56789-ABCDE-FGH1K",
            "o1234 56789 abcde fghIk",
            "  OL234–56789—abcde.fghlk\n",
            "0 1 2 3 4 5 6 7 8 9 A B C D E F G H i K",
        ] {
            assert_eq!(read(typed).as_deref(), Some(code), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_not_read() {
        for typed in [
            "",
            "01234",
            "0123456789ABCDEFGHUK",
            "0123456789ABCDEFGHÉK",
            "0123456789ABCDEFGHJKM",
            "' OR 1=1 --",
        ] {
            assert_eq!(read(typed), None, "{typed}");
        }
        assert_eq!(read(&"-".repeat(10_000)), None);
    }
}
