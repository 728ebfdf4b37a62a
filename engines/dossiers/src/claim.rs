//! Taking a step, giving it back, giving it to a colleague (nhận việc, trả việc, phân công).

use kernel::{AccountId, Fault, Result, TaskId};
use op::{Decision, Op};
use serde_json::json;
use workflow::{Assignee, TaskView};

use crate::Dossiers;
use crate::act::dossier_of;
use crate::case::Line;
use crate::store::dossier::DossierRow;

impl Dossiers {
    /// The official takes the step. Taking one's own again changes nothing. Fails as [`workflow::Workflow::claim`] does.
    pub async fn claim(&self, op: &mut Op, task: TaskId) -> Result<()> {
        let (seen, row) = self.step_of(op, task).await?;
        // Pressed twice, only one of the two took it.
        if !self.parts.workflow.claim(op, task).await? {
            return Ok(());
        }
        self.note_hands(op, &seen, &row, "claimed", json!({})).await
    }

    /// The step goes back to everybody with its role. Fails as [`workflow::Workflow::release`] does.
    pub async fn release(&self, op: &mut Op, task: TaskId) -> Result<()> {
        let (seen, row) = self.step_of(op, task).await?;
        self.parts.workflow.release(op, task).await?;
        self.note_hands(op, &seen, &row, "released", json!({})).await
    }

    /// Gives the step to an official of the agency who has its role.
    ///
    /// Fails with `dossiers.not_a_colleague`, and as [`workflow::Workflow::assign`] does.
    pub async fn assign(&self, op: &mut Op, task: TaskId, account: AccountId) -> Result<()> {
        let (seen, row) = self.step_of(op, task).await?;
        let officials = self.parts.identity.officials(op, seen.agency, Some(&seen.role)).await?;
        let chosen = officials.into_iter().find(|official| official.account == Some(account));
        // An unknown account is put to the process too, so that who may not assign learns nothing about accounts.
        let name = chosen.as_ref().map(|official| official.name.clone());
        let assignee = Assignee {
            account,
            name: name.clone().unwrap_or_default(),
            unit: chosen.and_then(|official| official.unit),
        };
        self.parts.workflow.assign(op, task, assignee, None).await?;
        let Some(name) = name else {
            return Err(Fault::invalid("dossiers.not_a_colleague").field("account", "dossiers.not_a_colleague"));
        };
        self.note_hands(op, &seen, &row, "assigned", json!({ "to": name }))
            .await
    }

    /// The step and its case, the case held first: whoever decides it holds them in this order too, so that neither waits for the other.
    async fn step_of(&self, op: &mut Op, task: TaskId) -> Result<(TaskView, DossierRow)> {
        let task = self.parts.workflow.task(op, task).await?;
        let row = self.hold(op, dossier_of(&task)?).await?;
        Ok((task, row))
    }

    async fn note_hands(
        &self,
        op: &mut Op,
        task: &TaskView,
        row: &DossierRow,
        action: &str,
        detail: serde_json::Value,
    ) -> Result<()> {
        let permit = op.allow("dossiers.note", &task.subject, Decision::Follows).await?;
        let line = Line {
            action,
            task: Some(&task.node),
            before: Some(row.state.status),
            internal: true,
            detail: Some(detail),
            ..Line::default()
        };
        self.write_line(op, &permit, row, line).await
    }
}
