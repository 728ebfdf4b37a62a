//! Personal identification numbers (số định danh cá nhân, số căn cước).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{grouped_digits, masked, textual};
use crate::{Fault, Result};

/// The personal identification number of a citizen, twelve digits (NĐ 137/2015/NĐ-CP, Điều 13):
/// three for the place where the birth was registered, one for century and sex, two for the year
/// of birth, six at random.
///
/// `Display` and `Debug` are masked; the whole number is [`PersonalNumber::as_str`]. In JSON it is whole.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonalNumber {
    text: String,
}

/// The sex that a personal number tells (giới tính).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Nam.
    Male,
    /// Nữ.
    Female,
}

/// The places of registration in the country: the provinces as they were when the numbers began.
/// Numbers are given for life, so the mergers of 2025 change nothing here.
const PROVINCES: [u16; 63] = [
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44, 45,
    46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92,
    93, 94, 95, 96,
];

impl PersonalNumber {
    /// Reads twelve digits, spaces between them allowed. Fails with `kernel.personal_number`;
    /// the fault does not repeat the number.
    pub fn parse(text: &str) -> Result<Self> {
        match grouped_digits(text) {
            Some(text) if text.len() == 12 => Ok(Self { text }),
            _ => Err(Fault::invalid("kernel.personal_number")),
        }
    }

    /// The three digits of the place of birth registration: `093` for the former Hậu Giang
    /// province; from `100` on a foreign country.
    pub fn place(&self) -> &str {
        &self.text[..3]
    }

    /// The year of birth. The fourth digit tells the century: 0 and 1 the years from 1900, 2 and 3
    /// those from 2000, and so on.
    pub fn birth_year(&self) -> i32 {
        1900 + i32::from(self.century_digit() / 2) * 100 + self.text[4..6].parse::<i32>().unwrap_or_default()
    }

    /// The sex: the fourth digit is even for men and odd for women.
    pub fn sex(&self) -> Sex {
        if self.century_digit().is_multiple_of(2) {
            Sex::Male
        } else {
            Sex::Female
        }
    }

    /// Whether a person alive on the day may have this number: a known place, a year of birth not
    /// after the day and not over 130 years before. There is no check digit, so this finds slips
    /// of the finger only.
    pub fn is_plausible(&self, today: NaiveDate) -> bool {
        let place: u16 = self.text[..3].parse().unwrap_or_default();
        let age = today.year() - self.birth_year();
        (place >= 100 || PROVINCES.binary_search(&place).is_ok()) && (0..=130).contains(&age)
    }

    fn century_digit(&self) -> u8 {
        self.text.as_bytes()[3] - b'0'
    }
}

textual!(PersonalNumber);
masked!(PersonalNumber);

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PersonalNumber {
        PersonalNumber::parse(text).unwrap()
    }

    #[test]
    fn tells_place_year_and_sex() {
        let born_1985 = number("093 085 001 234");
        assert_eq!((born_1985.as_str(), born_1985.place()), ("093085001234", "093"));
        assert_eq!((born_1985.birth_year(), born_1985.sex()), (1985, Sex::Male));
        let born_2004 = number("092304001234");
        assert_eq!((born_2004.birth_year(), born_2004.sex()), (2004, Sex::Female));
        assert_eq!(number("001499000000").birth_year(), 2199);
    }

    #[test]
    fn is_masked() {
        let number = number("093085001234");
        assert_eq!(number.to_string(), "********1234");
        assert_eq!(format!("{number:?}"), "PersonalNumber(********1234)");
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"093085001234\"");
    }

    #[test]
    fn plausible() {
        let today = NaiveDate::from_ymd_opt(2026, 2, 13).unwrap();
        assert!(number("093085001234").is_plausible(today));
        assert!(number("093226001234").is_plausible(today));
        assert!(!number("093227001234").is_plausible(today));
        assert!(!number("003085001234").is_plausible(today));
        assert!(!number("000085001234").is_plausible(today));
        assert!(number("112085001234").is_plausible(today));
        assert!(PROVINCES.is_sorted());
    }

    #[test]
    fn refuses_without_repeating() {
        for text in ["", "362123456", "0930850012345", "09308500123A", "٠٩٣٠٨٥٠٠١٢٣٤"] {
            let fault = PersonalNumber::parse(text).unwrap_err();
            assert_eq!(fault.code, "kernel.personal_number", "{text}");
            assert!(fault.params.is_empty());
        }
    }
}
