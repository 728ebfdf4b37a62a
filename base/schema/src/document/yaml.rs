//! YAML by the events of the parser: only there anchors, aliases, tags and duplicate keys can still be seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::{DEEPEST_NESTING, check_nfc, too_deep};
use crate::node::{Content, Form, Node};
use crate::problem::{Position, Problems};

/// A mapping or list that is still open.
enum Open {
    List {
        position: Position,
        items: Vec<Node>,
    },
    Map {
        position: Position,
        pairs: Vec<(Node, Node)>,
        key: Option<Node>,
        lines: BTreeMap<String, usize>,
    },
}

struct Reader<'p> {
    file: Arc<str>,
    problems: &'p mut Problems,
    open: Vec<Open>,
    root: Option<Node>,
}

pub(super) fn read(label: &str, text: &str, problems: &mut Problems) -> Option<Node> {
    let mut reader = Reader {
        file: label.into(),
        problems,
        open: Vec::new(),
        root: None,
    };
    let mut documents = 0;
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = match event {
            Ok(found) => found,
            Err(error) => {
                let position = reader.place(error.marker());
                reader
                    .problems
                    .at_position(&position, "schema.syntax", format!("not YAML: {}", error.info()));
                return None;
            }
        };
        if let Event::DocumentStart(_) = event {
            documents += 1;
            if documents > 1 {
                let position = reader.place(&span.start);
                reader
                    .problems
                    .at_position(&position, "schema.several_documents", "a file holds one declaration")
                    .hint("split the file at ---");
                return None;
            }
        }
        if !reader.take(event, span) {
            return None;
        }
    }
    if reader.root.is_none() {
        reader.problems.in_file(label, "schema.empty_file", "the file is empty");
    }
    reader.root
}

impl Reader<'_> {
    fn place(&self, marker: &Marker) -> Position {
        Position {
            file: self.file.clone(),
            line: marker.line().max(1),
            column: marker.col() + 1,
        }
    }

    /// False: give up.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        let position = self.place(&span.start);
        match event {
            Event::Alias(_) => {
                self.refuse(
                    &position,
                    "schema.alias",
                    "aliases are not part of the declaration language",
                );
                self.put(Node::new(position, null()));
            }
            Event::Scalar(value, style, anchor, tag) => {
                self.plain_only(&position, anchor, tag.is_some());
                check_nfc(&value, &position, self.problems);
                let form = match style {
                    ScalarStyle::Plain => resolve(&value, inset(&value, &span, 0)),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Form::Text {
                        inset: inset(&value, &span, 1),
                    },
                    // The span of a block starts at its first character; each line has the same indentation.
                    ScalarStyle::Literal => Form::Text {
                        inset: (!value.starts_with(char::is_whitespace)).then_some(0),
                    },
                    ScalarStyle::Folded => Form::Text { inset: None },
                };
                self.put(Node::new(
                    position,
                    Content::Scalar {
                        source: value.into_owned(),
                        form,
                    },
                ));
            }
            Event::SequenceStart(anchor, tag) => {
                self.plain_only(&position, anchor, tag.is_some());
                return self.enter(Open::List {
                    position,
                    items: Vec::new(),
                });
            }
            Event::MappingStart(anchor, tag) => {
                self.plain_only(&position, anchor, tag.is_some());
                return self.enter(Open::Map {
                    position,
                    pairs: Vec::new(),
                    key: None,
                    lines: BTreeMap::new(),
                });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { position, items }) => self.put(Node::new(position, Content::List(items))),
                Some(Open::Map { position, pairs, .. }) => self.put(Node::new(position, Content::Map(pairs))),
                None => {}
            },
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        true
    }

    fn enter(&mut self, open: Open) -> bool {
        if self.open.len() >= DEEPEST_NESTING {
            let (Open::List { position, .. } | Open::Map { position, .. }) = &open;
            too_deep(position, self.problems);
            return false;
        }
        self.open.push(open);
        true
    }

    /// Puts a finished node where it belongs: root, item, key or value.
    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { pairs, key, lines, .. }) => match key.take() {
                None => *key = Some(text_key(node, self.problems)),
                Some(name) => {
                    let text = name.text().unwrap_or_default().to_owned();
                    match lines.get(&text) {
                        Some(line) => {
                            self.problems
                                .at(
                                    &name,
                                    "schema.duplicate_key",
                                    format!("the key \"{text}\" stands here already"),
                                )
                                .hint(format!("first on line {line}"));
                        }
                        None => {
                            lines.insert(text, name.position().line);
                            pairs.push((name, node));
                        }
                    }
                }
            },
        }
    }

    fn plain_only(&mut self, position: &Position, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse(
                position,
                "schema.anchor",
                "anchors are not part of the declaration language",
            );
        }
        if tagged {
            self.refuse(position, "schema.tag", "tags are not part of the declaration language");
        }
    }

    fn refuse(&mut self, position: &Position, code: &str, message: &str) {
        self.problems
            .at_position(position, code, message)
            .hint("write the value out where it is needed");
    }
}

fn null() -> Content {
    Content::Scalar {
        source: String::new(),
        form: Form::Null,
    }
}

/// A key is the text of its scalar, whatever it looks like; lists, mappings and nothing are no keys.
fn text_key(node: Node, problems: &mut Problems) -> Node {
    let text = match node.content() {
        Content::Scalar { form: Form::Null, .. } | Content::List(_) | Content::Map(_) => None,
        Content::Scalar { source, .. } => Some(source.clone()),
    };
    if text.is_none() {
        problems.at(
            &node,
            "schema.bad_mapping_key",
            format!("{} cannot be the key of a mapping", node.described()),
        );
    }
    let source = text.unwrap_or_default();
    Node::new(
        node.pos(),
        Content::Scalar {
            source,
            form: Form::Text { inset: None },
        },
    )
}

/// How far inside its span the text starts, if it is written there character by character on one line.
fn inset(value: &str, span: &Span, quote: usize) -> Option<usize> {
    let width = span.end.col().checked_sub(span.start.col())?;
    (span.start.line() == span.end.line() && width == value.chars().count() + 2 * quote).then_some(quote)
}

/// The core schema of YAML 1.2 for plain scalars. So `no`, `on` and `y` are text.
fn resolve(value: &str, inset: Option<usize>) -> Form {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => Form::Null,
        "true" | "True" | "TRUE" => Form::Boolean(true),
        "false" | "False" | "FALSE" => Form::Boolean(false),
        _ if is_number(value) => Form::Number,
        _ => Form::Text { inset },
    }
}

fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    if let Some(digits) = value.strip_prefix("0x") {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    if let Some(digits) = value.strip_prefix("0o") {
        return !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(value, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.len() + fraction.len();
    digits > 0
        && all_digits(whole)
        && all_digits(fraction)
        && exponent.is_none_or(|part| !part.is_empty() && all_digits(part))
}
