//! Money: whole đồng, exact, never a floating point number.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Fault, Result};

/// An amount of Vietnamese đồng (VND). In JSON and in the database it is an integer.
///
/// May be negative (a correction). Sums that leave the 64-bit range are faults, not surprises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);

    /// That many đồng.
    pub const fn from_dong(dong: i64) -> Self {
        Money(dong)
    }

    /// The number of đồng.
    pub const fn dong(self) -> i64 {
        self.0
    }

    /// Whether the amount is nothing, as in "miễn phí".
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `kernel.money_range`.
    pub fn checked_add(self, other: Money) -> Result<Money> {
        in_range(self.0.checked_add(other.0))
    }

    /// The difference, or `kernel.money_range`.
    pub fn checked_sub(self, other: Money) -> Result<Money> {
        in_range(self.0.checked_sub(other.0))
    }

    /// So many times the amount, or `kernel.money_range`.
    pub fn checked_mul(self, times: i64) -> Result<Money> {
        in_range(self.0.checked_mul(times))
    }

    /// The sum of many amounts, or `kernel.money_range`.
    pub fn total(amounts: impl IntoIterator<Item = Money>) -> Result<Money> {
        amounts.into_iter().try_fold(Money::ZERO, Money::checked_add)
    }

    /// As Vietnamese readers write it: `8.000 đ`.
    pub fn format_vi(self) -> String {
        format!("{} đ", grouped(self.0, '.'))
    }

    /// As English readers write it: `8,000 VND`.
    pub fn format_en(self) -> String {
        format!("{} VND", grouped(self.0, ','))
    }

    /// In Vietnamese words for receipts ("số tiền bằng chữ"): `tám nghìn đồng`. Lower case.
    pub fn in_words_vi(self) -> String {
        let mut words: Vec<&str> = Vec::new();
        if self.0 < 0 {
            words.push("âm");
        }
        number_words(self.0.unsigned_abs(), false, &mut words);
        words.push("đồng");
        words.join(" ")
    }

    /// Reads what a person types: `8000`, `8.000`, `8,000`, `8.000 đ`, `8.000₫`, `8000 VND`, `8 000 đồng`.
    ///
    /// Groups after a separator must have three digits, one sort of separator only: `8.00` is not
    /// guessed at. Fails with `kernel.money`.
    pub fn parse(text: &str) -> Result<Money> {
        let fault = || Fault::invalid("kernel.money").with("value", text.trim());
        let plain = crate::text::clean_line(text).to_lowercase();
        let number = ["đồng", "vnđ", "vnd", "₫", "đ"]
            .iter()
            .find_map(|unit| plain.strip_suffix(unit))
            .unwrap_or(&plain)
            .trim_end();
        let (negative, digits) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let separator = digits.chars().find(|c| matches!(c, '.' | ',' | ' '));
        let joined = match separator {
            None => digits.to_owned(),
            Some(separator) => {
                let groups: Vec<&str> = digits.split(separator).collect();
                let well_grouped =
                    (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
                if !well_grouped {
                    return Err(fault());
                }
                groups.concat()
            }
        };
        if joined.is_empty() || !joined.bytes().all(|b| b.is_ascii_digit()) {
            return Err(fault());
        }
        let dong: i64 = joined.parse().map_err(|_| fault())?;
        Ok(Money(if negative { -dong } else { dong }))
    }
}

impl fmt::Display for Money {
    /// The same as [`Money::format_vi`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.format_vi())
    }
}

fn in_range(dong: Option<i64>) -> Result<Money> {
    dong.map(Money).ok_or_else(|| Fault::invalid("kernel.money_range"))
}

fn grouped(number: i64, separator: char) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    if number < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

const DIGITS: [&str; 10] = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];

const BILLION: u64 = 1_000_000_000;

/// Appends the words of a number. `inner`: a greater part stands before it, so that the hundreds of
/// its first group that is not empty are said even when they are zero ("không trăm linh năm").
fn number_words(number: u64, inner: bool, words: &mut Vec<&'static str>) {
    if number == 0 {
        if !inner {
            words.push(DIGITS[0]);
        }
        return;
    }
    let mut inner = inner;
    if number >= BILLION {
        number_words(number / BILLION, inner, words);
        words.push("tỷ");
        inner = true;
    }
    let rest = number % BILLION;
    for (group, scale) in [
        (rest / 1_000_000, Some("triệu")),
        (rest / 1_000 % 1_000, Some("nghìn")),
        (rest % 1_000, None),
    ] {
        if group > 0 {
            group_words(group as usize, inner, words);
            words.extend(scale);
            inner = true;
        }
    }
}

/// Appends the words of 1 to 999.
fn group_words(group: usize, inner: bool, words: &mut Vec<&'static str>) {
    let (hundreds, tens, ones) = (group / 100, group / 10 % 10, group % 10);
    if hundreds > 0 || inner {
        words.extend([DIGITS[hundreds], "trăm"]);
    }
    match tens {
        0 if ones > 0 && (hundreds > 0 || inner) => words.push("linh"),
        0 => {}
        1 => words.push("mười"),
        _ => words.extend([DIGITS[tens], "mươi"]),
    }
    match (tens, ones) {
        (_, 0) => {}
        (2.., 1) => words.push("mốt"),
        (2.., 4) => words.push("tư"),
        (1.., 5) => words.push("lăm"),
        _ => words.push(DIGITS[ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words() {
        for (dong, words) in [
            (0, "không đồng"),
            (5, "năm đồng"),
            (15, "mười lăm đồng"),
            (21, "hai mươi mốt đồng"),
            (24, "hai mươi tư đồng"),
            (105, "một trăm linh năm đồng"),
            (8_000, "tám nghìn đồng"),
            (10_500, "mười nghìn năm trăm đồng"),
            (111_000, "một trăm mười một nghìn đồng"),
            (1_005_000, "một triệu không trăm linh năm nghìn đồng"),
            (1_000_005, "một triệu không trăm linh năm đồng"),
            (2_350_000_000, "hai tỷ ba trăm năm mươi triệu đồng"),
            (1_000_000_010, "một tỷ không trăm mười đồng"),
            (15_000_000_000, "mười lăm tỷ đồng"),
            (1_005_000_000_000, "một nghìn không trăm linh năm tỷ đồng"),
            (-8_000, "âm tám nghìn đồng"),
        ] {
            assert_eq!(Money(dong).in_words_vi(), words, "{dong}");
        }
        assert!(Money(i64::MIN).in_words_vi().starts_with("âm chín tỷ hai trăm"));
    }

    #[test]
    fn formats() {
        assert_eq!(Money(8_000).format_vi(), "8.000 đ");
        assert_eq!(Money(8_000).to_string(), "8.000 đ");
        assert_eq!(Money(-1_234_567).format_en(), "-1,234,567 VND");
        assert_eq!(Money(999).format_vi(), "999 đ");
        assert_eq!(serde_json::to_string(&Money(8_000)).unwrap(), "8000");
        assert!(serde_json::from_str::<Money>("8000.5").is_err());
    }

    #[test]
    fn reads_and_refuses() {
        for text in [
            "8000",
            "8.000",
            " 8,000 ",
            "8.000 đ",
            "8.000₫",
            "8000 VND",
            "8 000 đồng",
            "8.000 VNĐ",
        ] {
            assert_eq!(Money::parse(text).unwrap(), Money(8_000), "{text}");
        }
        for text in [
            "",
            "đ",
            "8.00",
            "8.0000",
            "8,000.50",
            "tám",
            ".000",
            "1e3",
            "99999999999999999999",
            "٨٠٠٠",
        ] {
            assert_eq!(Money::parse(text).unwrap_err().code, "kernel.money", "{text}");
        }
    }

    #[test]
    fn sums_are_checked() {
        assert_eq!(Money::total([Money(3), Money(4)]).unwrap(), Money(7));
        assert_eq!(Money(10).checked_sub(Money(4)).unwrap(), Money(6));
        assert_eq!(Money(10).checked_mul(3).unwrap(), Money(30));
        for result in [
            Money(i64::MAX).checked_add(Money(1)),
            Money(i64::MIN).checked_sub(Money(1)),
            Money(i64::MAX).checked_mul(2),
        ] {
            assert_eq!(result.unwrap_err().code, "kernel.money_range");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_can_be_read(dong in -i64::MAX..i64::MAX) {
            prop_assert_eq!(Money::parse(&Money(dong).format_vi()).unwrap(), Money(dong));
            prop_assert_eq!(Money::parse(&Money(dong).format_en()).unwrap(), Money(dong));
        }
    }
}
