//! Files that records name (tệp của bản ghi): whose they are. A file belongs to one field of one record, so that nobody reads it by naming it somewhere
//! else. What waits to be named belongs to whoever has brought it, what is proposed to the proposal.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use kernel::{FaultKind, FieldFault, FileId, Result};
use op::Op;
use schema::field::Broken;
use serde_json::Value;
use uuid::Uuid;

use crate::definition::{FieldDefinition, Kind, RecordDefinition};
use crate::model::{Record, Values, reading};
use crate::{Registry, error};

/// Who holds files while the form of a register is filled in.
pub fn form_holder(register: &str, actor: &str) -> String {
    format!("record-form:{register}:{actor}")
}

/// So begin holders of files that programs have sent.
const UPLOADED: &str = "record-upload:";

/// Who holds files that a program has sent for a record which it writes next.
pub fn upload_holder(register: &str, actor: &str) -> String {
    format!("{UPLOADED}{register}:{actor}")
}

/// Who holds the files of a proposal until somebody has decided.
pub fn proposal_holder(proposal: Uuid) -> String {
    format!("register_proposal:{proposal}")
}

/// Who holds the files of one field of a record.
pub fn record_holder(register: &str, record: Uuid, field: &str) -> String {
    format!("record:{register}/{record}/{field}")
}

/// Whether files of this holder belong to a field of a register; of which of its records does not matter: two may have become one.
pub fn is_of_field(holder: &str, register: &str, field: &str) -> bool {
    let rest = holder
        .strip_prefix("record:")
        .and_then(|rest| rest.strip_prefix(register)?.strip_prefix('/'));
    let parts = rest.and_then(|rest| rest.split_once('/'));
    parts.is_some_and(|(record, own)| Uuid::parse_str(record).is_ok() && own == field)
}

/// What a file is to the field that names it.
enum Held {
    /// It is there already.
    There,
    /// Whoever acts has brought it.
    Brought,
    /// It is of something else, or nowhere.
    Foreign,
}

impl Registry {
    /// What is wrong with the files that values name. Those may stay that these records have in the same field; of others only what whoever acts has
    /// brought may come, each to one place (`met`).
    pub(crate) async fn foreign_files(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        own: &[(Uuid, &[Record])],
        values: &Values,
        met: &mut HashSet<FileId>,
    ) -> Result<Vec<FieldFault>> {
        let mut faults = Vec::new();
        for field in file_fields(definition) {
            for id in files_in(values, field) {
                let sound = match self.held(op, definition, field, own, id).await? {
                    Held::There => true,
                    Held::Brought => met.insert(id),
                    Held::Foreign => false,
                };
                if !sound {
                    faults.push(reading::fault(&field.field, Broken::new("file")));
                    break;
                }
            }
        }
        Ok(faults)
    }

    /// Hands what was brought to its place in a record, in the operation that writes the record. The last wall: what does not belong there is not written.
    pub(crate) async fn keep_files(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        (record, before): (Uuid, &[Record]),
        values: &Values,
    ) -> Result<()> {
        for field in file_fields(definition) {
            for id in files_in(values, field) {
                match (
                    self.held(op, definition, field, &[(record, before)], id).await?,
                    self.file_store(),
                ) {
                    (Held::There, _) => {}
                    (Held::Brought, Some(files)) => {
                        let holder = record_holder(&definition.record, record, &field.field);
                        files.reassign(op, &[id], &holder).await?;
                    }
                    _ => return Err(error::invalid(vec![reading::fault(&field.field, Broken::new("file"))])),
                }
            }
        }
        Ok(())
    }

    /// Hands the files of one record on to another one, which takes its place or gets it back.
    pub(crate) async fn lead_files(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        (from, to): (Uuid, Uuid),
        values: &Values,
    ) -> Result<()> {
        let Some(files) = self.file_store() else { return Ok(()) };
        for field in file_fields(definition) {
            let (was, is) = [from, to]
                .map(|id| record_holder(&definition.record, id, &field.field))
                .into();
            for id in files_in(values, field) {
                if self.holder(op, id).await?.as_deref() == Some(was.as_str()) {
                    files.reassign(op, &[id], &is).await?;
                }
            }
        }
        Ok(())
    }

    /// Hands what was brought to a proposal.
    pub(crate) async fn propose_files(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        proposal: Uuid,
        values: &Values,
    ) -> Result<()> {
        let Some(files) = self.file_store() else { return Ok(()) };
        for field in file_fields(definition) {
            for id in files_in(values, field) {
                if let Held::Brought = self.held(op, definition, field, &[], id).await? {
                    files.reassign(op, &[id], &proposal_holder(proposal)).await?;
                }
            }
        }
        Ok(())
    }

    /// The files of a proposal become those of whoever acts: they write it, or propose it anew.
    pub(crate) async fn take_proposed_files(&self, op: &mut Op, register: &str, proposal: Uuid) -> Result<()> {
        let Some(files) = self.file_store() else { return Ok(()) };
        let own = form_holder(register, &op.actor().key());
        for view in files.by_holder(op, &proposal_holder(proposal)).await? {
            files.reassign(op, &[view.id], &own).await?;
        }
        Ok(())
    }

    /// Throws the files of a proposal away that nobody will write.
    pub(crate) async fn drop_proposed_files(&self, op: &mut Op, proposal: Uuid) -> Result<()> {
        let Some(files) = self.file_store() else { return Ok(()) };
        for view in files.by_holder(op, &proposal_holder(proposal)).await? {
            files.remove(op, view.id).await?;
        }
        Ok(())
    }

    /// Removes everything that these hold.
    pub(crate) async fn remove_files(&self, op: &mut Op, holders: &[String]) -> Result<()> {
        let Some(files) = self.file_store() else { return Ok(()) };
        for holder in holders {
            for view in files.by_holder(op, holder).await? {
                files.remove(op, view.id).await?;
            }
        }
        Ok(())
    }

    /// Removes what was brought and named by no record since before a moment.
    pub(crate) async fn remove_left_files(&self, op: &mut Op, before: DateTime<Utc>) -> Result<()> {
        match self.file_store() {
            Some(files) => files.remove_left(op, UPLOADED, before).await.map(drop),
            None => Ok(()),
        }
    }

    async fn held(
        &self,
        op: &mut Op,
        definition: &RecordDefinition,
        field: &FieldDefinition,
        own: &[(Uuid, &[Record])],
        id: FileId,
    ) -> Result<Held> {
        let has = |record: &Record| files_in(&record.values, field).any(|own| own == id);
        if own.iter().any(|(_, before)| before.iter().any(has)) {
            return Ok(Held::There);
        }
        let Some(holder) = self.holder(op, id).await? else {
            return Ok(Held::Foreign);
        };
        let (register, actor) = (&definition.record, op.actor().key());
        let is_own = |(record, _): &(Uuid, &[Record])| holder == record_holder(register, *record, &field.field);
        Ok(match holder {
            _ if own.iter().any(is_own) => Held::There,
            _ if holder == form_holder(register, &actor) || holder == upload_holder(register, &actor) => Held::Brought,
            _ => Held::Foreign,
        })
    }

    /// Who holds a file, if there is one.
    async fn holder(&self, op: &mut Op, id: FileId) -> Result<Option<String>> {
        let Some(files) = self.file_store() else {
            return Ok(None);
        };
        match files.get(op, id).await {
            Ok(view) => Ok(Some(view.holder)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

pub(crate) fn file_fields(definition: &RecordDefinition) -> impl Iterator<Item = &FieldDefinition> {
    let fields = definition.fields.iter();
    fields.filter(|field| matches!(field.kind, Kind::File { .. }))
}

fn files_in<'v>(values: &'v Values, field: &FieldDefinition) -> impl Iterator<Item = FileId> + 'v {
    let listed = values.get(&field.field).and_then(Value::as_array);
    listed
        .into_iter()
        .flatten()
        .filter_map(|id| Uuid::parse_str(id.as_str()?).ok())
        .map(FileId::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_of_its_field_alone() {
        let holder = record_holder("school", Uuid::from_u128(7), "report");
        assert!(is_of_field(&holder, "school", "report"));
        for (register, field) in [
            ("school", "secret"),
            ("scho", "report"),
            ("school2", "report"),
            ("school", ""),
        ] {
            assert!(!is_of_field(&holder, register, field), "{register} {field}");
        }
        for holder in [
            proposal_holder(Uuid::from_u128(7)),
            form_holder("school", "official:1"),
            "record:school/report".to_owned(),
            "record:school/x/report".to_owned(),
        ] {
            assert!(!is_of_field(&holder, "school", "report"), "{holder}");
        }
    }
}
