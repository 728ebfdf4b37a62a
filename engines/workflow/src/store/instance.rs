//! workflow.instance and workflow.token

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use kernel::{InstanceId, Result};
use op::Permit;
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::broken;
use crate::model::{DefinitionKey, InstanceState, InstanceView};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    definition_id: Uuid,
    app_key: String,
    process_key: String,
    definition_version: i32,
    subject: String,
    agencies: Json<BTreeMap<String, kernel::AgencyId>>,
    variables: Value,
    state: String,
    next_token: i32,
    version: i64,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    end_node: Option<String>,
    reason: Option<String>,
}

/// An instance with what only the engine needs.
pub(crate) struct Loaded {
    pub view: InstanceView,
    pub definition_id: Uuid,
    pub next_token: u32,
}

impl Row {
    fn loaded(self) -> Result<Loaded> {
        Ok(Loaded {
            definition_id: self.definition_id,
            next_token: u32::try_from(self.next_token).map_err(|_| broken("next_token"))?,
            view: InstanceView {
                id: InstanceId::from_uuid(self.id),
                definition: DefinitionKey {
                    app: self.app_key,
                    process: self.process_key,
                },
                definition_version: self.definition_version,
                subject: self.subject,
                agencies: self.agencies.0,
                variables: self.variables,
                state: InstanceState::from_word(&self.state).ok_or_else(|| broken("state"))?,
                version: self.version,
                started_at: self.started_at,
                ended_at: self.ended_at,
                end_node: self.end_node,
                reason: self.reason,
            },
        })
    }
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT i.id,
                    i.definition_id,
                    d.app_key,
                    d.process_key,
                    d.version AS definition_version,
                    i.subject,
                    i.agencies,
                    i.variables,
                    i.state,
                    i.next_token,
                    i.version,
                    i.started_at,
                    i.ended_at,
                    i.end_node,
                    i.reason
               FROM workflow.instance i
               JOIN workflow.definition d ON d.id = i.definition_id ",
            $tail
        )
    };
}

/// A token as it is stored.
#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    pub token: i32,
    pub node: String,
    pub via: Option<String>,
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    _: &Permit,
    view: &InstanceView,
    definition: Uuid,
    next_token: u32,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.instance (id, definition_id, subject, agencies, variables, state, next_token, version, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $9, $7, $8)",
    )
    .bind(view.id.uuid())
    .bind(definition)
    .bind(&view.subject)
    .bind(Json(&view.agencies))
    .bind(&view.variables)
    .bind(view.state.word())
    .bind(view.version)
    .bind(view.started_at)
    .bind(i32::try_from(next_token).map_err(|_| broken("next_token"))?)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

/// The instance, held until the end of the transaction.
pub(crate) async fn lock(connection: &mut PgConnection, id: InstanceId) -> Result<Option<Loaded>> {
    sqlx::query_as::<_, Row>(select!("WHERE i.id = $1 FOR UPDATE OF i"))
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(Row::loaded)
        .transpose()
}

/// Holds the row of an instance; one that is not there holds nobody up.
pub(crate) async fn hold(connection: &mut PgConnection, id: InstanceId) -> Result<()> {
    sqlx::query("SELECT FROM workflow.instance WHERE id = $1 FOR UPDATE")
        .bind(id.uuid())
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: InstanceId) -> Result<Option<Loaded>> {
    sqlx::query_as::<_, Row>(select!("WHERE i.id = $1"))
        .bind(id.uuid())
        .fetch_optional(connection)
        .await
        .map_err(db::fault)?
        .map(Row::loaded)
        .transpose()
}

/// Writes what an advance changed. False if somebody changed the instance since it was loaded, which a lock forbids to all but
/// the same transaction.
pub(crate) async fn save(
    connection: &mut PgConnection,
    _: &Permit,
    view: &InstanceView,
    next_token: u32,
    suspended_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE workflow.instance
            SET variables = $3,
                state = $4,
                next_token = $5,
                suspended_at = $6,
                ended_at = $7,
                end_node = $8,
                reason = $9,
                version = version + 1
          WHERE id = $1 AND version = $2",
    )
    .bind(view.id.uuid())
    .bind(view.version)
    .bind(&view.variables)
    .bind(view.state.word())
    .bind(i32::try_from(next_token).map_err(|_| broken("next_token"))?)
    .bind(suspended_at)
    .bind(view.ended_at)
    .bind(&view.end_node)
    .bind(&view.reason)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn tokens(connection: &mut PgConnection, id: InstanceId) -> Result<Vec<TokenRow>> {
    sqlx::query_as::<_, TokenRow>("SELECT token, node, via FROM workflow.token WHERE instance_id = $1 ORDER BY token")
        .bind(id.uuid())
        .fetch_all(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn delete_tokens(
    connection: &mut PgConnection,
    _: &Permit,
    id: InstanceId,
    tokens: &[i32],
) -> Result<()> {
    sqlx::query("DELETE FROM workflow.token WHERE instance_id = $1 AND token = ANY ($2)")
        .bind(id.uuid())
        .bind(tokens)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn put_token(connection: &mut PgConnection, _: &Permit, id: InstanceId, row: &TokenRow) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.token (instance_id, token, node, via)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (instance_id, token) DO UPDATE SET node = EXCLUDED.node, via = EXCLUDED.via",
    )
    .bind(id.uuid())
    .bind(row.token)
    .bind(&row.node)
    .bind(&row.via)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
