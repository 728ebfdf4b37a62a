//! Vietnamese alphabetical order as a plain text key.
//!
//! The letters stand in the order a ă â b c d đ e ê f g h i j k l m n o ô ơ p q r s t u ư v w x y z.
//! Tones decide only between words of the same letters: ngang, huyền, hỏi, ngã, sắc, nặng. One tone
//! counts for a whole syllable, so `hoà` and `hòa` are equal. Numbers inside a text go by value:
//! "Ấp 2" before "Ấp 10". Letter case and punctuation do not count.
//!
//! A key is printable ASCII and is compared byte by byte, as PostgreSQL does in a column with
//! `COLLATE "C"`; no library of the operating system decides the order.

use unicode_normalization::UnicodeNormalization;

use crate::text::clean_line;

/// Stands in a key between letters and tones and between the parts of a name; below all else.
const LEVEL: char = ' ';
/// Stands in a key between words; below digits and letters.
const WORD: char = '!';
/// The alphabet, and in the same place the signs that stand for its letters in a key.
const LETTERS: &str = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz";
const SIGNS: &[u8; 33] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";
/// Precedes letters that are in no Latin alphabet, so that they come last.
const FOREIGN: char = 'z';

/// The key that sorts a text (a title, a place, an agency) in Vietnamese order.
pub fn collation_key(text: &str) -> String {
    key_of(&words_of(text))
}

/// The key that sorts a full name: by given name, then middle names, then surname, as Vietnamese
/// lists of people are sorted. The last word is the given name and the first is the surname.
pub fn name_collation_key(full_name: &str) -> String {
    let words = words_of(full_name);
    let (given, rest) = match words.split_last() {
        Some((given, rest)) => (std::slice::from_ref(given), rest),
        None => return String::new(),
    };
    let (surname, middle) = rest.split_at(rest.len().min(1));
    [given, middle, surname]
        .map(key_of)
        .join(&LEVEL.to_string())
        .trim_end()
        .to_owned()
}

/// A word taken apart: the signs of its letters, and its tones (`0` for none).
struct Word {
    letters: String,
    tones: String,
}

fn key_of(words: &[Word]) -> String {
    let mut key = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            key.push(WORD);
        }
        key.push_str(&word.letters);
    }
    key.push(LEVEL);
    for word in words {
        key.push_str(&word.tones);
    }
    key
}

fn words_of(text: &str) -> Vec<Word> {
    let taken_apart: Vec<char> = clean_line(text).to_lowercase().nfd().collect();
    taken_apart
        .split(|c| !c.is_alphanumeric() && mark(*c).is_none())
        .map(word_of)
        .filter(|word| !word.letters.is_empty())
        .collect()
}

fn word_of(chars: &[char]) -> Word {
    // Letters of our alphabet first, since a vowel mark may come after a tone.
    let mut plain: Vec<char> = Vec::new();
    let mut tones = String::new();
    for &c in chars {
        match mark(c) {
            None => plain.push(c),
            Some(Mark::Tone(tone)) => tones.push(tone),
            Some(Mark::Vowel) => {
                if let Some(last) = plain.last_mut() {
                    *last = marked(*last, c);
                }
            }
            Some(Mark::Other) => {}
        }
    }
    if tones.is_empty() {
        tones.push('0');
    }
    let mut letters = String::new();
    let mut at = 0;
    while at < plain.len() {
        let digits = plain[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        if digits > 0 {
            push_number(&plain[at..at + digits], &mut letters);
            at += digits;
        } else {
            push_letter(plain[at], &mut letters);
            at += 1;
        }
    }
    Word { letters, tones }
}

fn push_letter(letter: char, key: &mut String) {
    match LETTERS.chars().position(|known| known == letter) {
        Some(at) => key.push(char::from(SIGNS[at])),
        None => {
            key.push(FOREIGN);
            key.push_str(&format!("{:06X}", u32::from(letter)));
        }
    }
}

/// A number goes by the count of its digits, then by the digits; `:` stands for nine more digits.
fn push_number(digits: &[char], key: &mut String) {
    let zeros = digits.iter().take_while(|c| **c == '0').count();
    let digits = &digits[zeros.min(digits.len() - 1)..];
    let mut count = digits.len();
    while count > 9 {
        key.push(':');
        count -= 9;
    }
    key.push_str(&count.to_string());
    key.extend(digits);
}

enum Mark {
    Tone(char),
    Vowel,
    Other,
}

fn mark(c: char) -> Option<Mark> {
    match c {
        '\u{300}' => Some(Mark::Tone('1')), // huyền
        '\u{309}' => Some(Mark::Tone('2')), // hỏi
        '\u{303}' => Some(Mark::Tone('3')), // ngã
        '\u{301}' => Some(Mark::Tone('4')), // sắc
        '\u{323}' => Some(Mark::Tone('5')), // nặng
        '\u{302}' | '\u{306}' | '\u{31B}' => Some(Mark::Vowel),
        _ if unicode_normalization::char::is_combining_mark(c) => Some(Mark::Other),
        _ => None,
    }
}

fn marked(letter: char, mark: char) -> char {
    match (letter, mark) {
        ('a', '\u{306}') => 'ă',
        ('a', '\u{302}') => 'â',
        ('e', '\u{302}') => 'ê',
        ('o', '\u{302}') => 'ô',
        ('o', '\u{31B}') => 'ơ',
        ('u', '\u{31B}') => 'ư',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_sorted(key: fn(&str) -> String, texts: &[&str]) {
        for pair in texts.windows(2) {
            let keys = (key(pair[0]), key(pair[1]));
            assert!(
                keys.0 < keys.1,
                "{} {:?} before {} {:?}",
                pair[0],
                keys.0,
                pair[1],
                keys.1
            );
        }
    }

    #[test]
    fn alphabet_and_tones() {
        let alphabet: Vec<String> = LETTERS.chars().map(String::from).collect();
        assert_sorted(collation_key, &alphabet.iter().map(String::as_str).collect::<Vec<_>>());
        assert_sorted(
            collation_key,
            &["ma", "mà", "mả", "mã", "má", "mạ", "măng", "mắng", "mân", "mất", "me"],
        );
        assert_sorted(
            collation_key,
            &["Ấp 2", "Ấp 10", "Ấp 10A", "Ấp Bình Hòa", "Ấp Bình Hưng"],
        );
    }

    #[test]
    fn tones_count_after_all_letters() {
        assert_sorted(collation_key, &["bà an", "ba ba", "bà ba", "ban"]);
        assert_sorted(collation_key, &["da", "đa", "đà", "e"]);
        assert_sorted(collation_key, &["zung", "ខ្មែរ"]);
    }

    #[test]
    fn equal_spellings() {
        assert_eq!(collation_key("Hoà  Bình"), collation_key("hòa bình"));
        assert_eq!(collation_key("Tr\u{1b0}\u{1a1}\u{300}ng"), collation_key("trường"));
        assert_eq!(collation_key("số 007"), collation_key("Số 7"));
        assert_eq!(collation_key(""), " ");
    }

    #[test]
    fn people_by_given_name() {
        assert_sorted(
            name_collation_key,
            &[
                "An",
                "Lê An",
                "Nguyễn An",
                "Trần Văn An",
                "Bùi Thị Ánh",
                "Phạm Hà",
                "Võ Thu Hà",
                "Đỗ Hạ",
                "Lê Đức Ý",
            ],
        );
        // All who are called Hà stand together, whatever else they are called.
        assert_sorted(name_collation_key, &["Vũ Xuân Hà", "An Anh Hạ"]);
        assert_eq!(name_collation_key("  "), "");
    }

    proptest! {
        #[test]
        fn keys_are_plain_and_numbers_go_by_value(text in any::<String>(), a in 0u64.., b in 0u64..) {
            prop_assert!(collation_key(&text).chars().all(|c| (' '..='~').contains(&c)));
            prop_assert!(name_collation_key(&text).chars().all(|c| (' '..='~').contains(&c)));
            prop_assert_eq!(collation_key(&format!("Tổ {a}")).cmp(&collation_key(&format!("Tổ {b}"))), a.cmp(&b));
        }
    }
}
