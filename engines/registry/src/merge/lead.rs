//! What referred to a record that was merged refers to the one that remains.

use std::sync::Arc;

use chrono::NaiveDate;
use kernel::{FaultKind, Result};
use op::{Op, Permit};
use schema::field::Condition;
use serde_json::Value;
use uuid::Uuid;

use crate::definition::RecordDefinition;
use crate::enter::after_all;
use crate::model::{Record, reading};
use crate::store::merge::LedOn;
use crate::{Registry, error, store};

/// A register that refers to another one, by these fields.
struct Referring {
    definition: Arc<RecordDefinition>,
    fields: Vec<String>,
}

/// From which record to which references are led.
pub(super) struct Led<'a> {
    /// The register of both.
    pub register: &'a str,
    /// From.
    pub from: Uuid,
    /// To.
    pub to: Uuid,
    /// Why.
    pub reason: &'a str,
    /// Whether it is noted, so that it can be taken back.
    pub noted: bool,
}

/// One reference.
pub(super) struct Reference<'a> {
    /// The register of the record that refers.
    pub definition: &'a RecordDefinition,
    /// The record.
    pub record: Uuid,
    /// The field.
    pub field: &'a str,
    /// Of one period alone.
    pub period: Option<NaiveDate>,
}

impl Registry {
    /// The registers that refer to one, itself among them, as far as they have records.
    async fn referring(&self, op: &mut Op, register: &str) -> Result<Vec<Referring>> {
        let mut all = Vec::new();
        for (name, standing) in store::register::all(op.conn()).await? {
            if !standing.made {
                continue;
            }
            let definition = self.definition(op, &name, &standing.digest).await?;
            // A sealed reference has no column to be found by: it is followed when it is read.
            let links = definition
                .plain()
                .filter(|field| field.links_to() == Some(register))
                .map(|field| field.field.clone());
            let fields: Vec<String> = links.collect();
            if !fields.is_empty() {
                all.push(Referring { definition, fields });
            }
        }
        Ok(all)
    }

    /// How many records that whoever acts may see refer to one.
    pub(crate) async fn references(&self, op: &mut Op, register: &str, record: Uuid) -> Result<i64> {
        let mut count = 0;
        for referring in self.referring(op, register).await? {
            for field in &referring.fields {
                count += store::merge::count(op.conn(), &referring.definition, field, record).await?;
            }
        }
        Ok(count)
    }

    /// Leads references on from a merged record to the one that remains, so many records at the most; whether there may be more. Each is a
    /// correction with its history.
    pub(crate) async fn lead_on(
        &self,
        op: &mut Op,
        permit: &Permit,
        register: &str,
        lost: Uuid,
        most: i64,
    ) -> Result<bool> {
        let remains = store::register::remaining(op.conn(), register, lost).await?;
        if remains == lost {
            // The merge was taken back meanwhile.
            return Ok(false);
        }
        let merged = store::merge::find(op.conn(), register, lost).await?;
        let reason = merged.map(|merged| merged.reason).unwrap_or_default();
        let led = Led {
            register,
            from: lost,
            to: remains,
            reason: &reason,
            noted: true,
        };
        let mut left = most;
        for referring in self.referring(op, register).await? {
            for field in &referring.fields {
                let found = store::merge::referring(op.conn(), &referring.definition, field, lost, left).await?;
                left -= i64::try_from(found.len()).unwrap_or(left);
                for record in found {
                    let reference = Reference {
                        definition: &referring.definition,
                        record,
                        field,
                        period: None,
                    };
                    self.lead(op, permit, &led, &reference).await?;
                }
                if left <= 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Puts another reference into the periods of a record that have one.
    pub(super) async fn lead(
        &self,
        op: &mut Op,
        permit: &Permit,
        led: &Led<'_>,
        reference: &Reference<'_>,
    ) -> Result<()> {
        let Reference {
            definition,
            record: id,
            field,
            period,
        } = *reference;
        let periods = store::record::periods(op.conn(), definition, id, Some(self.vault()), true).await?;
        let version = periods.iter().map(|record| record.version).max().unwrap_or(0) + 1;
        let old = Value::from(led.from.to_string());
        let refers = |record: &&Record| {
            record.values.get(field) == Some(&old) && period.is_none_or(|day| day == record.valid_from)
        };
        let leading: Vec<&Record> = periods.iter().filter(refers).collect();
        if leading.is_empty() {
            return Ok(());
        }
        let (at, by) = (after_all(&periods, op.now()), op.actor().person());
        let days: Vec<_> = leading.iter().map(|record| record.valid_from).collect();
        store::record::supersede(op.conn(), permit, definition, id, &days, (at, by, led.reason)).await?;
        let to_itself = definition.record == led.register && id == led.to;
        let always = |required: &Condition| matches!(required, Condition::Always);
        let goes = to_itself && definition.field(field).is_some_and(|field| !always(&field.required));
        for record in leading {
            let mut values = record.values.clone();
            match goes {
                true => values.remove(field),
                false => values.insert(field.to_owned(), led.to.to_string().into()),
            };
            let values = reading::derived(definition, &values, at);
            let row = store::record::NewRow {
                definition,
                id,
                from: record.valid_from,
                to: record.valid_to,
                version,
                at,
                by,
            };
            store::record::insert(op.conn(), permit, self.vault(), &row, &values)
                .await
                .map_err(|fault| match fault.code {
                    "registry.duplicate_key" => error::merge_clash(&definition.record, id),
                    _ => fault,
                })?;
            if led.noted {
                let note = LedOn {
                    from_register: definition.record.clone(),
                    from_record: id,
                    field: field.to_owned(),
                    valid_from: record.valid_from,
                };
                store::merge::note(op.conn(), permit, (led.register, led.from), &note).await?;
            }
        }
        self.still_in_force(op, definition).await?;
        self.tell(op, permit, &definition.record, id, "corrected", led.reason)
            .await
    }

    /// The declaration of a register that has records; none where it is no more.
    pub(super) async fn made_definition(&self, op: &mut Op, register: &str) -> Result<Option<Arc<RecordDefinition>>> {
        match self.register(op, register).await {
            Ok(published) => Ok(published.made.then_some(published.definition)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
