//! What nobody has come back for is let go: files whose columns were never confirmed, rows that were never mended.

use chrono::TimeDelta;
use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, Resealed};

use super::State;
use crate::{Registry, access, error, store};

/// A file whose columns nobody has confirmed.
const FILE_STAYS: TimeDelta = TimeDelta::days(3);
/// A file that nobody has decided on.
const ASKED_STAYS: TimeDelta = TimeDelta::days(30);
/// Rows that were handed back.
const ROWS_STAY: TimeDelta = TimeDelta::days(90);
/// Rows an operation.
const BATCH: i64 = 1_000;

impl Registry {
    /// Lets go what is old.
    pub(super) async fn forget_imports(&self, ops: &Ops) -> Result<()> {
        loop {
            let mut op = ops.open(Actor::System("registry")).await?;
            let permit = op.allow("registry.import", "imports", access::goes_on()).await?;
            let (before, asked) = (op.now() - FILE_STAYS, op.now() - ASKED_STAYS);
            let left = store::import::left(op.conn(), before, asked, 50).await?;
            let over = left.is_empty();
            for mut row in left {
                let why = match State::parse(&row.state)? {
                    State::Asked => error::import_undecided(),
                    _ => error::import_left(),
                };
                self.end_import(&mut op, &permit, &mut row, State::Stopped, Some(&why))
                    .await?;
            }
            op.commit().await?;
            if over {
                break;
            }
        }
        loop {
            let mut op = ops.open(Actor::System("registry")).await?;
            let permit = op.allow("registry.import", "imports", access::goes_on()).await?;
            let before = op.now() - ROWS_STAY;
            let gone = store::bad_row::forget(op.conn(), &permit, before, BATCH).await?;
            if gone > 0 {
                op.record(Entry::new("registry.bad_rows_forgotten", "imports").detail(json!({ "rows": gone })))
                    .await?;
            }
            op.commit().await?;
            if gone == 0 {
                return Ok(());
            }
        }
    }

    /// Under which keys rows that were handed back are kept.
    pub(crate) async fn bad_rows_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        store::bad_row::uses(op.conn()).await
    }

    /// Brings rows that were handed back under the newest key.
    pub(crate) async fn bring_bad_rows(&self, ops: &Ops, limit: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = (Uuid::nil(), 0);
        loop {
            let mut op = ops.open(Actor::System("keys")).await?;
            let permit = op
                .allow("registry.reseal", "imports:keys", access::by_rule(op.actor()))
                .await?;
            let newest = self.vault().numbers()?.pop().unwrap_or_default();
            let rows = store::bad_row::lock(op.conn(), newest, after, limit).await?;
            let Some((import, number, _)) = rows.last() else {
                return Ok(whole);
            };
            after = (*import, *number);
            let mut done = 0;
            for (import, number, sealed) in &rows {
                match store::bad_row::reseal(op.conn(), &permit, self.vault(), (*import, *number, sealed)).await {
                    Ok(true) => done += 1,
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(%import, number, %error, "a row of an import cannot be sealed anew");
                        whole.unreadable += 1;
                    }
                }
            }
            whole.done += done;
            if done > 0 {
                let facts = json!({ "purpose": store::bad_row::BAD_ROW.0, "count": done });
                op.record(Entry::new("registry.resealed", "imports").detail(facts))
                    .await?;
            }
            op.commit().await?;
        }
    }
}
