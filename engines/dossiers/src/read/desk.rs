//! A step of the process with its case: what an official needs to decide.

use std::collections::BTreeMap;

use kernel::{Actor, Fault, Official, Result, TaskId};
use op::{Decision, Op};
use serde_json::json;
use workflow::{TaskState, TaskView};

use super::note_reading;
use crate::act::parse_subject;
use crate::definition::scope;
use crate::store::dossier::DossierRow;
use crate::views::{Colleague, DeskTask, DeskView};
use crate::{Dossiers, OnlineProcedure, access, store, subject};

impl Dossiers {
    /// A step with its case, for the officials of the agency whose step it is; those of other agencies do not learn that there
    /// is one. The reading is in the audit trail, so commit the operation. A step that was done can still be read: nothing may
    /// be chosen then.
    ///
    /// Fails with `workflow.task_not_found`, `dossiers.dossier_not_found`.
    pub async fn work(&self, op: &mut Op, id: TaskId) -> Result<DeskView> {
        let task = self.parts.workflow.task(op, id).await?;
        let id = parse_subject(&task.subject).ok_or_else(access::not_found)?;
        let decision = see(op.actor(), &task);
        op.allow("dossiers.work", &subject(id), decision).await?;
        let row = store::dossier::get(op.conn(), self.vault(), id)
            .await?
            .ok_or_else(access::not_found)?;
        let official = super::official(op, "dossiers.work", &subject(row.id)).await?;
        note_reading(op, "dossiers.read", &row, json!({ "page": "desk", "step": task.node })).await?;

        let definition = self.definition(op, row.definition).await?;
        let papers_to_check = self.papers_to_check(op, &row, &definition).await?;
        let colleagues = self.colleagues(op, &official, &task).await?;
        let facts = self.to_enter(op, &row, &definition, &task.node).await?;
        let separated = self.duty_is_separated(op, row.id, &task).await?;
        let procedure = &definition.procedure;
        Ok(DeskView {
            facts,
            papers: procedure.papers.iter().map(|rule| rule.paper.clone()).collect(),
            papers_to_check,
            refusal_reasons: definition.refusal_reasons.iter().cloned().collect(),
            leads: official.roles.iter().any(|role| role == access::LEADER),
            is_intake: task.node == procedure.intake_task,
            is_return: task.node == procedure.return_task,
            colleagues,
            task: desk_task(&official, task, separated),
            dossier: self.view_of(op, row, &definition).await?,
        })
    }

    async fn papers_to_check(
        &self,
        op: &mut Op,
        row: &DossierRow,
        definition: &OnlineProcedure,
    ) -> Result<Vec<String>> {
        let counts: BTreeMap<String, u32> = store::paper::counts(op.conn(), row.id).await?;
        let scope = scope(&definition.form, &row.answers, op.now());
        let wanted = definition.procedure.papers_to_check(&scope, &counts);
        let declared = definition.procedure.papers.iter().map(|rule| rule.paper.clone());
        Ok(declared.filter(|paper| wanted.contains(paper)).collect())
    }

    /// Those of the agency who have the role, for whoever may give the step away.
    async fn colleagues(&self, op: &mut Op, official: &Official, task: &TaskView) -> Result<Vec<Colleague>> {
        let leads = official
            .roles
            .iter()
            .any(|role| role == access::LEADER || role == "admin");
        if task.state != TaskState::Ready || !(leads || task.assignee == Some(official.account)) {
            return Ok(Vec::new());
        }
        let officials = self.parts.identity.officials(op, task.agency, Some(&task.role)).await?;
        let others = officials.into_iter().filter_map(|other| {
            Some(Colleague {
                account: other.account.filter(|account| task.assignee != Some(*account))?,
                name: other.name,
                position_title: other.title,
            })
        });
        Ok(others.collect())
    }
}

/// Everybody in the agency sees its work; whether they may do it is another question.
fn see(actor: &Actor, task: &TaskView) -> Decision {
    Decision::when(actor.agency() == Some(task.agency), || {
        Fault::not_found("workflow.task_not_found")
    })
}

fn desk_task(official: &Official, task: TaskView, separated: bool) -> DeskTask {
    let mine = task.assignee == Some(official.account);
    let ready = task.state == TaskState::Ready;
    // Nothing is offered that the verb would refuse: another role's step, a colleague's, one that sleeps or is done.
    let free = mine || task.assignee.is_none();
    let outcomes = if ready && free && !separated && official.roles.contains(&task.role) {
        task.outcomes
    } else {
        Vec::new()
    };
    DeskTask {
        id: task.id,
        node: task.node,
        role: task.role,
        assignee: task.assignee,
        assignee_name: task.assignee_name,
        mine,
        separated,
        outcomes,
        due_at: task.due_at,
        ready,
        closed: matches!(task.state, TaskState::Done | TaskState::Cancelled),
    }
}
