//! Checks of the graph that no single element shows: everything can be reached, everything can end, joins get what they
//! wait for. The last is proved by walking through all states with every choice of every gateway allowed.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use crate::process::{FlowIndex, NodeIndex, NodeKind, Process};

/// States visited before a process is called too complex to prove.
pub const MOST_STATES: usize = 20_000;

/// What is wrong with a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flaw {
    /// No way leads from the start to the node.
    Unreachable(NodeIndex),
    /// No way leads from the node to an end.
    CannotEnd(NodeIndex),
    /// What follows a non-interrupting timer runs into the main way, which would then run twice.
    SideBranchJoins(NodeIndex),
    /// The parallel gateway can wait for a token that never comes.
    JoinWaitsForever(NodeIndex),
    /// Two tokens can be on the way to the node at once: parallel ways meet without a parallel gateway.
    Unsynchronized(NodeIndex),
    /// Too many states to prove anything.
    TooComplex,
}

/// All flaws of a graph whose single elements are in order (one start, flows where they belong).
pub fn flaws(process: &Process) -> BTreeSet<Flaw> {
    let mut found = BTreeSet::new();
    let Some(start) = process.start() else { return found };
    let reached = reachable(process, [start], true);
    for node in 0..process.nodes.len() {
        if !reached.contains(&node) {
            found.insert(Flaw::Unreachable(node));
        }
    }
    let ending = can_end(process);
    for node in &reached {
        if !ending.contains(node) {
            found.insert(Flaw::CannotEnd(*node));
        }
    }
    if !found.is_empty() {
        return found;
    }
    // The main way, then each side branch on its own.
    let mut roots = vec![start];
    roots.extend((0..process.nodes.len()).filter(|node| is_side_root(process, *node)));
    let mut owner: HashMap<NodeIndex, NodeIndex> = HashMap::new();
    for root in &roots {
        for node in reachable(process, [*root], false) {
            if matches!(process.nodes[node].kind, NodeKind::End | NodeKind::Terminate) {
                continue;
            }
            if owner.insert(node, *root).is_some_and(|first| first != *root) {
                found.insert(Flaw::SideBranchJoins(node));
            }
        }
    }
    if found.is_empty() {
        for root in roots {
            explore(process, root, &mut found);
        }
    }
    found
}

fn is_side_root(process: &Process, node: NodeIndex) -> bool {
    matches!(
        process.nodes[node].kind,
        NodeKind::Boundary {
            interrupting: false,
            ..
        }
    )
}

/// The nodes reached from `roots`; boundary timers are reached through their task, non-interrupting ones only if asked.
fn reachable(process: &Process, roots: impl IntoIterator<Item = NodeIndex>, with_sides: bool) -> BTreeSet<NodeIndex> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<NodeIndex> = roots.into_iter().collect();
    while let Some(node) = open.pop() {
        if reached.insert(node) {
            open.extend(process.targets(node));
            open.extend(
                process
                    .boundaries(node)
                    .filter(|timer| with_sides || !is_side_root(process, *timer)),
            );
        }
    }
    reached
}

fn can_end(process: &Process) -> BTreeSet<NodeIndex> {
    let mut ending: BTreeSet<NodeIndex> = BTreeSet::new();
    let mut open: Vec<NodeIndex> = (0..process.nodes.len())
        .filter(|node| matches!(process.nodes[*node].kind, NodeKind::End | NodeKind::Terminate))
        .collect();
    while let Some(node) = open.pop() {
        if !ending.insert(node) {
            continue;
        }
        open.extend(
            process.nodes[node]
                .incoming
                .iter()
                .map(|flow| process.flows[*flow].source),
        );
        if let NodeKind::Boundary {
            host,
            interrupting: true,
        } = process.nodes[node].kind
        {
            open.push(host);
        }
    }
    ending
}

/// A token is on a flow, or it waits at a user task that a timer may interrupt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Place {
    On(FlowIndex),
    At(NodeIndex),
}

/// All places that hold a token. No place may hold two.
type Marking = BTreeSet<Place>;

/// Walks through all markings from `root` and adds what goes wrong.
fn explore(process: &Process, root: NodeIndex, found: &mut BTreeSet<Flaw>) {
    let first: Marking = process.nodes[root]
        .outgoing
        .iter()
        .map(|flow| Place::On(*flow))
        .collect();
    let mut numbers: HashMap<Marking, usize> = HashMap::from([(first.clone(), 0)]);
    let mut before: Vec<Vec<usize>> = vec![Vec::new()];
    let mut finals = Vec::new();
    let mut open = VecDeque::from([(0, first)]);
    let mut seen: HashSet<Flaw> = HashSet::new();
    let mut all = Vec::new();
    while let Some((number, marking)) = open.pop_front() {
        all.push(marking.clone());
        if marking.is_empty() {
            finals.push(number);
            continue;
        }
        let next = successors(process, &marking, &mut seen);
        if next.is_empty() && seen.is_empty() {
            seen.extend(waiting_joins(process, &marking));
        }
        for marking in next {
            let known = numbers.len();
            let target = *numbers.entry(marking.clone()).or_insert(known);
            if target == known {
                if known >= MOST_STATES {
                    found.insert(Flaw::TooComplex);
                    return;
                }
                before.push(Vec::new());
                open.push_back((target, marking));
            }
            before[target].push(number);
        }
    }
    if seen.is_empty() {
        // No state without successors is left but the empty one; still, a state may only lead round in circles.
        let mut ending = vec![false; all.len()];
        let mut back = finals;
        while let Some(number) = back.pop() {
            if !std::mem::replace(&mut ending[number], true) {
                back.extend(&before[number]);
            }
        }
        for (number, marking) in all.iter().enumerate() {
            if !ending[number] {
                seen.extend(waiting_joins(process, marking));
            }
        }
    }
    found.extend(seen);
}

fn waiting_joins(process: &Process, marking: &Marking) -> Vec<Flaw> {
    let target = |place: &Place| match place {
        Place::On(flow) => Some(process.flows[*flow].target),
        Place::At(_) => None,
    };
    marking
        .iter()
        .filter_map(target)
        .filter(|node| process.nodes[*node].kind == NodeKind::Parallel)
        .map(Flaw::JoinWaitsForever)
        .collect()
}

/// Every marking that one move makes. A move that would put two tokens on one place is a flaw and not followed.
fn successors(process: &Process, marking: &Marking, flaws: &mut HashSet<Flaw>) -> Vec<Marking> {
    let mut next = Vec::new();
    let mut step = |taken: &[Place], given: &[Place]| {
        let mut after = marking.clone();
        for place in taken {
            after.remove(place);
        }
        for place in given {
            if !after.insert(*place) {
                flaws.insert(Flaw::Unsynchronized(match place {
                    Place::On(flow) => process.flows[*flow].source,
                    Place::At(node) => *node,
                }));
                return;
            }
        }
        next.push(after);
    };
    let mut joined = BTreeSet::new();
    for place in marking {
        let node = match place {
            Place::On(flow) => process.flows[*flow].target,
            Place::At(node) => *node,
        };
        let out: Vec<Place> = process.nodes[node]
            .outgoing
            .iter()
            .map(|flow| Place::On(*flow))
            .collect();
        match (place, process.nodes[node].kind) {
            (Place::On(_), NodeKind::UserTask) => step(&[*place], &[Place::At(node)]),
            (Place::At(_), _) => {
                step(&[*place], &out);
                for timer in process.boundaries(node).filter(|timer| !is_side_root(process, *timer)) {
                    let away: Vec<Place> = process.nodes[timer]
                        .outgoing
                        .iter()
                        .map(|flow| Place::On(*flow))
                        .collect();
                    step(&[*place], &away);
                }
            }
            (_, NodeKind::End) => step(&[*place], &[]),
            (_, NodeKind::Terminate) => step(&marking.iter().copied().collect::<Vec<_>>(), &[]),
            (_, NodeKind::Exclusive) => out.iter().for_each(|way| step(&[*place], &[*way])),
            (_, NodeKind::Parallel) => {
                let wanted: Vec<Place> = process.nodes[node]
                    .incoming
                    .iter()
                    .map(|flow| Place::On(*flow))
                    .collect();
                if joined.insert(node) && wanted.iter().all(|place| marking.contains(place)) {
                    step(&wanted, &out);
                }
            }
            _ => step(&[*place], &out),
        }
    }
    next
}
