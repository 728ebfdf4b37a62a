//! Codes that the State gives out: how they look, how they are read, what they tell.
//!
//! All of them read what people type (spaces, lower case, long dashes), keep one canonical
//! text and are that text in JSON. A text that is no such code is a [`crate::Fault`].

mod agency;
mod date;
mod dossier;
mod personal_number;
mod phone;
mod procedure;
mod tax_number;

pub use agency::AgencyCode;
pub use date::{format_date, format_local, parse_date};
pub use dossier::DossierCode;
pub use personal_number::{PersonalNumber, Sex};
pub use phone::PhoneNumber;
pub use procedure::{ProcedureCode, ResultTypeCode};
pub use tax_number::TaxNumber;

/// Gives a code type that is one canonical text (field `text`) and has `parse` its usual traits.
macro_rules! textual {
    ($code:ident) => {
        impl $code {
            /// The canonical text, for storing.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl std::str::FromStr for $code {
            type Err = crate::Fault;

            fn from_str(text: &str) -> Result<Self, crate::Fault> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $code {
            type Error = crate::Fault;

            fn try_from(text: String) -> Result<Self, crate::Fault> {
                Self::parse(&text)
            }
        }

        impl From<$code> for String {
            fn from(code: $code) -> String {
                code.text
            }
        }
    };
}
/// Gives a code type that is no secret its `Display` and `Debug`: the canonical text.
macro_rules! shown {
    ($code:ident) => {
        impl std::fmt::Display for $code {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.text)
            }
        }

        impl std::fmt::Debug for $code {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($code), self.text)
            }
        }
    };
}
/// Gives a code type that points at a person a `Display` and `Debug` that show its end only.
macro_rules! masked {
    ($code:ident) => {
        impl $code {
            /// Stars but for the last four digits, for screens and logs: `********1234`.
            pub fn masked(&self) -> String {
                let hidden = self.text.len().saturating_sub(4);
                format!("{}{}", "*".repeat(hidden), &self.text[hidden..])
            }
        }

        /// Masked, so that a log line or a template does not give the person away;
        /// the whole number is `as_str`.
        impl std::fmt::Display for $code {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.masked())
            }
        }

        impl std::fmt::Debug for $code {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($code), self.masked())
            }
        }
    };
}
use {masked, shown, textual};

/// What people type, made ready for reading a code: cleaned, upper case, all dashes plain.
fn typed(text: &str) -> String {
    crate::text::clean_line(text).to_uppercase().replace(
        ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}'],
        "-",
    )
}

/// The digits of a number that people group with spaces, dots and dashes; `None` if anything else is in it.
fn grouped_digits(text: &str) -> Option<String> {
    let typed = typed(text);
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    is_digits(&digits).then_some(digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in any::<String>()) {
            let _ = (AgencyCode::parse(&text).is_ok(), DossierCode::parse(&text).is_ok(), parse_date(&text).is_ok(),
                PersonalNumber::parse(&text).is_ok(), PhoneNumber::parse(&text).is_ok(), TaxNumber::parse(&text).is_ok());
            // Nothing that is read is read differently the second time.
            if let Ok(code) = ProcedureCode::parse(&text) {
                prop_assert_eq!(ProcedureCode::parse(code.as_str()).unwrap(), code);
            }
        }

        #[test]
        fn digits_are_read_the_same_twice(text in "[+(]{0,1}[0-9 .)-]{8,16}") {
            if let Ok(phone) = PhoneNumber::parse(&text) {
                prop_assert_eq!(PhoneNumber::parse(phone.as_str()).unwrap(), phone);
            }
            if let Ok(number) = PersonalNumber::parse(&text) {
                prop_assert_eq!(PersonalNumber::parse(number.as_str()).unwrap(), number);
            }
            if let Ok(number) = TaxNumber::parse(&text) {
                prop_assert_eq!(TaxNumber::parse(number.as_str()).unwrap(), number);
            }
        }
    }
}
