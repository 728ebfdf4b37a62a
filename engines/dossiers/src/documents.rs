//! Papers that the platform makes: forms 01 to 04 of one-stop work (TT 01/2018/TT-VPCP), a copy of the answers, and results.
//!
//! Each is a PDF with a number of the agency's series, a verification code (mã kiểm chứng) by which anybody can hold it against
//! the stored one, and the SHA-256 of its bytes in the table. It says of itself that it is not signed digitally yet. Its words
//! stand in the texts `documents.…`, those of a result in the texts `documents.<document>.…` of its system.

mod answers;
mod code;
mod facts;
mod issue;
mod verify;
mod words;

pub(crate) use code::spelled;

/// The typst templates of this engine, as `dossiers/<kind>.typ`; what all papers share is `dossiers/parts.typ`, which the templates
/// of systems may import as well.
pub fn templates() -> Vec<(String, String)> {
    [
        ("parts", include_str!("../documents/parts.typ")),
        ("reception", include_str!("../documents/reception.typ")),
        ("supplement", include_str!("../documents/supplement.typ")),
        ("refusal", include_str!("../documents/refusal.typ")),
        ("apology", include_str!("../documents/apology.typ")),
        ("answers", include_str!("../documents/answers.typ")),
    ]
    .map(|(name, source)| (format!("dossiers/{name}.typ"), source.to_owned()))
    .into()
}
