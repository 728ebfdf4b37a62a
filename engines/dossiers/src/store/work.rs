//! dossiers.work: one row an open task, written by what the process tells.

use chrono::{DateTime, Utc};
use kernel::{AccountId, AgencyId, DossierId, Result, TaskId, UnitId};
use sqlx::PgConnection;

use super::dossier::DossierRow;

/// An open task as the process tells it.
#[derive(Debug, Clone)]
pub(crate) struct OpenTask<'a> {
    pub(crate) id: TaskId,
    pub(crate) agency: AgencyId,
    pub(crate) role: &'a str,
    pub(crate) node: &'a str,
    pub(crate) due_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) ready: bool,
}

/// Writes an open task with what the inbox shows of its dossier. Between the events of an operation the dossier may have come
/// further: the row shows what is true now. Without a dossier nothing is written.
///
/// Once officials are done nothing is due: a result may wait at the counter for weeks.
pub(crate) async fn insert(connection: &mut PgConnection, dossier: DossierId, task: &OpenTask<'_>) -> Result<()> {
    sqlx::query(
        "INSERT INTO dossiers.work (task_id, dossier_id, agency_id, role, node, ready, task_due_at, due_at, order_at, created_at,
                                    code, app, procedure_code, title, owner_name, status)
         SELECT $1, id, $3, $4, $5, $6, $7, due, dossiers.order_of($7, due, $8), $8, code, app, procedure_code, title, owner_name, status
           FROM (SELECT *, CASE WHEN finished_at IS NULL THEN due_at END AS due FROM dossiers.dossier) AS dossier
          WHERE id = $2
         ON CONFLICT (task_id) DO NOTHING",
    )
    .bind(task.id.uuid())
    .bind(dossier.uuid())
    .bind(task.agency.uuid())
    .bind(task.role)
    .bind(task.node)
    .bind(task.ready)
    .bind(task.due_at)
    .bind(task.created_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Who has the task now, nobody if `None`, and the unit with which it lies.
pub(crate) async fn assign(
    connection: &mut PgConnection,
    task: TaskId,
    assignee: Option<(AccountId, &str)>,
    unit: Option<UnitId>,
) -> Result<()> {
    sqlx::query("UPDATE dossiers.work SET assignee_id = $2, assignee_name = $3, unit_id = $4 WHERE task_id = $1")
        .bind(task.uuid())
        .bind(assignee.map(|(account, _)| account.uuid()))
        .bind(assignee.map(|(_, name)| name))
        .bind(unit.map(UnitId::uuid))
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The task is no longer open.
pub(crate) async fn remove(connection: &mut PgConnection, task: TaskId) -> Result<()> {
    sqlx::query("DELETE FROM dossiers.work WHERE task_id = $1")
        .bind(task.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// The tasks of a dossier fall asleep.
pub(crate) async fn sleep(connection: &mut PgConnection, dossier: DossierId) -> Result<()> {
    sqlx::query("UPDATE dossiers.work SET ready = false WHERE dossier_id = $1")
        .bind(dossier.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// A task of a dossier woke up with a new inner deadline.
pub(crate) async fn wake(connection: &mut PgConnection, task: TaskId, due_at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.work
            SET ready = true, task_due_at = $2, order_at = dossiers.order_of($2, due_at, created_at)
          WHERE task_id = $1",
    )
    .bind(task.uuid())
    .bind(due_at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// What the rows repeat of the dossier follows it.
pub(crate) async fn follow(connection: &mut PgConnection, dossier: &DossierRow) -> Result<()> {
    sqlx::query(
        "UPDATE dossiers.work
            SET status = $2,
                due_at = $3,
                title = $4,
                owner_name = $5,
                order_at = dossiers.order_of(task_due_at, $3, created_at)
          WHERE dossier_id = $1",
    )
    .bind(dossier.id.uuid())
    .bind(dossier.state.status.number())
    .bind(dossier.state.due_at.filter(|_| dossier.state.finished_at.is_none()))
    .bind(&dossier.title)
    .bind(&dossier.owner_name)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The agencies and roles that have the open tasks of a dossier.
pub(crate) async fn hands(connection: &mut PgConnection, dossier: DossierId) -> Result<Vec<(AgencyId, String)>> {
    let rows: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("SELECT DISTINCT agency_id, role FROM dossiers.work WHERE dossier_id = $1 ORDER BY 1, 2")
            .bind(dossier.uuid())
            .fetch_all(connection)
            .await
            .map_err(db::fault)?;
    Ok(rows
        .into_iter()
        .map(|(agency, role)| (AgencyId::from_uuid(agency), role))
        .collect())
}
