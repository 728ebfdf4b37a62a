//! [`Map`]: the cursor over a mapping that notices every key which nobody read.

use std::collections::BTreeSet;

use crate::nearest::nearest;
use crate::node::{Content, Node};
use crate::problem::{Position, Problems};

/// Reads a mapping key by key. Call [`finish`](Map::finish) at the end: keys that were never asked for are errors.
#[derive(Debug, Clone)]
#[must_use = "call finish(problems), else unknown keys go unnoticed"]
pub struct Map {
    node: Node,
    asked: BTreeSet<String>,
}

impl Map {
    pub(crate) fn new(node: &Node) -> Option<Self> {
        node.is_map().then(|| Self {
            node: node.clone(),
            asked: BTreeSet::new(),
        })
    }

    /// The mapping itself, to report problems of the whole.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Where the mapping starts.
    pub fn position(&self) -> &Position {
        self.node.position()
    }

    /// The value of a key that must be there; reports `schema.missing_key`.
    pub fn required(&mut self, key: &str, problems: &mut Problems) -> Option<Node> {
        let found = self.optional(key);
        if found.is_none() {
            problems.at(
                &self.node,
                "schema.missing_key",
                format!("the key \"{key}\" is missing"),
            );
        }
        found
    }

    /// The value of a key that may be absent.
    pub fn optional(&mut self, key: &str) -> Option<Node> {
        self.asked.insert(key.to_owned());
        self.pairs()
            .iter()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value.clone())
    }

    /// True if the key is written; does not count as reading it.
    pub fn has(&self, key: &str) -> bool {
        self.pairs().iter().any(|(name, _)| name.text() == Some(key))
    }

    /// All entries in source order, for mappings whose keys are free. The key is a text node, so that
    /// `key.key(problems)` checks it where it stands. Counts as reading all of them.
    pub fn entries(&mut self) -> Vec<(Node, Node)> {
        let pairs = self.pairs().to_vec();
        self.asked
            .extend(pairs.iter().filter_map(|(name, _)| name.text().map(str::to_owned)));
        pairs
    }

    /// Reports every key that nobody asked for: `schema.unknown_key`, with the nearest known name.
    pub fn finish(self, problems: &mut Problems) {
        let unread: Vec<&Node> = self
            .pairs()
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !name.text().is_some_and(|text| self.asked.contains(text)))
            .collect();
        for name in unread {
            let text = name.text().unwrap_or_default();
            let hint = match nearest(text, self.asked.iter().map(String::as_str)) {
                Some(near) => Some(format!("did you mean \"{near}\"?")),
                None if self.asked.is_empty() => None,
                None => Some(format!(
                    "known keys: {}",
                    self.asked.iter().cloned().collect::<Vec<_>>().join(", ")
                )),
            };
            problems
                .at(name, "schema.unknown_key", format!("unknown key \"{text}\""))
                .hint = hint;
        }
    }

    /// The first key in the source, if any.
    pub(crate) fn first_key(&self) -> Option<&Node> {
        self.pairs().first().map(|(name, _)| name)
    }

    fn pairs(&self) -> &[(Node, Node)] {
        match self.node.content() {
            Content::Map(pairs) => pairs,
            _ => &[],
        }
    }
}
