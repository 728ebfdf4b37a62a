//! Records that have ended long ago go (thời hạn lưu trữ): as long as their declaration says, and not longer.

use chrono::{Months, TimeDelta};
use kernel::Result;
use op::{Entry, Op};
use serde_json::json;
use uuid::Uuid;

use crate::definition::Retention;
use crate::{Registry, access, held, store};

/// Records of one register that go in one operation.
const BATCH: i64 = 500;
/// So long a file waits for the record that names it.
const UPLOADS_WAIT_DAYS: i64 = 7;

impl Registry {
    /// Takes records away that ended longer ago than their register keeps them, with all that was known of them: what was merged into them, what was
    /// proposed of them, their files; some of each register an operation; the number of records that went. Proposals that led to no record and files
    /// that no record has taken go as well. For the platform alone.
    pub async fn expire(&self, op: &mut Op) -> Result<u64> {
        let permit = op
            .allow("registry.expire", "records:retention", access::by_rule(op.actor()))
            .await?;
        let left = op.now() - TimeDelta::days(UPLOADS_WAIT_DAYS);
        self.remove_left_files(op, left).await?;
        let today = kernel::local_date(op.now());
        let mut gone = 0;
        for (register, standing) in store::register::all(op.conn()).await? {
            let definition = self.definition(op, &register, &standing.digest).await?;
            let Retention::Years(years) = definition.retention else {
                continue;
            };
            let Some(before) = today.checked_sub_months(Months::new(years * 12)) else {
                continue;
            };
            let mut ids = Vec::new();
            if standing.made {
                ids = store::record::ended_before(op.conn(), &definition, before, BATCH).await?;
                let merged = store::merge::all_into(op.conn(), &register, &ids).await?;
                ids.extend(merged);
                store::record::remove(op.conn(), &permit, &definition, &ids).await?;
                store::merge::forget(op.conn(), &permit, &register, &ids).await?;
            }
            let proposals = store::proposal::remove(op.conn(), &permit, &register, &ids, before).await?;
            let files = |id: &Uuid| -> Vec<String> {
                let each = held::file_fields(&definition);
                each.map(|field| held::record_holder(&register, *id, &field.field))
                    .collect()
            };
            let proposed = proposals.iter().map(|id| held::proposal_holder(*id));
            let holders: Vec<String> = ids.iter().flat_map(files).chain(proposed).collect();
            self.remove_files(op, &holders).await?;
            if ids.is_empty() && proposals.is_empty() {
                continue;
            }
            gone += ids.len() as u64;
            let facts = json!({ "records": ids.len(), "proposals": proposals.len(), "ended_before": before });
            op.record(Entry::new("registry.expired", format!("register:{register}")).detail(facts))
                .await?;
        }
        Ok(gone)
    }
}
