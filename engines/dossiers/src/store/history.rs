//! dossiers.history: rows are only added.

use chrono::{DateTime, Utc};
use kernel::{Actor, DossierId, PersonId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;

use crate::model::Status;

/// Something that was done.
#[derive(Debug, Clone)]
pub(crate) struct NewHistory<'a> {
    pub(crate) dossier: DossierId,
    pub(crate) at: DateTime<Utc>,
    pub(crate) action: &'a str,
    pub(crate) actor: &'a Actor,
    /// The step of the process.
    pub(crate) task: Option<&'a str>,
    pub(crate) outcome: Option<&'a str>,
    pub(crate) before: Option<Status>,
    pub(crate) after: Status,
    pub(crate) note: Option<&'a str>,
    /// The note is for officials only.
    pub(crate) internal: bool,
    pub(crate) detail: Value,
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, new: &NewHistory<'_>) -> Result<()> {
    let official = new.actor.official();
    sqlx::query(
        "INSERT INTO dossiers.history (dossier_id, at, action, actor, actor_name, position_title, agency_id, agency_name, task,
                                       outcome, status_before, status_after, note, internal, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(new.dossier.uuid())
    .bind(new.at)
    .bind(new.action)
    .bind(new.actor.key())
    .bind(new.actor.name())
    .bind(official.map(|official| &official.position_title))
    .bind(official.map(|official| official.agency.uuid()))
    .bind(official.map(|official| &official.agency_name))
    .bind(new.task)
    .bind(new.outcome)
    .bind(new.before.map(Status::number))
    .bind(new.after.number())
    .bind(new.note)
    .bind(new.internal)
    .bind(&new.detail)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// Who supplied something to the dossier last; who did anything where nobody has.
pub(crate) async fn last_supplier(connection: &mut PgConnection, dossier: DossierId) -> Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT actor_name
           FROM dossiers.history
          WHERE dossier_id = $1
          ORDER BY action = 'supplied' DESC, id DESC
          LIMIT 1",
    )
    .bind(dossier.uuid())
    .fetch_optional(connection)
    .await
    .map_err(db::fault)
}

/// Whether one of these people has acted on the dossier in one of these roles.
pub(crate) async fn played(
    connection: &mut PgConnection,
    dossier: DossierId,
    roles: &[String],
    people: &[PersonId],
) -> Result<bool> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM dossiers.history
              WHERE dossier_id = $1 AND detail ->> 'role' = ANY ($2) AND detail -> 'people' ?| $3
         )",
    )
    .bind(dossier.uuid())
    .bind(roles)
    .bind(people)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}
