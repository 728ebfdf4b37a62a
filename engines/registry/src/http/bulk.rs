//! Changes of many records at once.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{FieldFault, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;
use web::{Doc, Door, Routes, Site, Visit};

use super::{Nothing, TAG, engine};
use crate::{Bulk, BulkChange, BulkPreview, BulkState, FieldChange, RecordFault, Registry};

const DECIDES: Door = Door::Right("registry.approve");
const ENTERS: Door = Door::Right("registry.enter");

/// What is to become of many records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// The list that is chosen from: filters, words and `sort` as in the address of a list, `[name, value]` each.
    #[serde(default)]
    pub query: Vec<(String, String)>,
    /// What is set, by field; null: empty.
    pub set: Map<String, Value>,
    /// From which day on; today where nothing is said.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Why; needed to ask for it.
    #[serde(default)]
    pub reason: String,
    /// The mark of the preview; needed to ask for it.
    #[serde(default)]
    pub mark: String,
}

/// What would become of one record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordChangeAnswer {
    /// The record.
    pub record: Uuid,
    /// What it is called.
    pub title: String,
    /// What would differ.
    pub changes: Vec<FieldChange>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FieldFaultAnswer {
    /// The field.
    pub field: String,
    /// The code.
    pub code: String,
    /// Values for its words.
    pub params: BTreeMap<String, String>,
}

impl From<FieldFault> for FieldFaultAnswer {
    fn from(fault: FieldFault) -> Self {
        Self {
            field: fault.field,
            code: fault.code,
            params: fault.params,
        }
    }
}

/// A record that cannot be changed so.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordFaultAnswer {
    /// The record.
    pub record: Uuid,
    /// What it is called.
    pub title: String,
    /// The code of what is wrong.
    pub code: String,
    /// Values for its words.
    pub params: BTreeMap<String, String>,
    /// Faults of single fields.
    pub fields: Vec<FieldFaultAnswer>,
}

impl From<RecordFault> for RecordFaultAnswer {
    fn from(fault: RecordFault) -> Self {
        Self {
            record: fault.record,
            title: fault.title,
            code: fault.code,
            params: fault.params,
            fields: fault.fields.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a change of many records would do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PreviewAnswer {
    /// Records that the list finds.
    pub chosen: u64,
    /// Those that would be otherwise.
    pub changed: u64,
    /// Those that are so already.
    pub unchanged: u64,
    /// Those that cannot be changed so.
    pub failed: u64,
    /// The first ones that would be otherwise.
    pub shown: Vec<RecordChangeAnswer>,
    /// The first ones that cannot be changed so.
    pub faults: Vec<RecordFaultAnswer>,
    /// Goes with the request.
    pub mark: String,
    /// The day from which on it holds.
    pub from: NaiveDate,
    /// Whether it waits for the owner's approval.
    pub waits: bool,
}

impl From<BulkPreview> for PreviewAnswer {
    fn from(preview: BulkPreview) -> Self {
        let change = |one: crate::RecordChange| RecordChangeAnswer {
            record: one.record,
            title: one.title,
            changes: one.changes,
        };
        Self {
            chosen: preview.chosen,
            changed: preview.changed,
            unchanged: preview.unchanged,
            failed: preview.failed,
            shown: preview.shown.into_iter().map(change).collect(),
            faults: preview.faults.into_iter().map(Into::into).collect(),
            mark: preview.mark,
            from: preview.from,
            waits: preview.waits,
        }
    }
}

/// A change of many records that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BulkAnswer {
    /// The request (UUID).
    pub id: Uuid,
    /// Key of the register.
    pub register: String,
    /// The list that was chosen from.
    pub query: Vec<(String, String)>,
    /// What is set.
    pub set: Map<String, Value>,
    /// From which day on.
    pub from: Option<NaiveDate>,
    /// Why.
    pub reason: String,
    /// The agency of whoever asks.
    pub agency_name: String,
    /// Name of whoever asks.
    pub asked_name: String,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// How far it is.
    pub state: BulkState,
    /// Name of whoever decided.
    pub decided_name: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused; the code of a fault where the platform stopped it.
    pub note: String,
    /// Records that were chosen.
    pub chosen: i64,
    /// Records that are otherwise now.
    pub changed: i64,
    /// Records that were so already.
    pub unchanged: i64,
    /// Records that could not be changed.
    pub failed: i64,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl From<Bulk> for BulkAnswer {
    fn from(bulk: Bulk) -> Self {
        Self {
            id: bulk.id,
            register: bulk.definition.record.clone(),
            query: bulk.change.query,
            set: bulk.change.set,
            from: bulk.change.from,
            reason: bulk.change.reason,
            agency_name: bulk.agency_name,
            asked_name: bulk.asked_name,
            asked_at: bulk.asked_at,
            state: bulk.state,
            decided_name: bulk.decided_name,
            decided_at: bulk.decided_at,
            note: bulk.note,
            chosen: bulk.chosen,
            changed: bulk.changed,
            unchanged: bulk.unchanged,
            failed: bulk.failed,
            ended_at: bulk.ended_at,
        }
    }
}

/// A page of requests.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BulkList {
    /// The requests, the newest first.
    pub items: Vec<BulkAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// A page of records that were not changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FailureList {
    /// The records.
    pub items: Vec<RecordFaultAnswer>,
    /// Cursor of the next page, for `sau`.
    pub next: Option<String>,
}

/// Why a request is refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// In words; whoever asked reads it.
    pub note: String,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + Clone + Send + Sync + 'static,
{
    Routes::new()
        .api_post(
            "/api/v1/registers/{register}/bulk-previews",
            ENTERS,
            Doc::new(
                "previewBulkChange",
                TAG,
                "What a change of many records would do; nothing is written.",
            ),
            preview,
        )
        .api_post(
            "/api/v1/registers/{register}/bulk-changes",
            ENTERS,
            Doc::new(
                "askBulkChange",
                TAG,
                "Asks for a change of many records that was shown before; it is carried out in the background, each record with its own history.",
            )
            .created(),
            ask,
        )
        .api_get(
            "/api/v1/register-bulk-changes",
            Door::Official,
            Doc::new(
                "listBulkChanges",
                TAG,
                "One's own changes of many records, and those on which one decides; the newest first.",
            )
            .with_query(&["sau", "so"]),
            list,
        )
        .api_get(
            "/api/v1/register-bulk-changes/{id}",
            Door::Official,
            Doc::new("getBulkChange", TAG, "One change of many records, and how far it is."),
            show,
        )
        .api_get(
            "/api/v1/register-bulk-changes/{id}/failures",
            Door::Official,
            Doc::new("listBulkFailures", TAG, "The records that were not changed, with why.").with_query(&["sau", "so"]),
            failures,
        )
        .api_post(
            "/api/v1/register-bulk-changes/{id}/approval",
            DECIDES,
            Doc::new("approveBulkChange", TAG, "Lets a change of many records go on that waits."),
            approve,
        )
        .api_post(
            "/api/v1/register-bulk-changes/{id}/refusal",
            DECIDES,
            Doc::new("refuseBulkChange", TAG, "Refuses a change of many records that waits."),
            refuse,
        )
        .api_post(
            "/api/v1/register-bulk-changes/{id}/stop",
            Door::Official,
            Doc::new("stopBulkChange", TAG, "Takes one's own request back, or stops it on the way."),
            stop,
        )
}

fn change_of(body: BulkBody) -> (BulkChange, String) {
    let change = BulkChange {
        query: body.query,
        set: body.set,
        from: body.from,
        reason: body.reason,
    };
    (change, body.mark)
}

async fn preview<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: BulkBody) -> Result<PreviewAnswer> {
    let (change, _) = change_of(body);
    let mut op = visit.op().await?;
    let preview = engine(&visit)
        .preview_bulk(&mut op, visit.param("register"), &change)
        .await?;
    Ok(preview.into())
}

async fn ask<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: BulkBody) -> Result<BulkAnswer> {
    let (change, mark) = change_of(body);
    let mut op = visit.op().await?;
    let id = engine(&visit)
        .ask_bulk(&mut op, visit.param("register"), &change, &mark)
        .await?;
    let bulk = engine(&visit).bulk(&mut op, id).await?;
    op.commit().await?;
    Ok(bulk.into())
}

async fn list<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<BulkList> {
    let mut op = visit.look().await?;
    let page = engine(&visit).bulks(&mut op, &visit.page_request()).await?;
    Ok(BulkList {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    })
}

async fn show<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<BulkAnswer> {
    let mut op = visit.look().await?;
    let bulk = engine(&visit).bulk(&mut op, visit.parse_param("id")?).await?;
    Ok(bulk.into())
}

async fn failures<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>) -> Result<FailureList> {
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .bulk_failures(&mut op, visit.parse_param("id")?, &visit.page_request())
        .await?;
    Ok(FailureList {
        items: page.items.into_iter().map(Into::into).collect(),
        next: page.next,
    })
}

async fn approve<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: Nothing) -> Result<BulkAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).approve_bulk(&mut op, id).await?;
    let bulk = engine(&visit).bulk(&mut op, id).await?;
    op.commit().await?;
    Ok(bulk.into())
}

async fn refuse<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, body: NoteBody) -> Result<BulkAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).refuse_bulk(&mut op, id, &body.note).await?;
    let bulk = engine(&visit).bulk(&mut op, id).await?;
    op.commit().await?;
    Ok(bulk.into())
}

async fn stop<S: AsRef<Site> + AsRef<Registry>>(visit: Visit<S>, _: Nothing) -> Result<BulkAnswer> {
    let id = visit.parse_param("id")?;
    let mut op = visit.op().await?;
    engine(&visit).stop_bulk(&mut op, id).await?;
    let bulk = engine(&visit).bulk(&mut op, id).await?;
    op.commit().await?;
    Ok(bulk.into())
}
