//! workflow.timer

use chrono::{DateTime, Utc};
use kernel::{InstanceId, Result};
use op::Permit;
use sqlx::PgConnection;
use uuid::Uuid;

/// A timer that waits, or did.
#[derive(sqlx::FromRow, Clone)]
pub(crate) struct TimerRow {
    pub id: Uuid,
    pub instance_id: Uuid,
    pub token: i32,
    pub node: String,
    pub state: String,
    pub fires_at: Option<DateTime<Utc>>,
    pub remaining_minutes: Option<i64>,
    pub generation: i32,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "SELECT id,
                    instance_id,
                    token,
                    node,
                    state,
                    fires_at,
                    remaining_minutes,
                    generation
               FROM workflow.timer ",
            $tail
        )
    };
}

pub(crate) async fn insert(connection: &mut PgConnection, _: &Permit, row: &TimerRow, at: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "INSERT INTO workflow.timer (id, instance_id, token, node, state, fires_at, generation, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.id)
    .bind(row.instance_id)
    .bind(row.token)
    .bind(&row.node)
    .bind(&row.state)
    .bind(row.fires_at)
    .bind(row.generation)
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn get(connection: &mut PgConnection, id: Uuid) -> Result<Option<TimerRow>> {
    sqlx::query_as::<_, TimerRow>(select!("WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(db::fault)
}

pub(crate) async fn open_of_instance(connection: &mut PgConnection, instance: InstanceId) -> Result<Vec<TimerRow>> {
    sqlx::query_as::<_, TimerRow>(select!(
        "WHERE instance_id = $1 AND state IN ('scheduled', 'paused') ORDER BY token, node"
    ))
    .bind(instance.uuid())
    .fetch_all(connection)
    .await
    .map_err(db::fault)
}

/// Ends an open timer as `fired` or `cancelled`.
pub(crate) async fn close(
    connection: &mut PgConnection,
    _: &Permit,
    instance: InstanceId,
    token: i32,
    node: &str,
    state: &str,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query(
        "UPDATE workflow.timer
            SET state = $4, remaining_minutes = NULL, closed_at = $5
          WHERE instance_id = $1 AND token = $2 AND node = $3 AND state IN ('scheduled', 'paused')",
    )
    .bind(instance.uuid())
    .bind(token)
    .bind(node)
    .bind(state)
    .bind(at)
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}

pub(crate) async fn pause(connection: &mut PgConnection, _: &Permit, id: Uuid, remaining: i64) -> Result<()> {
    sqlx::query("UPDATE workflow.timer SET state = 'paused', fires_at = NULL, remaining_minutes = $2 WHERE id = $1")
        .bind(id)
        .bind(remaining)
        .execute(connection)
        .await
        .map_err(db::fault)?;
    Ok(())
}

/// Sets a paused timer going again and gives its new generation.
pub(crate) async fn reschedule(
    connection: &mut PgConnection,
    _: &Permit,
    id: Uuid,
    fires_at: DateTime<Utc>,
) -> Result<i32> {
    sqlx::query_scalar(
        "UPDATE workflow.timer
            SET state = 'scheduled', fires_at = $2, remaining_minutes = NULL, generation = generation + 1
          WHERE id = $1
      RETURNING generation",
    )
    .bind(id)
    .bind(fires_at)
    .fetch_one(connection)
    .await
    .map_err(db::fault)
}
