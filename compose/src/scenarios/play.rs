//! Doing what people do: drafts filled in page by page, papers added, steps done. Through the same verbs as the pages.

use std::collections::BTreeMap;

use chrono::Datelike;
use dossiers::model::{Act as Deed, PaperCheck, SupplementItem};
use dossiers::{Acted, Supply as Supplied};
use files::{Accept, FileView, NewFile};
use forms::definition::FormDefinition;
use forms::{Applicant, Channel, DraftView, NewDraft, Raw};
use kernel::{AccountId, Actor, DossierId, DraftId, Fault, PersonalNumber, Result, TaskId};
use op::{Op, Ops};
use schema::field::FieldKind;
use serde_json::{Map, Value, json};
use workflow::{TaskState, TaskView};

use super::{Act, Submit, Supply, What};
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

impl<'a> Case<'a> {
    fn of(app: &'a App, submit: &'a Submit) -> Self {
        Self {
            app,
            answers: &submit.answers,
            papers: &submit.papers,
        }
    }
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
    /// Does what a step says, in an operation of whoever does it. Gives the case; the first step of every case hands it in.
    ///
    /// Fails as the engines do, with `compose.answer_refused` {field, reason}, `compose.step_not_open` {task, open},
    /// `compose.nothing_handed_in`.
    pub async fn step(&self, op: &mut Op, app: &App, case: Option<DossierId>, what: &What) -> Result<DossierId> {
        if let What::Submit(submit) | What::TakeIn(submit) = what {
            return self.hand_in_within(op, Case::of(app, submit)).await;
        }
        let dossier = case.ok_or_else(|| Fault::conflict("compose.nothing_handed_in"))?;
        let dossiers = &self.engines.dossiers;
        match what {
            What::Claim { task, .. } => {
                let task = self.open_step(op, dossier, task).await?;
                dossiers.claim(op, task).await?;
            }
            What::Act(act) => {
                let task = self.open_step(op, dossier, &act.task).await?;
                self.act_within(op, task, act).await?;
            }
            What::Supply(supply) => self.supply_within(op, app, dossier, supply).await?,
            What::Withdraw { reason, .. } => dossiers.withdraw(op, dossier, reason).await?,
            What::Apologise { reason, new_day, .. } => dossiers.apologise(op, dossier, reason, *new_day).await?,
            What::Pay { fee, receipt, .. } => dossiers.record_payment(op, dossier, fee, receipt.clone()).await?,
            What::Rate { score, comment, .. } => dossiers.rate(op, dossier, *score, comment).await?,
            What::Submit(_) | What::TakeIn(_) | What::Wait(_) | What::Expect(_) => {}
        }
        Ok(dossier)
    }

    /// Hands a case in, in an operation of its own.
    pub async fn hand_in(&self, actor: &Actor, case: Case<'_>) -> Result<DossierId> {
        let mut op = self.ops.open(actor.clone()).await?;
        let dossier = self.hand_in_within(&mut op, case).await?;
        op.commit().await?;
        Ok(dossier)
    }

    /// Fills a draft in and leaves it, in an operation of its own; an official for the person whom the context names.
    pub async fn begin(&self, actor: &Actor, case: Case<'_>, context: Value) -> Result<DraftId> {
        let mut op = self.ops.open(actor.clone()).await?;
        let draft = self.fill_in(&mut op, case, context).await?;
        op.commit().await?;
        Ok(draft)
    }

    /// A citizen hands in online, an official at the counter.
    async fn hand_in_within(&self, op: &mut Op, case: Case<'_>) -> Result<DossierId> {
        let draft = self.fill_in(op, case, Value::Null).await?;
        let submitted = if op.actor().is_official() {
            self.engines.dossiers.take_in(op, draft, true).await?
        } else {
            self.engines.dossiers.submit(op, draft, true).await?
        };
        Ok(submitted.id)
    }

    async fn fill_in(&self, op: &mut Op, case: Case<'_>, context: Value) -> Result<DraftId> {
        let form = case.app.form()?;
        let official = op.actor().is_official();
        let applicant = match op.actor().person() {
            Some(person) if !official => self.engines.forms.applicant_of(op, person, "compose").await?,
            _ => Applicant::default(),
        };
        let new = NewDraft {
            app: case.app.key.clone(),
            form: form.form.clone(),
            channel: if official { Channel::Counter } else { Channel::Online },
            applicant,
            context,
        };
        let mut draft: DraftView = self.engines.forms.start_draft(op, new).await?;
        while let Some(page) = draft.next.clone() {
            let fields = form.page(&page).map(|page| page.fields()).unwrap_or_default();
            let raw = raw(form, case.answers, fields.iter().map(|field| field.field.clone()));
            let saved = self.engines.forms.save_page(op, draft.id, &page, &raw).await?;
            if let Some(fault) = saved.faults.first() {
                return Err(refused(fault));
            }
            draft = saved.draft;
        }
        for (paper, count) in case.papers {
            let rule = case.app.procedure()?.paper(paper);
            let most = rule.map_or(1, |rule| rule.most_files);
            for number in 0..*count {
                let file = self.paper(op, paper, number, forms::holder(draft.id)).await?;
                self.engines.forms.attach(op, draft.id, paper, most, &file).await?;
            }
        }
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
        self.open_steps(&mut op, dossier).await
    }

    async fn open_steps(&self, op: &mut Op, dossier: DossierId) -> Result<Vec<TaskView>> {
        let tasks = self.engines.workflow.tasks_of(op, &dossiers::subject(dossier)).await?;
        Ok(tasks
            .into_iter()
            .filter(|task| task.state == TaskState::Ready)
            .collect())
    }

    /// The step of this name that waits for somebody.
    async fn open_step(&self, op: &mut Op, dossier: DossierId, name: &str) -> Result<TaskId> {
        let open = self.open_steps(op, dossier).await?;
        let task = open.iter().find(|task| task.node == name);
        task.map(|task| task.id).ok_or_else(|| {
            let open: Vec<&str> = open.iter().map(|task| task.node.as_str()).collect();
            Fault::conflict("compose.step_not_open")
                .with("task", name)
                .with("open", open.join(", "))
        })
    }

    /// Does a step, in an operation of its own.
    pub async fn act(&self, actor: &Actor, task: TaskId, act: &Act) -> Result<Acted> {
        let mut op = self.ops.open(actor.clone()).await?;
        let acted = self.act_within(&mut op, task, act).await?;
        op.commit().await?;
        Ok(acted)
    }

    /// As an official at the desk does it: looks at the case, finds every paper to fit but those named, and chooses.
    async fn act_within(&self, op: &mut Op, task: TaskId, act: &Act) -> Result<Acted> {
        let desk = self.engines.dossiers.work(op, task).await?;
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
        self.engines.dossiers.act(op, task, desk.dossier.version, deed).await
    }

    /// Supplies what was asked for.
    async fn supply_within(&self, op: &mut Op, app: &App, dossier: DossierId, supply: &Supply) -> Result<()> {
        for (paper, count) in &supply.papers {
            for number in 0..*count {
                let holder = format!("{}:supply", dossiers::subject(dossier));
                let file = self.paper(op, paper, number, holder).await?;
                self.engines
                    .dossiers
                    .stage_supply_file(op, dossier, paper, &file)
                    .await?;
            }
        }
        let supplied = Supplied {
            answers: raw(app.form()?, &supply.answers, supply.answers.keys().cloned()),
            note: supply.note.clone(),
        };
        self.engines.dossiers.supply(op, dossier, supplied).await
    }

    /// The official or citizen behind an account, as of now.
    pub async fn actor(&self, account: AccountId) -> Result<Actor> {
        let mut op = self.ops.open(Actor::System("compose")).await?;
        let now = op.now();
        self.engines.identity.actor_of(op.conn(), account, now).await
    }

    /// The official or citizen with this personal number. Fails with `compose.person_unknown` {name} where nobody has the number
    /// or the person has no account.
    pub async fn actor_with(&self, number: &PersonalNumber, name: &str) -> Result<Actor> {
        let missing = || Fault::not_found("compose.person_unknown").with("name", name);
        let identity = &self.engines.identity;
        let mut op = self.ops.open(Actor::System("compose")).await?;
        let person = identity.person_by_number(&mut op, number, "compose").await?;
        let person = person.ok_or_else(missing)?;
        let account = identity.account_of(&mut op, person.id).await?.ok_or_else(missing)?;
        drop(op);
        self.actor(account).await
    }
}
