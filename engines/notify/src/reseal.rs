//! What messages say comes under the newest key of the vault (thay khóa mã hóa), a batch an operation, while everything else goes on; and what an
//! older program has left in plain is sealed.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, PASSES, PAUSE, Resealed, Wanted};

use crate::{Notify, access, store};

/// Rows an operation.
const BATCH: i64 = 200;

impl Notify {
    /// Under which keys messages are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        store::uses(op.conn()).await
    }

    /// Seals with the newest key what is under another one, and what is not sealed. It can be stopped at any moment and begun again. What cannot
    /// be unsealed stays as it is, and so does what others hold all the time ([`Resealed::left`]). For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        self.reseal_by(ops, BATCH).await
    }

    /// [`Self::reseal`], so many rows an operation.
    pub async fn reseal_by(&self, ops: &Ops, limit: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let mut pass = Resealed::default();
            for wanted in self.vault.older(&self.uses(ops).await?, limit)? {
                pass += self.bring(ops, wanted).await?;
            }
            whole = whole.then(pass);
            whole.left = self.vault.passed_over(&self.uses(ops).await?, &pass)?;
            if !whole.left {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(whole)
    }

    async fn uses(&self, ops: &Ops) -> Result<Vec<KeyUse>> {
        let mut op = ops.open(Actor::System("keys")).await?;
        let uses = store::uses(op.conn()).await?;
        op.commit().await?;
        Ok(uses)
    }

    /// Seals what an older program has left in plain, for one turn of a job; [`Resealed::left`] says whether there is more.
    pub async fn seal_plain(&self, ops: &Ops) -> Result<Resealed> {
        self.bring(ops, Wanted::plain(BATCH).for_a_turn()).await
    }

    async fn bring(&self, ops: &Ops, wanted: Wanted) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            after = self.bring_messages(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                break;
            }
        }
        Ok(whole)
    }

    async fn bring_messages(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let decision = access::change_keys(op.actor());
        let permit = op.allow("notify.reseal", "message:keys", decision).await?;
        let rows = store::lock_told(op.conn(), wanted, after).await?;
        let (mut ids, mut texts) = (Vec::new(), Vec::new());
        for row in &rows {
            match row.anew(&self.vault) {
                Ok(Some(text)) => {
                    ids.push(row.id);
                    texts.push(text);
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(message = %row.id, %error, "what a message says cannot be sealed anew");
                    whole.unreadable += 1;
                }
            }
        }
        store::put_told(op.conn(), &permit, &ids, &texts).await?;
        if !ids.is_empty() {
            whole.done += u64::try_from(ids.len()).unwrap_or(u64::MAX);
            let facts = json!({ "purpose": store::MESSAGE.0, "count": ids.len() });
            op.record(Entry::new("notify.resealed", "message:keys").detail(facts))
                .await?;
        }
        Ok(rows.last().map(|row| row.id))
    }
}
