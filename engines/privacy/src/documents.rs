//! Papers of this engine: the extract as PDF.

/// The typst templates, as `privacy/<kind>.typ`.
pub fn templates() -> Vec<(String, String)> {
    [("extract", include_str!("../documents/extract.typ"))]
        .map(|(name, source)| (format!("privacy/{name}.typ"), source.to_owned()))
        .into()
}
