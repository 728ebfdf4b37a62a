//! workflow.task

use chrono::{DateTime, Utc};
use kernel::{AccountId, AgencyId, InstanceId, Result, TaskId, UnitId};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use super::broken;
use crate::definition::name_key;
use crate::model::{Assignee, DefinitionKey, TaskState, TaskView};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    instance_id: Uuid,
    app_key: String,
    process_key: String,
    subject: String,
    token: i32,
    node: String,
    role: String,
    agency_id: Uuid,
    assignee_id: Option<Uuid>,
    assignee_name: Option<String>,
    unit_id: Option<Uuid>,
    outcomes: Vec<String>,
    due_at: Option<DateTime<Utc>>,
    state: String,
    version: i64,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    completed_by: Option<Uuid>,
    completed_by_name: Option<String>,
    outcome: Option<String>,
}

impl Row {
    fn view(self) -> Result<TaskView> {
        Ok(TaskView {
            id: TaskId::from_uuid(self.id),
            instance: InstanceId::from_uuid(self.instance_id),
            name_key: name_key(&self.process_key, &self.node),
            definition: DefinitionKey {
                app: self.app_key,
                process: self.process_key,
            },
            subject: self.subject,
            node: self.node,
            role: self.role,
            agency: AgencyId::from_uuid(self.agency_id),
            assignee: self.assignee_id.map(AccountId::from_uuid),
            assignee_name: self.assignee_name,
            unit: self.unit_id.map(UnitId::from_uuid),
            outcomes: self.outcomes,
            due_at: self.due_at,
            state: TaskState::from_word(&self.state).ok_or_else(|| broken("state"))?,
            version: self.version,
            created_at: self.created_at,
            completed_at: self.completed_at,
            completed_by: self.completed_by.map(AccountId::from_uuid),
            completed_by_name: self.completed_by_name,
            outcome: self.outcome,
            token: u32::try_from(self.token).map_err(|_| broken("token"))?,
        })
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT t.id,
                    t.instance_id,
                    d.app_key,
                    d.process_key,
                    i.subject,
                    t.token,
                    t.node,
                    t.role,
                    t.agency_id,
                    t.assignee_id,
                    t.assignee_name,
                    t.unit_id,
                    t.outcomes,
                    t.due_at,
                    t.state,
                    t.version,
                    t.created_at,
                    t.completed_at,
                    t.completed_by,
                    t.completed_by_name,
                    t.outcome
               FROM workflow.task t
               JOIN workflow.instance i ON i.id = t.instance_id
               JOIN workflow.definition d ON d.id = i.definition_id ",
            $tail
        )
    };
}

fn views(rows: Vec<Row>) -> Result<Vec<TaskView>> {
    rows.into_iter().map(Row::view).collect()
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, task: &TaskView) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.task (id, instance_id, token, node, role, agency_id, outcomes, due_at, state, version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(task.id.uuid())
    .bind(task.instance.uuid())
    .bind(i32::try_from(task.token).map_err(|_| broken("token"))?)
    .bind(&task.node)
    .bind(&task.role)
    .bind(task.agency.uuid())
    .bind(&task.outcomes)
    .bind(task.due_at)
    .bind(task.state.word())
    .bind(task.version)
    .bind(task.created_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: TaskId) -> Result<Option<TaskView>> {
    sqlx::query_as::<_, Row>(select!("WHERE t.id = $1"))
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(Row::view)
        .transpose()
}

/// The open task of a token.
pub(crate) async fn open_of_token(
    connection: &mut PgConnection,
    instance: InstanceId,
    token: u32,
) -> Result<Option<TaskView>> {
    sqlx::query_as::<_, Row>(select!(
        "WHERE t.instance_id = $1 AND t.token = $2 AND t.state IN ('ready', 'sleeping')"
    ))
    .bind(instance.uuid())
    .bind(i32::try_from(token).map_err(|_| broken("token"))?)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)?
    .map(Row::view)
    .transpose()
}

pub(crate) async fn of_subject(connection: &mut PgConnection, subject: &str) -> Result<Vec<TaskView>> {
    let rows = sqlx::query_as::<_, Row>(select!("WHERE i.subject = $1 ORDER BY t.id"))
        .bind(subject)
        .fetch_all(connection)
        .await
        .map_err(db::fault)?;
    views(rows)
}

pub(crate) async fn open_of_instance(connection: &mut PgConnection, instance: InstanceId) -> Result<Vec<TaskView>> {
    let rows = sqlx::query_as::<_, Row>(select!(
        "WHERE t.instance_id = $1 AND t.state IN ('ready', 'sleeping') ORDER BY t.id"
    ))
    .bind(instance.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)?;
    views(rows)
}

/// Closes a task as done or cancelled, with what the view says about it.
pub(crate) async fn close(connection: &mut PgConnection, _: &Permit, task: &TaskView) -> Result<()> {
    sqlx::query(
        "UPDATE workflow.task
            SET state = $2,
                completed_at = $3,
                completed_by = $4,
                completed_by_name = $5,
                outcome = $6,
                remaining_minutes = NULL,
                version = version + 1
          WHERE id = $1",
    )
    .bind(task.id.uuid())
    .bind(task.state.word())
    .bind(task.completed_at)
    .bind(task.completed_by.map(AccountId::uuid))
    .bind(&task.completed_by_name)
    .bind(&task.outcome)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn assign(
    connection: &mut PgConnection,
    _: &Permit,
    id: TaskId,
    assignee: Option<&Assignee>,
) -> Result<()> {
    sqlx::query(
        "UPDATE workflow.task SET assignee_id = $2, assignee_name = $3, unit_id = $4, version = version + 1 WHERE id = $1",
    )
    .bind(id.uuid())
    .bind(assignee.map(|assignee| assignee.account.uuid()))
    .bind(assignee.map(|assignee| &assignee.name))
    .bind(assignee.and_then(|assignee| assignee.unit).map(UnitId::uuid))
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Puts a task to sleep with so many working minutes left of its deadline.
pub(crate) async fn sleep(connection: &mut PgConnection, _: &Permit, id: TaskId, remaining: Option<i64>) -> Result<()> {
    sqlx::query(
        "UPDATE workflow.task
            SET state = 'sleeping', due_at = NULL, remaining_minutes = $2, version = version + 1
          WHERE id = $1 AND state = 'ready'",
    )
    .bind(id.uuid())
    .bind(remaining)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The working minutes that a sleeping task has left.
pub(crate) async fn remaining(connection: &mut PgConnection, id: TaskId) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT remaining_minutes FROM workflow.task WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn wake(
    connection: &mut PgConnection,
    _: &Permit,
    id: TaskId,
    due_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query(
        "UPDATE workflow.task
            SET state = 'ready', due_at = $2, remaining_minutes = NULL, version = version + 1
          WHERE id = $1 AND state = 'sleeping'",
    )
    .bind(id.uuid())
    .bind(due_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
