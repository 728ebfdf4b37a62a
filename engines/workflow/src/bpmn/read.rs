//! From elements to a [`Process`].

use std::collections::{BTreeMap, HashMap};

use schema::{Position, Problems};

use super::element::{self, Element};
use crate::condition::Condition;
use crate::process::{NodeIndex, NodeKind, Process};

/// What a BPMN file holds.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    /// The id of the process.
    pub key: String,
    /// Where the process starts in the file.
    pub position: Position,
    /// The graph.
    pub process: Process,
    /// Where each node stands, by index.
    pub positions: Vec<Position>,
    /// Where each flow's condition stands, by index of the flow.
    pub condition_positions: BTreeMap<usize, Position>,
}

/// Elements without meaning for the machine: drawings, notes, and what repeats what the flows say.
const IGNORED: [&str; 9] = [
    "documentation",
    "extensionElements",
    "incoming",
    "outgoing",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "category",
];

/// Reads a file. `None` if there is no single process in it; a model may come back although problems were reported.
pub(crate) fn read(label: &str, xml: &str, problems: &mut Problems) -> Option<Model> {
    let root = element::read(label, xml, problems)?;
    if !root.bpmn || root.name != "definitions" {
        problems
            .at_position(
                &root.position,
                "workflow.bpmn_root",
                format!("the root element is {}, not definitions of BPMN 2.0", root.name),
            )
            .hint("xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"");
        return None;
    }
    let mut processes = Vec::new();
    for child in meaningful(&root) {
        match child.name.as_str() {
            "process" => processes.push(child),
            "collaboration" => {
                for part in meaningful(child).filter(|part| part.name != "participant") {
                    unsupported(part, problems);
                }
            }
            _ => unsupported(child, problems),
        }
    }
    match processes.as_slice() {
        [] => {
            problems.at_position(
                &root.position,
                "workflow.bpmn_no_process",
                "there is no process in the file",
            );
            None
        }
        [process] => read_process(process, problems),
        [_, second, ..] => {
            problems.at_position(
                &second.position,
                "workflow.bpmn_several_processes",
                "a file holds one process",
            );
            None
        }
    }
}

fn meaningful(element: &Element) -> impl Iterator<Item = &Element> {
    element
        .children
        .iter()
        .filter(|child| child.bpmn && !IGNORED.contains(&child.name.as_str()))
}

fn unsupported(element: &Element, problems: &mut Problems) {
    problems
        .at_position(&element.position, "workflow.unsupported_element", format!("{} is not supported", element.described()))
        .hint("startEvent, endEvent, userTask, serviceTask, exclusiveGateway, parallelGateway, sequenceFlow and timer events are");
}

/// The id of an element that must have one; reports `workflow.missing_id` and `workflow.bad_id`.
fn id(element: &Element, problems: &mut Problems) -> Option<String> {
    let Some(id) = element.attribute("id") else {
        problems.at_position(
            &element.position,
            "workflow.missing_id",
            format!("{} has no id", element.name),
        );
        return None;
    };
    let sound = (1..=120).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if !sound {
        problems
            .at_position(
                &element.position,
                "workflow.bad_id",
                format!("\"{id}\" cannot be an id"),
            )
            .hint("letters a-z, digits, - _ and ., at most 120");
        return None;
    }
    Some(id.to_owned())
}

/// Ids that the binding names are also parts of text keys.
fn key(element: &Element, id: &str, problems: &mut Problems) {
    if !schema::is_key(id) {
        problems
            .at_position(
                &element.position,
                "workflow.bad_id",
                format!("{} is named in the binding and in texts", element.described()),
            )
            .hint("small letters a-z, digits, - and _, starting with a letter, at most 63 characters");
    }
}

struct Reader<'e> {
    process: Process,
    positions: Vec<Position>,
    ids: HashMap<String, &'e Element>,
    /// Elements whose second half is read when all nodes are known.
    boundaries: Vec<(NodeIndex, &'e Element)>,
    gateways: Vec<(NodeIndex, &'e Element)>,
}

fn read_process(element: &Element, problems: &mut Problems) -> Option<Model> {
    let key_of_process = id(element, problems)?;
    key(element, &key_of_process, problems);
    let mut reader = Reader {
        process: Process::new(),
        positions: Vec::new(),
        ids: HashMap::new(),
        boundaries: Vec::new(),
        gateways: Vec::new(),
    };
    let mut flows = Vec::new();
    for child in meaningful(element) {
        if child.name == "sequenceFlow" {
            flows.push(child);
        } else {
            reader.node(child, problems);
        }
    }
    reader.attach(problems);
    let condition_positions = reader.connect(&flows, problems);
    reader.defaults(problems);
    Some(Model {
        key: key_of_process,
        position: element.position.clone(),
        process: reader.process,
        positions: reader.positions,
        condition_positions,
    })
}

impl<'e> Reader<'e> {
    fn node(&mut self, element: &'e Element, problems: &mut Problems) {
        let kind = match element.name.as_str() {
            "startEvent" => plain(element, NodeKind::Start, problems),
            "endEvent" => end(element, problems),
            "userTask" => plain(element, NodeKind::UserTask, problems),
            "serviceTask" => plain(element, NodeKind::ServiceTask, problems),
            "exclusiveGateway" => plain(element, NodeKind::Exclusive, problems),
            "parallelGateway" => plain(element, NodeKind::Parallel, problems),
            "intermediateCatchEvent" => timer(element, NodeKind::TimerCatch, problems),
            "boundaryEvent" => {
                let interrupting = element.attribute("cancelActivity").is_none_or(|value| value != "false");
                // The host is put in when all nodes are known.
                timer(
                    element,
                    NodeKind::Boundary {
                        host: usize::MAX,
                        interrupting,
                    },
                    problems,
                )
            }
            _ => {
                unsupported(element, problems);
                None
            }
        };
        let Some(id) = id(element, problems) else { return };
        if !self.fresh(&id, element, problems) {
            return;
        }
        // An unsupported element still takes its id, so that flows to it are not reported a second time.
        let Some(kind) = kind else { return };
        if matches!(
            kind,
            NodeKind::UserTask | NodeKind::ServiceTask | NodeKind::TimerCatch | NodeKind::Boundary { .. }
        ) {
            key(element, &id, problems);
        }
        let node = self.process.add_node(id, kind);
        self.positions.push(element.position.clone());
        match kind {
            NodeKind::Boundary { .. } => self.boundaries.push((node, element)),
            NodeKind::Exclusive => self.gateways.push((node, element)),
            _ => {}
        }
    }

    fn fresh(&mut self, id: &str, element: &'e Element, problems: &mut Problems) -> bool {
        match self.ids.insert(id.to_owned(), element) {
            None => true,
            Some(first) => {
                problems
                    .at_position(
                        &element.position,
                        "workflow.duplicate_id",
                        format!("the id \"{id}\" is used twice"),
                    )
                    .hint(format!("first in line {}", first.position.line));
                false
            }
        }
    }

    fn attach(&mut self, problems: &mut Problems) {
        for (node, element) in std::mem::take(&mut self.boundaries) {
            let attached = element.attribute("attachedToRef").unwrap_or_default();
            let host = self.process.node(attached);
            match (host, &mut self.process.nodes[node].kind) {
                (Some(index), NodeKind::Boundary { host, .. }) => *host = index,
                _ if self.ids.contains_key(attached) => {}
                _ => {
                    problems.at_position(
                        &element.position,
                        "workflow.unknown_reference",
                        format!(
                            "{} is attached to \"{attached}\", which does not exist",
                            element.described()
                        ),
                    );
                }
            }
            if let Some(index) = host
                && self.process.nodes[index].kind != NodeKind::UserTask
            {
                problems.at_position(
                    &element.position,
                    "workflow.boundary_host",
                    format!("{} must be attached to a user task", element.described()),
                );
            }
        }
    }

    fn connect(&mut self, flows: &[&'e Element], problems: &mut Problems) -> BTreeMap<usize, Position> {
        let mut condition_positions = BTreeMap::new();
        for element in flows {
            for child in meaningful(element).filter(|child| child.name != "conditionExpression") {
                unsupported(child, problems);
            }
            let Some(id) = id(element, problems) else { continue };
            if !self.fresh(&id, element, problems) {
                continue;
            }
            let source = self.end_of_flow(element, "sourceRef", problems);
            let target = self.end_of_flow(element, "targetRef", problems);
            let expression = element
                .children
                .iter()
                .find(|child| child.bpmn && child.name == "conditionExpression");
            let condition = expression.and_then(|expression| match Condition::parse(&expression.text) {
                Ok(condition) => Some(condition),
                Err(reason) => {
                    problems.at_position(
                        &expression.position,
                        "workflow.condition_syntax",
                        format!("the condition of {} cannot be read: {reason}", element.described()),
                    );
                    // Stands in for what was meant, so that the flow is not reported as one without a condition.
                    Condition::parse("false").ok()
                }
            });
            let (Some(source), Some(target)) = (source, target) else {
                continue;
            };
            let flow = self.process.add_flow(id, source, target, condition);
            let position = expression.map_or(&element.position, |expression| &expression.position);
            condition_positions.insert(flow, position.clone());
        }
        condition_positions
    }

    fn end_of_flow(&self, element: &Element, attribute: &str, problems: &mut Problems) -> Option<NodeIndex> {
        let Some(id) = element.attribute(attribute) else {
            problems.at_position(
                &element.position,
                "workflow.missing_attribute",
                format!("{} has no {attribute}", element.described()),
            );
            return None;
        };
        let node = self.process.node(id);
        if node.is_none() && !self.ids.contains_key(id) {
            problems.at_position(
                &element.position,
                "workflow.unknown_reference",
                format!(
                    "{attribute} of {} is \"{id}\", which does not exist",
                    element.described()
                ),
            );
        }
        node
    }

    fn defaults(&mut self, problems: &mut Problems) {
        for (node, element) in std::mem::take(&mut self.gateways) {
            let Some(default) = element.attribute("default") else {
                continue;
            };
            let flow = self.process.nodes[node]
                .outgoing
                .iter()
                .copied()
                .find(|flow| self.process.flows[*flow].id == default);
            if flow.is_none() {
                problems.at_position(
                    &element.position,
                    "workflow.unknown_reference",
                    format!("the default flow \"{default}\" does not leave {}", element.described()),
                );
            }
            self.process.nodes[node].default = flow;
        }
    }
}

/// An element that may hold nothing of its own.
fn plain(element: &Element, kind: NodeKind, problems: &mut Problems) -> Option<NodeKind> {
    for child in meaningful(element) {
        unsupported(child, problems);
    }
    if element.attribute("isForCompensation") == Some("true") {
        unsupported(element, problems);
    }
    Some(kind)
}

fn end(element: &Element, problems: &mut Problems) -> Option<NodeKind> {
    let mut kind = NodeKind::End;
    for child in meaningful(element) {
        match child.name.as_str() {
            "terminateEventDefinition" => kind = NodeKind::Terminate,
            _ => unsupported(child, problems),
        }
    }
    Some(kind)
}

fn timer(element: &Element, kind: NodeKind, problems: &mut Problems) -> Option<NodeKind> {
    let mut timers = 0;
    let mut others = 0;
    for child in meaningful(element) {
        if child.name != "timerEventDefinition" {
            unsupported(child, problems);
            others += 1;
            continue;
        }
        timers += 1;
        if let Some(length) = meaningful(child).next() {
            problems
                .at_position(
                    &length.position,
                    "workflow.timer_in_bpmn",
                    format!("{} says its length in the BPMN file", element.described()),
                )
                .hint("take it out here and write it in the binding, in working time: timers: { … after: { working_hours: 8 } }");
        }
    }
    if timers == 1 {
        return Some(kind);
    }
    if others == 0 {
        problems.at_position(
            &element.position,
            "workflow.unsupported_element",
            format!("{} needs exactly one timerEventDefinition", element.described()),
        );
    }
    None
}
