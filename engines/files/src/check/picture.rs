//! Pictures of lines and letters (PNG): first the declared size, then a decode row by row, so that what is kept can be shown. A file
//! of some kilobytes may unpack to hundreds of megabytes; only one row of them is ever in memory.

use std::{
    fs::File,
    io::{self, BufReader},
    path::Path,
};

use kernel::{Fault, Result};
use png::{Decoder, DecodingError};

use crate::{Limits, error};

/// No paper has a longer side in pixels, and no decoder of a browser takes one.
const LONGEST_SIDE: u32 = 65_535;
/// Memory for what a file says beside its pixels.
const BESIDE: usize = 8 << 20;

pub(super) fn check(path: &Path, limits: &Limits) -> Result<()> {
    let file = File::open(path).map_err(error::disk)?;
    let mut decoder = Decoder::new_with_limits(BufReader::new(file), png::Limits { bytes: BESIDE });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let (width, height) = decoder.read_header_info().map_err(broken)?.size();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Fault::invalid("files.too_many_pixels").with("limit", limits.max_pixels / 1_000_000));
    }
    // An image of no size, or one that breaks off, is of no use to the official who must read it.
    if width == 0 || height == 0 || width.max(height) > LONGEST_SIDE {
        return Err(Fault::invalid("files.broken_image"));
    }
    let mut reader = decoder.read_info().map_err(broken)?;
    while reader.next_interlaced_row().map_err(broken)?.is_some() {}
    Ok(())
}

fn broken(error: DecodingError) -> Fault {
    match error {
        DecodingError::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => error::disk(error),
        error => Fault::invalid("files.broken_image").caused_by(error),
    }
}
