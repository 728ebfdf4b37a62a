//! The elements of a JSON array, one after the other, as bytes.
//!
//! Only the ends of elements are found here, by counting brackets outside of strings; what is in them `serde_json` judges.
//! So one broken element does not hide the next, and one that is too long is passed over without being held.

use std::io::{self, BufRead, Read};

use kernel::Fault;

use super::decoded::Decoded;
use crate::fault;

/// The longest key beside the wanted one.
const KEY: usize = 64 << 10;

pub(super) struct Elements<R> {
    text: Decoded<R>,
    any: bool,
}

pub(super) enum Carved {
    Element(Vec<u8>),
    TooLong,
}

enum End {
    /// The value goes on.
    Open,
    /// This byte is the last of the value.
    With,
    /// This byte stands behind the value.
    Before,
}

/// Where in a value the reading stands.
#[derive(Default)]
struct Place {
    depth: u64,
    begun: bool,
    string: bool,
    escaped: bool,
}

impl Place {
    fn pass(&mut self, byte: u8) -> End {
        if self.string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.string = false;
                    return if self.depth == 0 { End::With } else { End::Open };
                }
                _ => {}
            }
            return End::Open;
        }
        let bare = self.depth == 0 && self.begun;
        match byte {
            b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return End::Before,
            b'"' if bare => return End::Before,
            b'"' => self.string = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => {
                self.depth -= 1;
                if self.depth == 0 {
                    return End::With;
                }
            }
            _ => {}
        }
        self.begun = true;
        End::Open
    }
}

impl<R: Read> Elements<R> {
    /// Goes to the array: the whole text, or the value of `key` in the object that it is.
    pub(super) fn open(text: Decoded<R>, key: &str) -> Result<Self, Fault> {
        let mut elements = Self { text, any: false };
        match elements.look()? {
            None => return Err(Fault::invalid(fault::EMPTY)),
            Some(b'[') => elements.text.consume(1),
            Some(b'{') => {
                elements.text.consume(1);
                elements.find(key)?;
            }
            Some(_) => return Err(Fault::invalid(fault::JSON)),
        }
        Ok(elements)
    }

    fn find(&mut self, wanted: &str) -> Result<(), Fault> {
        loop {
            match self.look()? {
                Some(b'"') => {}
                Some(b',') => {
                    self.text.consume(1);
                    continue;
                }
                Some(b'}') => return Err(Fault::invalid(fault::NO_RECORDS).with("key", wanted)),
                Some(_) => return Err(Fault::invalid(fault::JSON)),
                None => return Err(Fault::invalid(fault::JSON_CUT)),
            }
            let Carved::Element(key) = self.carve(KEY)? else {
                return Err(Fault::invalid(fault::JSON));
            };
            let key: String = serde_json::from_slice(&key).map_err(json)?;
            if self.look()? != Some(b':') {
                return Err(Fault::invalid(fault::JSON));
            }
            self.text.consume(1);
            match self.look()? {
                Some(b'[') if key == wanted => {
                    self.text.consume(1);
                    return Ok(());
                }
                Some(b',' | b'}' | b']' | b':') => return Err(Fault::invalid(fault::JSON)),
                // Nothing of it is held.
                _ => self.carve(0)?,
            };
        }
    }

    /// The next element, of at most so many bytes; nothing behind the last.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Carved>, Fault> {
        match self.look()? {
            None => return Err(Fault::invalid(fault::JSON_CUT)),
            Some(b']') => return Ok(None),
            Some(b',') if self.any => self.text.consume(1),
            Some(_) if !self.any => {}
            Some(_) => return Err(Fault::invalid(fault::JSON)),
        }
        self.any = true;
        match self.look()? {
            None => Err(Fault::invalid(fault::JSON_CUT)),
            Some(b',' | b']' | b'}' | b':') => Err(Fault::invalid(fault::JSON)),
            Some(_) => self.carve(most).map(Some),
        }
    }

    /// The next byte that is no white space.
    fn look(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            match self.text.peek().map_err(fault::storage)? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.text.consume(1),
                other => return Ok(other),
            }
        }
    }

    fn carve(&mut self, most: usize) -> Result<Carved, Fault> {
        let (mut out, mut fits, mut place) = (Vec::new(), true, Place::default());
        loop {
            let piece = self.text.fill_buf().map_err(fault::storage)?;
            if piece.is_empty() {
                return Err(Fault::invalid(fault::JSON_CUT));
            }
            let mut end = None;
            for (index, byte) in piece.iter().enumerate() {
                match place.pass(*byte) {
                    End::Open => continue,
                    End::With => end = Some(index + 1),
                    End::Before => end = Some(index),
                }
                break;
            }
            let took = end.unwrap_or(piece.len());
            fits = fits && out.len() + took <= most;
            if fits {
                out.extend_from_slice(&piece[..took]);
            }
            self.text.consume(took);
            if end.is_some() {
                return Ok(if fits { Carved::Element(out) } else { Carved::TooLong });
            }
        }
    }
}

pub(super) fn json(error: serde_json::Error) -> Fault {
    Fault::invalid(fault::JSON).caused_by(error)
}

/// The lines of a text; those longer than so many bytes are passed over.
pub(super) struct Lines<R> {
    text: Decoded<R>,
    pub(super) number: u64,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(text: Decoded<R>) -> Self {
        Self { text, number: 0 }
    }

    pub(super) fn next(&mut self, most: usize) -> io::Result<Option<Carved>> {
        let (mut out, mut fits, mut any) = (Vec::new(), true, false);
        loop {
            let piece = self.text.fill_buf()?;
            if piece.is_empty() && !any {
                return Ok(None);
            }
            let end = piece.iter().position(|byte| *byte == b'\n');
            let took = end.unwrap_or(piece.len());
            fits = fits && out.len() + took <= most;
            if fits {
                out.extend_from_slice(&piece[..took]);
            }
            let is_last = piece.is_empty();
            self.text.consume(took + usize::from(end.is_some()));
            any = true;
            if end.is_some() || is_last {
                self.number += 1;
                return Ok(Some(if fits { Carved::Element(out) } else { Carved::TooLong }));
            }
        }
    }
}
