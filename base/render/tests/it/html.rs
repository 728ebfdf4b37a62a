//! A small reader of HTML, strict enough to see an unclosed element, a repeated id or a label without its control.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

const VOID: [&str; 8] = ["meta", "link", "input", "img", "br", "hr", "path", "circle"];

/// Reads every element; panics where tags do not pair or an attribute is not well formed.
pub fn read(html: &str) -> Vec<Element> {
    let mut elements = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix("!doctype html>") {
            rest = tail;
        } else if let Some(tail) = rest.strip_prefix('/') {
            let end = tail.find('>').expect("closing tag ends");
            let expected = open.pop();
            assert_eq!(expected.as_deref(), Some(&tail[..end]), "closing tags pair");
            rest = &tail[end + 1..];
        } else {
            let (element, closed, tail) = tag(rest);
            if !closed && !VOID.contains(&element.name.as_str()) {
                open.push(element.name.clone());
            }
            elements.push(element);
            rest = tail;
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    elements
}

fn tag(text: &str) -> (Element, bool, &str) {
    let name_end = text.find([' ', '>', '/', '\n']).expect("a tag ends");
    let name = text[..name_end].to_owned();
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric()),
        "a bare < in text: {name}"
    );
    let mut attributes = BTreeMap::new();
    let mut rest = &text[name_end..];
    loop {
        rest = rest.trim_start();
        if let Some(tail) = rest.strip_prefix("/>") {
            return (Element { name, attributes }, true, tail);
        }
        if let Some(tail) = rest.strip_prefix('>') {
            return (Element { name, attributes }, false, tail);
        }
        let end = rest.find(['=', ' ', '>', '/', '\n']).expect("an attribute ends");
        let key = rest[..end].to_owned();
        assert!(
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == ':'),
            "attribute {key:?} of {name}"
        );
        rest = &rest[end..];
        let value = match rest.strip_prefix("=\"") {
            Some(tail) => {
                let close = tail.find('"').expect("a value is closed");
                rest = &tail[close + 1..];
                tail[..close].to_owned()
            }
            None => String::new(),
        };
        assert!(attributes.insert(key.clone(), value).is_none(), "{key} twice on {name}");
    }
}

/// What must hold on every page: one id once, labels and notes lead somewhere, every control has a name, nothing inline.
pub fn check(html: &str) -> Vec<Element> {
    let elements = read(html);
    let mut ids = BTreeSet::new();
    for id in elements.iter().filter_map(|element| element.get("id")) {
        assert!(!id.is_empty() && ids.insert(id), "id {id:?} is repeated or empty");
    }
    let mut labelled = BTreeSet::new();
    for element in &elements {
        for key in element.attributes.keys() {
            assert!(
                !key.starts_with("on") && key != "style",
                "inline {key} on {}",
                element.name
            );
        }
        assert!(
            element.name != "script" || element.get("src").is_some(),
            "inline script"
        );
        assert!(element.name != "style", "inline style");
        if let Some(target) = element.get("for") {
            assert!(ids.contains(target), "label for {target}, which is not there");
            labelled.insert(target);
        }
        for key in ["aria-describedby", "aria-labelledby", "aria-controls", "data-nb-wards"] {
            for target in element.get(key).into_iter().flat_map(str::split_whitespace) {
                assert!(ids.contains(target), "{key} leads to {target}, which is not there");
            }
        }
    }
    for element in &elements {
        let control = matches!(element.name.as_str(), "input" | "select" | "textarea");
        if control && element.get("type") != Some("hidden") {
            let id = element.get("id").expect("a control has an id");
            assert!(labelled.contains(id), "{id} has no label");
        }
        if element.name == "a" {
            assert!(
                element.get("href").is_some_and(|href| !href.is_empty()),
                "a link leads somewhere"
            );
        }
        if element.name == "img" {
            assert!(element.get("alt").is_some(), "a picture says what it is");
        }
    }
    elements
}
