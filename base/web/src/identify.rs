//! What the web asks of the engines that know people.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::{Actor, Result, SessionId};
use serde::Serialize;

/// A living session.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Number of the session.
    pub id: SessionId,
    /// Who it belongs to, with the rights of this moment.
    pub actor: Actor,
    /// When its owner has last shown who they are, by all that the account asks for.
    pub shown_at: DateTime<Utc>,
}

/// Turns a session token into an actor. Implemented by the identity engine.
#[async_trait]
pub trait Identify: Send + Sync {
    /// The session of this token, or `None` when there is none, it has expired or was ended.
    async fn session(&self, token: &str) -> Result<Option<SessionView>>;

    /// The session that this token opened before it expired or was ended, for the audit trail only. Whoever keeps no such sessions
    /// knows none.
    async fn ended_session(&self, _token: &str) -> Result<Option<SessionId>> {
        Ok(None)
    }
}

/// What the frame of every page shows beyond the visit itself.
#[async_trait]
pub trait Chrome: Send + Sync {
    /// Unread messages in the actor's box.
    async fn unread(&self, actor: &Actor) -> u32;

    /// Other providers of identity by which people can sign in, for the sign-in page. None where nobody says so.
    fn ways_in(&self) -> Vec<WayIn> {
        Vec::new()
    }
}

/// Another provider of identity, as the sign-in page offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WayIn {
    /// Its key, a part of the address that begins the way there.
    pub key: String,
    /// The key of its name in the texts: `federation.provider.<name>`.
    pub name: String,
    /// It is a simulator, and the page says so.
    pub simulator: bool,
}

/// A frame without a message box.
pub struct NoChrome;

#[async_trait]
impl Chrome for NoChrome {
    async fn unread(&self, _: &Actor) -> u32 {
        0
    }
}
