//! The limits that an installation may set.

use std::path::PathBuf;

use serde::Deserialize;

/// Limits of the check at the door, section `files` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most bytes of one file; a paper may declare less ([`crate::Accept::at_most`]), not more. 20 MiB.
    pub max_bytes: u64,
    /// Most pixels of an image. 50 × 1024 × 1024, since telephones sold with "50 megapixels" send 8192 × 6144.
    pub max_pixels: u64,
    /// Most parts of a DOCX or XLSX.
    pub max_parts: usize,
    /// Most bytes that a DOCX or XLSX may unpack to.
    pub max_unpacked_bytes: u64,
    /// How many times its packed size a DOCX or XLSX may unpack to.
    pub max_ratio: u64,
    /// Checks that run at the same time.
    pub checks_at_once: usize,
    /// Unix socket of a `clamd` virus scanner, if there is one.
    pub clamd_socket: Option<PathBuf>,
    /// Whether a file is refused while the scanner does not answer; otherwise it is kept as `unscanned`.
    pub scan_required: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 20 * 1024 * 1024,
            max_pixels: 50 * 1024 * 1024,
            max_parts: 2_000,
            max_unpacked_bytes: 100_000_000,
            max_ratio: 200,
            checks_at_once: 2,
            clamd_socket: None,
            scan_required: false,
        }
    }
}
