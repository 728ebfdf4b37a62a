//! Whether what records refer to is there.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use kernel::{FaultKind, Result};
use op::{NewJob, Op};
use serde_json::{Value, json};
use uuid::Uuid;

use super::jobs::LEAD_ON;
use crate::definition::{Kind, LinkTarget, RecordDefinition};
use crate::model::{Reason, Record, Sort};
use crate::{Registry, store};

/// What references of one field lead to, and where they do not.
type Broken = HashMap<Uuid, &'static str>;

impl Registry {
    /// The references of these records that lead nowhere or to what has ended, by place. Those that lead to a merged record are led on.
    pub(super) async fn broken_references(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        records: &[Record],
        day: NaiveDate,
    ) -> Result<BTreeMap<usize, Vec<Reason>>> {
        let mut reasons: BTreeMap<usize, Vec<Reason>> = BTreeMap::new();
        for field in &definition.fields {
            let Kind::Link(target) = &field.kind else { continue };
            let refers = |record: &Record| -> Option<Uuid> { record.values.get(&field.field)?.as_str()?.parse().ok() };
            let wanted: HashSet<Uuid> = records.iter().filter_map(refers).collect();
            if wanted.is_empty() {
                continue;
            }
            let broken = match target {
                LinkTarget::Agency => self.gone_agencies(op, &wanted).await?,
                LinkTarget::Register(register) => self.gone_records(op, register, &wanted, day).await?,
            };
            for (place, record) in records.iter().enumerate() {
                let rule = match record.values.get(&field.field) {
                    Some(Value::String(_)) => match refers(record) {
                        Some(id) => broken.get(&id).copied(),
                        None => Some("link"),
                    },
                    _ => None,
                };
                if let Some(rule) = rule {
                    let reason = Reason::new(Sort::Wrong, &field.field, rule);
                    reasons.entry(place).or_default().push(reason);
                }
            }
        }
        Ok(reasons)
    }

    async fn gone_agencies(&self, op: &mut Op, wanted: &HashSet<Uuid>) -> Result<Broken> {
        let mut broken = Broken::new();
        for id in wanted {
            match self.identity().agency(op, (*id).into()).await {
                Ok(_) => {}
                Err(fault) if fault.kind == FaultKind::NotFound => {
                    broken.insert(*id, "link");
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(broken)
    }

    async fn gone_records(
        &self,
        op: &mut Op,
        register: &str,
        wanted: &HashSet<Uuid>,
        day: NaiveDate,
    ) -> Result<Broken> {
        let standing = store::register::get(op.conn(), register).await?;
        let Some(standing) = standing.filter(|own| own.made) else {
            return Ok(wanted.iter().map(|id| (*id, "link")).collect());
        };
        let definition = self.definition(op, register, &standing.digest).await?;
        let all: Vec<Uuid> = wanted.iter().copied().collect();
        let there: HashSet<Uuid> = store::record::there(op.conn(), &definition, &all, day)
            .await?
            .into_iter()
            .collect();
        let gone: Vec<Uuid> = all.into_iter().filter(|id| !there.contains(id)).collect();
        let ended = store::quality::known(op.conn(), &definition, &gone).await?;
        let mut broken = Broken::new();
        for id in gone {
            if ended.contains(&id) {
                broken.insert(id, "link_ended");
                continue;
            }
            let remaining = store::register::remaining(op.conn(), register, id).await?;
            let found = remaining != id
                && !store::record::there(op.conn(), &definition, &[remaining], day)
                    .await?
                    .is_empty();
            if found {
                // Somebody wrote it while the records were being merged.
                let job = NewJob::new(LEAD_ON, json!({ "register": register, "record": id }));
                op.enqueue(job.once(format!("{LEAD_ON}:{register}/{id}"))).await?;
            } else {
                broken.insert(id, "link");
            }
        }
        Ok(broken)
    }
}
