//! How alike two texts are, and by what keys those that may be alike are found without comparing each with each. Pure.
//!
//! Texts are compared by their folded words (no tones, no case), in whatever order these stand: Vietnamese names are written last name first
//! or last, with the middle name or without. A word may differ by a small slip; what counts things (numbers, numerals, single letters) may not.

use std::hash::{DefaultHasher, Hash, Hasher};

use kernel::text::fold;

/// From here on a text is alike.
pub(crate) const ALIKE: u8 = 80;
/// More words are not compared.
const MOST_WORDS: usize = 40;
/// What texts with other numbers get at the most: school number 1 is not school number 2.
const OTHER_MARKS: u8 = 70;
/// What texts get that differ in nothing but where words are divided.
const DIVIDED: u8 = 97;
/// Words of so many letters may differ by two letters, shorter ones by one.
const LONG_WORD: usize = 6;

/// A text as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folded {
    /// Its words, sorted.
    words: Vec<String>,
    /// Its words as they were written, without spaces.
    whole: String,
}

impl Folded {
    pub fn new(text: &str) -> Self {
        let mut words: Vec<String> = fold(text)
            .split(|letter: char| !letter.is_alphanumeric())
            // PostgreSQL keeps no longer words.
            .filter(|word| !word.is_empty() && word.len() <= 500)
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect();
        let whole = words.concat();
        words.sort_unstable();
        Self { words, whole }
    }

    /// The words in the order of letters.
    pub fn sorted(&self) -> String {
        self.words.join(" ")
    }

    /// Whether there is nothing to compare.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The words that stay when each in turn is left out; all of them first. For a question to an index of words.
    pub fn leaving_one_out(&self) -> Vec<Vec<&str>> {
        let all: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut ways = vec![all.clone()];
        if all.len() > 1 {
            for place in 0..all.len() {
                let mut rest = all.clone();
                rest.remove(place);
                if !ways.contains(&rest) {
                    ways.push(rest);
                }
            }
        }
        ways
    }

    /// Keys that two alike texts have in common: all words; all but one, for a word with a slip or one that is missing; the letters alone.
    /// A text of one word has those of its spellings with a letter left out.
    pub fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = self.leaving_one_out().iter().map(|words| key_of(words)).collect();
        keys.push(key_of(&["=", &self.whole]));
        if let [word] = self.words.as_slice() {
            let letters: Vec<char> = word.chars().collect();
            for place in 0..letters.len().min(MOST_WORDS) {
                let mut rest = letters.clone();
                rest.remove(place);
                keys.push(key_of(&["-", &rest.into_iter().collect::<String>()]));
            }
            keys.push(key_of(&["-", word]));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// A key of words. Keys live in memory only, for one pass.
pub(crate) fn key_of<T: Hash>(parts: &[T]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// Whether a word counts something, so that no slip is allowed: a number, a numeral, a single letter.
fn is_mark(word: &str) -> bool {
    word.len() == 1
        || word.bytes().any(|letter| letter.is_ascii_digit())
        || (word.len() <= 4 && word.bytes().all(|letter| matches!(letter, b'i' | b'v' | b'x')))
}

/// How alike two texts are: 0 to 100.
pub(crate) fn likeness(one: &Folded, other: &Folded) -> u8 {
    if one.is_empty() || other.is_empty() {
        return 0;
    }
    let (mut left, mut right) = without_common(&one.words, &other.words);
    if left.is_empty() && right.is_empty() {
        return 100;
    }
    if one.whole == other.whole {
        return DIVIDED;
    }
    let marks = left.iter().chain(&right).any(|word| is_mark(word));
    // Twice the letters that differ: a word that one side has more counts half of one that differs.
    let mut differs = 0;
    while let Some((first, second, slips)) = nearest(&left, &right) {
        differs += 2 * slips;
        left.remove(first);
        right.remove(second);
    }
    let letters = |words: &[&str]| words.iter().map(|word| word.chars().count()).sum::<usize>();
    let (one_rest, other_rest) = (letters(&left), letters(&right));
    differs += match one_rest == 0 || other_rest == 0 {
        true => one_rest + other_rest,
        false => 2 * (one_rest + other_rest),
    };
    let length = one.whole.chars().count().max(other.whole.chars().count());
    let lost = (100 * differs).div_ceil((2 * length).max(1));
    let score = u8::try_from(100_usize.saturating_sub(lost)).unwrap_or(0).min(99);
    if marks { score.min(OTHER_MARKS) } else { score }
}

/// The words that only one of both has; both are sorted.
fn without_common<'t>(one: &'t [String], other: &'t [String]) -> (Vec<&'t str>, Vec<&'t str>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut first, mut second) = (0, 0);
    while let (Some(a), Some(b)) = (one.get(first), other.get(second)) {
        match a.cmp(b) {
            std::cmp::Ordering::Equal => {
                first += 1;
                second += 1;
            }
            std::cmp::Ordering::Less => {
                left.push(a.as_str());
                first += 1;
            }
            std::cmp::Ordering::Greater => {
                right.push(b.as_str());
                second += 1;
            }
        }
    }
    left.extend(one.iter().skip(first).map(String::as_str));
    right.extend(other.iter().skip(second).map(String::as_str));
    (left, right)
}

/// The two words that differ by the smallest slip, if any differ by no more than one.
fn nearest(left: &[&str], right: &[&str]) -> Option<(usize, usize, usize)> {
    let mut best: Option<(usize, usize, usize)> = None;
    for (first, one) in left.iter().enumerate() {
        for (second, other) in right.iter().enumerate() {
            let allowed = if one.len().min(other.len()) >= LONG_WORD { 2 } else { 1 };
            if is_mark(one) || is_mark(other) {
                continue;
            }
            let slips = slips(one, other, allowed);
            if slips <= allowed && best.is_none_or(|(_, _, least)| slips < least) {
                best = Some((first, second, slips));
            }
        }
    }
    best
}

/// How many letters must be changed, added, left out or exchanged with their neighbour; more than `most` is `most + 1`.
pub(crate) fn slips(one: &str, other: &str, most: usize) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > most {
        return most + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, facing) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != facing);
            let mut least = changed.min(last[column + 1] + 1).min(this[column] + 1);
            let exchanged = row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *facing;
            if exchanged {
                least = least.min(before[column - 1] + 1);
            }
            this.push(least);
        }
        if this.iter().all(|least| *least > most) {
            return most + 1;
        }
        before = std::mem::replace(&mut last, this);
    }
    last.last().copied().unwrap_or(0).min(most + 1)
}

/// Two things are compared each with each in a group of so many at the most; in a larger one with their neighbours.
const SMALL: usize = 40;
/// So many neighbours.
const NEIGHBOURS: usize = 8;

/// The pairs of a group that are worth comparing, as places: all of a small group; in a large one neighbours in the order of letters, read from the
/// beginning and from the end, so that a slip at one end leaves them together in the other order.
pub(crate) fn worth_comparing(group: &[&Folded]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    if group.len() <= SMALL {
        for first in 0..group.len() {
            pairs.extend((first + 1..group.len()).map(|second| (first, second)));
        }
        return pairs;
    }
    let mut order: Vec<(String, usize)> = group
        .iter()
        .enumerate()
        .map(|(place, text)| (text.sorted(), place))
        .collect();
    for _ in 0..2 {
        order.sort_unstable();
        for (place, (_, first)) in order.iter().enumerate() {
            for (_, second) in order.iter().skip(place + 1).take(NEIGHBOURS) {
                pairs.push((*first.min(second), *first.max(second)));
            }
        }
        for (text, _) in &mut order {
            *text = text.chars().rev().collect();
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(one: &str, other: &str) -> u8 {
        let (one, other) = (Folded::new(one), Folded::new(other));
        let score = likeness(&one, &other);
        assert_eq!(score, likeness(&other, &one), "the same from both sides");
        score
    }

    #[test]
    fn tones_case_and_order_do_not_count() {
        assert_eq!(score("Nguyễn Văn Ân", "NGUYEN VAN AN"), 100);
        assert_eq!(score("Nguyễn Văn An", "An Nguyễn Văn"), 100);
        assert_eq!(score("Hòa Bình", "Hoà  Bình"), 100);
    }

    #[test]
    fn small_slips_are_alike_and_other_names_are_not() {
        for (one, other) in [
            ("Nguyễn Văn An", "Nguyễn Văn Anh"),
            ("Nguyễn Văn An", "Nguyen Vna An"),
            ("Nguyễn Thị Hồng Đào", "Nguyễn Thị Đào"),
            ("Công ty TNHH Bảy Ngã", "Công ty TNHH BảyNgã"),
            ("Cơ sở xay xát Thuận Phát", "Cơ sở xay sát Thuận Phát"),
            (
                "Trường Tiểu học Nguyễn Trung Trực",
                "Trường tiểu học Nguyễn Trung Trực.",
            ),
        ] {
            assert!(score(one, other) >= ALIKE, "{one} / {other}: {}", score(one, other));
        }
        for (one, other) in [
            ("Nguyễn Văn An", "Nguyễn Thị An"),
            ("Nguyễn Văn An", "Nguyễn Văn Bình"),
            ("Trường Tiểu học Ngã Bảy 1", "Trường Tiểu học Ngã Bảy 2"),
            ("Trường Tiểu học Ngã Bảy", "Trường Tiểu học Ngã Bảy 2"),
            ("Phường I", "Phường III"),
            ("Khu dân cư A", "Khu dân cư B"),
            ("", ""),
            ("–", "Bảy"),
        ] {
            assert!(score(one, other) < ALIKE, "{one} / {other}: {}", score(one, other));
        }
    }

    /// Whatever is alike by one slip has a key in common, so that it is found.
    #[test]
    fn what_is_alike_shares_a_key() {
        for (one, other) in [
            ("Nguyễn Văn An", "Nguyễn Văn Bn"),
            ("Nguyễn Văn An", "Xguyễn Văn An"),
            ("Nguyễn Văn An", "An Văn Nguyễn"),
            ("Nguyễn Thị Hồng Đào", "Nguyễn Thị Đào"),
            ("Bảy Ngã", "BảyNgã"),
            ("Vinamilk", "Vinamlik"),
            ("Vinamilk", "Vinamil"),
        ] {
            let (one, other) = (Folded::new(one), Folded::new(other));
            assert!(
                one.keys().iter().any(|key| other.keys().contains(key)),
                "{one:?} {other:?}"
            );
        }
        let strangers = (Folded::new("Nguyễn Văn An"), Folded::new("Trần Thị Bích"));
        assert!(!strangers.0.keys().iter().any(|key| strangers.1.keys().contains(key)));
    }

    #[test]
    fn slips_are_counted_to_a_bound() {
        assert_eq!(slips("an", "an", 2), 0);
        assert_eq!(slips("trang", "tragn", 2), 1);
        assert_eq!(slips("093090000001", "093090000010", 1), 1);
        assert_eq!(slips("binh", "an", 2), 3);
        assert_eq!(slips("", "abc", 2), 3);
    }

    /// A group of ten thousand costs ten thousand times a few neighbours.
    #[test]
    fn large_groups_are_not_compared_each_with_each() {
        let texts: Vec<Folded> = (0..10_000)
            .map(|number| Folded::new(&format!("nguyen van {}", letters(number))))
            .collect();
        let group: Vec<&Folded> = texts.iter().collect();
        let pairs = worth_comparing(&group);
        assert!(pairs.len() <= 2 * NEIGHBOURS * texts.len(), "{}", pairs.len());
        let small = worth_comparing(&group[..3]);
        assert_eq!(small, [(0, 1), (0, 2), (1, 2)]);
    }

    fn letters(number: u32) -> String {
        (0..4)
            .map(|place| char::from(b'a' + u8::try_from(number / 26_u32.pow(place) % 26).unwrap()))
            .collect()
    }
}
