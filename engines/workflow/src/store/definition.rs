//! workflow.definition

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::model::DefinitionKey;

/// What identifies a stored definition.
#[derive(sqlx::FromRow)]
pub(crate) struct Version {
    pub id: Uuid,
    pub version: i32,
    pub current: bool,
}

/// The two files.
#[derive(sqlx::FromRow)]
pub(crate) struct Files {
    pub bpmn: String,
    pub binding: String,
}

/// A row to be written.
pub(crate) struct NewDefinition<'a> {
    pub id: Uuid,
    pub version: i32,
    pub sha256: &'a str,
    pub bpmn: &'a str,
    pub binding: &'a str,
    pub at: DateTime<Utc>,
}

/// Publications of one process wait for each other until the end of the transaction.
pub(crate) async fn lock(connection: &mut PgConnection, _: &Permit, key: &DefinitionKey) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('workflow.definition/' || $1 || '/' || $2, 0))")
        .bind(&key.app)
        .bind(&key.process)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn with_content(
    connection: &mut PgConnection,
    key: &DefinitionKey,
    sha256: &str,
) -> Result<Option<Version>> {
    sqlx::query_as::<_, Version>(
        "SELECT id, version, current
           FROM workflow.definition
          WHERE app_key = $1 AND process_key = $2 AND sha256 = $3",
    )
    .bind(&key.app)
    .bind(&key.process)
    .bind(sha256)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn newest_version(connection: &mut PgConnection, key: &DefinitionKey) -> Result<i32> {
    sqlx::query_scalar(
        "SELECT COALESCE(max(version), 0) FROM workflow.definition WHERE app_key = $1 AND process_key = $2",
    )
    .bind(&key.app)
    .bind(&key.process)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    key: &DefinitionKey,
    new: &NewDefinition<'_>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.definition (id, app_key, process_key, version, sha256, bpmn, binding, current, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, false, $8)",
    )
    .bind(new.id)
    .bind(&key.app)
    .bind(&key.process)
    .bind(new.version)
    .bind(new.sha256)
    .bind(new.bpmn)
    .bind(new.binding)
    .bind(new.at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// New instances take this row from now on.
pub(crate) async fn make_current(
    connection: &mut PgConnection,
    _: &Permit,
    key: &DefinitionKey,
    id: Uuid,
) -> Result<()> {
    sqlx::query("UPDATE workflow.definition SET current = false WHERE app_key = $1 AND process_key = $2 AND current AND id <> $3")
        .bind(&key.app)
        .bind(&key.process)
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("UPDATE workflow.definition SET current = true WHERE id = $1 AND NOT current")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn current(connection: &mut PgConnection, key: &DefinitionKey) -> Result<Option<Version>> {
    sqlx::query_as::<_, Version>(
        "SELECT id, version, current
           FROM workflow.definition
          WHERE app_key = $1 AND process_key = $2 AND current",
    )
    .bind(&key.app)
    .bind(&key.process)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

pub(crate) async fn files(connection: &mut PgConnection, id: Uuid) -> Result<Option<Files>> {
    sqlx::query_as::<_, Files>("SELECT bpmn, binding FROM workflow.definition WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}
