//! PDF: a head, an end, and what an official should be warned of.

use std::path::Path;

use kernel::{Fault, Result};

use super::looks::contains;
use crate::error;

/// The end mark must stand in the last bytes; scanners pad, so this is more than the 1,024 of the norm (ISO 32000-1, annex H).
const TAIL: usize = 4096;

/// Words in the objects that tell active or hidden content. A word inside a compressed object
/// stream is not seen: the flags are a hint, not a promise.
const FLAGS: [(&[u8], &str); 5] = [
    (b"/JavaScript", "pdf_script"),
    (b"/JS", "pdf_script"),
    (b"/Launch", "pdf_launch"),
    (b"/EmbeddedFile", "pdf_attachment"),
    (b"/Encrypt", "pdf_encrypted"),
];

/// Returns the flags.
pub(super) fn check(path: &Path) -> Result<Vec<String>> {
    let content = std::fs::read(path).map_err(error::disk)?;
    let tail = &content[content.len().saturating_sub(TAIL)..];
    if !contains(tail, b"%%EOF") || !contains(&content, b"obj") {
        return Err(Fault::invalid("files.broken_pdf"));
    }
    let mut flags: Vec<String> = Vec::new();
    for (word, flag) in FLAGS {
        if !flags.iter().any(|known| known == flag) && names(&content, word) {
            flags.push(flag.to_owned());
        }
    }
    Ok(flags)
}

/// Whether the name occurs as a whole: `/JS` but not `/JSomething`.
fn names(content: &[u8], word: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = content[from..].windows(word.len()).position(|window| window == word) {
        let end = from + at + word.len();
        match content.get(end) {
            Some(next) if next.is_ascii_alphanumeric() && word == b"/JS" => from = end,
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_only() {
        assert!(names(b"<< /JS (app.alert) >>", b"/JS"));
        assert!(!names(b"<< /JSX 1 /JSY 2 >>", b"/JS"));
        assert!(names(b"/EmbeddedFiles", b"/EmbeddedFile"));
    }
}
