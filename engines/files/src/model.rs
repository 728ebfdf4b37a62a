//! What a file is.

use chrono::{DateTime, Utc};
use kernel::FileId;
use serde::{Deserialize, Serialize};

/// The kinds of content that may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A photograph.
    Jpeg,
    /// A scan or screenshot.
    Png,
    /// A document for print.
    Pdf,
    /// A text document (Office Open XML).
    Docx,
    /// A spreadsheet (Office Open XML).
    Xlsx,
}

impl Kind {
    /// Every kind, in the order in which people are told.
    pub const ALL: [Kind; 5] = [Kind::Jpeg, Kind::Png, Kind::Pdf, Kind::Docx, Kind::Xlsx];

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Pdf => "application/pdf",
            Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Kind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The extensions that tell this kind; the first is the one we write.
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Kind::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Kind::Png => &["png"],
            Kind::Pdf => &["pdf"],
            Kind::Docx => &["docx"],
            Kind::Xlsx => &["xlsx"],
        }
    }

    /// The kind that an extension (without dot, any case) tells.
    pub fn of_extension(extension: &str) -> Option<Kind> {
        let lower = extension.to_ascii_lowercase();
        Kind::ALL
            .into_iter()
            .find(|kind| kind.extensions().contains(&lower.as_str()))
    }

    /// How people are told: `JPG`, `PDF`.
    pub fn label(self) -> String {
        self.extensions()[0].to_uppercase()
    }
}

/// What one upload may be: declared for each paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// The kinds accepted.
    pub kinds: Vec<Kind>,
    /// Most bytes, if less than the installation's limit.
    pub max_bytes: Option<u64>,
}

impl Accept {
    /// These kinds.
    pub fn kinds(kinds: impl Into<Vec<Kind>>) -> Self {
        Self {
            kinds: kinds.into(),
            max_bytes: None,
        }
    }

    /// What a paper usually is: a photograph, a scan or a PDF.
    pub fn papers() -> Self {
        Self::kinds([Kind::Jpeg, Kind::Png, Kind::Pdf])
    }

    /// Papers, text documents and spreadsheets.
    pub fn documents() -> Self {
        Self::kinds(Kind::ALL)
    }

    /// The same with a smaller size limit in bytes.
    #[must_use]
    pub fn at_most(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// The kinds as people are told: `JPG, PNG, PDF`.
    pub fn label(&self) -> String {
        self.kinds
            .iter()
            .map(|kind| kind.label())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// What is said about an upload before its bytes are known.
#[derive(Clone, Debug)]
pub struct NewFile<'a> {
    /// The name as the sender's machine gave it; it is cleaned here.
    pub name: String,
    /// What the file is for, a key such as `paper:birth_proof`.
    pub purpose: &'a str,
    /// The thing that the file belongs to: `draft:<uuid>`, `dossier:<uuid>`.
    pub holder: String,
    /// What it may be.
    pub accept: Accept,
}

/// What is said about a content that another engine reads, before its bytes are known.
#[derive(Clone, Debug)]
pub struct NewContent<'a> {
    /// The name as the sender's machine gave it; it is cleaned here.
    pub name: String,
    /// What the file is for, a key such as `import`.
    pub purpose: &'a str,
    /// The thing that the file belongs to: `import:<uuid>`.
    pub holder: String,
    /// Most bytes. The installation's limit for papers does not hold here: what many rows are is not what a photograph is.
    pub most_bytes: u64,
}

/// What the virus scanner said about a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scan {
    /// No scanner was there.
    Unscanned,
    /// Nothing was found.
    Clean,
    /// Something was found; the content is not opened any more.
    Infected,
}

impl Scan {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scan::Unscanned => "unscanned",
            Scan::Clean => "clean",
            Scan::Infected => "infected",
        }
    }

    pub(crate) fn of_word(word: &str) -> Scan {
        match word {
            "clean" => Scan::Clean,
            "infected" => Scan::Infected,
            _ => Scan::Unscanned,
        }
    }
}

/// A stored file as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// The identifier.
    pub id: FileId,
    /// The cleaned name with the true extension.
    pub name: String,
    /// The media type, from the content.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the content, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// When it was stored.
    pub uploaded_at: DateTime<Utc>,
    /// Who stored it, as [`kernel::Actor::key`] says it.
    pub uploaded_by: String,
    /// What it is for.
    pub purpose: String,
    /// The thing it belongs to.
    pub holder: String,
    /// What the scanner said about its content.
    pub scan: Scan,
    /// What the check noticed without refusing: `pdf_script`, `pdf_launch` (starts a program, sends something or opens another file),
    /// `pdf_attachment`, `pdf_encrypted`, `pdf_unread` (a compressed part that was not looked at).
    pub flags: Vec<String>,
}

impl FileView {
    /// Whether a browser may show it in place: pictures and PDF in which the check noticed nothing that acts or hides.
    pub fn may_be_shown(&self) -> bool {
        crate::name::may_inline(&self.media_type) && harmless(&self.flags)
    }
}

/// Whether nothing among these flags does or hides something. What is encrypted is unread at worst.
pub fn harmless(flags: &[String]) -> bool {
    flags.iter().all(|flag| flag == "pdf_encrypted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_and_kinds_agree() {
        for kind in Kind::ALL {
            for extension in kind.extensions() {
                assert_eq!(Kind::of_extension(&extension.to_uppercase()), Some(kind));
            }
        }
        assert_eq!(Kind::of_extension("exe"), None);
        assert_eq!(Accept::papers().label(), "JPG, PNG, PDF");
    }

    #[test]
    fn scan_words_round_trip() {
        for scan in [Scan::Unscanned, Scan::Clean, Scan::Infected] {
            assert_eq!(Scan::of_word(scan.as_str()), scan);
        }
    }
}
