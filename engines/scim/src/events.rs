//! What others do to the accounts that applications look after.

use kernel::{AccountId, Actor, Result};
use op::{Event, Op, Reactions};
use serde::Deserialize;
use serde_json::json;

use crate::{Scim, error, store};

/// Who acts where an application does.
pub(crate) const ENGINE: Actor = Actor::System("scim");

#[derive(Deserialize)]
struct StateChanged {
    account: AccountId,
    to: String,
}

/// Listens to what becomes of accounts.
pub fn register_reactions(reactions: &mut Reactions, scim: &Scim) {
    let scim = scim.clone();
    reactions.on("identity.account_state_changed", move |op, event| {
        let scim = scim.clone();
        Box::pin(async move { scim.state_changed(op, event).await })
    });
}

impl Scim {
    /// Whom an administrator has suspended, no application lets in again; what is closed is gone for the application too.
    async fn state_changed(&self, op: &mut Op, event: &Event) -> Result<()> {
        // What applications do, the verbs have written down themselves.
        if *op.actor() == ENGINE {
            return Ok(());
        }
        let told: StateChanged = serde_json::from_value(event.payload.clone()).map_err(error::broken)?;
        let Some(managed) = store::user::lock_of(op.conn(), told.account).await? else {
            return Ok(());
        };
        let now = op.now();
        if told.to == "closed" {
            return store::user::close(op.conn(), managed.account.uuid(), now).await;
        }
        let works = told.to == "active";
        let mut document = managed.kept.document;
        document.insert("active".into(), json!(works));
        store::user::note_state(op.conn(), managed.account.uuid(), &document, !works, now).await
    }
}
