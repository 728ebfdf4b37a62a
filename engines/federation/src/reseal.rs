//! Changing the keys of the vault: the tokens of providers are sealed anew. Interrupted forms live for ten minutes and are not counted.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use vault::{Kept, KeyUse, PASSES, PAUSE, Resealed, key_of};

use crate::farewell::{ABOUT, TOKEN};
use crate::{Federation, access, store};

/// Rows an operation.
const BATCH: i64 = 500;

impl Federation {
    /// Under which keys of the vault tokens are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        let heads = store::farewell::heads(op.conn()).await?;
        let uses = heads.into_iter().map(|(head, count)| {
            Ok(KeyUse {
                key: key_of(&head)?,
                purpose: TOKEN,
                kept: Kept::Sealed,
                count,
            })
        });
        uses.collect()
    }

    /// Seals every token with the newest key, a batch an operation. What cannot be unsealed stays as it is. For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let pass = self.reseal_tokens(ops).await?;
            let mut op = ops.open(Actor::System("keys")).await?;
            let uses = self.keys_in_use(&mut op).await?;
            op.commit().await?;
            whole = whole.then(pass);
            whole.left = self.vault.passed_over(&uses, &pass)?;
            if !whole.left {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(whole)
    }

    async fn reseal_tokens(&self, ops: &Ops) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = Vec::new();
        loop {
            let mut op = ops.open(Actor::System("keys")).await?;
            let permit = op
                .allow("federation.reseal", "federation:keys", access::change_keys(op.actor()))
                .await?;
            let rows = store::farewell::lock_after(op.conn(), &after, BATCH).await?;
            let Some((last, _)) = rows.last().cloned() else {
                return Ok(whole);
            };
            let mut done = 0;
            for (holder, sealed) in rows {
                match self.vault.reseal(TOKEN, ABOUT, &sealed) {
                    Ok(Some(anew)) => {
                        store::farewell::put(op.conn(), &permit, &holder, &anew).await?;
                        done += 1;
                    }
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the token of a provider cannot be sealed anew");
                        whole.unreadable += 1;
                    }
                }
            }
            if done > 0 {
                let facts = json!({ "purpose": TOKEN, "count": done });
                op.record(Entry::new("federation.keys_resealed", "federation:keys").detail(facts))
                    .await?;
            }
            op.commit().await?;
            whole.done += done;
            after = last;
        }
    }
}
