//! Records that have ended long ago go (thời hạn lưu trữ): as long as their declaration says, and not longer.

use chrono::Months;
use kernel::Result;
use op::{Entry, Op};
use serde_json::json;

use crate::definition::Retention;
use crate::{Registry, access, store};

/// Records of one register that go in one operation.
const BATCH: i64 = 500;

impl Registry {
    /// Takes records away that ended longer ago than their register keeps them, with all that was known of them: some of each register an
    /// operation; the number that went. For the platform alone.
    pub async fn expire(&self, op: &mut Op) -> Result<u64> {
        let permit = op
            .allow("registry.expire", "records:retention", access::by_rule(op.actor()))
            .await?;
        let today = kernel::local_date(op.now());
        let mut gone = 0;
        for (register, standing) in store::register::all(op.conn()).await? {
            if !standing.made {
                continue;
            }
            let definition = self.definition(op, &register, &standing.digest).await?;
            let Retention::Years(years) = definition.retention else {
                continue;
            };
            let Some(before) = today.checked_sub_months(Months::new(years * 12)) else {
                continue;
            };
            let ids = store::record::ended_before(op.conn(), &definition, before, BATCH).await?;
            if ids.is_empty() {
                continue;
            }
            store::record::remove(op.conn(), &permit, &definition, &ids).await?;
            gone += ids.len() as u64;
            let facts = json!({ "records": ids.len(), "ended_before": before });
            op.record(Entry::new("registry.expired", format!("register:{register}")).detail(facts))
                .await?;
        }
        Ok(gone)
    }
}
