//! What cases hold of people comes under the newest key of the vault (thay khóa mã hóa), a batch an operation, while everything else goes on; and
//! what an older program has left in plain is sealed.

use kernel::{Actor, DossierId, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, PASSES, PAUSE, Resealed, Sealed, Wanted};

use crate::store::sealed;
use crate::{Dossiers, access, store};

/// Rows an operation.
const BATCH: i64 = 200;
/// The subject of audit entries.
const SUBJECT: &str = "dossier:keys";

impl Dossiers {
    /// Under which keys cases are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        sealed::uses(op.conn()).await
    }

    /// Seals with the newest key what is under another one, and what is not sealed; the words by which numbers are found follow. It can be
    /// stopped at any moment and begun again. What cannot be unsealed stays as it is. For commands of the operator.
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
        let mut after = Some(DossierId::from_uuid(Uuid::nil()));
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            after = self.bring_cases(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        let mut after = Some((Uuid::nil(), 0));
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            after = self.bring_typed(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        let mut after = Some(Uuid::nil());
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            after = self.bring_names(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        Ok(whole)
    }

    async fn bring_cases(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: DossierId,
        whole: &mut Resealed,
    ) -> Result<Option<DossierId>> {
        let permit = op
            .allow("dossiers.reseal", SUBJECT, access::change_keys(op.actor()))
            .await?;
        let rows = store::dossier::lock_sealed_otherwise(op.conn(), self.vault(), wanted, after).await?;
        let last = rows.last().map(|(id, _)| *id);
        let mut batch = Resealed::default();
        for (id, row) in rows {
            match row {
                Ok(row) => {
                    store::dossier::update_answers(op.conn(), &permit, self.vault(), &row).await?;
                    batch.done += 1;
                }
                Err(error) => {
                    tracing::warn!(%id, %error, "a case cannot be sealed anew");
                    batch.unreadable += 1;
                }
            }
        }
        record(op, sealed::CASE, batch).await?;
        *whole += batch;
        Ok(last)
    }

    async fn bring_typed(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: (Uuid, i32),
        whole: &mut Resealed,
    ) -> Result<Option<(Uuid, i32)>> {
        let permit = op
            .allow("dossiers.reseal", SUBJECT, access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_typed(op.conn(), wanted, after).await?;
        let mut batch = Resealed::default();
        for row in &rows {
            if let Some(text) = taken(row.anew(self.vault()), row.dossier_id, &mut batch) {
                sealed::put_typed(op.conn(), &permit, row.dossier_id, row.round, &text).await?;
            }
        }
        record(op, sealed::SUPPLEMENT, batch).await?;
        *whole += batch;
        Ok(rows.last().map(|row| (row.dossier_id, row.round)))
    }

    async fn bring_names(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let permit = op
            .allow("dossiers.reseal", SUBJECT, access::change_keys(op.actor()))
            .await?;
        let rows = sealed::lock_names(op.conn(), wanted, after).await?;
        let mut batch = Resealed::default();
        let (mut ids, mut texts) = (Vec::new(), Vec::new());
        for row in &rows {
            if let Some(text) = taken(row.anew(self.vault()), row.id, &mut batch) {
                ids.push(row.id);
                texts.push(text);
            }
        }
        sealed::put_names(op.conn(), &permit, &ids, &texts).await?;
        record(op, sealed::PAPER, batch).await?;
        *whole += batch;
        Ok(rows.last().map(|row| row.id))
    }
}

/// What is to be written of a row; one that does not open is counted and left.
fn taken(anew: Result<Option<Vec<u8>>>, row: Uuid, batch: &mut Resealed) -> Option<Vec<u8>> {
    match anew {
        Ok(Some(text)) => {
            batch.done += 1;
            Some(text)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%row, %error, "what belongs to a case cannot be sealed anew");
            batch.unreadable += 1;
            None
        }
    }
}

async fn record(op: &mut Op, column: Sealed, batch: Resealed) -> Result<()> {
    if batch.done == 0 {
        return Ok(());
    }
    let facts = json!({ "purpose": column.0, "count": batch.done });
    op.record(Entry::new("dossiers.resealed", SUBJECT).detail(facts)).await
}
