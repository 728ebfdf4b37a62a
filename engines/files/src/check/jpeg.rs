//! Photographs, the most common upload: their structure is walked from the first marker to the last (ITU-T T.81, annex B), without
//! decoding a pixel. A full decode of a photograph costs as much as everything else that a submission does.

use std::path::Path;

use kernel::{Fault, Result};

use crate::{Limits, error};

/// What a frame header says.
struct Frame {
    width: u64,
    height: u64,
    /// Blocks of 8 by 8 samples over all components.
    blocks: u64,
}

pub(super) fn check(path: &Path, limits: &Limits) -> Result<()> {
    let bytes = std::fs::read(path).map_err(error::disk)?;
    let frame = walk(&bytes).ok_or_else(|| Fault::invalid("files.broken_image"))?;
    if frame.width * frame.height > limits.max_pixels {
        return Err(Fault::invalid("files.too_many_pixels").with("limit", limits.max_pixels / 1_000_000));
    }
    Ok(())
}

/// The frame of a picture that is whole: tables, one frame that browsers draw, scans with enough data for it, the end.
fn walk(bytes: &[u8]) -> Option<Frame> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    let (mut frame, mut quantised, mut coded, mut data): (Option<Frame>, _, _, u64) = (None, false, false, 0);
    loop {
        let marker;
        (marker, rest) = next_marker(rest)?;
        if marker == 0xd9 {
            // At least one bit a block, or the picture breaks off.
            return frame.filter(|frame| data > 0 && data * 8 >= frame.blocks);
        }
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let segment = rest.get(2..length)?;
        rest = &rest[length..];
        match marker {
            // Baseline, extended and progressive; nobody's browser draws the others.
            0xc0..=0xc2 if frame.is_none() => frame = Some(read_frame(segment)?),
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf => return None,
            0xc4 => coded = true,
            0xdb => quantised = true,
            0xda => {
                if frame.is_none() || !quantised || !coded || !matches!(segment.first(), Some(1..=4)) {
                    return None;
                }
                let scan = scan_length(rest);
                data += scan as u64;
                rest = &rest[scan..];
            }
            0x01 | 0xd0..=0xd8 => return None,
            _ => {}
        }
    }
}

/// The next marker, which fill bytes may precede.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let rest = bytes.strip_prefix(b"\xff")?;
    let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
    match rest.get(fill) {
        Some(0) | None => None,
        Some(marker) => Some((*marker, &rest[fill + 1..])),
    }
}

fn read_frame(segment: &[u8]) -> Option<Frame> {
    let [precision, h1, h0, w1, w0, count, components @ ..] = segment else {
        return None;
    };
    let (height, width) = (
        u64::from(u16::from_be_bytes([*h1, *h0])),
        u64::from(u16::from_be_bytes([*w1, *w0])),
    );
    let drawn = *precision == 8 && matches!(count, 1 | 3 | 4) && components.len() == usize::from(*count) * 3;
    if !drawn || width == 0 || height == 0 {
        return None;
    }
    let factors: Vec<(u64, u64)> = components
        .chunks_exact(3)
        .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
        .collect();
    if factors
        .iter()
        .any(|(across, down)| !(1..=4).contains(across) || !(1..=4).contains(down))
    {
        return None;
    }
    let widest = factors.iter().map(|(across, _)| *across).max()?;
    let tallest = factors.iter().map(|(_, down)| *down).max()?;
    let blocks = factors
        .iter()
        .map(|(across, down)| (width * across).div_ceil(8 * widest) * (height * down).div_ceil(8 * tallest));
    Some(Frame {
        width,
        height,
        blocks: blocks.sum(),
    })
}

/// How long coded data goes on: to the next marker that is neither a stuffed zero nor a restart.
fn scan_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|byte| *byte == 0xff) {
        at += step;
        match bytes.get(at + 1) {
            Some(0x00 | 0xd0..=0xd7) => at += 2,
            _ => return at,
        }
    }
    bytes.len()
}
