//! DOCX and XLSX: ZIP archives that must unpack to something sensible.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use kernel::{Fault, Result};
use zip::ZipArchive;

use crate::{Kind, Limits, error};

/// Small archives may be packed well without being bombs: below this the ratio does not matter.
const HARMLESS: u64 = 10_000_000;

/// Which of the two it is, from the parts that it must hold; `None` for any other archive.
pub(super) fn kind(path: &Path, limits: &Limits) -> Result<Option<Kind>> {
    let archive = open(path, limits)?;
    let has = |part: &str| archive.index_for_name(part).is_some();
    Ok(
        match (
            has("[Content_Types].xml"),
            has("word/document.xml"),
            has("xl/workbook.xml"),
        ) {
            (true, true, false) => Some(Kind::Docx),
            (true, false, true) => Some(Kind::Xlsx),
            _ => None,
        },
    )
}

/// Unpacks every part into nothing, counting: what an archive says about its sizes may be a lie.
pub(super) fn check(path: &Path, limits: &Limits) -> Result<()> {
    let packed = std::fs::metadata(path).map_err(error::disk)?.len();
    let most = limits
        .max_unpacked_bytes
        .min(packed.saturating_mul(limits.max_ratio).max(HARMLESS));
    let mut archive = open(path, limits)?;
    if archive.has_duplicate_names() || archive.has_overlapping_entries().map_err(broken)? {
        return Err(Fault::invalid("files.broken_document"));
    }
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(broken)?;
        let name = part.name().map_err(broken)?.into_owned();
        if part.encrypted() || part.enclosed_name().is_none() || is_absolute(&name) {
            return Err(Fault::invalid("files.broken_document"));
        }
        if name.to_ascii_lowercase().ends_with("vbaproject.bin") {
            return Err(Fault::invalid("files.has_macros"));
        }
        if unpacked.saturating_add(part.size()) > most {
            return Err(Fault::invalid("files.unpacks_too_large"));
        }
        let left = most - unpacked;
        let took = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(broken)?;
        if took > left {
            return Err(Fault::invalid("files.unpacks_too_large"));
        }
        unpacked += took;
    }
    Ok(())
}

fn is_absolute(name: &str) -> bool {
    name.starts_with(['/', '\\'])
        || name.split(['/', '\\']).any(|part| part == "..")
        || name.as_bytes().get(1) == Some(&b':')
}

fn open(path: &Path, limits: &Limits) -> Result<ZipArchive<BufReader<File>>> {
    let mut file = File::open(path).map_err(error::disk)?;
    // Before the list of parts is read into memory: how long does it say it is?
    match parts(&mut file).map_err(error::disk)? {
        Some(parts) if usize::from(parts) <= limits.max_parts => {}
        Some(_) => return Err(Fault::invalid("files.unpacks_too_large")),
        None => return Err(Fault::invalid("files.broken_document")),
    }
    file.seek(SeekFrom::Start(0)).map_err(error::disk)?;
    let archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    if archive.len() > limits.max_parts {
        return Err(Fault::invalid("files.unpacks_too_large"));
    }
    Ok(archive)
}

/// The number of parts in the end record (APPNOTE 4.3.16): the last record of that signature in
/// the tail, 22 bytes and a comment of at most 65,535.
fn parts(file: &mut File) -> io::Result<Option<u16>> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(22 + 65_535)))?;
    let mut tail = Vec::new();
    file.take(22 + 65_535).read_to_end(&mut tail)?;
    let at = tail.windows(22).rposition(|window| window.starts_with(b"PK\x05\x06"));
    Ok(at.map(|at| u16::from_le_bytes([tail[at + 10], tail[at + 11]])))
}

fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::invalid("files.broken_document").caused_by(error)
}
