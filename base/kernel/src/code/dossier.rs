//! Dossier codes (mã hồ sơ).

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{AgencyCode, is_digits, shown, textual, typed};
use crate::{Fault, Result};

/// The code of a dossier: `<agency>-YYMMDD-XXXX` (TT 01/2018/TT-VPCP, Điều 19).
///
/// The agency is the one that received the dossier, the date the day of reception, the number
/// starts anew each day in each agency. Ours have six digits for the date and four for the number,
/// more once a day has brought over 9999. Codes of other systems are read with an eight-digit
/// date, up to seven digits and the old form of the agency, and keep their text: it is printed on
/// the citizen's receipt.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DossierCode {
    text: String,
}

impl DossierCode {
    /// Makes the code of the `number`-th dossier that the agency received on the day.
    ///
    /// Fails with `kernel.dossier_number` unless `number` is 1 to 9 999 999 and the year 2000 to 2099.
    pub fn new(agency: &AgencyCode, received: NaiveDate, number: u32) -> Result<Self> {
        if !(1..=9_999_999).contains(&number) || !(2000..=2099).contains(&received.year()) {
            return Err(Fault::invalid("kernel.dossier_number")
                .with("number", number)
                .with("date", received));
        }
        Ok(Self {
            text: format!("{agency}-{}-{number:04}", received.format("%y%m%d")),
        })
    }

    /// Reads a code. Fails with `kernel.dossier_code`.
    pub fn parse(text: &str) -> Result<Self> {
        let code = Self { text: typed(text) };
        let fits = |agency: &str, date: &str, number: &str| {
            (3..=35).contains(&agency.len())
                && agency
                    .bytes()
                    .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase() || b == b'.')
                && read_date(date).is_some()
                && (4..=7).contains(&number.len())
                && is_digits(number)
        };
        match code.text.split('-').collect::<Vec<_>>()[..] {
            [agency, date, number] if fits(agency, date, number) => Ok(code),
            _ => Err(Fault::invalid("kernel.dossier_code").with("value", &code.text)),
        }
    }

    /// The agency as the code writes it, perhaps in the old form.
    pub fn agency_text(&self) -> &str {
        self.part(0)
    }

    /// The agency, if the code writes it in a form that the norms know.
    pub fn agency(&self) -> Option<AgencyCode> {
        AgencyCode::parse(self.agency_text()).ok()
    }

    /// The day of reception.
    pub fn received(&self) -> NaiveDate {
        read_date(self.part(1)).unwrap_or_default()
    }

    /// The number within the day.
    pub fn number(&self) -> u32 {
        self.part(2).parse().unwrap_or_default()
    }

    fn part(&self, at: usize) -> &str {
        self.text.split('-').nth(at).unwrap_or_default()
    }
}

/// `YYMMDD` (of this century) or `YYYYMMDD`.
fn read_date(text: &str) -> Option<NaiveDate> {
    if !is_digits(text) {
        return None;
    }
    let (year, rest) = match text.len() {
        6 => (2000 + text[..2].parse::<i32>().ok()?, &text[2..]),
        8 => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(year, rest[..2].parse().ok()?, rest[2..].parse().ok()?)
}

textual!(DossierCode);
shown!(DossierCode);

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn makes_and_reads() {
        let agency = AgencyCode::parse("000.00.19.H30").unwrap();
        let code = DossierCode::new(&agency, date("2026-02-13"), 7).unwrap();
        assert_eq!(code.as_str(), "H30.19-260213-0007");
        assert_eq!(DossierCode::parse("h30.19–260213–0007 ").unwrap(), code);
        assert_eq!(
            (code.agency().unwrap(), code.received(), code.number()),
            (agency.clone(), date("2026-02-13"), 7)
        );
        assert_eq!(
            DossierCode::new(&agency, date("2026-02-13"), 10_000).unwrap().as_str(),
            "H30.19-260213-10000"
        );
        for (day, number) in [("2026-02-13", 0), ("2026-02-13", 10_000_000), ("1999-12-31", 1)] {
            assert_eq!(
                DossierCode::new(&agency, date(day), number).unwrap_err().code,
                "kernel.dossier_number"
            );
        }
    }

    #[test]
    fn reads_codes_of_other_systems() {
        let old = DossierCode::parse("000.00.19.H47-260105-0001").unwrap();
        assert_eq!(old.as_str(), "000.00.19.H47-260105-0001");
        assert_eq!(old.agency().unwrap().as_str(), "H47.19");
        let long = DossierCode::parse("G09.20-20260609-0092637").unwrap();
        assert_eq!((long.received(), long.number()), (date("2026-06-09"), 92_637));
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "H30.19",
            "H30.19-260231-0001",
            "H30.19-260213-001",
            "H30.19-260213-00000001",
            "H30.19-260213",
            "H30_19-260213-0001",
            "H30.19-2602130-0001",
            "H30.19-260213-0001-1",
        ] {
            assert_eq!(
                DossierCode::parse(text).unwrap_err().code,
                "kernel.dossier_code",
                "{text}"
            );
        }
    }
}
