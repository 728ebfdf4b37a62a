//! What the process tells becomes rows of `dossiers.work`, in the same transaction.

use kernel::{DossierId, Fault, Result};
use op::{Event, Op, Reactions};
use serde::de::DeserializeOwned;
use workflow::TaskState;
use workflow::events::{
    INSTANCE_RESUMED, INSTANCE_SUSPENDED, TASK_CANCELLED, TASK_CLAIMED, TASK_COMPLETED, TASK_CREATED, TASK_RELEASED,
    TaskEvent,
};

use crate::act::parse_subject;
use crate::store::work::OpenTask;
use crate::{Dossiers, store};

/// Listens to the processes. Events about other things than dossiers are passed over.
pub fn register_reactions(reactions: &mut Reactions, dossiers: &Dossiers) {
    let kinds = [
        TASK_CREATED,
        TASK_CLAIMED,
        TASK_RELEASED,
        TASK_COMPLETED,
        TASK_CANCELLED,
        INSTANCE_SUSPENDED,
        INSTANCE_RESUMED,
    ];
    for kind in kinds {
        let dossiers = dossiers.clone();
        reactions.on(kind, move |op: &mut Op, event: &Event| {
            let dossiers = dossiers.clone();
            Box::pin(async move { dossiers.heard(op, event).await })
        });
    }
}

impl Dossiers {
    async fn heard(&self, op: &mut Op, event: &Event) -> Result<()> {
        let Some(id) = parse_subject(&event.subject) else {
            return Ok(());
        };
        match event.kind {
            TASK_CREATED => created(op, id, &payload(event)?).await,
            TASK_CLAIMED | TASK_RELEASED => {
                let task: TaskEvent = payload(event)?;
                // The event tells the account only; the task itself tells the name.
                let now = self.parts.workflow.task(op, task.task).await?;
                let name = now.assignee_name.unwrap_or_default();
                let assignee = now.assignee.map(|account| (account, name.as_str()));
                store::work::assign(op.conn(), task.task, assignee, now.unit).await
            }
            INSTANCE_SUSPENDED => store::work::sleep(op.conn(), id).await,
            INSTANCE_RESUMED => self.tasks_woke(op, &event.subject).await,
            _ => {
                let task: TaskEvent = payload(event)?;
                store::work::remove(op.conn(), task.task).await
            }
        }
    }

    /// Inner deadlines were reckoned anew, so the tasks are read again.
    async fn tasks_woke(&self, op: &mut Op, subject: &str) -> Result<()> {
        for task in self.parts.workflow.tasks_of(op, subject).await? {
            if task.state == TaskState::Ready {
                store::work::wake(op.conn(), task.id, task.due_at).await?;
            }
        }
        Ok(())
    }
}

async fn created(op: &mut Op, id: DossierId, task: &TaskEvent) -> Result<()> {
    let open = OpenTask {
        id: task.task,
        agency: task.agency,
        role: &task.role,
        node: &task.node,
        due_at: task.due_at,
        created_at: task.at,
        ready: true,
    };
    store::work::insert(op.conn(), id, &open).await
}

fn payload<T: DeserializeOwned>(event: &Event) -> Result<T> {
    serde_json::from_value(event.payload.clone()).map_err(|error| {
        Fault::internal("dossiers.broken_row")
            .with("status", event.kind)
            .caused_by(error)
    })
}
