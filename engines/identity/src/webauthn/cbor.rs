//! As much of CBOR (RFC 8949) as authenticators write (CTAP 2, canonical form): whole numbers, bytes, text, lists, maps. No tags, no lengths left open.

/// Deepest nesting that is followed; authenticators use four.
const DEEPEST: usize = 8;

/// Most entries of a list or a map; authenticators write a handful. Whoever is not known yet can send one.
const MOST: u64 = 64;

/// A value, borrowed from what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Int(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// False, true, null, and numbers with a fraction: nothing here asks which.
    Other,
}

impl<'a> Value<'a> {
    /// The value under a number.
    pub(super) fn of(&self, key: i64) -> Option<&Value<'a>> {
        self.find(&Value::Int(key))
    }

    /// The value under a word.
    pub(super) fn called(&self, key: &'a str) -> Option<&Value<'a>> {
        self.find(&Value::Text(key))
    }

    fn find(&self, key: &Value<'a>) -> Option<&Value<'a>> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// Reads one value; gives what stands behind it. `None` where it is broken.
pub(super) fn read(input: &[u8]) -> Option<(Value<'_>, &[u8])> {
    value(input, 0)
}

fn value(input: &[u8], depth: usize) -> Option<(Value<'_>, &[u8])> {
    if depth > DEEPEST {
        return None;
    }
    let (head, rest) = input.split_first()?;
    let (major, short) = (head >> 5, head & 0x1f);
    let (argument, rest) = match short {
        0..=23 => (u64::from(short), rest),
        24..=27 => {
            let (bytes, rest) = rest.split_at_checked(1 << (short - 24))?;
            let number = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            (number, rest)
        }
        _ => return None,
    };
    if matches!(major, 4 | 5) && argument > MOST {
        return None;
    }
    match major {
        0 => Some((Value::Int(i64::try_from(argument).ok()?), rest)),
        1 => Some((Value::Int(-1 - i64::try_from(argument).ok()?), rest)),
        2 | 3 => {
            let (bytes, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            let read = if major == 2 {
                Value::Bytes(bytes)
            } else {
                Value::Text(std::str::from_utf8(bytes).ok()?)
            };
            Some((read, rest))
        }
        4 => {
            // No room is taken for what is only announced: each item is at least one byte of what was sent.
            let (mut items, mut rest) = (Vec::new(), rest);
            for _ in 0..argument {
                let (item, behind) = value(rest, depth + 1)?;
                items.push(item);
                rest = behind;
            }
            Some((Value::List(items), rest))
        }
        5 => {
            let (mut pairs, mut rest) = (Vec::new(), rest);
            for _ in 0..argument {
                let (key, behind) = value(rest, depth + 1)?;
                let (item, behind) = value(behind, depth + 1)?;
                // One key twice could be read in two ways.
                if pairs.iter().any(|(known, _)| *known == key) {
                    return None;
                }
                pairs.push((key, item));
                rest = behind;
            }
            Some((Value::Map(pairs), rest))
        }
        7 => Some((Value::Other, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_standard_shows_is_read() {
        for (bytes, expected) in [
            (&[0x17_u8][..], Value::Int(23)),
            (&[0x18, 0x64], Value::Int(100)),
            (&[0x19, 0x03, 0xe8], Value::Int(1000)),
            (&[0x38, 0x63], Value::Int(-100)),
            (&[0x39, 0x01, 0x00], Value::Int(-257)),
            (&[0x44, 1, 2, 3, 4], Value::Bytes(&[1, 2, 3, 4])),
            (&[0x62, 0xc3, 0xbc], Value::Text("ü")),
            (&[0x82, 0x01, 0x20], Value::List(vec![Value::Int(1), Value::Int(-1)])),
            (&[0xf5], Value::Other),
            (&[0xf9, 0x3c, 0x00], Value::Other),
        ] {
            assert_eq!(read(bytes), Some((expected, &[][..])), "{bytes:x?}");
        }
        let (map, rest) = read(&[0xa2, 0x01, 0x02, 0x61, b'a', 0x41, 0x07, 0x00]).unwrap();
        assert_eq!(map.of(1).and_then(Value::int), Some(2));
        assert_eq!(map.called("a").and_then(Value::bytes), Some(&[7_u8][..]));
        assert_eq!((map.of(2), rest), (None, &[0_u8][..]));
    }

    #[test]
    fn what_is_broken_is_refused() {
        for bytes in [
            &[][..],
            &[0x18],                                                    // a number that ends too early
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // more bytes than there are
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // more items than there are
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],    // larger than we count
            &[0x61, 0xff],                                              // no text
            &[0x5f, 0x41, 0x00, 0xff],                                  // a length left open
            &[0xc0, 0x00],                                              // a tag
            &[0xa2, 0x01, 0x00, 0x01, 0x01],                            // one key twice
        ] {
            assert_eq!(read(bytes), None, "{bytes:x?}");
        }
        assert_eq!(read(&[0x81; 4096]), None, "nested without end");
    }

    #[test]
    fn a_flood_is_refused() {
        // A map of 65,535 different numbers.
        let mut flood = vec![0xb9, 0xff, 0xff];
        for key in 0..u16::MAX {
            flood.push(0x19);
            flood.extend(key.to_be_bytes());
            flood.push(0);
        }
        assert_eq!(read(&flood), None);
    }
}
