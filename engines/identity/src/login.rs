//! Login names: what two of them have to share to be the same.

use kernel::{Result, text};

use crate::error;

/// Letters and digits of a login name, at the least and at the most.
const LENGTHS: std::ops::RangeInclusive<usize> = 3..=64;

/// The form under which login names are compared: no tones, no marks, lower case, no spaces. So a name typed on any
/// keyboard, composed or decomposed, with or without marks, finds the account; and nobody can open a second account
/// whose name looks the same.
pub fn fold(login: &str) -> String {
    let folded: String = text::fold(login).chars().filter(|c| *c != ' ').collect();
    // A personal number or a telephone number is often typed in groups.
    if folded.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-')) {
        return folded.chars().filter(char::is_ascii_digit).collect();
    }
    folded
}

/// The folded form of a name that an account may have. Fails with `identity.login_malformed`.
pub fn check(login: &str) -> Result<String> {
    let folded = fold(login);
    let fits = LENGTHS.contains(&folded.len())
        && folded
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '@' | '+'));
    if fits {
        Ok(folded)
    } else {
        Err(error::login_malformed())
    }
}

/// Whether the name of an account is itself data of its owner: it holds a number as long as those of people and telephones, or is an address.
pub(crate) fn tells(folded: &str) -> bool {
    let digits = folded.split(|c: char| !c.is_ascii_digit());
    folded.contains('@') || digits.map(str::len).any(|length| length >= 9)
}

/// The name as it may be told in events and messages, which are not sealed: of one that is data of its owner the last three letters, by which the
/// owner knows it.
pub(crate) fn told(login: &str) -> String {
    let clean = text::clean_line(login);
    if !tells(&fold(&clean)) {
        return clean;
    }
    let hidden = clean.chars().count().saturating_sub(3);
    let letters = clean.chars().enumerate();
    letters
        .map(|(at, letter)| if at < hidden { '•' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_who_somebody_is_is_told_by_its_end() {
        assert_eq!(told(" Sen.Hồng "), "Sen.Hồng");
        assert_eq!(told("093085001234"), "•••••••••234");
        assert_eq!(told("sen@example.vn"), "•••••••••••.vn");
    }

    #[test]
    fn one_name_however_it_is_typed() {
        let composed = "Hòa.Nguyễn";
        let decomposed = "Ho\u{300}a.Nguye\u{302}\u{303}n";
        assert_ne!(composed, decomposed);
        assert_eq!(fold(composed), "hoa.nguyen");
        assert_eq!(fold(decomposed), fold(composed));
        assert_eq!(fold(" HOÀ.NGUYỄN\u{200b} "), "hoa.nguyen");
        assert_eq!(fold("093 085.001-234"), "093085001234");
        assert_eq!(fold("an-2"), "an-2");
    }

    #[test]
    fn malformed_names() {
        for login in ["", "an", "---", "a'b or 1=1", "имя.пользователя", &"a".repeat(65)] {
            assert_eq!(check(login).unwrap_err().code, "identity.login_malformed", "{login}");
        }
        assert_eq!(check("Chị.Ba@haugiang.gov.vn").unwrap(), "chi.ba@haugiang.gov.vn");
    }
}
