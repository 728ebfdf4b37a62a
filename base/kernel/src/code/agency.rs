//! Identifier codes of state agencies (mã định danh cơ quan).

use serde::{Deserialize, Serialize};

use super::{is_digits, shown, textual, typed};
use crate::{Fault, Result};

/// The identifier code of an agency, kept in the form of QĐ 20/2020/QĐ-TTg: `H30.19`.
///
/// The highest level comes first: a letter and two digits (`H30` is the People's Committee of the
/// former Hậu Giang province), then up to five groups. The form of QCVN 102:2016/BTTTT,
/// `000.00.19.H30`, is read too and can be written with [`AgencyCode::to_qcvn102`]. Groups of zeros
/// at the end mean "no such level" and are dropped: `H30.19.00.000` is `H30.19`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgencyCode {
    text: String,
}

const LONGEST: usize = 35;

impl AgencyCode {
    /// Reads either form. Fails with `kernel.agency_code`.
    pub fn parse(text: &str) -> Result<Self> {
        let typed = typed(text);
        let mut groups: Vec<&str> = typed.split('.').collect();
        let refused = || Fault::invalid("kernel.agency_code").with("value", &typed);
        if groups.last().is_some_and(|last| is_level_one(last)) && is_old_form(&groups) {
            groups.reverse();
        }
        let deeper_fit = groups[1..].iter().all(|group| {
            (1..=6).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        });
        if typed.len() > LONGEST || groups.len() > 6 || !is_level_one(groups[0]) || !deeper_fit {
            return Err(refused());
        }
        Ok(Self::of_groups(groups))
    }

    fn of_groups(mut groups: Vec<&str>) -> Self {
        while groups.len() > 1 && groups.last().is_some_and(|last| is_zero(last)) {
            groups.pop();
        }
        Self { text: groups.join(".") }
    }

    /// The groups, highest level first.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.text.split('.')
    }

    /// The level: 1 for `H30`, 2 for `H30.19`.
    pub fn level(&self) -> usize {
        self.groups().count()
    }

    /// The group of the highest level: `H30`.
    pub fn level_one(&self) -> &str {
        self.groups().next().unwrap_or_default()
    }

    /// The code one level up, or `None` at the top.
    pub fn parent(&self) -> Option<AgencyCode> {
        let mut groups: Vec<&str> = self.groups().collect();
        groups.pop();
        (!groups.is_empty()).then(|| Self::of_groups(groups))
    }

    /// Whether this is `other` or stands somewhere under it.
    pub fn is_within(&self, other: &AgencyCode) -> bool {
        self.text
            .strip_prefix(&other.text)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The form of QCVN 102:2016/BTTTT, lowest level first: `000.00.19.H30`.
    ///
    /// Fails with `kernel.agency_code_old_form` where that form has no room: more than four levels,
    /// letters in a group, or groups of other widths than it has (2 or 3, 2 and 3 digits), since
    /// reading the result would then give another code.
    pub fn to_qcvn102(&self) -> Result<String> {
        let groups: Vec<&str> = self.groups().collect();
        let group = |at: usize, zeros: &'static str| groups.get(at).copied().unwrap_or(zeros);
        let (two, three, four) = (group(1, "00"), group(2, "00"), group(3, "000"));
        let old = [four, three, two, groups[0]];
        if groups.len() > 4 || !is_old_form(&old) {
            return Err(Fault::invalid("kernel.agency_code_old_form").with("value", &self.text));
        }
        Ok(old.join("."))
    }
}

/// `^[A-Z]\d{2}$`
fn is_level_one(group: &str) -> bool {
    let bytes = group.as_bytes();
    bytes.len() == 3 && bytes[0].is_ascii_uppercase() && is_digits(&group[1..])
}

/// `^\d{3}\.\d{2}\.\d{2,3}\.[A-Z]\d{2}$`, the last group checked by the caller.
fn is_old_form(groups: &[&str]) -> bool {
    groups.len() == 4
        && groups[..3].iter().all(|group| is_digits(group))
        && groups[0].len() == 3
        && groups[1].len() == 2
        && matches!(groups[2].len(), 2 | 3)
}

fn is_zero(group: &str) -> bool {
    group.bytes().all(|b| b == b'0')
}

textual!(AgencyCode);
shown!(AgencyCode);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> AgencyCode {
        AgencyCode::parse(text).unwrap()
    }

    #[test]
    fn both_forms_mean_the_same() {
        for (text, canonical) in [
            ("000.00.19.H30", "H30.19"),
            ("000.00.00.H30", "H30"),
            ("000.01.19.H30", "H30.19.01"),
            ("012.00.19.H30", "H30.19.00.012"),
            ("000.00.132.H57", "H57.132"),
            (" h30.19 ", "H30.19"),
            ("H30.19.00.000", "H30.19"),
            ("G09.20", "G09.20"),
        ] {
            assert_eq!(code(text).as_str(), canonical, "{text}");
        }
        assert_eq!(code("H30.19").to_qcvn102().unwrap(), "000.00.19.H30");
        assert_eq!(code("H30").to_qcvn102().unwrap(), "000.00.00.H30");
        assert_eq!(code("H57.132").to_qcvn102().unwrap(), "000.00.132.H57");
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "30",
            "H3",
            "H30.",
            "H30..19",
            "00.00.19.H30",
            "000.00.19",
            "H30-19",
            "H30.1234567",
            "H30.1.2.3.4.5.6",
            "Đ30.19",
        ] {
            assert_eq!(
                AgencyCode::parse(text).unwrap_err().code,
                "kernel.agency_code",
                "{text}"
            );
        }
        for text in ["H30.19.1", "H30.AB", "H30.1.1.1.1", "H30.9"] {
            assert_eq!(
                code(text).to_qcvn102().unwrap_err().code,
                "kernel.agency_code_old_form",
                "{text}"
            );
        }
    }

    #[test]
    fn tree() {
        assert_eq!(code("012.00.19.H30").parent().unwrap(), code("H30.19"));
        assert_eq!(code("H30").parent(), None);
        assert!(code("H30.19.01").is_within(&code("H30.19")));
        assert!(!code("H30.191").is_within(&code("H30.19")));
        assert_eq!(code("H30.19").level(), 2);
        assert_eq!(
            serde_json::from_str::<AgencyCode>("\"000.00.19.H30\"").unwrap(),
            code("H30.19")
        );
    }

    proptest! {
        #[test]
        fn old_form_round_trip(old in "[0-9]{3}\\.[0-9]{2}\\.[0-9]{2}\\.[A-Z][0-9]{2}") {
            prop_assert_eq!(code(&old).to_qcvn102().unwrap(), old);
        }
    }
}
