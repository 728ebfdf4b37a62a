//! Codes of administrative procedures and of the results they give.

use serde::{Deserialize, Serialize};

use super::{is_digits, shown, textual, typed};
use crate::{Fault, Result};

/// The code of an administrative procedure in the national database (mã thủ tục hành chính):
/// `1.000001`, or `1.012753.H19` for the variant of a province.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProcedureCode {
    text: String,
}

impl ProcedureCode {
    /// Reads a code. Fails with `kernel.procedure_code`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = typed(text);
        let fits = match text.split('.').collect::<Vec<_>>()[..] {
            [first, number] => is_national(first, number),
            [first, number, province] => is_national(first, number) && is_province(province),
            _ => false,
        };
        if fits {
            Ok(Self { text })
        } else {
            Err(Fault::invalid("kernel.procedure_code").with("value", text))
        }
    }

    /// The code without the province: `1.012753`.
    pub fn national(&self) -> &str {
        &self.text[..8]
    }

    /// The province whose variant this is: `H19`.
    pub fn province(&self) -> Option<&str> {
        self.text.get(9..)
    }
}

fn is_national(first: &str, number: &str) -> bool {
    first.len() == 1 && number.len() == 6 && is_digits(first) && is_digits(number)
}

fn is_province(group: &str) -> bool {
    group.len() == 3 && group.strip_prefix('H').is_some_and(is_digits)
}

textual!(ProcedureCode);
shown!(ProcedureCode);

/// The code of a sort of result (mã kết quả thủ tục hành chính): `KQ.G15.000031`.
///
/// The middle names the level-1 agency that keeps the list; the number has five to seven digits
/// (all occur in the national database).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResultTypeCode {
    text: String,
}

impl ResultTypeCode {
    /// Reads a code. Fails with `kernel.result_type_code`.
    pub fn parse(text: &str) -> Result<Self> {
        let text = typed(text);
        let fits = match text.split('.').collect::<Vec<_>>()[..] {
            ["KQ", agency, number] => {
                agency.len() == 3
                    && agency.starts_with(|c: char| c.is_ascii_uppercase())
                    && is_digits(&agency[1..])
                    && (5..=7).contains(&number.len())
                    && is_digits(number)
            }
            _ => false,
        };
        if fits {
            Ok(Self { text })
        } else {
            Err(Fault::invalid("kernel.result_type_code").with("value", text))
        }
    }

    /// The level-1 agency that keeps the list: `G15`.
    pub fn agency(&self) -> &str {
        &self.text[3..6]
    }
}

textual!(ResultTypeCode);
shown!(ResultTypeCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procedures() {
        let code = ProcedureCode::parse("1.012753.h19").unwrap();
        assert_eq!(
            (code.as_str(), code.national(), code.province()),
            ("1.012753.H19", "1.012753", Some("H19"))
        );
        assert_eq!(ProcedureCode::parse(" 2.000635 ").unwrap().province(), None);
        for text in [
            "",
            "1012753",
            "1.01275",
            "1.0127530",
            "12.01275",
            "1.012753.G19",
            "1.012753.H",
            "1.012753.",
            "١.012753",
        ] {
            assert_eq!(
                ProcedureCode::parse(text).unwrap_err().code,
                "kernel.procedure_code",
                "{text}"
            );
        }
    }

    #[test]
    fn results() {
        assert_eq!(ResultTypeCode::parse("kq.g15.000031").unwrap().agency(), "G15");
        for text in [
            "KQ.G15",
            "KQ.G15.0031",
            "KQ.G15.00000031",
            "KQ.15G.000031",
            "KQ.Đ1.000031",
            "KX.G15.000031",
            "KQ.G15.000031T",
        ] {
            assert_eq!(
                ResultTypeCode::parse(text).unwrap_err().code,
                "kernel.result_type_code",
                "{text}"
            );
        }
    }
}
