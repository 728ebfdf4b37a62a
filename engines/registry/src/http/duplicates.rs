//! Records that are likely one thing, and merging them, in the JSON API.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use kernel::Result;
use op::Op;
use openid::Openid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Doc, Door, Method, Routes, Site, Visit};

use super::read::page_request;
use super::{RecordAnswer, TAG, register};
use crate::http::write::WrittenAnswer;
use crate::model::{Hint, Past, Values};
use crate::{LikelyTwin, Merge, MergedRecord, Registry, Twin, TwinState, error};

const MERGES: Door = Door::Right("registry.merge");

/// Two records that are likely one thing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TwinAnswer {
    /// The older record (UUID).
    pub one: Uuid,
    /// The newer record (UUID).
    pub other: Uuid,
    /// What they are called, as far as whoever asks may see it.
    pub titles: [String; 2],
    /// How likely, 0 to 100.
    pub score: u8,
    /// Why, by field.
    pub why: Vec<Hint>,
    /// When it was found first.
    pub found_at: DateTime<Utc>,
    /// How far it is.
    pub state: TwinState,
    /// When they were said to be two things.
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom.
    pub decided_by: String,
    /// Why.
    pub note: String,
}

/// A page of pairs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TwinList {
    /// The likeliest first.
    pub items: Vec<TwinAnswer>,
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
}

/// Two records side by side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PairAnswer {
    /// What was found and said of them, if anything was.
    pub twin: Option<TwinAnswer>,
    /// The records of today, the older one first.
    pub records: [RecordAnswer; 2],
    /// How many records that whoever asks may see refer to each.
    pub references: [i64; 2],
    /// Sealed fields that each has filled in.
    pub sealed: [Vec<String>; 2],
}

/// Why two records are two things.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DifferenceBody {
    /// Why.
    pub note: String,
}

/// Nothing more is to be said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// A record that is being entered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LikelyBody {
    /// By field, as far as it is known; what does not read is left out of the comparison.
    pub values: Values,
    /// The record that it is, if it is there already.
    pub record: Option<Uuid>,
}

/// Records that are likely the same thing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LikelyAnswer {
    /// The likeliest first, ten at the most.
    pub items: Vec<LikelyTwin>,
}

/// A record with the version that was seen.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenRecord {
    /// The record (UUID).
    pub id: Uuid,
    /// Its version.
    pub version: i64,
}

/// What is to become of two records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// The record that remains.
    pub keep: SeenRecord,
    /// The record that is no more.
    pub lose: SeenRecord,
    /// Fields whose value is taken from the record that is no more; all others stay as they are.
    #[serde(default)]
    pub take: Vec<String>,
    /// Values that neither has right, by field.
    #[serde(default)]
    pub values: Values,
    /// Why.
    pub reason: String,
}

/// A record that was merged into another one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergedAnswer {
    /// The record that is no more (UUID).
    pub record: Uuid,
    /// What it was called, as far as whoever asks may see it.
    pub title: String,
    /// The record that remains (UUID).
    pub into: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when it can be taken back.
    pub undone_until: DateTime<Utc>,
}

/// A page of merges.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergeList {
    /// The newest first.
    pub items: Vec<MergedAnswer>,
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
}

/// What was known of a period of a merged record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergedPast {
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day.
    pub valid_to: Option<NaiveDate>,
    /// Since when it was known.
    pub recorded_at: DateTime<Utc>,
    /// Until when.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Why it was replaced.
    pub reason: String,
    /// By field.
    pub values: Values,
}

/// A merge with what was known of the record that is no more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MergedHistory {
    /// The merge.
    pub merge: MergedAnswer,
    /// What was known, the newest first.
    pub past: Vec<MergedPast>,
}

/// Why a merge is taken back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoBody {
    /// Why.
    pub reason: String,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DoneAnswer {
    /// The records (UUID) that it concerns.
    pub records: Vec<Uuid>,
}

pub(super) fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, TAG, summary);
    Routes::new()
        .api_get(
            "/api/v1/registers/{register}/duplicates",
            Door::Official,
            doc(
                "listDuplicates",
                "Pairs of records that are likely one thing, by the ways that the declaration names, with a score and its reasons. `state`: open (default), different.",
            )
            .with_query(&["state", "after", "limit"]),
            list,
        )
        .api_get(
            "/api/v1/registers/{register}/duplicates/{one}/{other}",
            Door::Official,
            doc(
                "getDuplicate",
                "Two records side by side. Sealed fields come with a `purpose`, which is recorded and shown to whoever they are about.",
            )
            .with_query(&["purpose"]),
            show,
        )
        .api_send(
            Method::PUT,
            "/api/v1/registers/{register}/duplicates/{one}/{other}/difference",
            MERGES,
            doc(
                "tellApart",
                "Says that two records are two things, and why. It is remembered: the pair does not come again.",
            ),
            tell_apart,
        )
        .api_send(
            Method::DELETE,
            "/api/v1/registers/{register}/duplicates/{one}/{other}/difference",
            MERGES,
            doc("takeApartBack", "Takes back that two records are two things."),
            take_back,
        )
        .api_post(
            "/api/v1/registers/{register}/likely-twins",
            Door::Right("registry.enter"),
            doc(
                "findLikelyTwins",
                "Records that are likely the same thing as one that is being entered: a warning, nothing is refused. For whoever enters.",
            ),
            likely,
        )
        .api_get(
            "/api/v1/registers/{register}/merges",
            Door::Official,
            doc("listMerges", "Records that were merged into others, the newest first.").with_query(&["after", "limit"]),
            merges,
        )
        .api_post(
            "/api/v1/registers/{register}/merges",
            MERGES,
            doc(
                "mergeRecords",
                "Makes one record of two: what was chosen holds, what was known of the other stays known as its past, references lead to the one that remains. For the agency that answers for the register.",
            ),
            merge,
        )
        .api_get(
            "/api/v1/registers/{register}/merges/{id}",
            Door::Official,
            doc(
                "getMerge",
                "A merge with what was known of the record that is no more. Sealed fields come with a `purpose`, which is recorded.",
            )
            .with_query(&["purpose"]),
            merged,
        )
        .api_post(
            "/api/v1/registers/{register}/merges/{id}/undo",
            MERGES,
            doc(
                "undoMerge",
                "Takes a merge back within thirty days, as long as the record that remains was not changed since.",
            ),
            undo,
        )
}

fn engine<S: AsRef<Registry>>(visit: &Visit<S>) -> &Registry {
    visit.state.as_ref()
}

fn pair_of<S: AsRef<Site>>(visit: &Visit<S>) -> Result<(Uuid, Uuid)> {
    let part = |name: &str| visit.param(name).parse().map_err(|_| error::record_not_found());
    Ok((part("one")?, part("other")?))
}

/// Looking needs nothing written, opening what is sealed is written down.
async fn begun<S: AsRef<Site>>(visit: &Visit<S>) -> Result<Op> {
    match visit.query("purpose") {
        Some(_) => visit.op().await,
        None => visit.look().await,
    }
}

fn answer(twin: Twin, titles: &BTreeMap<Uuid, String>) -> TwinAnswer {
    let title = |id: &Uuid| titles.get(id).cloned().unwrap_or_default();
    TwinAnswer {
        titles: [title(&twin.one), title(&twin.other)],
        one: twin.one,
        other: twin.other,
        score: twin.score,
        why: twin.why,
        found_at: twin.found_at,
        state: twin.state,
        decided_at: twin.decided_at,
        decided_by: twin.decided_name,
        note: twin.note,
    }
}

fn merged_answer(merged: MergedRecord) -> MergedAnswer {
    MergedAnswer {
        record: merged.record,
        title: merged.title,
        into: merged.into,
        at: merged.at,
        by: merged.by_name,
        reason: merged.reason,
        undone_until: merged.undone_until,
    }
}

async fn list<S>(visit: Visit<S>) -> Result<TwinList>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let state = match visit.query("state") {
        None | Some("open") => TwinState::Open,
        Some("different") => TwinState::Different,
        Some(_) => return Err(error::bad_filter("state")),
    };
    let register = register(&visit);
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .twins(&mut op, &register, state, &page_request(&visit)?)
        .await?;
    let ids: Vec<Uuid> = page.items.iter().flat_map(|twin| [twin.one, twin.other]).collect();
    let titles = engine(&visit).titles(&mut op, &register, &ids).await?;
    Ok(TwinList {
        items: page.items.into_iter().map(|twin| answer(twin, &titles)).collect(),
        next: page.next,
    })
}

async fn show<S>(visit: Visit<S>) -> Result<PairAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let register = register(&visit);
    let mut op = begun(&visit).await?;
    let pair = engine(&visit)
        .pair(&mut op, &register, pair_of(&visit)?, visit.query("purpose"))
        .await?;
    let ids = [pair.records[0].id, pair.records[1].id];
    let titles = engine(&visit).titles(&mut op, &register, &ids).await?;
    op.commit().await?;
    Ok(PairAnswer {
        twin: pair.twin.map(|twin| answer(twin, &titles)),
        records: pair.records.map(|record| RecordAnswer::new(record, None)),
        references: pair.references,
        sealed: pair.sealed,
    })
}

async fn tell_apart<S>(visit: Visit<S>, body: DifferenceBody) -> Result<DoneAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let (one, other) = pair_of(&visit)?;
    let mut op = visit.op().await?;
    engine(&visit)
        .tell_apart(&mut op, &register(&visit), (one, other), &body.note)
        .await?;
    op.commit().await?;
    Ok(DoneAnswer {
        records: vec![one, other],
    })
}

async fn take_back<S>(visit: Visit<S>, _: NoBody) -> Result<DoneAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let (one, other) = pair_of(&visit)?;
    let mut op = visit.op().await?;
    engine(&visit)
        .take_apart_back(&mut op, &register(&visit), (one, other))
        .await?;
    op.commit().await?;
    Ok(DoneAnswer {
        records: vec![one, other],
    })
}

async fn likely<S>(visit: Visit<S>, body: LikelyBody) -> Result<LikelyAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let mut op = visit.op().await?;
    let items = engine(&visit)
        .likely_twins_of(&mut op, &register(&visit), &body.values, body.record)
        .await?;
    op.commit().await?;
    Ok(LikelyAnswer { items })
}

async fn merges<S>(visit: Visit<S>) -> Result<MergeList>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let mut op = visit.look().await?;
    let page = engine(&visit)
        .merges(&mut op, &register(&visit), &page_request(&visit)?)
        .await?;
    Ok(MergeList {
        items: page.items.into_iter().map(merged_answer).collect(),
        next: page.next,
    })
}

async fn merge<S>(visit: Visit<S>, body: MergeBody) -> Result<WrittenAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let merge = Merge {
        keep: (body.keep.id, body.keep.version),
        lose: (body.lose.id, body.lose.version),
        take: body.take,
        given: body.values,
        reason: body.reason,
    };
    let mut op = visit.op().await?;
    let written = engine(&visit).merge(&mut op, &register(&visit), &merge).await?;
    op.commit().await?;
    visit.tag(written.version);
    Ok(WrittenAnswer {
        id: Some(written.id),
        version: Some(written.version),
        proposal: None,
    })
}

async fn merged<S>(visit: Visit<S>) -> Result<MergedHistory>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let id = super::read::id(&visit)?;
    let mut op = begun(&visit).await?;
    let (merged, past) = engine(&visit)
        .merged_past(&mut op, &register(&visit), id, visit.query("purpose"))
        .await?;
    op.commit().await?;
    let line = |past: Past| MergedPast {
        valid_from: past.record.valid_from,
        valid_to: past.record.valid_to,
        recorded_at: past.record.recorded_at,
        replaced_at: past.replaced_at,
        reason: past.reason,
        values: past.record.values,
    };
    Ok(MergedHistory {
        merge: merged_answer(merged),
        past: past.into_iter().map(line).collect(),
    })
}

async fn undo<S>(visit: Visit<S>, body: UndoBody) -> Result<DoneAnswer>
where
    S: AsRef<Site> + AsRef<Registry>,
{
    let id = super::read::id(&visit)?;
    let mut op = visit.op().await?;
    engine(&visit)
        .undo_merge(&mut op, &register(&visit), id, &body.reason)
        .await?;
    op.commit().await?;
    Ok(DoneAnswer { records: vec![id] })
}
