//! dossiers.definition: rows are never changed, except for which of them is in force.

use chrono::{DateTime, Utc};
use kernel::Result;
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

/// A version of what a system declares about a procedure.
#[derive(sqlx::FromRow)]
pub(crate) struct DefinitionRow {
    pub(crate) id: Uuid,
    pub(crate) app: String,
    pub(crate) procedure_code: String,
    pub(crate) version: i32,
    pub(crate) declaration: Value,
    pub(crate) form: Value,
    pub(crate) refusal_reasons: Vec<String>,
}

/// A version to be written.
pub(crate) struct NewDefinition<'a> {
    pub(crate) app: &'a str,
    pub(crate) procedure_code: &'a str,
    pub(crate) version: i32,
    pub(crate) sha256: &'a str,
    pub(crate) declaration: Value,
    pub(crate) form_version: &'a str,
    pub(crate) form: Value,
    pub(crate) refusal_reasons: Vec<String>,
    pub(crate) at: DateTime<Utc>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id, app, procedure_code, version, declaration, form, refusal_reasons FROM dossiers.definition ",
            $tail
        )
    };
}

/// One publication at a time, to the end of the operation.
pub(crate) async fn lock(connection: &mut PgConnection, _: &Permit) -> Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('dossiers.publish', 0))")
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<DefinitionRow>> {
    sqlx::query_as(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The version of a system that is in force.
pub(crate) async fn in_force(connection: &mut PgConnection, app: &str) -> Result<Option<Uuid>> {
    sqlx::query_scalar("SELECT id FROM dossiers.definition WHERE app = $1 AND in_force")
        .bind(app)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The version that is in force for a procedure, whatever the system.
pub(crate) async fn for_procedure(connection: &mut PgConnection, code: &str) -> Result<Option<(Uuid, String)>> {
    sqlx::query_as("SELECT id, app FROM dossiers.definition WHERE procedure_code = $1 AND in_force")
        .bind(code)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The newest version that was published with this form: the one that a draft of that form is handed in under.
pub(crate) async fn with_form(connection: &mut PgConnection, app: &str, form_version: &str) -> Result<Option<Uuid>> {
    sqlx::query_scalar(
        "SELECT id
           FROM dossiers.definition
          WHERE app = $1 AND form_version = $2
          ORDER BY in_force DESC, version DESC
          LIMIT 1",
    )
    .bind(app)
    .bind(form_version)
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// The version with this content, and whether it is in force.
pub(crate) async fn with_content(
    connection: &mut PgConnection,
    app: &str,
    sha256: &str,
) -> Result<Option<(Uuid, i32, bool)>> {
    sqlx::query_as("SELECT id, version, in_force FROM dossiers.definition WHERE app = $1 AND sha256 = $2")
        .bind(app)
        .bind(sha256)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

/// The number of the newest version, 0 if there is none.
pub(crate) async fn newest_version(connection: &mut PgConnection, app: &str) -> Result<i32> {
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM dossiers.definition WHERE app = $1")
        .bind(app)
        .fetch_one(connection)
        .await
        .map_err(db::fault)
}

/// Writes a version that is not in force yet.
pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: NewDefinition<'_>) -> Result<Uuid> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO dossiers.definition (id, app, procedure_code, version, sha256, declaration, form_version, form,
                                          refusal_reasons, in_force, published_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, false, $10)",
    )
    .bind(id)
    .bind(new.app)
    .bind(new.procedure_code)
    .bind(new.version)
    .bind(new.sha256)
    .bind(new.declaration)
    .bind(new.form_version)
    .bind(new.form)
    .bind(new.refusal_reasons)
    .bind(new.at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(id)
}

/// Puts a version into force in place of the system's other one.
pub(crate) async fn put_in_force(connection: &mut PgConnection, _: &Permit, app: &str, id: Uuid) -> Result<()> {
    sqlx::query("UPDATE dossiers.definition SET in_force = false WHERE app = $1 AND in_force AND id <> $2")
        .bind(app)
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(db::fault)?;
    sqlx::query("UPDATE dossiers.definition SET in_force = true WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Takes every version out of force that is not of one of these systems with its procedure; gives systems and procedures.
pub(crate) async fn withdraw_others(
    connection: &mut PgConnection,
    _: &Permit,
    serving: &[(&str, &str)],
) -> Result<Vec<(String, String)>> {
    let (apps, codes): (Vec<&str>, Vec<&str>) = serving.iter().copied().unzip();
    sqlx::query_as(
        "UPDATE dossiers.definition SET in_force = false
          WHERE in_force
            AND (app, procedure_code) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))
         RETURNING app, procedure_code",
    )
    .bind(apps)
    .bind(codes)
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}
