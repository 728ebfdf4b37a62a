//! The columns are confirmed and the work begins; or somebody ends it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kernel::{Actor, Fault, FieldFault, FileId, Result};
use op::{Entry, NewJob, Op, Permit};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::mapping::{self, Choice, Known, Target};
use super::{Import, JOB, Source, State, keep_fault, subject, upload};
use crate::published::Seen;
use crate::store::import::ImportRow;
use crate::{Registry, error, store};

impl Registry {
    /// Reads another sheet of the workbook.
    ///
    /// # Errors
    /// Those of [`Self::import`], `registry.import_state`, `tabular.no_sheet` {sheet}, and those of `tabular` about the whole file.
    pub async fn choose_sheet(&self, op: &mut Op, register: &str, id: Uuid, sheet: &str) -> Result<Import> {
        let (seen, permit, mut row) = self.to_be_started(op, register, id).await?;
        let definition = seen.published.definition.clone();
        let import = Import::of(&definition, row.clone())?;
        if !row.sheets.iter().any(|own| own == sheet) {
            return Err(Fault::invalid("tabular.no_sheet").with("sheet", sheet));
        }
        let file = row.file.ok_or_else(error::import_state)?;
        let view = self.files()?.get(op, FileId::from_uuid(file)).await?;
        let headings = |source: Source| source.headings().to_vec();
        row.headings = self
            .begun(&view, (import.format, sheet), upload::SOON, headings)
            .await?;
        row.sheet = sheet.to_owned();
        store::import::set_sheet(op.conn(), &permit, id, (&row.sheet, &row.headings)).await?;
        Import::of(&definition, row)
    }

    /// Confirms what the columns are and lets the work begin; where the owner approves what is entered, asks for that instead. Rows that say nothing
    /// of their first day hold from `from` on, or from today.
    ///
    /// # Errors
    /// Those of [`Self::preview_import`]; `registry.import_columns` with a fault for each column that is undecided, `registry.import_no_key`
    /// {fields}, `registry.import_moved` where hardly anything in a column is what it is taken for.
    pub async fn start_import(
        &self,
        op: &mut Op,
        register: &str,
        id: Uuid,
        (known, said): (&Known, &BTreeMap<usize, Choice>),
        from: Option<NaiveDate>,
    ) -> Result<Import> {
        let (seen, permit, mut row) = self.to_be_started(op, register, id).await?;
        let definition = seen.published.definition.clone();
        let preview = self.preview_of(op, &definition, row.clone(), known, said).await?;
        let matches: Vec<mapping::Match> = preview.columns.iter().map(|column| column.found.clone()).collect();
        let targets = mapping::decide(&definition, &row.headings, &matches, said)?;
        let moved: Vec<FieldFault> = preview
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.has_moved())
            .map(|(place, column)| {
                FieldFault::new(mapping::control(place), "registry.import.moved")
                    .with("column", &column.heading)
                    .with("faulty", column.faulty)
                    .with("filled", column.filled)
            })
            .collect();
        if !moved.is_empty() {
            let mut fault = Fault::invalid("registry.import_moved");
            fault.fields = moved;
            return Err(fault);
        }
        if let Actor::Official(official) = op.actor() {
            let by = upload::row_of(official);
            row.agency = by.agency;
            row.started_by = by.started_by;
            row.started_name = by.started_name;
            row.account = by.account;
            row.position = by.position;
        }
        row.digest.clone_from(&seen.published.digest);
        row.mapping = targets.iter().map(Target::key).collect();
        row.valid_from = from.unwrap_or_else(|| kernel::local_date(op.now()));
        // Nobody writes alone where the owner approves.
        let subject = subject(register, id);
        let (state, entry) = match self.waits(op, &definition) {
            true => (State::Asked, Entry::new("registry.import_asked", subject)),
            false => (State::Waiting, Entry::new("registry.import_started", subject)),
        };
        row.state = state.as_str().to_owned();
        row.asked_at = (state == State::Asked).then(|| op.now());
        row.decided_name.clear();
        row.decided_at = None;
        row.note.clear();
        store::import::set_mapping(op.conn(), &permit, &row).await?;
        match state {
            State::Asked => self.tell_asked(op, &row),
            _ => op.enqueue(NewJob::new(JOB, json!({ "import": id, "from": 0 }))).await?,
        }
        let facts = json!({ "columns": row.mapping, "valid_from": row.valid_from });
        op.record(entry.detail(facts)).await?;
        Import::of(&definition, row)
    }

    /// Ends an import before its file has ended. What was taken over stays.
    ///
    /// # Errors
    /// Those of [`Self::import`], `registry.import_state` where it has ended.
    pub async fn stop_import(&self, op: &mut Op, register: &str, id: Uuid) -> Result<Import> {
        let (seen, permit) = self.importing(op, register).await?;
        let mut row = store::import::lock(op.conn(), id)
            .await?
            .filter(|row| row.register == register)
            .ok_or_else(error::import_not_found)?;
        if State::parse(&row.state)?.has_ended() {
            return Err(error::import_state());
        }
        self.end_import(op, &permit, &mut row, State::Stopped, None).await?;
        Import::of(&seen.published.definition, row)
    }

    /// An import that waits for its columns to be confirmed, held. What stands in the file is for whoever has brought it.
    async fn to_be_started(&self, op: &mut Op, register: &str, id: Uuid) -> Result<(Seen, Permit, ImportRow)> {
        let (seen, permit) = self.importing(op, register).await?;
        let row = store::import::lock(op.conn(), id)
            .await?
            .filter(|row| row.register == register)
            .ok_or_else(error::import_not_found)?;
        if State::parse(&row.state)? != State::Mapping {
            return Err(error::import_state());
        }
        Self::is_bringer(op, &row)?;
        Ok((seen, permit, row))
    }

    /// Until it is known what the columns are, nobody knows what stands in them: it is shown to whoever has brought the file, and to nobody else.
    pub(super) fn is_bringer(op: &Op, row: &ImportRow) -> Result<()> {
        match op
            .actor()
            .person()
            .is_some_and(|person| person.uuid() == row.started_by)
        {
            true => Ok(()),
            false => Err(error::not_allowed()),
        }
    }

    /// Writes down that an import has ended, and lets its file go: what it held is in the register, or among the rows that are handed back.
    pub(super) async fn end_import(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &mut ImportRow,
        state: State,
        why: Option<&Fault>,
    ) -> Result<()> {
        row.state = state.as_str().to_owned();
        row.ended_at = Some(op.now());
        row.what = why.map(|fault| Json(keep_fault("", fault.code, &fault.params)));
        let file = row.file.take();
        store::import::advance(op.conn(), permit, row).await?;
        if let Some(file) = file {
            self.files()?.remove(op, FileId::from_uuid(file)).await?;
        }
        op.record(
            Entry::new("registry.import_ended", subject(&row.register, row.id)).detail(json!({
                "state": row.state,
                "rows": row.done_rows,
                "created": row.created,
                "changed": row.changed,
                "unchanged": row.unchanged,
                "bad": row.bad,
                "what": why.map(|fault| fault.code),
            })),
        )
        .await
    }
}
