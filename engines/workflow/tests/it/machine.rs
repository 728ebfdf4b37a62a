//! Properties of the machine over random processes that are valid by construction, and over damaged ones that the check lets pass.

use std::collections::BTreeSet;

use kernel::{Clock, FakeClock};
use proptest::prelude::*;
use schema::feel::Scope;
use serde_json::json;
use workflow::condition::Condition;
use workflow::machine::{Effect, State, Stuck, TokenNumber, complete, fire_timer, start};
use workflow::process::{NodeIndex, NodeKind, Process};
use workflow::soundness::{Flaw, flaws};

/// A part of a process with one way in and one way out.
#[derive(Debug, Clone)]
enum Block {
    Task,
    Service,
    Wait,
    Timed { interrupting: bool, then: Box<Block> },
    Sequence(Vec<Block>),
    Choice(Vec<Block>),
    Parallel(Vec<Block>),
    Loop(Box<Block>),
}

fn block() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![3 => Just(Block::Task), 1 => Just(Block::Service), 1 => Just(Block::Wait)];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let few = || prop::collection::vec(inner.clone(), 2..=3);
        prop_oneof![
            (any::<bool>(), inner.clone()).prop_map(|(interrupting, then)| Block::Timed {
                interrupting,
                then: Box::new(then)
            }),
            few().prop_map(Block::Sequence),
            few().prop_map(Block::Choice),
            few().prop_map(Block::Parallel),
            inner.clone().prop_map(|body| Block::Loop(Box::new(body))),
        ]
    })
}

/// Tasks, services, waits, sequences and parallel ways only: everything happens exactly once.
fn straight() -> impl Strategy<Value = Block> {
    let leaf = prop_oneof![3 => Just(Block::Task), 1 => Just(Block::Service)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let few = || prop::collection::vec(inner.clone(), 2..=3);
        prop_oneof![few().prop_map(Block::Sequence), few().prop_map(Block::Parallel)]
    })
}

/// A node whose next flow is still to be drawn, with the condition of that flow.
type Loose = (NodeIndex, Option<Condition>);

#[derive(Default)]
struct Builder {
    process: Process,
}

impl Builder {
    fn node(&mut self, kind: NodeKind) -> NodeIndex {
        let id = format!("n{}", self.process.nodes.len());
        self.process.add_node(id, kind)
    }

    fn link(&mut self, from: Loose, to: NodeIndex) -> usize {
        let id = format!("f{}", self.process.flows.len());
        self.process.add_flow(id, from.0, to, from.1)
    }

    fn after(&mut self, from: Loose, kind: NodeKind) -> NodeIndex {
        let node = self.node(kind);
        self.link(from, node);
        node
    }

    /// Draws a block and gives its loose end.
    fn block(&mut self, from: Loose, block: &Block) -> Loose {
        match block {
            Block::Task => (self.after(from, NodeKind::UserTask), None),
            Block::Service => (self.after(from, NodeKind::ServiceTask), None),
            Block::Wait => (self.after(from, NodeKind::TimerCatch), None),
            Block::Sequence(parts) => parts.iter().fold(from, |from, part| self.block(from, part)),
            Block::Timed { interrupting, then } => {
                let host = self.after(from, NodeKind::UserTask);
                let timer = self.node(NodeKind::Boundary {
                    host,
                    interrupting: *interrupting,
                });
                let side = self.block((timer, None), then);
                if *interrupting {
                    let merge = self.after((host, None), NodeKind::Exclusive);
                    self.link(side, merge);
                    (merge, None)
                } else {
                    self.after(side, NodeKind::End);
                    (host, None)
                }
            }
            Block::Choice(ways) => {
                let split = self.after(from, NodeKind::Exclusive);
                let merge = self.node(NodeKind::Exclusive);
                for (number, way) in ways.iter().enumerate() {
                    let last = number + 1 == ways.len();
                    let condition = (!last).then(|| Condition::parse(&format!("pick = {number}")).unwrap());
                    let first = self.process.flows.len();
                    let end = self.block((split, condition), way);
                    if last {
                        self.process.nodes[split].default = Some(first);
                    }
                    self.link(end, merge);
                }
                (merge, None)
            }
            Block::Parallel(ways) => {
                let fork = self.after(from, NodeKind::Parallel);
                let join = self.node(NodeKind::Parallel);
                for way in ways {
                    let end = self.block((fork, None), way);
                    self.link(end, join);
                }
                (join, None)
            }
            Block::Loop(body) => {
                let top = self.after(from, NodeKind::Exclusive);
                // Somebody is waited for in every round, else `pick` could stay as it is for ever.
                let task = self.after((top, None), NodeKind::UserTask);
                let end = self.block((task, None), body);
                let bottom = self.after(end, NodeKind::Exclusive);
                self.link((bottom, Some(Condition::parse("pick = 0").unwrap())), top);
                self.process.nodes[bottom].default = Some(self.process.flows.len());
                (bottom, None)
            }
        }
    }
}

fn build(block: &Block) -> Process {
    let mut builder = Builder::default();
    let start = builder.node(NodeKind::Start);
    let end = builder.block((start, None), block);
    builder.after(end, NodeKind::End);
    builder.process
}

fn scope(pick: u8) -> Scope {
    let now = FakeClock::at(testkit::monday_morning()).now();
    Scope::from_json(now, &json!({ "pick": pick }))
}

/// What the effects have built outside the machine.
#[derive(Default)]
struct World {
    tasks: BTreeSet<(TokenNumber, NodeIndex)>,
    timers: BTreeSet<(TokenNumber, NodeIndex)>,
    dropped: Vec<(TokenNumber, NodeIndex)>,
    actions: Vec<(TokenNumber, NodeIndex)>,
    opened: usize,
    called: usize,
    ended: usize,
}

impl World {
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::OpenTask { token, node } => {
                    self.opened += 1;
                    assert!(self.tasks.insert((token, node)), "a task is opened once");
                }
                Effect::CancelTask { token, node } => {
                    assert!(self.tasks.remove(&(token, node)), "only open tasks are cancelled")
                }
                Effect::SetTimer { token, node } => assert!(self.timers.insert((token, node)), "a timer is set once"),
                Effect::DropTimer { token, node } => {
                    assert!(self.timers.remove(&(token, node)), "only timers that wait are dropped");
                    self.dropped.push((token, node));
                }
                Effect::CallAction { token, node } => {
                    self.called += 1;
                    self.actions.push((token, node));
                }
                Effect::Ended { .. } => self.ended += 1,
            }
        }
    }
}

fn agree(process: &Process, state: &State, world: &World) {
    let at = |kind: NodeKind| -> BTreeSet<_> {
        state
            .tokens
            .iter()
            .filter(|(_, token)| process.nodes[token.node].kind == kind)
            .map(|(number, token)| (*number, token.node))
            .collect()
    };
    assert_eq!(
        at(NodeKind::UserTask),
        world.tasks,
        "every token at a task has its task and the other way round"
    );
    assert_eq!(state.timers, world.timers);
    for (owner, timer) in &state.timers {
        let held = state.tokens[owner].node;
        match process.nodes[*timer].kind {
            NodeKind::Boundary { host, .. } => assert_eq!(held, host, "a boundary timer lives as long as its task"),
            _ => assert_eq!(held, *timer),
        }
    }
    for token in state.tokens.values() {
        assert!(
            matches!(
                process.nodes[token.node].kind,
                NodeKind::UserTask | NodeKind::ServiceTask | NodeKind::TimerCatch | NodeKind::Parallel
            ),
            "no token rests where nothing is waited for"
        );
    }
    let waits = world.tasks.len() + world.timers.len() + world.actions.len();
    assert_eq!(state.tokens.is_empty(), state.ended);
    assert_eq!(world.ended, usize::from(state.ended), "the end is told once");
    assert_eq!(
        waits == 0,
        state.ended,
        "it ends or waits, and nothing waits after the end"
    );
}

/// Lets the world do what the script says. True if the process ended.
fn play(process: &Process, script: &[(u8, u8)], world: &mut World) -> Result<bool, Stuck> {
    let mut state = State::default();
    world.carry_out(start(process, &mut state, &scope(0))?);
    agree(process, &state, world);
    for (choice, pick) in script {
        if state.ended {
            break;
        }
        state.steps = 0;
        let scope = scope(*pick);
        // Stale timers do nothing at all. (A token that came back to its task has set the timer anew.)
        for (token, timer) in world
            .dropped
            .clone()
            .into_iter()
            .filter(|dropped| !world.timers.contains(dropped))
        {
            let before = state.clone();
            assert_eq!(
                fire_timer(process, &mut state, token, timer, &scope),
                Err(Stuck::NotWaiting(token))
            );
            assert_eq!(state, before);
        }
        let (tasks, timers, actions) = (world.tasks.len(), world.timers.len(), world.actions.len());
        let chosen = usize::from(*choice) % (tasks + timers + actions);
        let effects = if chosen < tasks {
            let task = *world.tasks.iter().nth(chosen).unwrap();
            world.tasks.remove(&task);
            complete(process, &mut state, task.0, &scope)?
        } else if chosen < tasks + timers {
            let timer = *world.timers.iter().nth(chosen - tasks).unwrap();
            world.timers.remove(&timer);
            let effects = fire_timer(process, &mut state, timer.0, timer.1, &scope)?;
            world.dropped.push(timer);
            effects
        } else {
            let action = world.actions.remove(chosen - tasks - timers);
            complete(process, &mut state, action.0, &scope)?
        };
        world.carry_out(effects);
        // After a terminate event the calls that were still to be made are skipped.
        world.actions.retain(|(token, node)| state.waits_at(*token, *node));
        agree(process, &state, world);
    }
    Ok(state.ended)
}

fn script() -> impl Strategy<Value = Vec<(u8, u8)>> {
    prop::collection::vec((any::<u8>(), 0u8..3), 0..120)
}

fn count(block: &Block, tasks: &mut usize, services: &mut usize) {
    match block {
        Block::Task => *tasks += 1,
        Block::Service => *services += 1,
        Block::Sequence(parts) | Block::Parallel(parts) => parts.iter().for_each(|part| count(part, tasks, services)),
        _ => unreachable!("not a straight block"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_valid_process_ends_or_waits_and_loses_nothing(block in block(), script in script()) {
        let process = build(&block);
        let found: Vec<Flaw> = flaws(&process).into_iter().filter(|flaw| *flaw != Flaw::TooComplex).collect();
        prop_assert_eq!(found, vec![]);
        prop_assert!(play(&process, &script, &mut World::default()).is_ok());
    }

    #[test]
    fn joins_wait_for_all(block in straight(), script in prop::collection::vec((any::<u8>(), 0u8..3), 60)) {
        let (mut tasks, mut services) = (0, 0);
        count(&block, &mut tasks, &mut services);
        let mut world = World::default();
        let ended = play(&build(&block), &script, &mut world).unwrap();
        prop_assert!(ended, "straight processes of this size end in sixty steps");
        prop_assert_eq!((world.opened, world.called), (tasks, services));
    }

    #[test]
    fn what_the_check_lets_pass_never_gets_stuck(block in block(), flow in any::<prop::sample::Index>(), node in any::<prop::sample::Index>(), script in script()) {
        let sound = build(&block);
        // One arrow is bent to another node.
        let bent = flow.index(sound.flows.len());
        let target = node.index(sound.nodes.len());
        prop_assume!(!matches!(sound.nodes[target].kind, NodeKind::Start | NodeKind::Boundary { .. }));
        let mut process = Process::new();
        for node in &sound.nodes {
            process.add_node(node.id.clone(), node.kind);
        }
        for (index, flow) in sound.flows.iter().enumerate() {
            let to = if index == bent { target } else { flow.target };
            process.add_flow(flow.id.clone(), flow.source, to, flow.condition.clone());
        }
        for (index, node) in sound.nodes.iter().enumerate() {
            process.nodes[index].default = node.default;
        }
        prop_assume!(flaws(&process).is_empty());
        // A loop in which nobody is waited for is stopped; nothing else may go wrong.
        match play(&process, &script, &mut World::default()) {
            Ok(_) | Err(Stuck::StepLimit) => {}
            Err(stuck) => prop_assert!(false, "{stuck}"),
        }
    }
}

#[test]
fn a_three_way_join_opens_after_the_last_in_every_order() {
    let process = build(&Block::Sequence(vec![
        Block::Parallel(vec![Block::Task, Block::Task, Block::Task]),
        Block::Task,
    ]));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut state = State::default();
        let mut world = World::default();
        world.carry_out(start(&process, &mut state, &scope(0)).unwrap());
        let tasks: Vec<_> = world.tasks.iter().copied().collect();
        assert_eq!(tasks.len(), 3);
        for (done, which) in order.into_iter().enumerate() {
            world.tasks.remove(&tasks[which]);
            world.carry_out(complete(&process, &mut state, tasks[which].0, &scope(0)).unwrap());
            assert_eq!(world.opened, if done == 2 { 4 } else { 3 });
        }
    }
}

#[test]
fn a_loop_without_a_wait_is_stopped() {
    let mut process = Process::new();
    let start_node = process.add_node("start", NodeKind::Start);
    let top = process.add_node("top", NodeKind::Exclusive);
    let bottom = process.add_node("bottom", NodeKind::Exclusive);
    let end = process.add_node("end", NodeKind::End);
    process.add_flow("a", start_node, top, None);
    process.add_flow("b", top, bottom, None);
    process.add_flow("c", bottom, top, Some(Condition::parse("pick = 0").unwrap()));
    let out = process.add_flow("d", bottom, end, None);
    process.nodes[bottom].default = Some(out);
    assert_eq!(start(&process, &mut State::default(), &scope(0)), Err(Stuck::StepLimit));
    assert!(start(&process, &mut State::default(), &scope(1)).is_ok());
}

#[test]
fn a_terminate_event_takes_everything_away() {
    let mut builder = Builder::default();
    let first = builder.node(NodeKind::Start);
    let fork = builder.after((first, None), NodeKind::Parallel);
    let host = builder.after((fork, None), NodeKind::UserTask);
    let timer = builder.node(NodeKind::Boundary {
        host,
        interrupting: false,
    });
    builder.after((timer, None), NodeKind::End);
    builder.after((host, None), NodeKind::End);
    let service = builder.after((fork, None), NodeKind::ServiceTask);
    let stop = builder.after((service, None), NodeKind::Terminate);
    let mut state = State::default();
    let mut world = World::default();
    world.carry_out(start(&builder.process, &mut state, &scope(0)).unwrap());
    let (token, _) = world.actions.remove(0);
    let effects = complete(&builder.process, &mut state, token, &scope(0)).unwrap();
    assert_eq!(effects.last(), Some(&Effect::Ended { node: stop }));
    world.carry_out(effects);
    agree(&builder.process, &state, &world);
}
