//! The token machine: state + what happened → new state + what to do. No database, no clock, no surprise.
//!
//! A token stands at a node. Tokens at user tasks, timers and service tasks wait for the world; tokens at a parallel
//! gateway wait for each other; all others move on at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schema::feel::Scope;

use crate::process::{FlowIndex, NodeIndex, NodeKind, Process};

/// The number of a token inside its instance; numbers are never used twice.
pub type TokenNumber = u32;

/// Moves of one advance, all service tasks in between included, before it is taken for an endless loop.
pub const MOST_STEPS: u32 = 1_000;

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub node: NodeIndex,
    /// The flow on which it came, kept only at parallel gateways.
    pub via: Option<FlowIndex>,
}

/// Where an instance stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// The tokens by number.
    pub tokens: BTreeMap<TokenNumber, Token>,
    /// The timers that may still fire: token and timer node.
    pub timers: BTreeSet<(TokenNumber, NodeIndex)>,
    /// The number of the next token.
    pub next_token: TokenNumber,
    /// Whether the last token is gone.
    pub ended: bool,
    /// Moves since the state was loaded; not stored.
    pub steps: u32,
}

impl State {
    /// Whether the token waits at this node for [`complete`].
    pub fn waits_at(&self, token: TokenNumber, node: NodeIndex) -> bool {
        self.tokens.get(&token).is_some_and(|held| held.node == node)
    }

    fn new_token(&mut self, node: NodeIndex, via: Option<FlowIndex>) -> TokenNumber {
        let number = self.next_token;
        self.next_token += 1;
        self.tokens.insert(number, Token { node, via });
        number
    }
}

/// What the world has to do after a step, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a task for the token.
    OpenTask {
        /// The token that waits.
        token: TokenNumber,
        /// The user task.
        node: NodeIndex,
    },
    /// Take the task of the token away unfinished.
    CancelTask {
        /// The token that waited.
        token: TokenNumber,
        /// The user task.
        node: NodeIndex,
    },
    /// Wake the machine at the timer's moment.
    SetTimer {
        /// The token that waits, or whose task carries the timer.
        token: TokenNumber,
        /// The timer.
        node: NodeIndex,
    },
    /// The timer is not needed any more.
    DropTimer {
        /// The token of the timer.
        token: TokenNumber,
        /// The timer.
        node: NodeIndex,
    },
    /// Call the action of a service task, then [`complete`] the token.
    CallAction {
        /// The token that waits.
        token: TokenNumber,
        /// The service task.
        node: NodeIndex,
    },
    /// The instance is over.
    Ended {
        /// The end event that was reached last.
        node: NodeIndex,
    },
}

/// Why the machine could not go on. The state is spoilt then: roll back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stuck {
    /// No condition of a gateway held and it has no default flow, or a node has no way out.
    #[error("no flow leads on from \"{0}\"")]
    NoFlow(String),
    /// A condition could not be evaluated.
    #[error("the condition of flow \"{flow}\" failed: {reason}")]
    Condition {
        /// The flow.
        flow: String,
        /// What FEEL said.
        reason: String,
    },
    /// More than [`MOST_STEPS`] moves: a loop in which nobody is ever waited for.
    #[error("more than {MOST_STEPS} steps without waiting for anybody")]
    StepLimit,
    /// The token does not wait there (any more).
    #[error("token {0} does not wait there")]
    NotWaiting(TokenNumber),
    /// The process has no start event.
    #[error("the process has no start event")]
    NoStart,
}

/// Puts the first token on the start event and lets it move.
pub fn start(process: &Process, state: &mut State, scope: &Scope) -> Result<Vec<Effect>, Stuck> {
    let node = process.start().ok_or(Stuck::NoStart)?;
    let token = state.new_token(node, None);
    Advance::new(process, state, scope).run([token])
}

/// The work of the token is done: a user task was completed or an action returned.
pub fn complete(process: &Process, state: &mut State, token: TokenNumber, scope: &Scope) -> Result<Vec<Effect>, Stuck> {
    let node = state.tokens.get(&token).ok_or(Stuck::NotWaiting(token))?.node;
    if !matches!(process.nodes[node].kind, NodeKind::UserTask | NodeKind::ServiceTask) {
        return Err(Stuck::NotWaiting(token));
    }
    let mut advance = Advance::new(process, state, scope);
    advance.drop_timers(token);
    advance.leave(token, node)?;
    advance.finish()
}

/// The moment of a timer has come.
pub fn fire_timer(
    process: &Process,
    state: &mut State,
    token: TokenNumber,
    timer: NodeIndex,
    scope: &Scope,
) -> Result<Vec<Effect>, Stuck> {
    if !state.timers.remove(&(token, timer)) {
        return Err(Stuck::NotWaiting(token));
    }
    let mut advance = Advance::new(process, state, scope);
    match process.nodes[timer].kind {
        NodeKind::TimerCatch => advance.leave(token, timer)?,
        NodeKind::Boundary {
            host,
            interrupting: true,
        } => {
            advance.effects.push(Effect::CancelTask { token, node: host });
            advance.drop_timers(token);
            advance.leave(token, timer)?;
        }
        NodeKind::Boundary {
            interrupting: false, ..
        } => {
            let side = advance.state.new_token(timer, None);
            advance.leave(side, timer)?;
        }
        _ => return Err(Stuck::NotWaiting(token)),
    }
    advance.finish()
}

/// One run from event to rest.
struct Advance<'a> {
    process: &'a Process,
    state: &'a mut State,
    scope: &'a Scope,
    effects: Vec<Effect>,
    /// Tokens that have arrived at a node and were not looked at yet.
    arrived: VecDeque<TokenNumber>,
    last_end: Option<NodeIndex>,
}

impl<'a> Advance<'a> {
    fn new(process: &'a Process, state: &'a mut State, scope: &'a Scope) -> Self {
        Self {
            process,
            state,
            scope,
            effects: Vec::new(),
            arrived: VecDeque::new(),
            last_end: None,
        }
    }

    fn run(mut self, tokens: impl IntoIterator<Item = TokenNumber>) -> Result<Vec<Effect>, Stuck> {
        self.arrived.extend(tokens);
        self.finish()
    }

    fn finish(mut self) -> Result<Vec<Effect>, Stuck> {
        while let Some(token) = self.arrived.pop_front() {
            self.state.steps += 1;
            if self.state.steps > MOST_STEPS {
                return Err(Stuck::StepLimit);
            }
            self.arrive(token)?;
        }
        if self.state.tokens.is_empty()
            && !self.state.ended
            && let Some(node) = self.last_end
        {
            self.state.ended = true;
            self.effects.push(Effect::Ended { node });
        }
        Ok(self.effects)
    }

    fn arrive(&mut self, token: TokenNumber) -> Result<(), Stuck> {
        let Some(Token { node, .. }) = self.state.tokens.get(&token).copied() else {
            return Ok(());
        };
        match self.process.nodes[node].kind {
            NodeKind::Start | NodeKind::Boundary { .. } => self.leave(token, node)?,
            NodeKind::End => {
                self.state.tokens.remove(&token);
                self.last_end = Some(node);
            }
            NodeKind::Terminate => self.terminate(node),
            NodeKind::UserTask => {
                self.effects.push(Effect::OpenTask { token, node });
                for boundary in self.process.boundaries(node) {
                    self.set_timer(token, boundary);
                }
            }
            NodeKind::ServiceTask => self.effects.push(Effect::CallAction { token, node }),
            NodeKind::TimerCatch => self.set_timer(token, node),
            NodeKind::Exclusive => {
                let flow = self.choose(node)?;
                self.follow(token, flow);
            }
            NodeKind::Parallel => self.join(node)?,
        }
        Ok(())
    }

    /// Moves a token along the only way out of its node.
    fn leave(&mut self, token: TokenNumber, node: NodeIndex) -> Result<(), Stuck> {
        let flow = *self.process.nodes[node]
            .outgoing
            .first()
            .ok_or_else(|| Stuck::NoFlow(self.process.nodes[node].id.clone()))?;
        self.follow(token, flow);
        Ok(())
    }

    fn follow(&mut self, token: TokenNumber, flow: FlowIndex) {
        let target = self.process.flows[flow].target;
        let via = (self.process.nodes[target].kind == NodeKind::Parallel).then_some(flow);
        self.state.tokens.insert(token, Token { node: target, via });
        self.arrived.push_back(token);
    }

    fn choose(&self, node: NodeIndex) -> Result<FlowIndex, Stuck> {
        let gateway = &self.process.nodes[node];
        for index in &gateway.outgoing {
            let flow = &self.process.flows[*index];
            let Some(condition) = &flow.condition else { continue };
            let holds = condition.holds(self.scope).map_err(|reason| Stuck::Condition {
                flow: flow.id.clone(),
                reason,
            })?;
            if holds {
                return Ok(*index);
            }
        }
        // A gateway that only merges has one flow without a condition.
        let plain = || {
            gateway
                .outgoing
                .iter()
                .copied()
                .find(|flow| self.process.flows[*flow].condition.is_none())
        };
        gateway
            .default
            .or_else(plain)
            .ok_or_else(|| Stuck::NoFlow(gateway.id.clone()))
    }

    /// Takes one token of each incoming flow, the oldest first, and puts one on each outgoing flow.
    fn join(&mut self, node: NodeIndex) -> Result<(), Stuck> {
        let gateway = &self.process.nodes[node];
        let mut taken = Vec::with_capacity(gateway.incoming.len());
        for flow in &gateway.incoming {
            let waiting = self
                .state
                .tokens
                .iter()
                .find(|(_, token)| token.node == node && token.via == Some(*flow));
            let Some((number, _)) = waiting else { return Ok(()) };
            taken.push(*number);
        }
        if gateway.outgoing.is_empty() {
            return Err(Stuck::NoFlow(gateway.id.clone()));
        }
        for number in taken {
            self.state.tokens.remove(&number);
        }
        for flow in &gateway.outgoing {
            let token = self.state.new_token(node, None);
            self.follow(token, *flow);
        }
        Ok(())
    }

    fn terminate(&mut self, node: NodeIndex) {
        let tokens = std::mem::take(&mut self.state.tokens);
        let unseen = std::mem::take(&mut self.arrived);
        for (token, held) in tokens {
            // A token that had not been looked at has no task yet. The call of a service task is skipped by the caller,
            // because its token is gone.
            if self.process.nodes[held.node].kind == NodeKind::UserTask && !unseen.contains(&token) {
                self.effects.push(Effect::CancelTask { token, node: held.node });
            }
            self.drop_timers(token);
        }
        self.last_end = Some(node);
    }

    fn set_timer(&mut self, token: TokenNumber, node: NodeIndex) {
        self.state.timers.insert((token, node));
        self.effects.push(Effect::SetTimer { token, node });
    }

    fn drop_timers(&mut self, token: TokenNumber) {
        let dropped: Vec<_> = self
            .state
            .timers
            .iter()
            .filter(|(owner, _)| *owner == token)
            .copied()
            .collect();
        for (owner, node) in dropped {
            self.state.timers.remove(&(owner, node));
            self.effects.push(Effect::DropTimer { token: owner, node });
        }
    }
}
