//! From what a provider says to a person: personal number, name, day of birth, and what the sign-in is worth.

use chrono::NaiveDate;
use identity::{Assurance, Vouched};
use kernel::{PersonalNumber, Result, text};
use serde_json::Value;

use crate::definition::{Levels, Provider};
use crate::error;

/// Longest name that is taken over.
const LONGEST_NAME: usize = 120;

/// Whom the claims mean. Fails with `federation.organisation` and `federation.nameless`.
pub(crate) fn person(provider: &Provider, claims: &Value) -> Result<Vouched> {
    let names = &provider.claims;
    if let Some((claim, citizen)) = &names.kind {
        match told(claims, claim) {
            Some(kind) if kind == *citizen => {}
            Some(_) => return Err(error::organisation()),
            None => return Err(error::nameless()),
        }
    }
    let number = told(claims, &names.number).ok_or_else(error::nameless)?;
    // Exactly twelve digits: what a provider says is not read as generously as what people type.
    if number.len() != 12 || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(error::nameless());
    }
    let full_name = told(claims, &names.name).map(|name| text::clean_line(&name));
    let full_name = full_name.filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_NAME);
    Ok(Vouched {
        personal_number: PersonalNumber::parse(&number).map_err(|_| error::nameless())?,
        full_name: full_name.ok_or_else(error::nameless)?,
        birth_date: told(claims, &names.birth).as_deref().and_then(day),
        synthetic: provider.simulator,
        known: None,
    })
}

/// What the sign-in is worth.
pub(crate) fn assurance(levels: &Levels, claims: &Value) -> Assurance {
    let told = levels.claim.as_ref().and_then(|claim| told(claims, claim));
    let found = told.and_then(|value| levels.values.get(&value).copied());
    found.unwrap_or(levels.otherwise)
}

/// A claim as text; some providers write numbers.
pub(crate) fn told(claims: &Value, name: &str) -> Option<String> {
    match &claims[name] {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `20260302`, `2026-03-02`, `02/03/2026`.
fn day(text: &str) -> Option<NaiveDate> {
    let format = match (text.len(), text.contains('-'), text.contains('/')) {
        (8, false, false) => "%Y%m%d",
        (10, true, false) => "%Y-%m-%d",
        (10, false, true) => "%d/%m/%Y",
        _ => return None,
    };
    NaiveDate::parse_from_str(text, format).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::tests::portal;
    use serde_json::json;

    fn good() -> Value {
        json!({ "LoaiTaiKhoan": "1", "SoDinhDanh": "999192000017", "HoVaTen": "Lê Thị Thu Ngân", "NgayThangNamSinh": "19920417" })
    }

    #[test]
    fn the_claims_of_the_national_portal() {
        let person = person(&portal(), &good()).unwrap();
        assert_eq!(person.personal_number.as_str(), "999192000017");
        assert_eq!(person.full_name, "Lê Thị Thu Ngân");
        assert_eq!(person.birth_date, NaiveDate::from_ymd_opt(1992, 4, 17));
        assert!(!person.synthetic);
    }

    #[test]
    fn who_has_no_number_or_name_or_is_no_person_is_refused() {
        for (name, value, code) in [
            ("LoaiTaiKhoan", json!("2"), "federation.organisation"),
            ("LoaiTaiKhoan", json!(2), "federation.organisation"),
            ("LoaiTaiKhoan", Value::Null, "federation.nameless"),
            ("SoDinhDanh", json!("99919200001"), "federation.nameless"),
            ("SoDinhDanh", json!("9991 9200 0017"), "federation.nameless"),
            ("SoDinhDanh", json!("٩٩٩١٩٢٠٠٠٠١٧"), "federation.nameless"),
            ("SoDinhDanh", json!(["999192000017"]), "federation.nameless"),
            ("HoVaTen", json!("  "), "federation.nameless"),
            ("HoVaTen", json!("a".repeat(121)), "federation.nameless"),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            assert_eq!(person(&portal(), &claims).unwrap_err().code, code, "{name} {value}");
        }
        let mut claims = good();
        claims["LoaiTaiKhoan"] = json!(1);
        assert!(person(&portal(), &claims).is_ok(), "some write numbers");
    }

    #[test]
    fn days_in_three_forms_and_no_other() {
        let expected = NaiveDate::from_ymd_opt(1992, 4, 17);
        for text in ["19920417", "1992-04-17", "17/04/1992"] {
            assert_eq!(day(text), expected, "{text}");
        }
        for text in ["1992", "1992-17-04", "17.04.1992", "", "199204171"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn a_level_that_nobody_has_declared_is_the_lowest() {
        let levels = &portal().levels;
        assert_eq!(assurance(levels, &json!({ "acr": "LoA2" })), Assurance::Substantial);
        assert_eq!(assurance(levels, &json!({ "acr": "LoA9" })), Assurance::Low);
        assert_eq!(assurance(levels, &json!({})), Assurance::Low);
    }
}
