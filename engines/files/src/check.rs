//! The check at the door: what is this, really, and is it harmless enough to keep.

mod jpeg;
mod looks;
mod office;
mod pdf;
mod picture;

use std::{fs::File, io::Read, path::Path};

use kernel::{Fault, Result};

use crate::{Accept, Kind, Limits, error, name};
use looks::Looks;

/// How much of the beginning is looked at to tell the kind.
const HEAD: u64 = 4096;

/// What the check found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub kind: Kind,
    /// The cleaned name with the true extension.
    pub name: String,
    pub flags: Vec<String>,
}

/// Checks the content at `path` that came with the (cleaned) name. Blocks; call it off the runtime's threads.
pub(crate) fn check(path: &Path, cleaned: &str, accept: &Accept, limits: &Limits) -> Result<Checked> {
    name::refuse_misleading(cleaned)?;
    let head = head(path)?;
    let (kind, flags) = match looks::look(&head) {
        Looks::Jpeg => (Kind::Jpeg, Vec::new()),
        Looks::Png => (Kind::Png, Vec::new()),
        Looks::Pdf => (Kind::Pdf, Vec::new()),
        Looks::Zip => match office::kind(path, limits)? {
            Some(kind) => (kind, Vec::new()),
            None => return Err(wrong("ZIP", accept)),
        },
        Looks::IphonePhoto => return Err(Fault::invalid("files.iphone_photo").with("accepted", accept.label())),
        Looks::Other(found) => return Err(wrong(&found, accept)),
        Looks::Unknown => return Err(Fault::invalid("files.unknown_type").with("accepted", accept.label())),
    };
    if !accept.kinds.contains(&kind) {
        return Err(wrong(&kind.label(), accept));
    }
    let flags = match kind {
        Kind::Jpeg => jpeg::check(path, limits).map(|()| flags)?,
        Kind::Png => picture::check(path, limits).map(|()| flags)?,
        Kind::Pdf => pdf::check(path)?,
        Kind::Docx | Kind::Xlsx => office::check(path, limits).map(|()| flags)?,
    };
    Ok(Checked {
        kind,
        name: name::with_true_extension(cleaned, kind),
        flags,
    })
}

/// The first bytes of a content. Blocks.
pub(crate) fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(error::disk)?;
    Ok(head)
}

fn wrong(found: &str, accept: &Accept) -> Fault {
    Fault::invalid("files.wrong_type")
        .with("found", found)
        .with("accepted", accept.label())
}
