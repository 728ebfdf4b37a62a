//! What the first bytes say.

/// What a content looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looks {
    Jpeg,
    Png,
    Pdf,
    /// A ZIP archive: perhaps DOCX or XLSX.
    Zip,
    /// HEIC, what an iPhone takes by default; common enough for words of its own.
    IphonePhoto,
    /// Something known that is not taken: its usual extension in capitals.
    Other(String),
    Unknown,
}

/// Programs first, so that nothing that runs is let in because of what follows its first bytes.
const PROGRAMS: [(&[u8], &str); 8] = [
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"#!", "SH"),
    (b"\xca\xfe\xba\xbe", "CLASS"),
    (b"\xcf\xfa\xed\xfe", "MACHO"),
    (b"\xce\xfa\xed\xfe", "MACHO"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "LNK"),
    (b"\0asm", "WASM"),
];

/// Beginnings of text that a browser would run or draw.
const MARKUP: [(&str, &str); 7] = [
    ("<!doctype html", "HTML"),
    ("<html", "HTML"),
    ("<head", "HTML"),
    ("<body", "HTML"),
    ("<script", "HTML"),
    ("<svg", "SVG"),
    ("<?php", "PHP"),
];

/// Tells what `head`, the first bytes of a content, looks like.
pub(super) fn look(head: &[u8]) -> Looks {
    if let Some((_, label)) = PROGRAMS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Looks::Other((*label).to_owned());
    }
    if let Some(label) = markup(head) {
        return Looks::Other(label.to_owned());
    }
    if head.starts_with(b"\xff\xd8\xff") {
        return Looks::Jpeg;
    }
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Looks::Png;
    }
    if head.starts_with(b"PK\x03\x04") {
        return Looks::Zip;
    }
    if head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|brand| HEIC.contains(&brand)) {
        return Looks::IphonePhoto;
    }
    let known = infer::get(head).map(|found| found.extension().to_uppercase());
    match known.as_deref() {
        // Some programs write a few bytes before the PDF; readers look through the first kilobyte.
        Some("PDF") | None if contains(&head[..head.len().min(1024)], b"%PDF-") => Looks::Pdf,
        Some(extension) => Looks::Other(extension.to_owned()),
        None if !head.is_empty() && is_text(head) => Looks::Other("TXT".to_owned()),
        None => Looks::Unknown,
    }
}

const HEIC: [&[u8]; 6] = [b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1"];

/// Markup at the beginning, after a byte order mark, white space, an XML declaration or comments.
fn markup(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = if rest.starts_with("<?xml") {
            "?>"
        } else if rest.starts_with("<!--") {
            "-->"
        } else if rest.starts_with("<!doctype svg") {
            ">"
        } else {
            break;
        };
        match rest.find(end) {
            Some(at) => rest = rest[at + end.len()..].trim_start(),
            None => break,
        }
    }
    MARKUP
        .iter()
        .find(|(start, _)| rest.starts_with(start))
        .map(|(_, label)| *label)
}

fn is_text(head: &[u8]) -> bool {
    // The head may end inside a character: the last three bytes do not count.
    let sure = &head[..head.len().saturating_sub(3).max(1)];
    match std::str::from_utf8(sure) {
        Ok(text) => !text.contains('\0'),
        Err(error) => error.error_len().is_none() && !sure.contains(&0),
    }
}

/// Whether `needle` occurs in `haystack`.
fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(label: &str) -> Looks {
        Looks::Other(label.to_owned())
    }

    #[test]
    fn programs_and_markup_are_told() {
        assert_eq!(look(b"MZ\x90\0 %PDF-1.7"), other("EXE"));
        assert_eq!(look(b"\x7fELF\x02"), other("ELF"));
        assert_eq!(look(b"#!/bin/sh\nrm"), other("SH"));
        assert_eq!(look("\u{feff}\n <!DOCTYPE HTML><p>%PDF-1.4".as_bytes()), other("HTML"));
        assert_eq!(
            look(b"<?xml version='1.0'?><!-- x --><svg xmlns='a'><script/></svg>"),
            other("SVG")
        );
    }

    #[test]
    fn papers_are_told() {
        assert_eq!(look(b"\xff\xd8\xff\xe0"), Looks::Jpeg);
        assert_eq!(look(b"\x89PNG\r\n\x1a\n"), Looks::Png);
        assert_eq!(look(b"%PDF-1.7\n"), Looks::Pdf);
        assert_eq!(look(b"\xef\xbb\xbf\n%PDF-1.7\n"), Looks::Pdf);
        assert_eq!(look(b"PK\x03\x04"), Looks::Zip);
        assert_eq!(look(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Looks::IphonePhoto);
    }

    #[test]
    fn the_rest_is_named_or_unknown() {
        assert_eq!(look(b"GIF89a......"), other("GIF"));
        assert_eq!(look("xin chào".as_bytes()), other("TXT"));
        assert_eq!(look(&[0x01, 0xfe, 0, 0x99, 0x88]), Looks::Unknown);
        assert_eq!(look(b""), Looks::Unknown);
    }
}
