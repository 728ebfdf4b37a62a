//! [`Document`]: from the characters of a file to a tree of [`Node`]s, with every limit of the declaration language.

mod toml;
mod yaml;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::node::Node;
use crate::problem::{Position, Problems};

/// The largest file that is read, in bytes.
pub const LARGEST_FILE_BYTES: usize = 1024 * 1024;
/// The deepest nesting of mappings and lists.
pub const DEEPEST_NESTING: usize = 64;

/// Reads the characters of a declaration file.
///
/// `None` means that there is no tree at all (too large, syntax, too deep). A tree may come back although problems were
/// reported (an alias, a duplicate key, text that is not NFC): go on reading it to report the rest, but do not use it.
pub struct Document;

impl Document {
    /// Reads one YAML 1.2 document. Anchors, aliases, tags, duplicate keys and several documents are refused.
    pub fn yaml(label: &str, text: &str, problems: &mut Problems) -> Option<Node> {
        let text = admit(label, text, problems)?;
        yaml::read(label, text, problems)
    }

    /// Reads a TOML document.
    pub fn toml(label: &str, text: &str, problems: &mut Problems) -> Option<Node> {
        let text = admit(label, text, problems)?;
        toml::read(label, text, problems)
    }
}

/// Refuses what is too large; takes the byte order mark off that some editors write.
fn admit<'t>(label: &str, text: &'t str, problems: &mut Problems) -> Option<&'t str> {
    if text.len() > LARGEST_FILE_BYTES {
        problems
            .in_file(
                label,
                "schema.too_large",
                format!("the file has {} bytes, the limit is {LARGEST_FILE_BYTES}", text.len()),
            )
            .hint("split the declaration into several files");
        return None;
    }
    Some(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reports text that is not in Unicode normal form C: two spellings of one Vietnamese word would compare as different.
fn check_nfc(text: &str, position: &Position, problems: &mut Problems) {
    let normal = match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => true,
        IsNormalized::No => false,
        IsNormalized::Maybe => text.nfc().eq(text.chars()),
    };
    if !normal {
        problems
            .at_position(position, "schema.not_nfc", "the text is not in Unicode normal form C")
            .hint("save the file with composed letters (NFC)");
    }
}

fn too_deep(position: &Position, problems: &mut Problems) {
    problems
        .at_position(
            position,
            "schema.too_deep",
            format!("nested deeper than {DEEPEST_NESTING} levels"),
        )
        .hint("a declaration this deep is a mistake");
}
