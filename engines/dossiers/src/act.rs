//! What officials do at a step: receive, ask for supplements, refuse, go on, hand over (R075, R076, R078).

use std::collections::BTreeSet;

use kernel::{Actor, DossierId, Fault, PersonId, Result, TaskId, local, text};
use op::{Decision, Entry, Op, Permit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use workflow::{Completion, InstanceState, TaskState, TaskView};

use crate::case::Line;
use crate::catalogue::Channel;
use crate::model::{Act, Situation, Status, Step, StepKind, decide_act};
use crate::notices::News;
use crate::store::dossier::DossierRow;
use crate::store::supplement::NewSupplement;
use crate::{DocumentKind, Dossiers, access, store, subject};

/// The case after an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Acted {
    /// The dossier.
    #[schemars(with = "uuid::Uuid")]
    pub dossier: DossierId,
    /// Its code.
    pub code: String,
    /// Its status now, after whatever the process did by itself.
    pub status: Status,
    /// How it was handed in: who stands at the counter waits for the receipt.
    pub channel: Channel,
}

impl Dossiers {
    /// Does a step. `version` is that of the dossier that the official saw: what was handed in must still be the same. What others did
    /// meanwhile at steps of their own, a payment or an apology does not stand in the way.
    ///
    /// Fails with `dossiers.dossier_not_found` for officials of another agency, `workflow.role_missing`, `workflow.task_taken`
    /// {who, when}, `workflow.task_cancelled`, `workflow.task_assigned` {who}, `dossiers.changed_meanwhile` {by}, the faults of
    /// [`decide_act`], `identity.step_up_needed` at the step of a role that decides, `dossiers.facts_incomplete`, `dossiers.facts_not_asked`, or the fault of an action of the process.
    pub async fn act(&self, op: &mut Op, task: TaskId, version: i64, act: Act) -> Result<Acted> {
        let act = cleaned(act);
        let id = dossier_of(&self.parts.workflow.task(op, task).await?)?;
        let mut row = self.hold(op, id).await?;
        // Read once more: nobody moves the case while its row is held.
        let task = self.parts.workflow.task(op, task).await?;
        let about = subject(id);
        let permit = op
            .allow("dossiers.act", &about, access::act(op.rights(), &task, &row))
            .await?;
        self.refuse_represented(op, "dossiers.act", &row).await?;
        open_for(&task, op.actor())?;
        if self.duty_is_separated(op, id, &task).await? {
            let separated = Decision::Deny(Fault::forbidden("dossiers.duties_separated"));
            op.allow("dossiers.act", &about, separated).await?;
        }
        if version != row.version {
            let by = store::history::last_supplier(op.conn(), id).await?.unwrap_or_default();
            return Err(Fault::conflict("dossiers.changed_meanwhile").with("by", by));
        }
        let step = self.decide(op, &row, &task, &act).await?;
        // An approval or a refusal in the agency's name; which roles decide, the province declares.
        if op.rights().decides(&task.role) {
            self.parts.identity.check_step_up(op)?;
        }
        let online = self.definition(op, row.definition).await?;
        if let Some(known) = self.entered(op, &row, &online, &task.node, &act).await? {
            row.result_data = known;
            store::dossier::update_answers(op.conn(), &permit, self.vault(), &row).await?;
        }
        let before = row.state.status;
        let due_before = row.state.due_at;
        self.save(op, &permit, &mut row, step.state).await?;
        if step.kind == StepKind::AskSupplement {
            let by = op.actor().name().to_owned();
            let asked = NewSupplement {
                dossier: id,
                round: row.state.rounds,
                items: &act.items,
                note: &act.note,
                reason: Some(act.reason.as_str()).filter(|reason| !reason.is_empty()),
                at: op.now(),
                by: &by,
                due_before,
            };
            store::supplement::insert(op.conn(), &permit, &asked).await?;
        }
        let line = Line {
            action: action(step.kind),
            task: Some(&task.node),
            outcome: Some(&act.outcome),
            before: Some(before),
            note: Some(&act.note),
            after: step.by_way_of,
            // What reaches the applicant is written for the applicant; the rest is a word between officials.
            internal: matches!(step.kind, StepKind::Receive | StepKind::Advance),
            detail: Some(detail(&act, op.actor(), &task.role)),
        };
        self.write_line(op, &permit, &row, line).await?;
        if let Some(passed) = step.by_way_of {
            let line = Line {
                action: "payment_demanded",
                task: Some(&task.node),
                before: Some(passed),
                ..Line::default()
            };
            self.write_line(op, &permit, &row, line).await?;
        }
        self.news_of(op, &row, &step, &act).await?;
        self.paper_for(op, &permit, &row, &step, &act).await?;
        self.move_process(op, &row, &task, &step, &act).await?;
        let after = store::dossier::get(op.conn(), self.vault(), id)
            .await?
            .ok_or_else(access::not_found)?;
        let entry = json!({ "task": task.id, "node": task.node, "outcome": act.outcome, "status": after.state.status });
        op.record(Entry::new("dossiers.acted", about).purpose(&row.code).detail(entry))
            .await?;
        Ok(Acted {
            dossier: id,
            code: after.code,
            status: after.state.status,
            channel: after.channel,
        })
    }

    /// Nobody works on what is their child's, their organisation's, or of somebody who has given them a power of attorney; nor does whoever stands in for
    /// them. Fails with `dossiers.own_case`.
    pub(crate) async fn refuse_represented(&self, op: &mut Op, action: &'static str, row: &DossierRow) -> Result<()> {
        let Some(owner) = row.owner_person else { return Ok(()) };
        for person in people(op.actor()) {
            if self.parts.identity.represents(op, person, owner).await? {
                let own = Decision::Deny(Fault::forbidden("dossiers.own_case"));
                op.allow(action, &subject(row.id), own).await?;
            }
        }
        Ok(())
    }

    /// Whether the actor, or the one from whose position they act, has had a hand in a step of this case that one person does not do
    /// together with this one (bất kiêm nhiệm). Asking for a supplement is one as well, though the step is not done by it.
    pub(crate) async fn duty_is_separated(&self, op: &mut Op, dossier: DossierId, task: &TaskView) -> Result<bool> {
        let separated: Vec<String> = op
            .rights()
            .separated_from(&task.role)
            .into_iter()
            .map(str::to_owned)
            .collect();
        let people = people(op.actor());
        if separated.is_empty() || people.is_empty() {
            return Ok(false);
        }
        if store::history::played(op.conn(), dossier, &separated, &people).await? {
            return Ok(true);
        }
        // Lines from before they named the people.
        let account = op.actor().account();
        let tasks = self.parts.workflow.tasks_of(op, &task.subject).await?;
        let did = |other: &TaskView| other.completed_by == account && separated.contains(&other.role);
        Ok(tasks.iter().any(did))
    }

    async fn decide(&self, op: &mut Op, row: &DossierRow, task: &TaskView, act: &Act) -> Result<Step> {
        let (online, scope) = self.declared(op, row).await?;
        let fields: BTreeSet<String> = online.form.fields().map(|field| field.field.clone()).collect();
        let files = store::paper::counts(op.conn(), row.id).await?;
        let fees = store::fee::of_dossier(op.conn(), row.id).await?;
        let situation = Situation {
            state: row.state,
            task: &task.node,
            outcomes: &task.outcomes,
            leads: op.actor().has_role(access::LEADER),
            procedure: &online.procedure,
            scope: &scope,
            fields: &fields,
            files: &files,
            fees: &fees,
            refusal_reasons: &online.refusal_reasons,
        };
        decide_act(&situation, act, op.now(), &self.calendar())
    }

    /// The paper that the step gives the applicant: forms 01, 02, 03.
    async fn paper_for(&self, op: &mut Op, permit: &Permit, row: &DossierRow, step: &Step, act: &Act) -> Result<()> {
        let kind = match step.kind {
            StepKind::Receive => DocumentKind::Reception,
            StepKind::AskSupplement => DocumentKind::Supplement,
            StepKind::Refuse => DocumentKind::Refusal,
            StepKind::HandOver | StepKind::Advance => return Ok(()),
        };
        let extra = json!({
            "note": act.note,
            "items": act.items,
            "reason": act.reason,
            "round": row.state.rounds,
            "refusal_reasons": act.refusal_reasons,
        });
        self.issue_document(op, permit, row, kind, extra).await?;
        Ok(())
    }

    async fn news_of(&self, op: &mut Op, row: &DossierRow, step: &Step, act: &Act) -> Result<()> {
        let round = row.state.rounds.to_string();
        let (kind, occasion, reason) = match step.kind {
            StepKind::Receive => ("dossier_received", "", String::new()),
            StepKind::AskSupplement => ("supplement_requested", round.as_str(), asked(act)),
            StepKind::Refuse => ("dossier_refused", "", self.why_refused(row, act)),
            StepKind::HandOver => ("result_returned", "", String::new()),
            StepKind::Advance => return Ok(()),
        };
        let news = News {
            kind,
            occasion,
            due: row.state.due_at,
            reason: &reason,
        };
        self.tell(op, row, news).await
    }

    /// The reasons of the system's list in its words, then the official's own.
    pub(crate) fn why_refused(&self, row: &DossierRow, act: &Act) -> String {
        let listed = act.refusal_reasons.iter().map(|reason| {
            self.word(&format!("apps.{}.refusal_reasons.{reason}", row.app))
                .unwrap_or_else(|| reason.clone())
        });
        let own = Some(act.note.clone()).filter(|note| !note.is_empty());
        in_one_sentence(listed.chain(own))
    }

    /// Lets the process follow: it goes on, sleeps or ends.
    async fn move_process(&self, op: &mut Op, row: &DossierRow, task: &TaskView, step: &Step, act: &Act) -> Result<()> {
        let workflow = &self.parts.workflow;
        if step.completes {
            let completion = Completion::new(&act.outcome).expecting(task.version);
            workflow.complete(op, task.id, completion).await?;
        }
        if step.sleeps {
            workflow.suspend(op, row.instance, action(step.kind)).await?;
        }
        if step.kind == StepKind::Refuse {
            self.end_process(op, row, "refused").await?;
        }
        Ok(())
    }

    /// Gives the process up, unless it has ended by itself.
    pub(crate) async fn end_process(&self, op: &mut Op, row: &DossierRow, reason: &str) -> Result<()> {
        let instance = self.parts.workflow.instance(op, row.instance).await?;
        if matches!(instance.state, InstanceState::Running | InstanceState::Suspended) {
            self.parts.workflow.cancel(op, row.instance, reason).await?;
        }
        Ok(())
    }
}

/// The dossier that a task is about; tasks of other things are not ours.
pub(crate) fn dossier_of(task: &TaskView) -> Result<DossierId> {
    parse_subject(&task.subject).ok_or_else(access::not_found)
}

/// The dossier of `dossier:<uuid>`.
pub(crate) fn parse_subject(subject: &str) -> Option<DossierId> {
    subject.strip_prefix("dossier:")?.parse().ok()
}

/// The word of the history.
const fn action(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Receive => "received",
        StepKind::AskSupplement => "supplement_asked",
        StepKind::Refuse => "refused",
        StepKind::HandOver => "handed_over",
        StepKind::Advance => "advanced",
    }
}

fn asked(act: &Act) -> String {
    in_one_sentence(act.items.iter().map(|item| item.what.clone()))
}

/// Parts of a sentence that goes on behind them: each without the full stop that people end their words with.
fn in_one_sentence(parts: impl Iterator<Item = String>) -> String {
    let parts = parts.map(|part| part.trim().trim_end_matches('.').to_owned());
    parts.collect::<Vec<_>>().join("; ")
}

/// Whoever acts, and the one from whose position.
fn people(actor: &Actor) -> Vec<PersonId> {
    let holder = actor.official().and_then(|official| official.stands_for.as_ref());
    actor
        .person()
        .into_iter()
        .chain(holder.map(|holder| holder.person))
        .collect()
}

fn detail(act: &Act, actor: &Actor, role: &str) -> serde_json::Value {
    let mut detail = serde_json::Map::new();
    let parts = [
        // Who has played which role, for the steps that one person does not do together.
        ("role", json!(role)),
        ("people", json!(people(actor))),
        ("papers", json!(act.papers)),
        ("items", json!(act.items)),
        ("refusal_reasons", json!(act.refusal_reasons)),
        ("reason", json!(act.reason)),
        // Which facts, not what they say: that stands in the case.
        ("facts", json!(act.facts.keys().collect::<Vec<_>>())),
    ];
    for (name, part) in parts {
        let empty = part.as_array().is_some_and(Vec::is_empty) || part.as_str().is_some_and(str::is_empty);
        if !empty {
            detail.insert(name.to_owned(), part);
        }
    }
    serde_json::Value::Object(detail)
}

/// Nobody else has done the task, and nobody else has it. That it sleeps is said in words of the dossier.
fn open_for(task: &TaskView, actor: &Actor) -> Result<()> {
    match task.state {
        TaskState::Done => {
            let when = task
                .completed_at
                .map(|at| local(at).format("%H:%M %d/%m/%Y").to_string());
            return Err(Fault::conflict("workflow.task_taken")
                .with("who", task.completed_by_name.as_deref().unwrap_or_default())
                .with("when", when.unwrap_or_default()));
        }
        TaskState::Cancelled => return Err(Fault::conflict("workflow.task_cancelled")),
        TaskState::Ready | TaskState::Sleeping => {}
    }
    match task.assignee {
        Some(assignee) if actor.account() != Some(assignee) => {
            Err(Fault::conflict("workflow.task_assigned")
                .with("who", task.assignee_name.as_deref().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// What was typed, without what no paper can print.
fn cleaned(mut act: Act) -> Act {
    act.outcome = text::clean_line(&act.outcome);
    act.note = text::clean_text(&act.note);
    act.reason = text::clean_text(&act.reason);
    let mut seen = BTreeSet::new();
    act.refusal_reasons.retain(|reason| seen.insert(reason.clone()));
    for item in &mut act.items {
        item.what = text::clean_text(&item.what);
    }
    act
}
