//! All SQL of this crate.

mod audit;
mod jobs;
mod keys;
mod outcomes;
mod trail;
mod wall;

use chrono::{DateTime, Utc};
use kernel::Result;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use audit::*;
pub(crate) use jobs::*;
pub(crate) use keys::*;
pub(crate) use outcomes::*;
pub(crate) use trail::*;
pub(crate) use wall::*;

use crate::Event;

/// An event as it goes into the outbox.
pub(crate) struct EventRow {
    kind: &'static str,
    subject: String,
    payload: Value,
}

impl EventRow {
    pub(crate) fn new(event: &Event) -> Self {
        Self {
            kind: event.kind,
            subject: event.subject.clone(),
            payload: event.payload.clone(),
        }
    }
}

/// All that an operation leaves in the outbox and in the audit trail, in one statement, each in the order in which it happened.
pub(crate) async fn insert_traces(
    connection: &mut PgConnection,
    actor: &str,
    request: Uuid,
    at: DateTime<Utc>,
    events: &[EventRow],
    entries: &[EntryRow],
) -> Result<()> {
    sqlx::query(
        "WITH raised AS (
             INSERT INTO op.event (kind, subject, payload, actor, request, at)
             SELECT kind, subject, payload, $1, $2, $3
             FROM unnest($4::text[], $5::text[], $6::jsonb[]) AS raised (kind, subject, payload)
         )
         INSERT INTO op.audit_entry (at, actor, action, subject, purpose, request, person, detail, digest)
         SELECT $3, $1, action, subject, purpose, $2, person, detail, digest
         FROM unnest($7::text[], $8::text[], $9::text[], $10::uuid[], $11::text[], $12::bytea[])
              AS entry (action, subject, purpose, person, detail, digest)",
    )
    .bind(actor)
    .bind(request)
    .bind(at)
    .bind(events.iter().map(|event| event.kind).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.subject.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| &event.payload).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.subject.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.purpose.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.person).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.detail.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.digest.as_slice()).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map_err(db::fault)?;
    Ok(())
}
