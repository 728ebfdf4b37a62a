//! Who may come in.

use kernel::Actor;
use serde::Serialize;

/// The declared door of a route. What a visitor may do behind it is decided by the engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// Everybody, signed in or not (R061).
    Public,
    /// Whoever is signed in.
    SignedIn,
    /// Signed-in citizens.
    Citizen,
    /// Signed-in officials in any position.
    Official,
    /// Officials whose position carries this role.
    Role(&'static str),
}

impl Door {
    /// Whether this actor may pass.
    pub fn admits(self, actor: &Actor) -> bool {
        match self {
            Self::Public => true,
            Self::SignedIn => matches!(actor, Actor::Citizen(_) | Actor::Official(_)),
            Self::Citizen => matches!(actor, Actor::Citizen(_)),
            Self::Official => actor.is_official(),
            Self::Role(role) => actor.is_official() && actor.has_role(role),
        }
    }
}
