//! Tax numbers (mã số thuế).

use serde::{Deserialize, Serialize};

use super::{grouped_digits, shown, textual};
use crate::{Fault, Result};

/// The tax number of an organisation: ten digits, or thirteen for a branch, written `0100109106-001`.
///
/// The tenth digit is a check digit. Citizens and household businesses use their
/// [`crate::PersonalNumber`] for tax since 1 July 2025; that is no `TaxNumber`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaxNumber {
    text: String,
}

const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

impl TaxNumber {
    /// Reads ten or thirteen digits. Fails with `kernel.tax_number` (wrong form) or
    /// `kernel.tax_number_check` (the check digit does not fit: a digit is mistyped).
    pub fn parse(text: &str) -> Result<Self> {
        let digits = grouped_digits(text)
            .filter(|digits| matches!(digits.len(), 10 | 13))
            .ok_or_else(|| Fault::invalid("kernel.tax_number").with("value", text.trim()))?;
        let (own, branch) = digits.split_at(10);
        if branch == "000" {
            return Err(Fault::invalid("kernel.tax_number").with("value", text.trim()));
        }
        if check_digit(own) != own.as_bytes().last().map(|b| u32::from(b - b'0')) {
            return Err(Fault::invalid("kernel.tax_number_check").with("value", &digits));
        }
        let text = match branch {
            "" => digits,
            branch => format!("{own}-{branch}"),
        };
        Ok(Self { text })
    }

    /// The ten digits of the organisation itself.
    pub fn organisation(&self) -> &str {
        &self.text[..10]
    }

    /// The three digits of the branch.
    pub fn branch(&self) -> Option<&str> {
        self.text.get(11..)
    }
}

/// Ten less the weighted sum modulo 11. `None` where that is no digit: such numbers are not given out.
fn check_digit(digits: &str) -> Option<u32> {
    let sum: u32 = digits
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    Some(10 - sum % 11).filter(|check| *check < 10)
}

textual!(TaxNumber);
shown!(TaxNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_in_use() {
        // Published numbers of large enterprises.
        for text in ["0100109106", "0100686209", "0300588569", "0101248141"] {
            assert_eq!(TaxNumber::parse(text).unwrap().as_str(), text);
        }
        let branch = TaxNumber::parse("0100109106 001").unwrap();
        assert_eq!(
            (branch.as_str(), branch.organisation(), branch.branch()),
            ("0100109106-001", "0100109106", Some("001"))
        );
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "010010910",
            "01001091060",
            "0100109106-000",
            "0100109106-01",
            "O100109106",
        ] {
            assert_eq!(TaxNumber::parse(text).unwrap_err().code, "kernel.tax_number", "{text}");
        }
        // Every change of one digit is found.
        for at in 0..10 {
            for digit in '0'..='9' {
                let mut chars: Vec<char> = "0100109106".chars().collect();
                if chars[at] != digit {
                    chars[at] = digit;
                    let text: String = chars.into_iter().collect();
                    assert_eq!(
                        TaxNumber::parse(&text).unwrap_err().code,
                        "kernel.tax_number_check",
                        "{text}"
                    );
                }
            }
        }
    }
}
