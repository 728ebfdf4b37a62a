//! Photographs for strangers: the same picture without what the camera wrote into it about place, time and device. Pure.

/// A copy of a JPEG or PNG without its notes; nothing where it cannot be read, so that nothing is given away by mistake.
pub(super) fn without_notes(media_type: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match media_type {
        "image/jpeg" => jpeg(bytes),
        "image/png" => png(bytes),
        _ => None,
    }
}

/// Segments APP1 to APP13 and APP15, and comments, are left out; APP0 and APP14 say how to draw. What comes after the end is left out too:
/// telephones hide short films there.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..2).filter(|start| *start == [0xFF, 0xD8])?.to_vec();
    let mut at = 2;
    loop {
        let marker = match bytes.get(at..at + 2)? {
            [0xFF, 0xFF] => {
                at += 1;
                continue;
            }
            [0xFF, marker] => *marker,
            _ => return None,
        };
        if marker == 0xD9 {
            out.extend([0xFF, 0xD9]);
            return Some(out);
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        let segment = bytes.get(at..at + 2 + length).filter(|_| length >= 2)?;
        at += 2 + length;
        if !matches!(marker, 0xE1..=0xED | 0xEF | 0xFE) {
            out.extend_from_slice(segment);
        }
        if marker == 0xDA {
            let end = scan_end(bytes, at)?;
            out.extend_from_slice(&bytes[at..end]);
            at = end;
        }
    }
}

/// Where the drawn part ends: at a marker that is neither a stuffed byte nor a restart.
fn scan_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF);
    rest.windows(2).position(is_marker).map(|place| from + place)
}

/// Chunks that draw are kept, notes are not.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    const START: &[u8] = b"\x89PNG\r\n\x1a\n";
    let mut out = bytes.get(..START.len()).filter(|start| *start == START)?.to_vec();
    let mut at = START.len();
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let length = usize::try_from(length).ok()?;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        at += length + 12;
        let kind = &chunk[4..8];
        let draws = kind[0].is_ascii_uppercase()
            || [b"tRNS", b"gAMA", b"sRGB", b"pHYs", b"bKGD"]
                .iter()
                .any(|own| *own == kind);
        if draws {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&[0xFF, marker], &length[..], content].concat()
    }

    #[test]
    fn a_photograph_forgets_where_it_was_taken() {
        let photo = [
            &[0xFF, 0xD8][..],
            &segment(0xE0, b"JFIF"),
            &segment(0xE1, b"Exif GPS 9.78 105.47"),
            &segment(0xFE, b"made by somebody"),
            &segment(0xDA, b"scan"),
            &[1, 2, 0xFF, 0x00, 3, 0xFF, 0xD3, 4],
            &[0xFF, 0xD9],
            b"a hidden film",
        ]
        .concat();
        let copy = jpeg(&photo).unwrap();
        let holds = |part: &[u8]| copy.windows(part.len()).any(|own| own == part);
        assert!(holds(b"JFIF") && holds(&[1, 2, 0xFF, 0x00, 3, 0xFF, 0xD3, 4, 0xFF, 0xD9]));
        assert!(!holds(b"GPS") && !holds(b"somebody") && !holds(b"film"));
        assert_eq!(jpeg(b"\xFF\xD8\xFF\xE1\xFF\xFFshort"), None);
        assert_eq!(jpeg(b"GIF89a"), None);
    }

    #[test]
    fn a_scan_loses_its_notes() {
        let chunk = |kind: &[u8], content: &[u8]| {
            let length = u32::try_from(content.len()).unwrap().to_be_bytes();
            [&length[..], kind, content, &[0; 4]].concat()
        };
        let scan = [
            &b"\x89PNG\r\n\x1a\n"[..],
            &chunk(b"IHDR", b"head"),
            &chunk(b"eXIf", b"GPS"),
            &chunk(b"tEXt", b"Author"),
            &chunk(b"IDAT", b"pixels"),
            &chunk(b"IEND", b""),
            b"more",
        ]
        .concat();
        let copy = png(&scan).unwrap();
        let holds = |part: &[u8]| copy.windows(part.len()).any(|own| own == part);
        assert!(holds(b"head") && holds(b"pixels") && holds(b"IEND"));
        assert!(!holds(b"GPS") && !holds(b"Author") && !holds(b"more"));
        assert_eq!(png(&scan[..30]), None);
    }
}
