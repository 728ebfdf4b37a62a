//! A file that waits where the owner approves what is entered: somebody else looks at what it would bring, and decides.

use std::collections::BTreeMap;

use db::{Page, PageRequest, cursor};
use kernel::{PersonId, Result};
use op::{Entry, Event, NewJob, Op, Permit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::mapping::{Choice, Known, Target};
use super::{Import, JOB, Preview, State, subject};
use crate::definition::RecordDefinition;
use crate::published::Seen;
use crate::store::import::{Decided, ImportRow};
use crate::{Registry, access, error, events, store};

/// The longest note, in characters.
const LONGEST: usize = 1_000;

/// What is decided on a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is carried out.
    Approved,
    /// Whoever has brought it mends what the note says and asks again.
    Returned,
    /// It is not carried out, and the file goes.
    Refused,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Returned => "returned",
            Self::Refused => "refused",
        }
    }
}

impl Registry {
    /// The files that wait for whoever acts to decide, the oldest first.
    ///
    /// # Errors
    /// `registry.not_allowed`, `db.bad_cursor`.
    pub async fn asked_imports(&self, op: &mut Op, page: &PageRequest) -> Result<Page<Import>> {
        op.allow("registry.approve", "imports", access::decide_any(op.rights()))
            .await?;
        let registers = self.own_registers(op, None).await?;
        let after: Option<Uuid> = page.after.as_deref().map(cursor::decode).transpose()?;
        let rows = store::import::asked(op.conn(), &registers, after, page.probe()).await?;
        let cut = Page::cut(rows, page, |row| row.id);
        let mut items = Vec::with_capacity(cut.items.len());
        for row in cut.items {
            let definition = self.register(op, &row.register).await?.definition;
            items.push(Import::of(&definition, row)?);
        }
        Ok(Page { items, next: cut.next })
    }

    /// An import as those who approve see it; while it waits, with its first rows as they would be read. What is sealed in the register, and
    /// columns that are not read, are not shown.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.import_not_found`, those of `tabular` about the whole file.
    pub async fn review_import(
        &self,
        op: &mut Op,
        register: &str,
        id: Uuid,
        known: &Known,
    ) -> Result<(Import, Option<Preview>)> {
        let seen = self.seen(op, register).await?;
        let decision = access::see_import(op.rights(), seen.standing);
        op.allow("registry.approve", &subject(register, id), decision).await?;
        let row = store::import::get(op.conn(), id)
            .await?
            .filter(|row| row.register == register && row.asked_at.is_some())
            .ok_or_else(error::import_not_found)?;
        let definition = &seen.published.definition;
        let import = Import::of(definition, row.clone())?;
        // The columns were chosen for another declaration: it is handed back.
        if import.state != State::Asked || row.digest != seen.published.digest {
            return Ok((import, None));
        }
        let said: BTreeMap<usize, Choice> = (0..)
            .zip(&import.mapping)
            .map(|(place, target)| {
                let target = target.clone();
                (
                    place,
                    Choice {
                        target,
                        confirmed: true,
                    },
                )
            })
            .collect();
        let mut preview = self.preview_of(op, definition, row, known, &said).await?;
        cover(definition, &mut preview);
        Ok((import, Some(preview)))
    }

    /// Decides on a file that waits; for those who approve, and never for whoever has brought it. What is approved is carried out under the
    /// rights of whoever has brought it.
    ///
    /// # Errors
    /// `registry.not_found` {register}, `registry.import_not_found`, `registry.own_proposal`, `registry.import_state` where it does not wait,
    /// `registry.import_declaration` where its columns were chosen for another declaration, `registry.note_needed`.
    pub async fn decide_import(
        &self,
        op: &mut Op,
        register: &str,
        id: Uuid,
        verdict: Verdict,
        note: &str,
    ) -> Result<Import> {
        let (seen, permit, mut row) = self.to_be_decided(op, register, id).await?;
        let note: String = kernel::text::clean_text(note).chars().take(LONGEST).collect();
        let note = note.trim();
        if note.is_empty() && verdict != Verdict::Approved {
            return Err(error::note_needed());
        }
        if verdict == Verdict::Approved && row.digest != seen.published.digest {
            return Err(error::import_declaration());
        }
        let actor = op.actor().clone();
        let state = match verdict {
            Verdict::Approved => State::Waiting,
            Verdict::Returned => State::Mapping,
            // It ends below, together with its file.
            Verdict::Refused => State::Asked,
        };
        let decided = Decided {
            state: state.as_str(),
            by: actor.person().ok_or_else(error::not_allowed)?,
            name: actor.name(),
            at: op.now(),
            note,
        };
        store::import::decide(op.conn(), &permit, id, &decided).await?;
        row.state = state.as_str().to_owned();
        row.decided_name = actor.name().to_owned();
        row.decided_at = Some(op.now());
        row.note = note.to_owned();
        match verdict {
            Verdict::Approved => op.enqueue(NewJob::new(JOB, json!({ "import": id, "from": 0 }))).await?,
            Verdict::Returned => {}
            Verdict::Refused => {
                self.end_import(op, &permit, &mut row, State::Refused, None).await?;
            }
        }
        let facts = json!({ "register": register, "import": id, "state": verdict.as_str(), "person": row.started_by });
        op.emit(Event::new(events::IMPORT_DECIDED, subject(register, id), &facts));
        op.record(Entry::new("registry.import_decided", subject(register, id)).detail(facts))
            .await?;
        Import::of(&seen.published.definition, row)
    }

    /// Tells that a file waits.
    pub(super) fn tell_asked(&self, op: &mut Op, row: &ImportRow) {
        let facts = json!({ "register": row.register, "import": row.id, "person": row.started_by });
        op.emit(Event::new(events::IMPORT_ASKED, subject(&row.register, row.id), &facts));
    }

    async fn to_be_decided(&self, op: &mut Op, register: &str, id: Uuid) -> Result<(Seen, Permit, ImportRow)> {
        let seen = self.seen(op, register).await?;
        let row = store::import::lock(op.conn(), id)
            .await?
            .filter(|row| row.register == register && row.asked_at.is_some())
            .ok_or_else(error::import_not_found)?;
        let decision = access::decide_import(op.rights(), seen.standing, PersonId::from(row.started_by));
        let permit = op.allow("registry.approve", &subject(register, id), decision).await?;
        match State::parse(&row.state)? {
            State::Asked => Ok((seen, permit, row)),
            _ => Err(error::import_state()),
        }
    }
}

/// Takes out of a preview what is opened for a purpose only, and what nobody is going to keep.
fn cover(definition: &RecordDefinition, preview: &mut Preview) {
    let hidden = |target: &Target| match target.field() {
        Some(name) => definition.field(name).is_none_or(|field| field.is_sealed()),
        None => *target == Target::Nothing,
    };
    for (place, column) in preview.columns.iter_mut().enumerate() {
        if !hidden(&column.target) {
            continue;
        }
        column.examples.clear();
        for row in &mut preview.rows {
            if let Some(cell) = row.cells.get_mut(place) {
                cell.clear();
            }
        }
    }
}
