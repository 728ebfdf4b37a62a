//! Doing what people do: drafts filled in page by page, papers added, steps done. Through the same verbs as the pages.

use std::collections::BTreeMap;

use chrono::Datelike;
use dossiers::model::{Act as Deed, PaperCheck, SupplementItem};
use dossiers::{Acted, Supply as Supplied};
use files::{Accept, FileView, NewFile};
use forms::definition::{FieldKind, FormDefinition};
use forms::{Applicant, Channel, DraftView, NewDraft, Raw};
use kernel::{Actor, DossierId, DraftId, Fault, Result, TaskId};
use op::{Op, Ops};
use serde_json::{Map, Value, json};
use workflow::{TaskState, TaskView};

use super::Act;
use crate::Engines;
use crate::apps::App;

/// A sheet with empty lines: the paper that invented people hand in.
const PAPER: &[u8] = include_bytes!("paper.png");

/// Does what people do.
#[derive(Clone)]
pub struct Player {
    /// The operations, with the clock of the play.
    pub ops: Ops,
    /// The engines.
    pub engines: Engines,
}

/// A form filled in and the papers to it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The system.
    pub app: &'a App,
    /// Answers by field.
    pub answers: &'a BTreeMap<String, Value>,
    /// How many files each paper gets.
    pub papers: &'a BTreeMap<String, u32>,
}

/// Answers are turned away: the page and the first fault.
fn refused(fault: &kernel::FieldFault) -> Fault {
    Fault::invalid("compose.answer_refused")
        .with("field", &fault.field)
        .with("reason", &fault.code)
}

/// The controls of a page as somebody would type into them.
fn raw(form: &FormDefinition, answers: &BTreeMap<String, Value>, fields: impl Iterator<Item = String>) -> Raw {
    let mut typed = Map::new();
    for name in fields {
        let (Some(value), Some(field)) = (answers.get(&name), form.field(&name)) else {
            continue;
        };
        let value = match (&field.kind, value) {
            (FieldKind::Area, Value::String(ward)) => json!({ "ward": ward }),
            (FieldKind::Date { .. }, Value::String(date)) => match date.parse::<chrono::NaiveDate>() {
                Ok(date) => json!({ "day": date.day(), "month": date.month(), "year": date.year() }),
                Err(_) => value.clone(),
            },
            _ => value.clone(),
        };
        typed.insert(name, value);
    }
    forms::raw_of_json(&typed)
}

impl Player {
    /// Hands a case in: a citizen online, an official at the counter. Fails as the engines do; what a page refuses is
    /// `compose.answer_refused` {field, reason}.
    pub async fn hand_in(&self, actor: &Actor, case: Case<'_>) -> Result<DossierId> {
        let draft = self.fill_in(actor, case).await?;
        let mut op = self.ops.open(actor.clone()).await?;
        let submitted = if actor.is_official() {
            self.engines.dossiers.take_in(&mut op, draft, true).await?
        } else {
            self.engines.dossiers.submit(&mut op, draft, true).await?
        };
        op.commit().await?;
        Ok(submitted.id)
    }

    async fn fill_in(&self, actor: &Actor, case: Case<'_>) -> Result<DraftId> {
        let form = case.app.form()?;
        let mut op = self.ops.open(actor.clone()).await?;
        let applicant = match actor.person() {
            Some(person) if !actor.is_official() => self.engines.forms.applicant_of(&mut op, person, "compose").await?,
            _ => Applicant::default(),
        };
        let new = NewDraft {
            app: case.app.key.clone(),
            form: form.form.clone(),
            channel: if actor.is_official() {
                Channel::Counter
            } else {
                Channel::Online
            },
            applicant,
            context: Value::Null,
        };
        let mut draft: DraftView = self.engines.forms.start_draft(&mut op, new).await?;
        while let Some(page) = draft.next.clone() {
            let fields = form.page(&page).map(|page| page.fields()).unwrap_or_default();
            let raw = raw(form, case.answers, fields.iter().map(|field| field.field.clone()));
            let saved = self.engines.forms.save_page(&mut op, draft.id, &page, &raw).await?;
            if let Some(fault) = saved.faults.first() {
                return Err(refused(fault));
            }
            draft = saved.draft;
        }
        for (paper, count) in case.papers {
            let rule = case.app.procedure.paper(paper);
            let most = rule.map_or(1, |rule| rule.most_files);
            for number in 0..*count {
                let file = self.paper(&mut op, paper, number, forms::holder(draft.id)).await?;
                self.engines.forms.attach(&mut op, draft.id, paper, most, &file).await?;
            }
        }
        op.commit().await?;
        Ok(draft.id)
    }

    async fn paper(&self, op: &mut Op, paper: &str, number: u32, holder: String) -> Result<FileView> {
        let new = NewFile {
            name: format!("{paper}-{}.png", number + 1),
            purpose: "paper",
            holder,
            accept: Accept::papers(),
        };
        let bytes = futures::stream::iter([Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(PAPER))]);
        self.engines.files.store(op, new, bytes).await
    }

    /// The steps of a case that wait for somebody.
    pub async fn open_tasks(&self, dossier: DossierId) -> Result<Vec<TaskView>> {
        let mut op = self.ops.open(Actor::System("compose")).await?;
        let tasks = self
            .engines
            .workflow
            .tasks_of(&mut op, &dossiers::subject(dossier))
            .await?;
        Ok(tasks
            .into_iter()
            .filter(|task| task.state == TaskState::Ready)
            .collect())
    }

    /// Does a step as an official at the desk does: looks at the case, finds every paper to fit but those named, and chooses.
    pub async fn act(&self, actor: &Actor, task: TaskId, act: &Act) -> Result<Acted> {
        let mut op = self.ops.open(actor.clone()).await?;
        let desk = self.engines.dossiers.work(&mut op, task).await?;
        let deed = Deed {
            outcome: act.outcome.clone(),
            note: act.note.clone(),
            papers: desk
                .papers_to_check
                .iter()
                .map(|paper| PaperCheck {
                    paper: paper.clone(),
                    fits: !act.unfit.contains(paper),
                })
                .collect(),
            items: act
                .ask
                .iter()
                .map(|ask| SupplementItem {
                    kind: ask.kind,
                    key: ask.key.clone(),
                    what: ask.what.clone(),
                })
                .collect(),
            reason: act.reason.clone(),
            refusal_reasons: act.refusal_reasons.clone(),
            facts: act.facts.clone().into_iter().collect(),
        };
        let acted = self
            .engines
            .dossiers
            .act(&mut op, task, desk.dossier.version, deed)
            .await?;
        op.commit().await?;
        Ok(acted)
    }

    /// Supplies what was asked for.
    pub async fn supply(&self, actor: &Actor, dossier: DossierId, case: Case<'_>, note: &str) -> Result<()> {
        let form = case.app.form()?;
        let mut op = self.ops.open(actor.clone()).await?;
        let mut files = Vec::new();
        for (paper, count) in case.papers {
            for number in 0..*count {
                let holder = format!("{}:supply", dossiers::subject(dossier));
                let file = self.paper(&mut op, paper, number, holder).await?;
                self.engines
                    .dossiers
                    .stage_supply_file(&mut op, dossier, paper, &file)
                    .await?;
                files.push((paper.clone(), file.id));
            }
        }
        let supplied = Supplied {
            answers: raw(form, case.answers, case.answers.keys().cloned()),
            files,
            note: note.to_owned(),
        };
        self.engines.dossiers.supply(&mut op, dossier, supplied).await?;
        op.commit().await
    }

    /// The official or citizen behind an account, as of now.
    pub async fn actor(&self, account: kernel::AccountId) -> Result<Actor> {
        let mut op = self.ops.open(Actor::System("compose")).await?;
        let now = op.now();
        self.engines.identity.actor_of(op.conn(), account, now).await
    }
}
