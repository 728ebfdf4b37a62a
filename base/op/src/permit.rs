//! The proof that an action was allowed (R028).

use kernel::Fault;

/// What a pure access function says.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Go on, if the declared rights name the action for the actor.
    Allow,
    /// Go on, whatever the actor's own rights are: this follows by a rule from what somebody was allowed to do, or from time.
    Follows,
    /// Answer with this fault: `NotFound` where the thing must not be revealed, `Forbidden` where its existence is known.
    Deny(Fault),
}

impl Decision {
    /// Allows when the condition holds, otherwise denies with the fault.
    pub fn when(condition: bool, otherwise: impl FnOnce() -> Fault) -> Self {
        if condition {
            Self::Allow
        } else {
            Self::Deny(otherwise())
        }
    }

    /// Whether it lets the act through.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow | Self::Follows)
    }
}

/// Given by [`crate::Op::allow`] only. Store functions that write take it, so that nobody writes without having asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    action: &'static str,
}

impl Permit {
    pub(crate) fn new(action: &'static str) -> Self {
        Self { action }
    }

    /// The action that was allowed.
    pub fn action(&self) -> &'static str {
        self.action
    }
}
