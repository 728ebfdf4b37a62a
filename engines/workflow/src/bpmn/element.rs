//! XML elements with the places where they stand.

use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;
use schema::{Position, Problems};

/// Namespace of the elements of BPMN 2.0 (OMG formal/2011-01-03).
const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
const LARGEST_FILE_BYTES: usize = 1024 * 1024;
const DEEPEST_NESTING: usize = 32;

/// An element of the file.
#[derive(Debug, Clone)]
pub(super) struct Element {
    /// Its name without prefix.
    pub name: String,
    /// Whether it belongs to BPMN; drawings and vendors' additions do not.
    pub bpmn: bool,
    /// Attributes without prefix, in order.
    pub attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The characters directly in it.
    pub text: String,
    /// Where it starts.
    pub position: Position,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// For messages: `userTask "receive"` or `userTask`.
    pub fn described(&self) -> String {
        match self.attribute("id") {
            Some(id) => format!("{} \"{id}\"", self.name),
            None => self.name.clone(),
        }
    }
}

/// Reads the root element; `None` if the file is no XML that we accept.
pub(super) fn read(label: &str, xml: &str, problems: &mut Problems) -> Option<Element> {
    if xml.len() > LARGEST_FILE_BYTES {
        problems.in_file(
            label,
            "workflow.bpmn_too_large",
            format!("the file has {} bytes, the limit is {LARGEST_FILE_BYTES}", xml.len()),
        );
        return None;
    }
    let places = Places::new(label, xml);
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let at = reader.buffer_position() as usize;
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return syntax(&places, reader.error_position() as usize, &error, problems),
        };
        match event {
            Event::Start(start) => {
                let position = places.of(at);
                if open.len() >= DEEPEST_NESTING {
                    problems.at_position(
                        &position,
                        "workflow.bpmn_too_deep",
                        format!("nested deeper than {DEEPEST_NESTING} elements"),
                    );
                    return None;
                }
                match element(&start, reader.resolver(), position) {
                    Ok(element) => open.push(element),
                    Err(error) => return syntax(&places, at, &error, problems),
                }
            }
            Event::End(_) => {
                let Some(done) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None if root.is_none() => root = Some(done),
                    None => {
                        problems.at_position(&done.position, "workflow.bpmn_syntax", "there is a second root element");
                        return None;
                    }
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference).map(str::to_owned),
                    Err(_) => None,
                };
                match (resolved, open.last_mut()) {
                    (Some(text), Some(element)) => element.text.push_str(&text),
                    (None, _) => return syntax(&places, at, &format!("unknown entity &{};", &*reference), problems),
                    (Some(_), None) => {}
                }
            }
            Event::DocType(_) => {
                // No external entities, no entity bombs: nothing in BPMN needs a document type.
                problems.at_position(
                    &places.of(at),
                    "workflow.bpmn_doctype",
                    "a document type declaration is not accepted",
                );
                return None;
            }
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if let Some(unclosed) = open.last() {
        problems.at_position(
            &unclosed.position,
            "workflow.bpmn_syntax",
            format!("{} is never closed", unclosed.described()),
        );
        return None;
    }
    if root.is_none() {
        problems.in_file(label, "workflow.bpmn_syntax", "the file has no element");
    }
    root
}

fn syntax(
    places: &Places<'_>,
    offset: usize,
    error: &dyn std::fmt::Display,
    problems: &mut Problems,
) -> Option<Element> {
    problems.at_position(&places.of(offset), "workflow.bpmn_syntax", error.to_string());
    None
}

fn element(
    start: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    position: Position,
) -> Result<Element, quick_xml::Error> {
    let (namespace, local) = resolver.resolve_element(start.name());
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute?;
        if attribute.key.prefix().is_none() && attribute.key.as_namespace_binding().is_none() {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0)?;
            attributes.push((attribute.key.local_name().into_inner().to_owned(), value.into_owned()));
        }
    }
    Ok(Element {
        name: local.into_inner().to_owned(),
        bpmn: matches!(namespace, ResolveResult::Bound(Namespace(MODEL))),
        attributes,
        children: Vec::new(),
        text: String::new(),
        position,
    })
}

/// From offsets to lines.
struct Places<'x> {
    file: Arc<str>,
    xml: &'x str,
    lines: Vec<usize>,
}

impl<'x> Places<'x> {
    fn new(label: &str, xml: &'x str) -> Self {
        let lines = std::iter::once(0)
            .chain(xml.match_indices('\n').map(|(place, _)| place + 1))
            .collect();
        Self {
            file: label.into(),
            xml,
            lines,
        }
    }

    fn of(&self, offset: usize) -> Position {
        let offset = offset.min(self.xml.len());
        let line = self.lines.partition_point(|start| *start <= offset);
        let start = self.lines[line - 1];
        let column = self
            .xml
            .get(start..offset)
            .map_or(1, |before| before.chars().count() + 1);
        Position {
            file: self.file.clone(),
            line,
            column,
        }
    }
}
