//! What people write to the desk comes under the newest key of the vault (thay khóa mã hóa), a batch an operation, while everything else goes on;
//! and what an older program has left in plain is sealed.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, PASSES, PAUSE, Resealed, Sealed, Wanted};

use crate::store::sealed;
use crate::{Privacy, access};

/// Rows an operation.
const BATCH: i64 = 200;
/// The subject of audit entries.
const SUBJECT: &str = "data_request:keys";

impl Privacy {
    /// Under which keys requests are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        sealed::uses(op.conn()).await
    }

    /// Seals with the newest key what is under another one, and what is not sealed. It can be stopped at any moment and begun again. What cannot
    /// be unsealed stays as it is. For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let uses = self.uses(ops).await?;
            let mut pass = Resealed::default();
            for wanted in self.vault().older(&uses, BATCH)? {
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
            after = self.bring_requests(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        let mut after = Some(0);
        while let Some(last) = after {
            let mut op = ops.open(Actor::System("keys")).await?;
            after = self.bring_lines(&mut op, wanted, last, &mut whole).await?;
            op.commit().await?;
            if wanted.over() && after.is_some() {
                whole.left = true;
                return Ok(whole);
            }
        }
        Ok(whole)
    }

    async fn bring_requests(
        &self,
        op: &mut Op,
        wanted: Wanted,
        after: Uuid,
        whole: &mut Resealed,
    ) -> Result<Option<Uuid>> {
        let permit = op.allow("privacy.reseal", SUBJECT, access::by_rule(op.actor())).await?;
        let rows = sealed::lock_requests(op.conn(), wanted, after).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Resealed::default();
        for row in rows {
            let id = row.id;
            if let Some(text) = taken(row.anew(self.vault()), &mut batch) {
                sealed::put_request(op.conn(), &permit, id, &text).await?;
            }
        }
        record(op, sealed::REQUEST, batch).await?;
        *whole += batch;
        Ok(last)
    }

    async fn bring_lines(&self, op: &mut Op, wanted: Wanted, after: i64, whole: &mut Resealed) -> Result<Option<i64>> {
        let permit = op.allow("privacy.reseal", SUBJECT, access::by_rule(op.actor())).await?;
        let rows = sealed::lock_lines(op.conn(), wanted, after).await?;
        let last = rows.last().map(|row| row.id);
        let mut batch = Resealed::default();
        for row in rows {
            let id = row.id;
            if let Some(text) = taken(row.anew(self.vault()), &mut batch) {
                sealed::put_line(op.conn(), &permit, id, &text).await?;
            }
        }
        record(op, sealed::LINE, batch).await?;
        *whole += batch;
        Ok(last)
    }
}

/// What is to be written of a row; one that does not open is counted and left.
fn taken(anew: Result<Option<Vec<u8>>>, batch: &mut Resealed) -> Option<Vec<u8>> {
    match anew {
        Ok(Some(text)) => {
            batch.done += 1;
            Some(text)
        }
        Ok(None) => None,
        Err(error) => {
            tracing::warn!(%error, "what belongs to a request cannot be sealed anew");
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
    op.record(Entry::new("privacy.resealed", SUBJECT).detail(facts)).await
}
