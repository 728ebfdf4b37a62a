//! Telephone numbers in Vietnam.

use serde::{Deserialize, Serialize};

use super::{is_digits, masked, textual, typed};
use crate::{Fault, Result};

/// A Vietnamese telephone number as dialled inside the country: `0912345678`, `02931234567`.
///
/// Mobile numbers have ten digits (03, 05, 07, 08, 09), fixed lines eleven (02), as since the
/// renumbering of 2017 and 2018. Service numbers (1800, 1900, 113) are not read.
/// `Display` and `Debug` are masked; the whole number is [`PhoneNumber::as_str`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber {
    text: String,
}

impl PhoneNumber {
    /// Reads `0912 345 678`, `+84 912.345.678`, `(0293) 1234567`, `0084…`, and `912345678` from a
    /// sheet that lost its zero. Fails with `kernel.phone_number`; the fault does not repeat the number.
    pub fn parse(text: &str) -> Result<Self> {
        let typed = typed(text);
        let bare: String = typed
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')'))
            .collect();
        let national = match (
            bare.strip_prefix("+84").or_else(|| bare.strip_prefix("0084")),
            bare.len(),
        ) {
            (Some(rest), _) => rest,
            (None, 11 | 12) => bare.strip_prefix("84").unwrap_or(&bare),
            (None, _) => &bare,
        };
        let subscriber = national.strip_prefix('0').unwrap_or(national);
        let fits = is_digits(subscriber)
            && matches!(
                (subscriber.len(), subscriber.as_bytes()[0]),
                (9, b'3' | b'5' | b'7' | b'8' | b'9') | (10, b'2')
            );
        if fits {
            Ok(Self {
                text: format!("0{subscriber}"),
            })
        } else {
            Err(Fault::invalid("kernel.phone_number"))
        }
    }

    /// Whether it is a mobile number, one that can receive a short message.
    pub fn is_mobile(&self) -> bool {
        self.text.len() == 10
    }

    /// The international form `+84912345678` (ITU-T E.164).
    pub fn e164(&self) -> String {
        format!("+84{}", &self.text[1..])
    }
}

textual!(PhoneNumber);
masked!(PhoneNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_for_all() {
        for text in [
            "0912345678",
            "0912 345 678",
            "+84 912.345.678",
            "84912345678",
            "(+84) 912-345-678",
            "0084912345678",
            "+840912345678",
            "912345678",
        ] {
            let phone = PhoneNumber::parse(text).unwrap();
            assert_eq!(phone.as_str(), "0912345678", "{text}");
            assert!(phone.is_mobile());
        }
        let fixed = PhoneNumber::parse("(0293) 3 123.456").unwrap();
        assert_eq!((fixed.as_str(), fixed.is_mobile()), ("02933123456", false));
        assert_eq!(fixed.e164(), "+842933123456");
        assert_eq!(PhoneNumber::parse("0841234567").unwrap().as_str(), "0841234567");
        assert_eq!(PhoneNumber::parse("0912345678").unwrap().to_string(), "******5678");
    }

    #[test]
    fn refuses() {
        for text in [
            "",
            "+84",
            "113",
            "19001234",
            "01234567890",
            "0612345678",
            "091234567",
            "09123456789",
            "+85512345678",
            "0912x45678",
        ] {
            assert_eq!(
                PhoneNumber::parse(text).unwrap_err().code,
                "kernel.phone_number",
                "{text}"
            );
        }
    }
}
