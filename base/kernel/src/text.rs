//! Vietnamese text: clean what people type, fold it for search.

pub use crate::collation::{collation_key, name_collation_key};

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The composed form (NFC, as TCVN 6909 asks for): one character for `ế`, whatever the keyboard sent.
pub fn nfc(text: &str) -> String {
    match text.chars().all(|c| is_composed(c) || c.is_ascii()) {
        true => text.to_owned(),
        false => text.nfc().collect(),
    }
}

/// One line as it should be stored: NFC, no control, direction or zero-width characters,
/// every run of white space one space, none at the ends.
pub fn clean_line(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    let visible: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_invisible(*c))
        .collect();
    let mut out = String::with_capacity(visible.len());
    for word in visible.split(' ').filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.nfc());
    }
    out
}

/// Whether [`clean_line`] would change nothing, as far as Latin letters go: what is taken apart or unusual is not looked at closely.
fn is_clean(text: &str) -> bool {
    let mut before = ' ';
    for c in text.chars() {
        if !is_composed(c) || (c == ' ' && before == ' ') {
            return false;
        }
        before = c;
    }
    before != ' ' || text.is_empty()
}

/// Signs and letters, those of Vietnamese among them, that show something, are no space but the usual one, and that no character before or behind them
/// could be composed with: below the combining marks, and among the Latin letters with two marks, all are composed.
fn is_composed(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}')
}

/// Text of several lines as it should be stored: every line as [`clean_line`], line ends as `\n`,
/// at most one empty line in a row, none at the ends.
pub fn clean_text(text: &str) -> String {
    let unified = text
        .replace("\r\n", "\n")
        .replace(['\r', '\u{0B}', '\u{0C}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let mut out = String::with_capacity(unified.len());
    let mut line_ends = 0;
    for line in unified.split('\n') {
        let line = clean_line(line);
        if !line.is_empty() {
            if !out.is_empty() {
                out.push_str(&"\n\n"[..line_ends.min(2)]);
            }
            out.push_str(&line);
            line_ends = 0;
        }
        line_ends += 1;
    }
    out
}

/// The form for search: lower case, no tones, no vowel marks, `đ` as `d`, single spaces.
///
/// So `Hoà Bình`, `Hòa Bình` and `hoa binh` are the same: where the tone stands does not matter.
/// Punctuation stays; [`search_terms`] drops it.
pub fn fold(text: &str) -> String {
    // Composed first, so that the lower case of one character is taken, then taken apart.
    let line = clean_line(text);
    let mut folded = String::with_capacity(line.len());
    for c in line.chars() {
        match LATIN.get(c as usize).copied().flatten() {
            Some(letter) => folded.push(letter),
            None => folded.extend(folded_alone(c)),
        }
    }
    folded
}

/// What [`fold`] makes of the characters of Latin scripts: of each one other, so that nothing is looked up for each letter of each name.
static LATIN: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let alone = |c: char| {
        let mut all = folded_alone(c);
        all.next().filter(|_| all.next().is_none())
    };
    ('\0'..='\u{1eff}')
        .map(|c| match c {
            '\0'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}' => alone(c),
            _ => None,
        })
        .collect()
});

fn folded_alone(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase()
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            'đ' => 'd',
            // At the end of a word the same letter.
            'ς' => 'σ',
            _ => c,
        })
}

/// The folded words of a question, each once, in the order typed. Everything but letters and
/// digits separates words.
pub fn search_terms(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut terms: Vec<String> = Vec::new();
    for term in folded.split(|c: char| !c.is_alphanumeric()) {
        if !term.is_empty() && !terms.iter().any(|known| known == term) {
            terms.push(term.to_owned());
        }
    }
    terms
}

/// Characters that show nothing but change what a reader sees or what a search finds.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}'                        // soft hyphen
            | '\u{34F}'                     // grapheme joiner
            | '\u{61C}'                     // Arabic letter mark
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'       // zero width, direction marks
            | '\u{202A}'..='\u{202E}'       // direction embeddings and overrides
            | '\u{2060}'..='\u{206F}'       // word joiner, isolates, deprecated format characters
            | '\u{FEFF}'                    // byte order mark
            | '\u{FFF9}'..='\u{FFFB}'       // interlinear annotation
            | '\u{E0000}'..='\u{E007F}'     // tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_cleaned() {
        assert_eq!(
            clean_line("  Nguye\u{302}\u{303}n\u{a0}\tVăn\u{200b} An\r\n"),
            "Nguyễn Văn An"
        );
        assert_eq!(clean_line("a\u{202e}b\u{0}c\u{feff}"), "abc");
        // A zero-width character between a letter and its mark must not survive as a loose mark.
        assert_eq!(clean_line("e\u{200b}\u{301}"), "é");
        assert_eq!(clean_line("\u{200b} \u{200d}"), "");
    }

    #[test]
    fn text_keeps_its_lines() {
        assert_eq!(clean_text("\n\n một  hai \r\nba\r\r\r\rbốn\n \n"), "một hai\nba\n\nbốn");
        assert_eq!(clean_text("a\u{2028}b"), "a\nb");
        assert_eq!(clean_text(" \n "), "");
    }

    #[test]
    fn folding_forgets_marks() {
        assert_eq!(fold("Hoà Bình"), "hoa binh");
        assert_eq!(fold("Hòa  BÌNH"), "hoa binh");
        assert_eq!(fold("ĐƯỜNG Nguyễn Huệ, số 5/2"), "duong nguyen hue, so 5/2");
        assert_eq!(fold("thuỷ"), fold("thủy"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
    }

    #[test]
    fn terms() {
        assert_eq!(
            search_terms("Cấp lại, cấp đổi (CCCD) – năm 2026!"),
            ["cap", "lai", "doi", "cccd", "nam", "2026"]
        );
        assert!(search_terms("… – !").is_empty());
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let line = clean_line(&text);
            prop_assert_eq!(&clean_line(&line), &line);
            let lines = clean_text(&text);
            prop_assert_eq!(&clean_text(&lines), &lines);
        }

        #[test]
        fn what_is_clean_is_left_as_it_is(text in "[ -ÿĀ-ɏḀ-ỿ\u{300}\u{301}\u{323}]{0,12}") {
            let composed: String = text.nfc().collect();
            if is_clean(&text) {
                prop_assert_eq!(&composed, &text);
                prop_assert!(!text.chars().any(is_invisible));
                prop_assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), text);
            }
        }

        #[test]
        fn folding_does_not_depend_on_composition(text in "[a-zA-ZàáảãạăằắẳẵặâầấẩẫậđĐèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ ]{0,30}") {
            let taken_apart: String = text.nfd().collect();
            prop_assert_eq!(fold(&taken_apart), fold(&text));
            prop_assert!(fold(&text).is_ascii());
        }
    }
}
