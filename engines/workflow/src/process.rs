//! [`Process`]: the graph of a process, free of files, databases and clocks.

use std::collections::HashMap;

use crate::condition::Condition;

/// Index of a node in [`Process::nodes`].
pub type NodeIndex = usize;
/// Index of a flow in [`Process::flows`].
pub type FlowIndex = usize;

/// What a node of the graph does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Where the one token of a new instance appears.
    Start,
    /// Takes a token away; the instance ends with its last token.
    End,
    /// Ends the whole instance at once.
    Terminate,
    /// Work for an official; the token waits.
    UserTask,
    /// An action of an engine, called in the same transaction.
    ServiceTask,
    /// The first flow whose condition holds, else the default flow.
    Exclusive,
    /// Waits for a token on every incoming flow, then puts one on every outgoing flow.
    Parallel,
    /// The token waits for a moment.
    TimerCatch,
    /// A timer on the edge of a user task.
    Boundary {
        /// The user task.
        host: NodeIndex,
        /// Whether the task is taken away when the timer fires.
        interrupting: bool,
    },
}

/// A node of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The id in the BPMN file.
    pub id: String,
    /// What it does.
    pub kind: NodeKind,
    /// Incoming flows in the order of the file.
    pub incoming: Vec<FlowIndex>,
    /// Outgoing flows in the order of the file, which is the order in which conditions are tried.
    pub outgoing: Vec<FlowIndex>,
    /// The flow of an exclusive gateway that is taken when no condition holds.
    pub default: Option<FlowIndex>,
}

/// An arrow between two nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// The id in the BPMN file.
    pub id: String,
    /// Where it starts.
    pub source: NodeIndex,
    /// Where it leads.
    pub target: NodeIndex,
    /// When it is taken, on flows that leave an exclusive gateway.
    pub condition: Option<Condition>,
}

/// The graph of a process.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Process {
    /// The nodes in the order of the file.
    pub nodes: Vec<Node>,
    /// The flows in the order of the file.
    pub flows: Vec<Flow>,
    by_id: HashMap<String, NodeIndex>,
}

impl Process {
    /// A graph without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node. The id must be new.
    pub fn add_node(&mut self, id: impl Into<String>, kind: NodeKind) -> NodeIndex {
        let id = id.into();
        let index = self.nodes.len();
        self.by_id.insert(id.clone(), index);
        self.nodes.push(Node {
            id,
            kind,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default: None,
        });
        index
    }

    /// Adds a flow between two nodes.
    pub fn add_flow(
        &mut self,
        id: impl Into<String>,
        source: NodeIndex,
        target: NodeIndex,
        condition: Option<Condition>,
    ) -> FlowIndex {
        let index = self.flows.len();
        self.flows.push(Flow {
            id: id.into(),
            source,
            target,
            condition,
        });
        self.nodes[source].outgoing.push(index);
        self.nodes[target].incoming.push(index);
        index
    }

    /// The node of an id.
    pub fn node(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    /// The flow of an id.
    pub fn flow(&self, id: &str) -> Option<FlowIndex> {
        self.flows.iter().position(|flow| flow.id == id)
    }

    /// The start event, if there is one.
    pub fn start(&self) -> Option<NodeIndex> {
        self.nodes.iter().position(|node| node.kind == NodeKind::Start)
    }

    /// The timers on the edge of a node.
    pub fn boundaries(&self, host: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.nodes
            .iter()
            .enumerate()
            .filter_map(move |(index, node)| match node.kind {
                NodeKind::Boundary { host: own, .. } if own == host => Some(index),
                _ => None,
            })
    }

    /// The nodes to which a node's flows lead.
    pub fn targets(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.nodes[node].outgoing.iter().map(|flow| self.flows[*flow].target)
    }
}
