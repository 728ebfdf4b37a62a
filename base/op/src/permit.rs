//! The proof that an action was allowed (R028).

use kernel::Fault;

/// What a pure access function says.
#[derive(Debug)]
#[must_use]
pub enum Decision {
    /// Go on.
    Allow,
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

    /// Whether it is [`Decision::Allow`].
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow)
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
