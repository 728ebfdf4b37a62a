//! The limits that an installation may set.

use std::path::PathBuf;

use kernel::{Fault, Result};

/// Limits of the check at the door.
#[derive(Clone, Debug)]
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

impl Limits {
    /// The usual limits, with the virus scanner that the variables name: `NGABAY_CLAMD_SOCKET` (path of its Unix socket) and
    /// `NGABAY_CLAMD_REQUIRED` (`yes`, `no`) for [`Self::scan_required`]. `get` is usually the process's environment.
    ///
    /// # Errors
    /// `files.scan_config` when a value is malformed, or a scan is required of no scanner.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let value = |name: &str| {
            get(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let clamd_socket = value("NGABAY_CLAMD_SOCKET").map(PathBuf::from);
        let scan_required = match value(REQUIRED).as_deref() {
            None | Some("no") => false,
            Some("yes") if clamd_socket.is_some() => true,
            Some(_) => return Err(Fault::internal("files.scan_config").with("reason", REQUIRED)),
        };
        Ok(Self {
            clamd_socket,
            scan_required,
            ..Self::default()
        })
    }
}

const REQUIRED: &str = "NGABAY_CLAMD_REQUIRED";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Limits> {
        Limits::from_variables(|name| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_scanner_is_named_by_variables() {
        let none = read(&[]).unwrap();
        assert_eq!((none.clamd_socket, none.scan_required), (None, false));
        let strict = read(&[("NGABAY_CLAMD_SOCKET", "/run/clamd.ctl"), (REQUIRED, "yes")]).unwrap();
        assert_eq!(strict.clamd_socket.unwrap().to_str(), Some("/run/clamd.ctl"));
        assert!(strict.scan_required);
        for wrong in [
            &[(REQUIRED, "yes")][..],
            &[("NGABAY_CLAMD_SOCKET", "/run/clamd.ctl"), (REQUIRED, "true")][..],
        ] {
            assert_eq!(read(wrong).unwrap_err().params["reason"], REQUIRED);
        }
    }
}
