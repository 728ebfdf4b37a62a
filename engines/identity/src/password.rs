//! Which passwords are accepted. Forms of NIST SP 800-63B: length over composition, no forced change, and no password
//! that a guesser tries first.

use kernel::{FieldFault, text};

use crate::model::Audience;

/// Longest password, in characters.
pub const LONGEST: usize = 256;

/// For whom a password is, and what it must not contain.
#[derive(Clone, Copy, Debug)]
pub struct PasswordContext<'a> {
    /// Officials need longer ones.
    pub audience: Audience,
    /// The login name.
    pub login: &'a str,
    /// The full name.
    pub full_name: &'a str,
}

impl PasswordContext<'_> {
    /// Fewest characters.
    pub const fn shortest(&self) -> usize {
        match self.audience {
            Audience::Citizen => 8,
            Audience::Official => 12,
        }
    }
}

/// A password as it is hashed: cleaned as every text of a form is (composed, single spaces, none at the ends), so that every keyboard
/// and every way in give the same bytes.
pub fn normalise(password: &str) -> String {
    text::clean_text(password)
}

/// Whether the password may be taken. The fault belongs to the field `password`.
pub fn check(password: &str, context: &PasswordContext<'_>) -> Result<(), FieldFault> {
    let password = normalise(password);
    let length = password.chars().count();
    if length < context.shortest() {
        return Err(FieldFault::new("password", "identity.password_short").with("least", context.shortest()));
    }
    if length > LONGEST {
        return Err(FieldFault::new("password", "identity.password_long").with("most", LONGEST));
    }
    let bare = bare(&password);
    if contains_name(&bare, context) {
        return Err(FieldFault::new("password", "identity.password_names_you"));
    }
    if is_birthday_or_number(&password) || is_monotonous(&password) || is_run(&bare) || is_common(&bare) {
        return Err(FieldFault::new("password", "identity.password_common"));
    }
    Ok(())
}

/// Folded letters and digits only: what remains when the usual disguises are taken off.
fn bare(password: &str) -> String {
    text::fold(password)
        .chars()
        .map(|c| match c {
            '@' => 'a',
            '$' => 's',
            c => c,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The login name, or two words of the full name that stand side by side.
fn contains_name(bare: &str, context: &PasswordContext<'_>) -> bool {
    let login = self::bare(context.login.split('@').next().unwrap_or_default());
    if login.chars().count() >= 4 && bare.contains(&login) {
        return true;
    }
    let words = text::search_terms(context.full_name);
    words.windows(2).any(|pair| {
        let joined = pair.concat();
        joined.len() >= 4 && bare.contains(&joined)
    })
}

/// Up to eleven digits and nothing else: dates and telephone numbers.
fn is_birthday_or_number(password: &str) -> bool {
    let digits = password.chars().filter(char::is_ascii_digit).count();
    digits <= 11
        && password
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ' ' | '.' | '-' | '/' | '+'))
}

/// Three different characters or fewer.
fn is_monotonous(password: &str) -> bool {
    password.chars().collect::<std::collections::BTreeSet<char>>().len() <= 3
}

/// One short piece over and over (`aaaaaaaa`, `abcabcabc`), or a walk along the alphabet, the digits or the keyboard.
fn is_run(bare: &str) -> bool {
    let chars: Vec<char> = bare.chars().collect();
    if chars.len() < 6 {
        // The rest of the password is signs.
        return false;
    }
    let repeats =
        (1..=4).any(|piece| chars.len() >= 2 * piece && chars.iter().zip(&chars[piece..]).all(|(a, b)| a == b));
    let walk = [
        "0123456789012345",
        "9876543210987654",
        "abcdefghijklmnopqrstuvwxyz",
        "qwertyuiopasdfghjklzxcvbnm",
        "1qaz2wsx3edc4rfv",
        "1q2w3e4r5t6y7u8i",
    ]
    .iter()
    .any(|row| row.contains(bare));
    repeats || walk
}

/// A word of the list, with whatever digits in front or behind.
fn is_common(bare: &str) -> bool {
    let word = bare.trim_matches(|c: char| c.is_ascii_digit());
    let letters = word.replace('0', "o").replace('1', "i").replace('3', "e");
    include_str!("common_passwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .any(|common| common == bare || common == word || common == letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CITIZEN: PasswordContext<'_> = PasswordContext {
        audience: Audience::Citizen,
        login: "chi.ba",
        full_name: "Trần Thị Bảy",
    };
    const OFFICIAL: PasswordContext<'_> = PasswordContext {
        audience: Audience::Official,
        ..CITIZEN
    };

    fn code(password: &str, context: &PasswordContext<'_>) -> Option<String> {
        check(password, context).err().map(|fault| fault.code)
    }

    #[test]
    fn good_ones() {
        for password in [
            "ruộng lúa xanh",
            "con vịt qua 7 kênh",
            "Tr0ng-cay-Khóm",
            "x7!pQ2#m",
            "спасибо, кит",
            "🌾🛶🐟🦆🌸🌊🔥⭐",
        ] {
            assert_eq!(code(password, &CITIZEN), None, "{password}");
        }
        assert_eq!(code("con vịt qua 7 kênh", &OFFICIAL), None);
        assert_eq!(code(&"lúa vàng óng ".repeat(19), &OFFICIAL), None);
    }

    #[test]
    fn length() {
        assert_eq!(code("x7!pQ2#", &CITIZEN).unwrap(), "identity.password_short");
        assert_eq!(code("x7!pQ2#m", &OFFICIAL).unwrap(), "identity.password_short");
        assert_eq!(
            code(&"dài quá ".repeat(33), &CITIZEN).unwrap(),
            "identity.password_long"
        );
        // Characters count, not bytes, and not the marks of a decomposed text.
        assert_eq!(
            code("e\u{301}e\u{301}e\u{301}e\u{301}", &CITIZEN).unwrap(),
            "identity.password_short"
        );
    }

    #[test]
    fn guessed_first() {
        for password in [
            "12345678",
            "matkhau123",
            "Mật khẩu 2026",
            "P@ssw0rd",
            "iloveyou1",
            "aaaaaaaa",
            "abcabcabc",
            "qwertyuiop",
            "01/02/1985",
            "0912 345 678",
            "12345678901",
            "........",
            "1qaz2wsx",
            "haugiang2024",
            "anhyeuem99",
        ] {
            assert_eq!(
                code(password, &CITIZEN).as_deref(),
                Some("identity.password_common"),
                "{password}"
            );
        }
    }

    #[test]
    fn names() {
        for password in ["Chi.Ba là tôi", "thibay-rất-đẹp", "xin chào Trần Thị"] {
            assert_eq!(
                code(password, &CITIZEN).as_deref(),
                Some("identity.password_names_you"),
                "{password}"
            );
        }
    }
}
