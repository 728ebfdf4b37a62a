//! [`Definition`]: a process with its binding, read, checked and ready to run.

mod check;
mod steps;

use std::collections::BTreeSet;

use schema::Problems;
use sha2::{Digest, Sha256};

use crate::binding::{self, Binding, ServiceBinding, TaskBinding};
use crate::bpmn;
use crate::process::{NodeIndex, NodeKind, Process};

pub use steps::{StepDefinition, StepKind};

/// A process with its binding.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    key: String,
    process: Process,
    binding: Binding,
    bpmn: String,
    yaml: String,
}

impl Definition {
    /// Reads a BPMN file and its binding and checks everything at once. `actions` are the names of the registered actions
    /// ([`crate::Actions::names`]). `None` if anything was reported.
    pub fn read(
        bpmn_label: &str,
        xml: &str,
        binding_label: &str,
        yaml: &str,
        actions: &[String],
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut own = Problems::new();
        let model = bpmn::read(bpmn_label, xml, &mut own);
        let bound = binding::read(binding_label, yaml, &mut own);
        if let (Some(model), Some((binding, places))) = (&model, &bound) {
            check::names(model, binding_label, binding, places, actions, &mut own);
        }
        if let Some(model) = &model {
            check::shape(model, &mut own);
        }
        let sound = own.is_empty();
        problems.append(own);
        let (Some(model), Some((binding, _)), true) = (model, bound, sound) else {
            return None;
        };
        Some(Self {
            key: model.key,
            process: model.process,
            binding,
            bpmn: xml.to_owned(),
            yaml: yaml.to_owned(),
        })
    }

    /// Reads what was published before. The checks of its own day hold; later ones do not turn it away.
    pub(crate) fn read_published(xml: &str, yaml: &str) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let model = bpmn::read("published.bpmn", xml, &mut problems);
        let bound = binding::read("published.binding.yaml", yaml, &mut problems);
        match (model, bound, problems.is_empty()) {
            (Some(model), Some((binding, _)), true) => Ok(Self {
                key: model.key,
                process: model.process,
                binding,
                bpmn: xml.to_owned(),
                yaml: yaml.to_owned(),
            }),
            _ => Err(problems),
        }
    }

    /// The id of the process, its name inside the app.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The graph.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The binding.
    pub fn binding(&self) -> &Binding {
        &self.binding
    }

    /// The BPMN file as it was written.
    pub fn bpmn(&self) -> &str {
        &self.bpmn
    }

    /// The binding file as it was written.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }

    /// Hash of both files, in hex: the same content is published once.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [self.bpmn.as_bytes(), self.yaml.as_bytes()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        hex::encode(hasher.finalize())
    }

    /// The agency parameters that [`crate::Start::agencies`] must give.
    pub fn agencies(&self) -> BTreeSet<&str> {
        self.binding.tasks.values().map(|task| task.agency.as_str()).collect()
    }

    /// The roles that officials need in this process.
    pub fn roles(&self) -> BTreeSet<&str> {
        self.binding.tasks.values().map(|task| task.role.as_str()).collect()
    }

    /// The text keys that the app must have words for: `workflow.<process>.<node>.name` for tasks, services and timers, and
    /// `workflow.<process>.<node>.outcomes.<outcome>` for what may be chosen.
    pub fn text_keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for node in &self.process.nodes {
            if is_named(node.kind) {
                keys.insert(name_key(&self.key, &node.id));
            }
        }
        for (node, task) in &self.binding.tasks {
            keys.extend(
                task.outcomes
                    .iter()
                    .map(|outcome| outcome_key(&self.key, node, outcome)),
            );
        }
        keys
    }

    pub(crate) fn task(&self, node: NodeIndex) -> Option<&TaskBinding> {
        self.binding.tasks.get(&self.process.nodes[node].id)
    }

    pub(crate) fn service(&self, node: NodeIndex) -> Option<&ServiceBinding> {
        self.binding.services.get(&self.process.nodes[node].id)
    }
}

/// Nodes that the binding names and people read about.
pub(crate) fn is_named(kind: NodeKind) -> bool {
    matches!(
        kind,
        NodeKind::UserTask | NodeKind::ServiceTask | NodeKind::TimerCatch | NodeKind::Boundary { .. }
    )
}

/// The text key of a step's name.
pub fn name_key(process: &str, node: &str) -> String {
    format!("workflow.{process}.{node}.name")
}

/// The text key of a choice.
pub fn outcome_key(process: &str, node: &str, outcome: &str) -> String {
    format!("workflow.{process}.{node}.outcomes.{outcome}")
}
