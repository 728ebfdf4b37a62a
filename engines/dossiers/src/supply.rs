//! Supplying what was asked for (bổ sung hồ sơ). What was handed in before stays with the case.

use std::collections::BTreeMap;

use files::{FileView, Received};
use forms::{FieldView, Raw};
use kernel::{DossierId, Fault, FieldFault, FileId, Result, text};
use op::{Entry, Op, Permit};
use serde::Serialize;
use serde_json::json;
use workflow::{InstanceState, TaskState};

use crate::case::Line;
use crate::definition::scope;
use crate::model::{LONGEST_WORDS, SupplementItem, SupplementKind, within};
use crate::notices::News;
use crate::preview::accepted;
use crate::store::dossier::DossierRow;
use crate::store::paper::NewPaper;
use crate::store::sealed::Typed;
use crate::store::supplement::Supplied;
use crate::submit::{applicant, title};
use crate::{Dossiers, OnlineProcedure, access, store, subject};

/// The most characters of a word to the official that is kept for later.
const LONGEST_NOTE: usize = 5_000;

/// What the applicant supplies beside the files that were staged.
#[derive(Debug, Clone, Default)]
pub struct Supply {
    /// What was typed into the fields that were asked for, by name of the control.
    pub answers: Raw,
    /// A word to the official.
    pub note: String,
}

/// What is asked for, and what has been staged for it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct SupplyState {
    /// The round of the request.
    pub round: i32,
    /// All that is asked for.
    pub items: Vec<SupplyItem>,
    /// The fields to fill in anew, with what they hold, or with what was typed and not sent yet.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub fields: Vec<FieldView>,
    /// The word to the official as far as it was typed.
    pub note: String,
}

/// One thing that is asked for.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct SupplyItem {
    /// A paper or an answer.
    pub kind: SupplementKind,
    /// The key of the paper or of the field.
    pub key: String,
    /// What is wrong with it, in the official's words.
    pub what: String,
    /// The most files of a paper; 0 for an answer.
    pub most_files: u32,
    /// The kinds of file as people are told.
    pub accept: Vec<String>,
    /// The files that wait to be sent.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub files: Vec<FileView>,
}

/// A dossier that waits for a supplement, and what is asked for.
struct Awaited {
    row: DossierRow,
    online: std::sync::Arc<OnlineProcedure>,
    permit: Permit,
    round: i32,
    items: Vec<SupplementItem>,
    typed: Raw,
    typed_note: String,
}

impl Awaited {
    fn keys(&self, kind: SupplementKind) -> Vec<String> {
        let of_kind = self.items.iter().filter(|item| item.kind == kind);
        of_kind.map(|item| item.key.clone()).collect()
    }

    fn asked_paper(&self, paper: &str) -> Result<u32> {
        let asked = self
            .items
            .iter()
            .any(|item| item.kind == SupplementKind::Paper && item.key == paper);
        let rule = self.online.procedure.paper(paper).filter(|_| asked);
        rule.map(|rule| rule.most_files).ok_or_else(|| {
            Fault::invalid("dossiers.paper_not_asked").field(format!("papers.{paper}"), "dossiers.paper_not_asked")
        })
    }
}

impl Dossiers {
    /// What is asked for, with the files that wait to be sent.
    ///
    /// Fails with `dossiers.dossier_not_found`, `dossiers.applicant_only`, `dossiers.nothing_asked`.
    pub async fn supply_state(&self, op: &mut Op, id: DossierId) -> Result<SupplyState> {
        let awaited = self.awaited(op, id).await?;
        let mut items = Vec::with_capacity(awaited.items.len());
        for item in &awaited.items {
            let rule = awaited
                .online
                .procedure
                .paper(&item.key)
                .filter(|_| item.kind == SupplementKind::Paper);
            items.push(SupplyItem {
                kind: item.kind,
                key: item.key.clone(),
                what: item.what.clone(),
                most_files: rule.map_or(0, |rule| rule.most_files),
                accept: rule.map(accepted).unwrap_or_default(),
                files: match rule {
                    Some(_) => self.parts.files.by_holder(op, &staged(id, &item.key)).await?,
                    None => Vec::new(),
                },
            });
        }
        Ok(SupplyState {
            round: awaited.round,
            fields: self.asked_fields(op, &awaited).await?,
            note: awaited.typed_note,
            items,
        })
    }

    /// Keeps what was typed for later, right or not: while papers are uploaded, and when a session ends before everything is sent.
    ///
    /// Fails as [`Dossiers::supply_state`] does.
    pub async fn keep_supply(&self, op: &mut Op, id: DossierId, answers: &Raw, note: &str) -> Result<()> {
        let awaited = self.awaited(op, id).await?;
        let fields = awaited.keys(SupplementKind::Answer);
        let typed = forms::keep_typed(&awaited.online.form, &fields, answers);
        let note: String = text::clean_text(note).chars().take(LONGEST_NOTE).collect();
        let kept = Typed { typed, note };
        store::supplement::keep_typed(op.conn(), &awaited.permit, self.vault(), (id, awaited.round), &kept).await
    }

    /// Puts an uploaded file aside for a paper that was asked for, until everything is sent.
    ///
    /// Fails as [`Dossiers::supply_state`] does, with `dossiers.paper_not_asked`, `dossiers.too_many_files` {most},
    /// `dossiers.file_not_yours`.
    pub async fn stage_supply_file(&self, op: &mut Op, id: DossierId, paper: &str, file: &FileView) -> Result<()> {
        let awaited = self.awaited(op, id).await?;
        let most = awaited.asked_paper(paper)?;
        let holder = staged(id, paper);
        let there = self.parts.files.by_holder(op, &holder).await?;
        if there.iter().any(|known| known.id == file.id) {
            return Ok(());
        }
        if there.len() >= most as usize {
            return Err(too_many(paper, most));
        }
        own_file(op, file)?;
        self.parts.files.reassign(op, &[file.id], &holder).await
    }

    /// The file of this name and content that was put aside for this paper already, see [`forms::Forms::attached_before`]. The case is held.
    /// Fails as [`Dossiers::stage_supply_file`] does.
    pub async fn staged_before(
        &self,
        op: &mut Op,
        id: DossierId,
        paper: &str,
        received: &Received,
    ) -> Result<Option<FileView>> {
        self.awaited(op, id).await?.asked_paper(paper)?;
        let there = self.parts.files.by_holder(op, &staged(id, paper)).await?;
        let same = |file: &FileView| file.sha256 == received.sha256() && file.name == received.name();
        Ok(there.into_iter().find(same))
    }

    /// Takes a file away that was put aside. Fails as [`Dossiers::stage_supply_file`] does; `files.not_found` if it is not there.
    pub async fn unstage_supply_file(&self, op: &mut Op, id: DossierId, paper: &str, file: FileId) -> Result<()> {
        let awaited = self.awaited(op, id).await?;
        awaited.asked_paper(paper)?;
        let found = self.parts.files.get(op, file).await?;
        if found.holder != staged(id, paper) {
            return Err(Fault::not_found("files.not_found"));
        }
        self.parts.files.remove(op, file).await
    }

    /// Sends the supplement: everything that was asked for must be there. The case goes on where it stood.
    ///
    /// Fails as [`Dossiers::supply_state`] does, with `dossiers.supply_incomplete` (field faults `papers.<paper>` with
    /// `dossiers.paper_missing` or `dossiers.too_many_files`, and those of the answers), `dossiers.words_long` {most}.
    pub async fn supply(&self, op: &mut Op, id: DossierId, supply: Supply) -> Result<()> {
        let mut awaited = self.awaited(op, id).await?;
        let note = text::clean_text(&supply.note);
        within("note", &note, LONGEST_WORDS)?;
        let (files, mut faults) = self.supplied_files(op, id, &awaited).await?;
        let fields = awaited.keys(SupplementKind::Answer);
        let (answers, wrong) = self
            .parts
            .forms
            .read_answers(op, &awaited.online.form, &fields, &supply.answers, &awaited.row.answers)
            .await?;
        faults.extend(wrong);
        if !faults.is_empty() {
            let fault = Fault::invalid("dossiers.supply_incomplete");
            return Err(faults.into_iter().fold(fault, Fault::field_fault));
        }

        let (about, now) = (subject(id), op.now());
        let permit = awaited.permit.clone();
        let waited_before = awaited.row.state.waited_minutes;
        let before = awaited.row.state.status;
        let state = awaited.row.state.supply(now, &self.calendar())?;
        self.keep_papers(op, &awaited, &files).await?;
        let row = &mut awaited.row;
        if !fields.is_empty() {
            row.answers = forms::prune(&awaited.online.form, &answers, now);
            self.follow_answers(op, &permit, row, &awaited.online).await?;
        }
        row.version = store::dossier::renew(op.conn(), &permit, id).await?;
        self.save(op, &permit, row, state).await?;
        let supplied = Supplied {
            at: now,
            note: &note,
            due_after: row.state.due_at,
            waited_minutes: row.state.waited_minutes - waited_before,
        };
        store::supplement::supply(op.conn(), &permit, id, awaited.round, &supplied).await?;
        let line = Line {
            action: "supplied",
            before: Some(before),
            note: Some(&note),
            detail: Some(json!({ "round": awaited.round })),
            ..Line::default()
        };
        self.write_line(op, &permit, row, line).await?;
        self.wake_process(op, row).await?;
        let round = awaited.round.to_string();
        let news = News {
            kind: "supplement_supplied",
            occasion: &round,
            due: row.state.due_at,
            ..News::default()
        };
        self.tell(op, row, news).await?;
        op.record(Entry::new("dossiers.supplied", about).purpose(&row.code))
            .await
    }

    /// The dossier, held, if it waits for a supplement and the actor may give it.
    async fn awaited(&self, op: &mut Op, id: DossierId) -> Result<Awaited> {
        let row = self.hold(op, id).await?;
        let decision = access::supply(op.rights(), &row);
        let permit = op.allow("dossiers.supply", &subject(id), decision).await?;
        let asked = store::supplement::awaited(op.conn(), self.vault(), id).await?;
        // A withdrawn or refused dossier keeps its request, but waits for nothing.
        let waits = row.state.status == crate::model::Status::Supplement && !row.state.supplied;
        let Some(asked) = asked.filter(|_| waits) else {
            return Err(Fault::conflict("dossiers.nothing_asked"));
        };
        Ok(Awaited {
            online: self.definition(op, row.definition).await?,
            row,
            permit,
            round: asked.round,
            items: asked.items,
            typed: asked.typed,
            typed_note: asked.typed_note,
        })
    }

    async fn asked_fields(&self, op: &mut Op, awaited: &Awaited) -> Result<Vec<FieldView>> {
        let fields = awaited.keys(SupplementKind::Answer);
        self.parts
            .forms
            .field_views(op, &awaited.online.form, &fields, &awaited.row.answers, &awaited.typed)
            .await
    }

    /// The files of each paper that was asked for.
    async fn supplied_files(
        &self,
        op: &mut Op,
        id: DossierId,
        awaited: &Awaited,
    ) -> Result<(BTreeMap<String, Vec<FileView>>, Vec<FieldFault>)> {
        let mut files: BTreeMap<String, Vec<FileView>> = BTreeMap::new();
        for paper in awaited.keys(SupplementKind::Paper) {
            let there = self.parts.files.by_holder(op, &staged(id, &paper)).await?;
            files.insert(paper, there);
        }
        let mut faults = Vec::new();
        for (paper, there) in &files {
            let most = awaited.asked_paper(paper)?;
            if there.is_empty() {
                faults.push(FieldFault::new(format!("papers.{paper}"), "dossiers.paper_missing"));
            } else if there.len() > most as usize {
                faults.extend(too_many(paper, most).fields);
            }
        }
        Ok((files, faults))
    }

    /// The new files stand for their papers; the old ones stay with the case.
    async fn keep_papers(&self, op: &mut Op, awaited: &Awaited, files: &BTreeMap<String, Vec<FileView>>) -> Result<()> {
        let (id, at, by) = (awaited.row.id, op.now(), op.actor().name().to_owned());
        for (paper, views) in files {
            store::paper::replace(op.conn(), &awaited.permit, id, paper, at).await?;
            for file in views {
                self.parts.files.reassign(op, &[file.id], &subject(id)).await?;
                let new = NewPaper {
                    dossier: id,
                    paper,
                    file,
                    round: awaited.round,
                    at,
                    by: &by,
                };
                store::paper::insert(op.conn(), &awaited.permit, self.vault(), &new).await?;
            }
        }
        Ok(())
    }

    /// Title, applicant, fees and search words follow the answers. Who receives stays: the case is with them.
    async fn follow_answers(
        &self,
        op: &mut Op,
        permit: &Permit,
        row: &mut DossierRow,
        online: &OnlineProcedure,
    ) -> Result<()> {
        let applicant = applicant(&online.procedure, &row.answers);
        let known = row.owner_name.clone();
        if !applicant.name.is_empty() {
            row.owner_name = applicant.name;
        }
        if row.owner_number != applicant.number && row.representation.is_some() {
            // It was handed in for its owner alone, whoever answers now: the owner, or somebody who acts for them.
            if let (Some(owner), Some(number)) = (row.owner_person, &applicant.number)
                && !self.parts.identity.is_number_of(op, owner, number).await?
            {
                return Err(Fault::invalid("dossiers.other_applicant").with("name", known));
            }
            row.owner_number = applicant.number;
        } else if row.owner_number != applicant.number {
            // Another number is another person; the one who handed in is the only one whom we know.
            row.owner_person = self
                .person_with(op, row.submitter_person, applicant.number.as_deref())
                .await?;
            row.owner_number = applicant.number;
        }
        row.phone = applicant.phone;
        row.email = applicant.email;
        row.title = title(&online.procedure, &row.answers, &row.owner_name);
        store::dossier::update_answers(op.conn(), permit, self.vault(), row).await?;
        let fees = online
            .procedure
            .fees_due(&scope(&online.form, &row.answers, op.now()))?;
        for fee in &fees {
            store::fee::set(op.conn(), permit, row.id, fee).await?;
        }
        let names: Vec<String> = fees.into_iter().map(|fee| fee.fee).collect();
        store::fee::keep_only(op.conn(), permit, row.id, &names).await
    }

    /// The process goes on; whoever has the step is told.
    async fn wake_process(&self, op: &mut Op, row: &DossierRow) -> Result<()> {
        let workflow = &self.parts.workflow;
        if workflow.instance(op, row.instance).await?.state == InstanceState::Suspended {
            workflow.resume(op, row.instance).await?;
        }
        let round = row.state.rounds.to_string();
        for task in workflow.tasks_of(op, &subject(row.id)).await? {
            if let (TaskState::Ready, Some(account)) = (task.state, task.assignee) {
                let news = News {
                    kind: "task_waiting",
                    occasion: &round,
                    due: task.due_at.or(row.state.due_at),
                    reason: "",
                };
                self.tell_account(op, row, account, &format!("/can-bo/viec/{}", task.id), news)
                    .await?;
            }
        }
        Ok(())
    }
}

/// Who holds a file that waits to be sent for a paper.
fn staged(id: DossierId, paper: &str) -> String {
    format!("{}:supply:{paper}", subject(id))
}

fn too_many(paper: &str, most: u32) -> Fault {
    let fault = FieldFault::new(format!("papers.{paper}"), "dossiers.too_many_files").with("most", most);
    Fault::invalid("dossiers.too_many_files")
        .with("most", most)
        .field_fault(fault)
}

/// A file that the actor has just uploaded, and that belongs to no other case.
fn own_file(op: &Op, file: &FileView) -> Result<()> {
    let own = file.uploaded_by == op.actor().key() && !file.holder.contains(":supply:");
    let free = !file.holder.starts_with("dossier:") || file.holder.ends_with(":supply");
    if own && free {
        Ok(())
    } else {
        Err(Fault::invalid("dossiers.file_not_yours"))
    }
}
