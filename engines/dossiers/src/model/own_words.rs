//! How much people may write in their own words: it stands in messages and on papers, whole.

use kernel::{Fault, FieldFault, Result};

/// The longest note, reason, comment or thing to supply, in characters.
pub const LONGEST_WORDS: usize = 2_000;
/// The longest number of a receipt, in characters.
pub const LONGEST_RECEIPT: usize = 60;

/// Whether words are no longer than that. Fails with `dossiers.words_long` {most} at the field.
pub(crate) fn within(field: &str, words: &str, most: usize) -> Result<()> {
    if words.chars().count() <= most {
        return Ok(());
    }
    let fault = FieldFault::new(field, "dossiers.words_long").with("most", most);
    Err(Fault::invalid("dossiers.words_long")
        .with("most", most)
        .field_fault(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_and_not_bytes() {
        assert!(within("note", &"ữ".repeat(LONGEST_WORDS), LONGEST_WORDS).is_ok());
        let fault = within("note", &"ữ".repeat(LONGEST_WORDS + 1), LONGEST_WORDS).unwrap_err();
        assert_eq!((fault.code, fault.kind.status()), ("dossiers.words_long", 422));
        assert_eq!(
            (fault.fields[0].field.as_str(), fault.fields[0].params["most"].as_str()),
            ("note", "2000")
        );
    }
}
