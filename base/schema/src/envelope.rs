//! What every declaration file has: a name that tells its kind, and a `format` number as its first key.

use crate::map::Map;
use crate::node::Node;
use crate::problem::Problems;

/// The opened top level of a declaration.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The version of the grammar that the file was written for.
    pub format: u32,
    /// The cursor over the remaining keys; `format` counts as read.
    pub map: Map,
}

/// Opens a declaration: a mapping whose first key is `format`, a version from 1 to `newest`. A stored definition keeps its
/// number, so a later release can upgrade it. Reports `schema.missing_format`, `schema.format_not_first`,
/// `schema.unknown_format`.
pub fn envelope(node: &Node, newest: u32, problems: &mut Problems) -> Option<Envelope> {
    let mut map = node.as_map(problems)?;
    let Some(format) = map.optional("format") else {
        problems
            .at(node, "schema.missing_format", "the key \"format\" is missing")
            .hint(format!("start the file with format: {newest}"));
        return None;
    };
    if map.first_key().and_then(Node::text) != Some("format") {
        problems.at(
            &format,
            "schema.format_not_first",
            "\"format\" must be the first key of the file",
        );
    }
    let number = format.count(problems)?;
    if number == 0 || number > newest {
        let known = if newest == 1 {
            "format 1 is known".to_owned()
        } else {
            format!("formats 1 to {newest} are known")
        };
        problems
            .at(
                &format,
                "schema.unknown_format",
                format!("format {number} is not known to this release"),
            )
            .hint(known);
        return None;
    }
    Some(Envelope { format: number, map })
}

/// The two parts of a declaration's file name `<name>.<kind>.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName {
    /// The part before the kind; `None` for a file such as `procedure.yaml` of which a folder holds one.
    pub name: Option<String>,
    /// What is declared: `record`, `form`, `procedure`, …
    pub kind: String,
}

impl FileName {
    /// Splits the last part of a path with `/` between folders. `None` if it does not end in `.yaml` or a part is not an
    /// identifier.
    pub fn parse(path: &str) -> Option<Self> {
        let stem = path.rsplit('/').next()?.strip_suffix(".yaml")?;
        let (name, kind) = match stem.rsplit_once('.') {
            Some((name, kind)) => (Some(name), kind),
            None => (None, stem),
        };
        let sound = crate::is_key(kind) && name.is_none_or(is_file_name);
        sound.then(|| Self {
            name: name.map(str::to_owned),
            kind: kind.to_owned(),
        })
    }
}

/// Names of files may start with a digit (`01-granted.scenario.yaml`), else they are identifiers.
fn is_file_name(name: &str) -> bool {
    name.bytes()
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}
