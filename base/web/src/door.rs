//! Who may come in.

use kernel::Actor;
use op::Rights;
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
    /// Officials whose position gives the right to this action.
    Right(&'static str),
    /// Officials in any position, and applications that show an access token which is no session: whose it is, and whether it is good for this,
    /// the handler finds out before anything else.
    Program,
}

impl Door {
    /// Whether whoever has these rights may pass.
    pub fn admits(self, rights: Rights<'_>) -> bool {
        let actor = rights.actor();
        match self {
            Self::Public => true,
            Self::SignedIn => matches!(actor, Actor::Citizen(_) | Actor::Official(_)),
            Self::Citizen => matches!(actor, Actor::Citizen(_)),
            Self::Official | Self::Program => actor.is_official(),
            Self::Right(action) => actor.is_official() && rights.may(action),
        }
    }
}
