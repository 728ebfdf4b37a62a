//! Changing the keys of the vault: the keys that sign tokens are sealed anew.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use vault::{Kept, KeyUse, Resealed, key_of};

use crate::keys::{PURPOSE, about};
use crate::{Openid, access, store};

impl Openid {
    /// Under which keys of the vault secrets of this engine are kept, and how many. Tags of this engine live for minutes and are not counted.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        let heads = store::key::heads(op.conn()).await?;
        let uses = heads.into_iter().map(|(head, count)| {
            Ok(KeyUse {
                key: key_of(&head)?,
                purpose: PURPOSE,
                kept: Kept::Sealed,
                count,
            })
        });
        uses.collect()
    }

    /// Seals everything with the newest key that is under another one, in one operation: there are few. What cannot be unsealed stays as it is. For
    /// commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        let mut op = ops.open(Actor::System("keys")).await?;
        let permit = op
            .allow(
                "openid.reseal",
                "openid:keys",
                access::manage_clients(op.rights(), "openid.reseal"),
            )
            .await?;
        store::key::lock(op.conn()).await?;
        let mut resealed = Resealed::default();
        for (kid, sealed) in store::key::sealed(op.conn()).await? {
            match self.vault.reseal(PURPOSE, &about(&kid), &sealed) {
                Ok(Some(anew)) => {
                    store::key::put(op.conn(), &permit, &kid, &anew).await?;
                    resealed.done += 1;
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(kid, %error, "a signing key cannot be sealed anew");
                    resealed.unreadable += 1;
                }
            }
        }
        if resealed.done > 0 {
            let facts = json!({ "purpose": PURPOSE, "count": resealed.done });
            op.record(Entry::new("openid.keys_resealed", "openid:keys").detail(facts))
                .await?;
        }
        op.commit().await?;
        Ok(resealed)
    }
}
