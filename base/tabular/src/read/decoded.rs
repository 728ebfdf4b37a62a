//! Bytes of a text file as UTF-8, piece by piece: byte order marks taken away, UTF-16 decoded.

use std::io::{self, BufRead, Read};

/// How much is held at a time; also how much the search for the delimiter sees.
const PIECE: usize = 64 << 10;

/// Not a byte of UTF-8: stands for what UTF-16 could not say, so that the row is found to be broken.
const MALFORMED: u8 = 0xff;

enum Encoding {
    Utf8,
    Utf16 {
        big: bool,
        odd: Option<u8>,
        high: Option<u16>,
    },
}

/// A reader of UTF-8 over a reader of bytes. Bytes that are no UTF-8 are handed on: whoever reads a cell tells the row.
pub(super) struct Decoded<R> {
    inner: R,
    encoding: Encoding,
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(mut inner: R) -> io::Result<Self> {
        let mut raw = Vec::new();
        inner.by_ref().take(PIECE as u64).read_to_end(&mut raw)?;
        let (mark, encoding) = match raw.as_slice() {
            [0xef, 0xbb, 0xbf, ..] => (3, Encoding::Utf8),
            [0xff, 0xfe, ..] => (2, utf16(false)),
            [0xfe, 0xff, ..] => (2, utf16(true)),
            _ => (0, Encoding::Utf8),
        };
        raw.drain(..mark);
        let ended = raw.is_empty();
        let mut decoded = Self {
            inner,
            encoding,
            raw,
            text: Vec::new(),
            at: 0,
            ended,
        };
        decoded.decode();
        Ok(decoded)
    }

    /// Turns `raw` into `text`.
    fn decode(&mut self) {
        self.text.clear();
        self.at = 0;
        match &mut self.encoding {
            Encoding::Utf8 => std::mem::swap(&mut self.raw, &mut self.text),
            Encoding::Utf16 { big, odd, high } => {
                for &byte in &self.raw {
                    let Some(first) = odd.take() else {
                        *odd = Some(byte);
                        continue;
                    };
                    let unit = if *big {
                        u16::from_be_bytes([first, byte])
                    } else {
                        u16::from_le_bytes([first, byte])
                    };
                    push(&mut self.text, high, unit);
                }
                if self.ended && (odd.take().is_some() || high.take().is_some()) {
                    self.text.push(MALFORMED);
                }
            }
        }
    }

    /// The next byte, without taking it.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.fill_buf()?.first().copied())
    }
}

fn utf16(big: bool) -> Encoding {
    Encoding::Utf16 {
        big,
        odd: None,
        high: None,
    }
}

/// Adds one unit; a high surrogate waits for its other half.
fn push(text: &mut Vec<u8>, high: &mut Option<u16>, unit: u16) {
    let pair = match (high.take(), unit) {
        (None, 0xd800..=0xdbff) => {
            *high = Some(unit);
            return;
        }
        (None, unit) => char::decode_utf16([unit]).next(),
        (Some(first), 0xdc00..=0xdfff) => char::decode_utf16([first, unit]).next(),
        (Some(_), unit) => {
            text.push(MALFORMED);
            return push(text, high, unit);
        }
    };
    match pair {
        Some(Ok(c)) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => text.push(MALFORMED),
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at == self.text.len() && !self.ended {
            self.raw.clear();
            self.inner.by_ref().take(PIECE as u64).read_to_end(&mut self.raw)?;
            self.ended = self.raw.is_empty();
            self.decode();
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at = (self.at + amount).min(self.text.len());
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(out.len());
        out[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Decoded::new(bytes).unwrap().read_to_end(&mut out).unwrap();
        out
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(bytes)
            .collect()
    }

    #[test]
    fn marks_are_taken_away_and_utf16_decoded() {
        let said = "Ngã Bảy 𝄞";
        assert_eq!(text(said.as_bytes()), said.as_bytes());
        assert_eq!(text(format!("\u{feff}{said}").as_bytes()), said.as_bytes());
        assert_eq!(text(&utf16(said, u16::to_le_bytes)), said.as_bytes());
        assert_eq!(text(&utf16(said, u16::to_be_bytes)), said.as_bytes());
        assert_eq!(text(b""), b"");
    }

    #[test]
    fn characters_may_lie_across_pieces() {
        let said = "a𝄞".repeat(60_000);
        assert_eq!(text(&utf16(&said, u16::to_le_bytes)), said.as_bytes());
    }

    #[test]
    fn broken_utf16_is_not_passed_off_as_text() {
        for bytes in [
            &b"\xff\xfea\0b"[..],
            b"\xff\xfe\x00\xd8",
            b"\xff\xfe\x00\xd8a\0",
            b"\xff\xfe\x00\xdca\0",
        ] {
            assert!(String::from_utf8(text(bytes)).is_err(), "{bytes:?}");
        }
    }
}
