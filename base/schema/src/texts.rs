//! [`Texts`]: every word that a person sees, from `texts/<language>/*.toml`, by dotted key.

use std::collections::BTreeMap;

use crate::document::Document;
use crate::node::Node;
use crate::problem::{Position, Problems};

/// One text with the names of its gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The words, with `{name}` where a value goes and `{{` `}}` for braces.
    pub words: String,
    /// The names of the gaps, each once, in order of first appearance.
    pub placeholders: Vec<String>,
    /// Where the text was written.
    pub position: Position,
}

/// A flat map from dotted key (`dossiers.not_found`) to text; tables of the TOML files make the dots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    texts: BTreeMap<String, Text>,
}

impl Texts {
    /// No texts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one TOML file. Reports `schema.bad_text_key`, `schema.expected_text`, `schema.empty_text`,
    /// `schema.bad_placeholder`; what is sound is kept.
    pub fn load(label: &str, text: &str, problems: &mut Problems) -> Self {
        let mut texts = Self::default();
        if let Some(root) = Document::toml(label, text, problems) {
            texts.read("", &root, problems);
        }
        texts
    }

    fn read(&mut self, prefix: &str, table: &Node, problems: &mut Problems) {
        let Some(mut map) = table.as_map(problems) else {
            return;
        };
        for (name, value) in map.entries() {
            let part = name.text().unwrap_or_default();
            if !is_text_key(part) {
                problems
                    .at(
                        &name,
                        "schema.bad_text_key",
                        format!("\"{part}\" cannot be part of a text key"),
                    )
                    .hint("small letters a-z, digits, - and _; use tables for dots");
                continue;
            }
            let key = if prefix.is_empty() {
                part.to_owned()
            } else {
                format!("{prefix}.{part}")
            };
            if value.is_map() {
                self.read(&key, &value, problems);
                continue;
            }
            let Some(words) = value.non_empty_string(problems) else {
                continue;
            };
            match placeholders(&words) {
                Ok(placeholders) => {
                    self.texts.insert(
                        key,
                        Text {
                            words,
                            placeholders,
                            position: value.pos(),
                        },
                    );
                }
                Err(error) => {
                    problems
                        .at(&value, "schema.bad_placeholder", error.to_string())
                        .hint("gaps look like {name}; a brace itself is {{ or }}");
                }
            }
        }
    }

    /// Takes over the texts of another file of the same language; reports `schema.duplicate_text` and keeps the first.
    pub fn merge(&mut self, other: Texts, problems: &mut Problems) {
        for (key, text) in other.texts {
            match self.texts.get(&key) {
                Some(first) => {
                    problems
                        .at_position(
                            &text.position,
                            "schema.duplicate_text",
                            format!("the text \"{key}\" exists already"),
                        )
                        .hint(format!("first in {}", first.position));
                }
                None => {
                    self.texts.insert(key, text);
                }
            }
        }
    }

    /// The words of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|text| text.words.as_str())
    }

    /// The text of a key with gaps and place.
    pub fn text(&self, key: &str) -> Option<&Text> {
        self.texts.get(key)
    }

    /// The words of a key with its gaps filled, see [`fill`].
    pub fn filled(&self, key: &str, params: &BTreeMap<String, String>) -> Option<String> {
        self.get(key).map(|words| fill(words, params))
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// All keys with their texts, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.texts.iter().map(|(key, text)| (key.as_str(), text))
    }

    /// True if there is no text.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Checks a translation: every key of one language exists in the other with the same gaps. Reports
    /// `schema.missing_translation` where the words stand that have none, and `schema.placeholders_differ`.
    pub fn check_translation(&self, other: &Texts, problems: &mut Problems) {
        for (here, there) in [(self, other), (other, self)] {
            for (key, text) in &here.texts {
                if !there.texts.contains_key(key) {
                    problems.at_position(
                        &text.position,
                        "schema.missing_translation",
                        format!("the other language has no text \"{key}\""),
                    );
                }
            }
        }
        for (key, text) in &self.texts {
            let Some(translation) = other.texts.get(key) else {
                continue;
            };
            let sorted = |text: &Text| {
                let mut names = text.placeholders.clone();
                names.sort();
                names
            };
            if sorted(text) != sorted(translation) {
                problems
                    .at_position(
                        &translation.position,
                        "schema.placeholders_differ",
                        format!("the gaps of \"{key}\" differ between the languages"),
                    )
                    .hint(format!("{}: {}", text.position, text.placeholders.join(", ")));
            }
        }
    }
}

fn is_text_key(part: &str) -> bool {
    part.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
}

/// Why the gaps of a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// `{` without its `}`, or the other way round.
    #[error("a brace has no partner")]
    Unbalanced,
    /// What stands between the braces is not a name.
    #[error("\"{{{0}}}\" is not a gap: names have small letters, digits and _, parts joined by dots")]
    BadName(String),
}

enum Piece<'t> {
    Words(&'t str),
    Gap(&'t str),
}

/// The names of the gaps `{name}` of a text, each once, in order. `{{` and `}}` are braces of the text itself. A name is
/// `[a-z][a-z0-9_]*`, or several joined by dots.
pub fn placeholders(text: &str) -> Result<Vec<String>, PlaceholderError> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if let Piece::Gap(name) = piece?
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Fills the gaps. Total: a gap without a value stays visible as `{name}`, and a text that [`placeholders`] refuses comes back
/// unchanged. Values are put in as they are; escaping for HTML is the business of the page.
pub fn fill(text: &str, params: &BTreeMap<String, String>) -> String {
    let mut filled = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Ok(Piece::Words(words)) => filled.push_str(words),
            Ok(Piece::Gap(name)) => match params.get(name) {
                Some(value) => filled.push_str(value),
                None => {
                    filled.push('{');
                    filled.push_str(name);
                    filled.push('}');
                }
            },
            Err(_) => return text.to_owned(),
        }
    }
    filled
}

fn pieces(text: &str) -> impl Iterator<Item = Result<Piece<'_>, PlaceholderError>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let piece = next_piece(&mut rest);
        if piece.is_err() {
            rest = "";
        }
        Some(piece)
    })
}

fn next_piece<'t>(rest: &mut &'t str) -> Result<Piece<'t>, PlaceholderError> {
    let text: &'t str = rest;
    let brace = text.find(['{', '}']).unwrap_or(text.len());
    if brace > 0 {
        *rest = &text[brace..];
        return Ok(Piece::Words(&text[..brace]));
    }
    if text.starts_with("{{") || text.starts_with("}}") {
        *rest = &text[2..];
        return Ok(Piece::Words(&text[..1]));
    }
    let inner = text.strip_prefix('{').ok_or(PlaceholderError::Unbalanced)?;
    let (name, after) = inner.split_once('}').ok_or(PlaceholderError::Unbalanced)?;
    if !name.split('.').all(is_gap_name) {
        return Err(PlaceholderError::BadName(name.to_owned()));
    }
    *rest = after;
    Ok(Piece::Gap(name))
}

fn is_gap_name(part: &str) -> bool {
    part.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && part
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
