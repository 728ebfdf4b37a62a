//! Checks across elements and files.

use std::collections::BTreeMap;

use schema::feel::{Type, TypeScope};
use schema::{Position, Problems, nearest};

use crate::binding::{Binding, BindingPlaces};
use crate::bpmn::Model;
use crate::process::{Node, NodeIndex, NodeKind};
use crate::soundness::{Flaw, MOST_STATES, flaws};

/// Every task, service and timer is bound, everything bound exists, actions and names of variables are known.
pub(super) fn names(
    model: &Model,
    label: &str,
    binding: &Binding,
    places: &BindingPlaces,
    actions: &[String],
    problems: &mut Problems,
) {
    if let Some(place) = &places.process
        && !binding.process.is_empty()
        && binding.process != model.key
    {
        problems.at_position(
            place,
            "workflow.process_mismatch",
            format!(
                "the process in the BPMN file is \"{}\", not \"{}\"",
                model.key, binding.process
            ),
        );
    }
    let section =
        |word: &str, bound: &BTreeMap<String, Position>, fits: fn(NodeKind) -> bool, problems: &mut Problems| {
            let known: Vec<&Node> = model.process.nodes.iter().filter(|node| fits(node.kind)).collect();
            for (id, place) in bound {
                if !known.iter().any(|node| node.id == *id) {
                    let problem = problems.at_position(
                        place,
                        &format!("workflow.unknown_{word}"),
                        format!("there is no {word} \"{id}\" in the BPMN file"),
                    );
                    if let Some(near) = nearest(id, known.iter().map(|node| node.id.as_str())) {
                        problem.hint(format!("did you mean \"{near}\"?"));
                    }
                }
            }
            for (index, node) in model.process.nodes.iter().enumerate() {
                if fits(node.kind) && !bound.contains_key(&node.id) {
                    problems
                        .at_position(
                            &model.positions[index],
                            &format!("workflow.{word}_without_binding"),
                            format!("{label} does not say anything about the {word} \"{}\"", node.id),
                        )
                        .hint(format!("{word}s: {{ {}: … }}", node.id));
                }
            }
        };
    section("task", &places.tasks, |kind| kind == NodeKind::UserTask, problems);
    section(
        "service",
        &places.services,
        |kind| kind == NodeKind::ServiceTask,
        problems,
    );
    section(
        "timer",
        &places.timers,
        |kind| matches!(kind, NodeKind::TimerCatch | NodeKind::Boundary { .. }),
        problems,
    );
    for (id, service) in &binding.services {
        if !actions.contains(&service.action) {
            let place = &places.actions[id];
            let problem = problems.at_position(
                place,
                "workflow.unknown_action",
                format!("there is no action \"{}\"", service.action),
            );
            if let Some(near) = nearest(&service.action, actions.iter().map(String::as_str)) {
                problem.hint(format!("did you mean \"{near}\"?"));
            }
        }
    }
    variables(model, binding, problems);
}

fn variables(model: &Model, binding: &Binding, problems: &mut Problems) {
    let outcomes = Type::context(binding.tasks.keys().map(|task| (task.clone(), Type::Text)));
    let mut types = TypeScope::new().with("outcome", Type::Text).with("outcomes", outcomes);
    for name in &binding.variables {
        types.set(name.clone(), Type::Any);
    }
    for (index, flow) in model.process.flows.iter().enumerate() {
        let Some(condition) = &flow.condition else { continue };
        let mut known = true;
        for path in condition.names() {
            let mut parts = path.split('.');
            let first = parts.next().unwrap_or_default();
            let wrong = match first {
                "outcome" => None,
                "outcomes" => parts
                    .next()
                    .filter(|task| !binding.tasks.contains_key(*task))
                    .map(|task| format!("there is no task \"{task}\"")),
                name if binding.variables.iter().any(|known| known == name) => None,
                name => Some(format!("the name \"{name}\" is not known here")),
            };
            if let Some(wrong) = wrong {
                known = false;
                problems
                    .at_position(
                        &model.condition_positions[&index],
                        "workflow.unknown_name",
                        format!("the condition of flow \"{}\": {wrong}", flow.id),
                    )
                    .hint("known are outcome, outcomes.<task> and what the binding lists under variables");
            }
        }
        if known && let Err(wrong) = condition.check(&types) {
            let place = &model.condition_positions[&index];
            problems.at_position(
                place,
                "workflow.condition_type",
                format!("the condition of flow \"{}\": {wrong}", flow.id),
            );
        }
    }
}

/// The graph: flows where they belong, everything reachable, everything ends, joins match.
pub(super) fn shape(model: &Model, problems: &mut Problems) {
    let process = &model.process;
    let starts: Vec<NodeIndex> = (0..process.nodes.len())
        .filter(|node| process.nodes[*node].kind == NodeKind::Start)
        .collect();
    match starts.as_slice() {
        [_] => {}
        [] => {
            problems.at_position(
                &model.position,
                "workflow.start_count",
                "the process has no start event",
            );
        }
        [_, more @ ..] => {
            for extra in more {
                problems.at_position(
                    &model.positions[*extra],
                    "workflow.start_count",
                    "the process has more than one start event",
                );
            }
        }
    }
    if !process
        .nodes
        .iter()
        .any(|node| matches!(node.kind, NodeKind::End | NodeKind::Terminate))
    {
        problems.at_position(&model.position, "workflow.no_end", "the process has no end event");
    }
    for (node, place) in process.nodes.iter().zip(&model.positions) {
        flows_of(model, node, place, problems);
    }
    // What follows walks along the flows and would only repeat what is wrong with them.
    if problems.is_empty() {
        for flaw in flaws(process) {
            report(model, flaw, problems);
        }
    }
}

fn flows_of(model: &Model, node: &Node, place: &Position, problems: &mut Problems) {
    let id = &node.id;
    let mut say = |code: &str, message: String| {
        problems.at_position(place, code, message);
    };
    let entered = !matches!(node.kind, NodeKind::Start | NodeKind::Boundary { .. });
    let left = !matches!(node.kind, NodeKind::End | NodeKind::Terminate);
    match (entered, node.incoming.is_empty()) {
        (true, true) => say("workflow.no_incoming", format!("no flow leads to \"{id}\"")),
        (false, false) => say("workflow.bad_incoming", format!("no flow may lead to \"{id}\"")),
        _ => {}
    }
    match (left, node.outgoing.is_empty()) {
        (true, true) => say("workflow.no_outgoing", format!("no flow leads on from \"{id}\"")),
        (false, false) => say(
            "workflow.bad_outgoing",
            format!("no flow may leave the end event \"{id}\""),
        ),
        _ => {}
    }
    let gateway = matches!(node.kind, NodeKind::Exclusive | NodeKind::Parallel);
    if !gateway && node.outgoing.len() > 1 {
        say(
            "workflow.several_outgoing",
            format!("several flows leave \"{id}\": put a gateway there"),
        );
    }
    let splits = node.kind == NodeKind::Exclusive && node.outgoing.len() > 1;
    if splits && node.default.is_none() {
        say(
            "workflow.default_missing",
            format!("\"{id}\" does not say which flow is taken when no condition holds"),
        );
    }
    for index in &node.outgoing {
        let flow = &model.process.flows[*index];
        let place = &model.condition_positions[index];
        let (code, message) = match (&flow.condition, splits, node.default == Some(*index)) {
            (Some(_), true, true) => (
                "workflow.default_condition",
                format!("the default flow \"{}\" has a condition", flow.id),
            ),
            (Some(_), false, _) => (
                "workflow.misplaced_condition",
                format!(
                    "the flow \"{}\" has a condition but does not leave a splitting exclusive gateway",
                    flow.id
                ),
            ),
            // Without a default flow that is the problem to mend first.
            (None, true, false) if node.default.is_some() => (
                "workflow.condition_missing",
                format!("the flow \"{}\" has no condition", flow.id),
            ),
            _ => continue,
        };
        problems.at_position(place, code, message);
    }
}

fn report(model: &Model, flaw: Flaw, problems: &mut Problems) {
    let id = |node: NodeIndex| &model.process.nodes[node].id;
    let (node, code, message) = match flaw {
        Flaw::Unreachable(node) => (
            Some(node),
            "workflow.unreachable",
            format!("no way leads from the start to \"{}\"", id(node)),
        ),
        Flaw::CannotEnd(node) => (
            Some(node),
            "workflow.cannot_end",
            format!("no way leads from \"{}\" to an end", id(node)),
        ),
        Flaw::SideBranchJoins(node) => (
            Some(node),
            "workflow.side_branch_joins",
            format!(
                "\"{}\" is reached on the main way and after a timer that does not interrupt",
                id(node)
            ),
        ),
        Flaw::JoinWaitsForever(node) => (
            Some(node),
            "workflow.join_waits_forever",
            format!("\"{}\" can wait for a way that was not taken", id(node)),
        ),
        Flaw::Unsynchronized(node) => (
            Some(node),
            "workflow.unsynchronized",
            format!(
                "parallel ways meet at \"{}\" and what follows can happen twice: join them with a parallel gateway",
                id(node)
            ),
        ),
        Flaw::TooComplex => (
            None,
            "workflow.too_complex",
            format!("the process has more than {MOST_STATES} states and cannot be proved"),
        ),
    };
    problems.at_position(
        node.map_or(&model.position, |node| &model.positions[node]),
        code,
        message,
    );
}
