//! PDF: a head, an end, and what an official should be warned of.

use std::{io::Read, path::Path};

use flate2::read::ZlibDecoder;
use kernel::{Fault, Result};
use memchr::{memchr, memmem};

use crate::error;

/// The end mark must stand in the last bytes; scanners pad, so this is more than the 1,024 of the norm (ISO 32000-1, annex H).
const TAIL: usize = 4096;

/// How much is unpacked of all object streams of a file together. Real ones hold some hundred kilobytes.
const UNPACKED: u64 = 16 << 20;

/// Names that tell active or hidden content (ISO 32000-1, 7.11.4, 12.6.4, 12.7.8, 13.6). A hint for people, not a promise: who
/// wants to hide something from a reader of names can.
const FLAGS: [(&[u8], &str); 12] = [
    (b"JavaScript", "pdf_script"),
    (b"JS", "pdf_script"),
    (b"XFA", "pdf_script"),
    (b"Launch", "pdf_launch"),
    (b"SubmitForm", "pdf_launch"),
    (b"ImportData", "pdf_launch"),
    (b"GoToR", "pdf_launch"),
    (b"GoToE", "pdf_launch"),
    (b"EmbeddedFile", "pdf_attachment"),
    (b"EmbeddedFiles", "pdf_attachment"),
    (b"RichMedia", "pdf_attachment"),
    (b"Encrypt", ENCRYPTED),
];

const ENCRYPTED: &str = "pdf_encrypted";

/// A compressed part was too large to be looked at, or could not be unpacked.
const UNREAD: &str = "pdf_unread";

/// Returns the flags.
pub(super) fn check(path: &Path) -> Result<Vec<String>> {
    let content = std::fs::read(path).map_err(error::disk)?;
    let tail = &content[content.len().saturating_sub(TAIL)..];
    if memmem::find(tail, b"%%EOF").is_none() || memmem::find(&content, b"obj").is_none() {
        return Err(Fault::invalid("files.broken_pdf"));
    }
    Ok(flags(&content))
}

fn flags(content: &[u8]) -> Vec<String> {
    let mut found = Found::default();
    let mut left = UNPACKED;
    let mut rest = content;
    while let Some((objects, after)) = stream(rest) {
        // The dictionary of a stream stands before it, in the object that began last.
        let head = memmem::rfind(objects, b"obj").map_or(objects, |at| &objects[at..]);
        found.look(objects);
        let end = memmem::find(after, b"endstream").unwrap_or(after.len());
        let has = |word: &[u8]| names(head).any(|name| name == word);
        if has(b"ObjStm") && has(b"Filter") {
            found.look_inside(&after[..end], &mut left);
        } else if has(b"ObjStm") {
            found.look(&after[..end]);
        }
        rest = &after[end..];
    }
    found.look(rest);
    // Of an encrypted file every part is unreadable, which is said already.
    if found.0.iter().any(|flag| flag == ENCRYPTED) {
        found.0.retain(|flag| flag != UNREAD);
    }
    found.0
}

/// What stands before the next stream, and what follows the keyword: the content of a stream is bytes, in which any name may
/// turn up by chance.
fn stream(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut from = 0;
    while let Some(at) = memmem::find(&text[from..], b"stream").map(|at| from + at) {
        let after = &text[at + b"stream".len()..];
        let own = !text[..at].ends_with(b"end");
        let body = after
            .strip_prefix(b"\r\n")
            .or_else(|| after.strip_prefix(b"\n"))
            .or_else(|| after.strip_prefix(b"\r"));
        match body {
            Some(body) if own => return Some((&text[..at], body)),
            _ => from = at + b"stream".len(),
        }
    }
    None
}

#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn add(&mut self, flag: &str) {
        if !self.0.iter().any(|known| known == flag) {
            self.0.push(flag.to_owned());
        }
    }

    fn look(&mut self, objects: &[u8]) {
        for name in names(objects) {
            if let Some((_, flag)) = FLAGS.iter().find(|(word, _)| *word == name) {
                self.add(flag);
            }
        }
    }

    fn look_inside(&mut self, packed: &[u8], left: &mut u64) {
        let mut objects = Vec::new();
        let whole = ZlibDecoder::new(packed).take(*left + 1).read_to_end(&mut objects);
        self.look(&objects);
        let size = objects.len() as u64;
        if whole.is_err() || size > *left {
            self.add(UNREAD);
        }
        *left = left.saturating_sub(size);
    }
}

/// The names (`/Name`) in objects, each `#xx` read as the byte that it means.
fn names(objects: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut rest = objects;
    std::iter::from_fn(move || {
        rest = &rest[memchr(b'/', rest)? + 1..];
        let regular = |byte: &u8| byte.is_ascii_graphic() && !b"()<>[]{}/%".contains(byte) || *byte >= 0x80;
        let end = rest.iter().position(|byte| !regular(byte)).unwrap_or(rest.len());
        Some(spelled(&rest[..end]))
    })
}

fn spelled(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'#');
        let code = code.and_then(|digits| hex::decode(digits).ok());
        match code {
            Some(code) => {
                bytes.extend(code);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn packed(objects: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(objects).unwrap();
        let body = encoder.finish().unwrap();
        let head = b"5 0 obj << /Type /ObjStm /N 1 /Filter /FlateDecode >>\nstream\r\n";
        [head.as_slice(), &body, b"\nendstream endobj"].concat()
    }

    #[test]
    fn whole_names_only() {
        assert_eq!(flags(b"<< /JS (app.alert) >>"), ["pdf_script"]);
        assert!(flags(b"<< /JSX 1 /JSY 2 /Launched 3 >>").is_empty());
        assert_eq!(
            flags(b"/Names << /EmbeddedFiles 2 0 R >>/Encrypt 1 0 R"),
            ["pdf_attachment", "pdf_encrypted"]
        );
    }

    #[test]
    fn names_spelled_with_codes_are_read() {
        assert_eq!(
            flags(b"<< /J#61vaScript 1 0 R /#4Caunch 2 0 R >>"),
            ["pdf_script", "pdf_launch"]
        );
        assert!(flags(b"<< /J#6 /J# /#zz >>").is_empty());
    }

    #[test]
    fn bytes_of_pictures_are_no_names() {
        let scan = b"1 0 obj << /Length 20 >> stream\n\xff/JS /Launch \x00\nendstream endobj 2 0 obj << /Type /Page >>";
        assert!(flags(scan).is_empty());
        // A stream that never ends hides nothing that stands before it.
        assert_eq!(flags(b"1 0 obj << /JS 1 >> stream\n/Launch"), ["pdf_script"]);
    }

    #[test]
    fn compressed_objects_are_read_up_to_a_size() {
        assert_eq!(flags(&packed(b"1 0 << /S /JavaScript >>")), ["pdf_script"]);
        let bomb = packed(&vec![b' '; UNPACKED as usize + 2]);
        assert!(bomb.len() < 100_000);
        assert_eq!(flags(&bomb), ["pdf_unread"]);
        let broken = b"1 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\nnonsense\nendstream";
        assert_eq!(flags(broken), ["pdf_unread"]);
        assert_eq!(
            flags(&[broken.as_slice(), b" trailer << /Encrypt 9 0 R >>"].concat()),
            ["pdf_encrypted"]
        );
        let plain = b"1 0 obj << /Type /ObjStm >> stream\n1 0 << /JS 2 0 R >>\nendstream";
        assert_eq!(flags(plain), ["pdf_script"]);
    }
}
