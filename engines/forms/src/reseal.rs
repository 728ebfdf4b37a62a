//! What people typed comes under the newest key of the vault (thay khóa mã hóa), a batch an operation, while everything else goes on; and what an
//! older program has left in plain is sealed.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, PASSES, PAUSE, Resealed, Wanted};

use crate::store::sealed;
use crate::{Forms, access};

/// Rows an operation.
const BATCH: i64 = 200;

impl Forms {
    /// Under which keys drafts are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        sealed::uses(op.conn()).await
    }

    /// Seals with the newest key what is under another one, and what is not sealed. It can be stopped at any moment and begun again. What cannot
    /// be unsealed stays as it is. For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        self.reseal_by(ops, BATCH).await
    }

    /// [`Self::reseal`], so many rows an operation.
    pub async fn reseal_by(&self, ops: &Ops, limit: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let uses = self.uses(ops).await?;
            let mut pass = Resealed::default();
            for wanted in self.vault().older(&uses, limit)? {
                pass += self.bring(ops, wanted).await?;
            }
            whole = whole.then(pass);
            whole.left = self.vault().passed_over(&self.uses(ops).await?, &pass)?;
            if !whole.left {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(whole)
    }

    async fn uses(&self, ops: &Ops) -> Result<Vec<KeyUse>> {
        let mut op = ops.open(Actor::System("keys")).await?;
        let uses = sealed::uses(op.conn()).await?;
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
            let batch;
            (batch, after) = self.bring_drafts(&mut op, wanted, last).await?;
            op.commit().await?;
            whole += batch;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        let mut after = Some((Uuid::nil(), Uuid::nil()));
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            let batch;
            (batch, after) = self.bring_names(&mut op, wanted, last).await?;
            op.commit().await?;
            whole += batch;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        Ok(whole)
    }

    async fn bring_drafts(&self, op: &mut Op, wanted: Wanted, after: Uuid) -> Result<(Resealed, Option<Uuid>)> {
        let permit = op
            .allow("forms.reseal", "draft:keys", access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_drafts(op.conn(), wanted, after).await?;
        let mut resealed = Resealed::default();
        let (mut ids, mut texts) = (Vec::new(), Vec::new());
        for row in &rows {
            if let Some(text) = taken(row.anew(self.vault()), row.id, &mut resealed) {
                ids.push(row.id);
                texts.push(text);
            }
        }
        sealed::put_drafts(op.conn(), &permit, &ids, &texts).await?;
        record(op, sealed::DRAFT, resealed).await?;
        Ok((resealed, rows.last().map(|row| row.id)))
    }

    async fn bring_names(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: (Uuid, Uuid),
    ) -> Result<(Resealed, Option<(Uuid, Uuid)>)> {
        let permit = op
            .allow("forms.reseal", "draft:keys", access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_names(op.conn(), wanted, after).await?;
        let mut resealed = Resealed::default();
        let (mut drafts, mut files, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for row in &rows {
            if let Some(text) = taken(row.anew(self.vault()), row.file, &mut resealed) {
                drafts.push(row.draft);
                files.push(row.file);
                texts.push(text);
            }
        }
        sealed::put_names(op.conn(), &permit, (&drafts, &files), &texts).await?;
        record(op, sealed::ATTACHMENT, resealed).await?;
        Ok((resealed, rows.last().map(|row| (row.draft, row.file))))
    }
}

/// What is to be written of a row; one that does not open is counted and left.
fn taken(anew: Result<Option<Vec<u8>>>, row: Uuid, resealed: &mut Resealed) -> Option<Vec<u8>> {
    match anew {
        Ok(Some(text)) => {
            resealed.done += 1;
            Some(text)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%row, %error, "what was typed cannot be sealed anew");
            resealed.unreadable += 1;
            None
        }
    }
}

async fn record(op: &mut Op, column: vault::Sealed, resealed: Resealed) -> Result<()> {
    if resealed.done == 0 {
        return Ok(());
    }
    let facts = json!({ "purpose": column.0, "count": resealed.done });
    op.record(Entry::new("forms.resealed", "draft:keys").detail(facts))
        .await
}
