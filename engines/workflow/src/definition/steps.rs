//! The process as a list of steps, for pages that people without a picture can use.

use std::collections::{BTreeSet, VecDeque};

use kernel::Deadline;
use serde::Serialize;

use super::{Definition, is_named, name_key};
use crate::process::{NodeIndex, NodeKind};

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Work for an official.
    Task,
    /// Something that the platform does by itself.
    Service,
    /// A wait, or a timer beside a task.
    Timer,
}

/// One step of a definition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepDefinition {
    /// The id in the BPMN file.
    pub node: String,
    /// What it is.
    pub kind: StepKind,
    /// The text key of its name.
    pub name_key: String,
    /// The role that does it; tasks only.
    pub role: Option<String>,
    /// The agency parameter; tasks only.
    pub agency: Option<String>,
    /// What may be chosen; tasks only.
    pub outcomes: Vec<String>,
    /// The inner deadline of a task or the length of a timer.
    pub within: Option<Deadline>,
    /// The task beside which a timer runs.
    pub beside: Option<String>,
    /// The steps that may come next, gateways left out.
    pub next: Vec<String>,
    /// Whether the process may end after it.
    pub may_end: bool,
}

impl Definition {
    /// The steps, the nearest to the start first, each once.
    pub fn steps(&self) -> Vec<StepDefinition> {
        let mut steps = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: VecDeque<NodeIndex> = self.process.start().into_iter().collect();
        while let Some(node) = open.pop_front() {
            if !seen.insert(node) {
                continue;
            }
            if is_named(self.process.nodes[node].kind) {
                steps.push(self.step(node));
            }
            open.extend(self.process.boundaries(node));
            open.extend(self.process.targets(node));
        }
        steps
    }

    fn step(&self, node: NodeIndex) -> StepDefinition {
        let found = &self.process.nodes[node];
        let task = self.task(node);
        let kind = match found.kind {
            NodeKind::UserTask => StepKind::Task,
            NodeKind::ServiceTask => StepKind::Service,
            _ => StepKind::Timer,
        };
        let beside = match found.kind {
            NodeKind::Boundary { host, .. } => Some(self.process.nodes[host].id.clone()),
            _ => None,
        };
        let (next, may_end) = self.after(node);
        StepDefinition {
            node: found.id.clone(),
            kind,
            name_key: name_key(&self.key, &found.id),
            role: task.map(|task| task.role.clone()),
            agency: task.map(|task| task.agency.clone()),
            outcomes: task.map(|task| task.outcomes.clone()).unwrap_or_default(),
            within: task
                .and_then(|task| task.within)
                .or_else(|| self.binding.timers.get(&found.id).copied()),
            beside,
            next,
            may_end,
        }
    }

    /// The next named nodes through gateways, and whether an end is among them.
    fn after(&self, node: NodeIndex) -> (Vec<String>, bool) {
        let mut next = Vec::new();
        let mut may_end = false;
        let mut seen = BTreeSet::new();
        let mut open: VecDeque<NodeIndex> = self.process.targets(node).collect();
        while let Some(target) = open.pop_front() {
            if !seen.insert(target) {
                continue;
            }
            match self.process.nodes[target].kind {
                NodeKind::End | NodeKind::Terminate => may_end = true,
                kind if is_named(kind) => next.push(self.process.nodes[target].id.clone()),
                _ => open.extend(self.process.targets(target)),
            }
        }
        (next, may_end)
    }
}
