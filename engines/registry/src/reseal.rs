//! What registers hold of people comes under the newest key of the vault (thay khóa mã hóa), a batch an operation, while everything else
//! goes on.

use kernel::{Actor, Result};
use op::{Entry, Op, Ops};
use serde_json::json;
use uuid::Uuid;
use vault::{KeyUse, PASSES, PAUSE, Resealed, Wanted};

use crate::definition::RecordDefinition;
use crate::store::requests::{self, Requests};
use crate::store::sealed::{self, Table};
use crate::{Registry, access, store};

/// Rows an operation.
const BATCH: i64 = 200;

impl Registry {
    /// Under which keys records are kept, and how many.
    pub async fn keys_in_use(&self, op: &mut Op) -> Result<Vec<KeyUse>> {
        db::take_time(op.conn()).await?;
        let mut uses = Vec::new();
        for definition in self.with_tables(op).await? {
            for table in Table::ALL {
                uses.extend(sealed::uses(op.conn(), &definition, table).await?);
            }
        }
        let mut uses = sealed::summed(uses);
        for table in Requests::ALL {
            uses.extend(requests::uses(op.conn(), table).await?);
        }
        uses.extend(self.bad_rows_in_use(op).await?);
        Ok(uses)
    }

    /// Seals with the newest key what is under another one. It can be stopped at any moment and begun again. What cannot be unsealed stays as it
    /// is. For commands of the operator.
    pub async fn reseal(&self, ops: &Ops) -> Result<Resealed> {
        self.reseal_by(ops, BATCH).await
    }

    /// [`Self::reseal`], so many rows an operation.
    pub async fn reseal_by(&self, ops: &Ops, limit: i64) -> Result<Resealed> {
        let mut whole = Resealed::default();
        for _ in 0..PASSES {
            let mut pass = Resealed::default();
            for definition in self.all_with_tables(ops).await? {
                for table in Table::ALL {
                    pass += self.bring_table(ops, &definition, table, limit).await?;
                }
            }
            pass += self.bring_bad_rows(ops, limit).await?;
            let mut op = ops.open(Actor::System("keys")).await?;
            let uses = self.keys_in_use(&mut op).await?;
            op.commit().await?;
            for wanted in self.vault().older(&uses, limit)? {
                for table in Requests::ALL {
                    pass += self.bring_requests(ops, table, wanted).await?;
                }
            }
            whole = whole.then(pass);
            let mut op = ops.open(Actor::System("keys")).await?;
            let uses = self.keys_in_use(&mut op).await?;
            op.commit().await?;
            whole.left = self.vault().passed_over(&uses, &pass)?;
            if !whole.left {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(whole)
    }

    async fn all_with_tables(&self, ops: &Ops) -> Result<Vec<std::sync::Arc<RecordDefinition>>> {
        let mut op = ops.open(Actor::System("keys")).await?;
        let all = self.with_tables(&mut op).await?;
        op.commit().await?;
        Ok(all)
    }

    /// The registers that have tables. Whether one seals something today, or only in what was known before, its tables tell.
    async fn with_tables(&self, op: &mut Op) -> Result<Vec<std::sync::Arc<RecordDefinition>>> {
        let mut all = Vec::new();
        for (register, standing) in store::register::all(op.conn()).await? {
            if standing.made {
                let definition = self.definition(op, &register, &standing.digest).await?;
                all.push(definition);
            }
        }
        Ok(all)
    }

    /// Proposals, and requests to change many records.
    async fn bring_requests(&self, ops: &Ops, table: Requests, wanted: Wanted) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = Uuid::nil();
        loop {
            let mut op = ops.open(Actor::System("keys")).await?;
            let permit = op
                .allow("registry.reseal", "records:keys", access::by_rule(op.actor()))
                .await?;
            let rows = requests::lock(op.conn(), table, wanted, after).await?;
            let Some((last, _)) = rows.last() else { return Ok(whole) };
            after = *last;
            let mut done = 0;
            for (id, sealed) in &rows {
                match table.anew(self.vault(), *id, sealed) {
                    Ok(None) => {}
                    Ok(Some(anew)) => {
                        requests::put(op.conn(), &permit, table, *id, &anew).await?;
                        done += 1;
                    }
                    Err(error) => {
                        tracing::warn!(purpose = table.column().0, %id, %error, "a request cannot be sealed anew");
                        whole.unreadable += 1;
                    }
                }
            }
            whole.done += done;
            if done > 0 {
                let facts = json!({ "purpose": table.column().0, "count": done });
                op.record(Entry::new("registry.resealed", "records:keys").detail(facts))
                    .await?;
            }
            op.commit().await?;
        }
    }

    async fn bring_table(
        &self,
        ops: &Ops,
        definition: &RecordDefinition,
        table: Table,
        limit: i64,
    ) -> Result<Resealed> {
        let mut whole = Resealed::default();
        let mut after = None;
        loop {
            let mut op = ops.open(Actor::System("keys")).await?;
            let permit = op
                .allow("registry.reseal", "records:keys", access::by_rule(op.actor()))
                .await?;
            let newest = self.vault().numbers()?.pop().unwrap_or_default();
            let rows = sealed::lock(op.conn(), definition, table, newest, after.as_ref(), limit).await?;
            let Some(last) = rows.last() else { return Ok(whole) };
            after = Some(last.place.clone());
            let mut done = 0;
            for row in &rows {
                match sealed::anew(self.vault(), definition, row) {
                    Ok(None) => {}
                    Ok(Some(anew)) => {
                        // What the database refuses undoes this row alone.
                        store::proposal::begin_trial(op.conn()).await?;
                        if sealed::put(op.conn(), &permit, definition, table, row, anew).await? {
                            store::proposal::keep_trial(op.conn()).await?;
                            done += 1;
                        } else {
                            store::proposal::end_trial(op.conn()).await?;
                            tracing::error!(register = definition.record, record = %row.place.id, "the same value stands in another record: a person has to look at both");
                            whole.conflicting += 1;
                        }
                    }
                    Err(error) => {
                        tracing::warn!(register = definition.record, %error, "a record cannot be sealed anew");
                        whole.unreadable += 1;
                    }
                }
            }
            whole.done += done;
            if done > 0 {
                let facts = json!({ "purpose": store::record::RECORD.0, "count": done });
                op.record(Entry::new("registry.resealed", format!("register:{}", definition.record)).detail(facts))
                    .await?;
            }
            op.commit().await?;
        }
    }
}
