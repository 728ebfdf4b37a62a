//! Pictures of lines and letters (PNG): first the declared size, then a full decode, so that what is kept can be shown.

use std::{fs::File, io::BufReader, path::Path};

use image::{ImageDecoder, ImageFormat, ImageReader};
use kernel::{Fault, Result};

use crate::{Limits, error};

/// Bytes of memory for one pixel at the most (16-bit RGBA), and as much again for the decoder.
const BYTES_PER_PIXEL: u64 = 16;

pub(super) fn check(path: &Path, format: ImageFormat, limits: &Limits) -> Result<()> {
    let file = File::open(path).map_err(error::disk)?;
    let mut reader = ImageReader::with_format(BufReader::new(file), format);
    let mut memory = image::Limits::default();
    memory.max_alloc = Some(limits.max_pixels.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(memory);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Fault::invalid("files.too_many_pixels").with("limit", limits.max_pixels / 1_000_000));
    }
    // An image of no size, or one that breaks off, is of no use to the official who must read it.
    if width == 0 || height == 0 {
        return Err(Fault::invalid("files.broken_image"));
    }
    let bytes =
        usize::try_from(decoder.total_bytes()).map_err(|e| Fault::invalid("files.broken_image").caused_by(e))?;
    let mut pixels = vec![0; bytes];
    decoder.read_image(&mut pixels).map_err(broken)
}

fn broken(error: image::ImageError) -> Fault {
    Fault::invalid("files.broken_image").caused_by(error)
}
