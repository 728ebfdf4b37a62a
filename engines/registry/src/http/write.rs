//! Records that somebody enters, changes, puts right, ends.

use chrono::NaiveDate;
use kernel::Result;
use op::Op;
use openid::Openid;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;
use web::{Method, Site, Visit};

use super::asker::{Asker, WRITE_SCOPE, asker, known};
use super::once::Once;
use super::read::id;
use super::{FaultAnswer, register, told};
use crate::model::Values;
use crate::{Command, Given, Keep, Outcome, Registry, Spot, What, error};

/// The most rows of one request.
pub const MOST_ROWS: usize = 1_000;

/// A new record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// By field.
    pub values: Values,
    /// The first day on which it is so; today if nothing is said.
    pub valid_from: Option<NaiveDate>,
}

/// What a record is from a day on.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// By field.
    pub values: Values,
    /// The first day on which it is so; today if nothing is said.
    pub valid_from: Option<NaiveDate>,
    /// The version that was seen, unless the header `If-Match` names it.
    pub version: Option<i64>,
    /// Why, if there is something to say.
    #[serde(default)]
    pub reason: String,
}

/// What is right of a period.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectionBody {
    /// The first day of the period, as it is known now.
    pub period: NaiveDate,
    /// By field.
    pub values: Values,
    /// The first day that is right; as before if nothing is said.
    pub valid_from: Option<NaiveDate>,
    /// The last day that is right, null for none; as before if nothing is said.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Option<NaiveDate>>,
    /// The version that was seen, unless the header `If-Match` names it.
    pub version: Option<i64>,
    /// Why.
    pub reason: String,
}

/// The end of a record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndBody {
    /// The last day on which it is so.
    pub last: NaiveDate,
    /// The version that was seen, unless the header `If-Match` names it.
    pub version: Option<i64>,
    /// Why.
    pub reason: String,
}

/// One row of many.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RowBody {
    /// By field, the fields of the key among them.
    pub values: Values,
    /// The first day on which it is so; today if nothing is said.
    pub valid_from: Option<NaiveDate>,
    /// The last day on which it is so.
    pub valid_to: Option<NaiveDate>,
}

/// Many rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsertBody {
    /// Up to 1,000.
    #[schemars(length(max = 1_000))]
    pub rows: Vec<RowBody>,
}

/// What came of it: the record with its version, or the proposal that waits for the owner (202).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct WrittenAnswer {
    /// The record, where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its version now, where it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The proposal, where it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Uuid>,
}

/// What became of one row.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct RowAnswer {
    /// Which, counted from 0 as they were sent.
    pub row: u64,
    /// What was done.
    pub result: RowResult,
    /// The record that says it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultAnswer>,
}

/// What was done with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowResult {
    /// It is a new record.
    Created,
    /// Its record is otherwise now.
    Changed,
    /// Nothing: it was known.
    Unchanged,
    /// Nothing: it breaks rules.
    Refused,
}

/// What became of many rows.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct UpsertAnswer {
    /// New records.
    pub created: u64,
    /// Records that are otherwise now.
    pub changed: u64,
    /// Rows that say what was known.
    pub unchanged: u64,
    /// Rows that were left out.
    pub refused: u64,
    /// Row by row, in the order in which they were sent.
    pub rows: Vec<RowAnswer>,
}

/// What stands there counts, null too.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Option<NaiveDate>>, D::Error> {
    Option::<NaiveDate>::deserialize(deserializer).map(Some)
}

impl From<Outcome> for WrittenAnswer {
    fn from(outcome: Outcome) -> Self {
        let written = outcome.written();
        Self {
            id: written.map(|written| written.id),
            version: written.map(|written| written.version),
            proposal: match outcome {
                Outcome::Proposed(id) => Some(id),
                Outcome::Written(_) => None,
            },
        }
    }
}

pub(super) async fn add<S>(mut visit: Visit<S>, body: RecordBody) -> Result<WrittenAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let (asker, once, mut op) = begin(&mut visit, &Method::POST, &body).await?;
    if let Some(before) = once.before(&mut op).await? {
        return Ok(tagged(&visit, before));
    }
    let register = register(&visit);
    let command = Command::Add {
        from: body.valid_from,
        given: body.values,
    };
    let written = asker.registry.enter(&mut op, &register, None, command, "").await?;
    finish(&visit, &once, op, written).await
}

pub(super) async fn change<S>(mut visit: Visit<S>, body: ChangeBody) -> Result<WrittenAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let (asker, once, mut op) = begin(&mut visit, &Method::PUT, &body).await?;
    if let Some(before) = once.before(&mut op).await? {
        return Ok(tagged(&visit, before));
    }
    let (register, id) = (register(&visit), id(&visit)?);
    let version = version(&visit, body.version)?;
    let spot = (id, Spot::Day(body.valid_from));
    let given = asker
        .registry
        .amended(&mut op, &register, spot, body.values, Keep::Sealed)
        .await?;
    let command = Command::Change {
        from: body.valid_from,
        given,
    };
    let written = asker
        .registry
        .enter(&mut op, &register, Some((id, version)), command, &body.reason)
        .await?;
    finish(&visit, &once, op, written).await
}

pub(super) async fn correct<S>(mut visit: Visit<S>, body: CorrectionBody) -> Result<WrittenAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let (asker, once, mut op) = begin(&mut visit, &Method::POST, &body).await?;
    if let Some(before) = once.before(&mut op).await? {
        return Ok(tagged(&visit, before));
    }
    let (register, id) = (register(&visit), id(&visit)?);
    let version = version(&visit, body.version)?;
    let spot = (id, Spot::Period(body.period));
    let given = asker
        .registry
        .amended(&mut op, &register, spot, body.values, Keep::Sealed)
        .await?;
    let command = Command::Correct {
        period: body.period,
        from: body.valid_from,
        to: body.valid_to,
        given,
    };
    let written = asker
        .registry
        .enter(&mut op, &register, Some((id, version)), command, &body.reason)
        .await?;
    finish(&visit, &once, op, written).await
}

pub(super) async fn end<S>(mut visit: Visit<S>, body: EndBody) -> Result<WrittenAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let (asker, once, mut op) = begin(&mut visit, &Method::POST, &body).await?;
    if let Some(before) = once.before(&mut op).await? {
        return Ok(tagged(&visit, before));
    }
    let (register, id) = (register(&visit), id(&visit)?);
    let version = version(&visit, body.version)?;
    let command = Command::End { last: body.last };
    let written = asker
        .registry
        .enter(&mut op, &register, Some((id, version)), command, &body.reason)
        .await?;
    finish(&visit, &once, op, written).await
}

pub(super) async fn upsert<S>(mut visit: Visit<S>, body: UpsertBody) -> Result<UpsertAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let (asker, once, mut op) = begin(&mut visit, &Method::POST, &body).await?;
    if let Some(before) = once.before(&mut op).await? {
        return Ok(before);
    }
    if body.rows.len() > MOST_ROWS {
        return Err(error::too_many_rows(MOST_ROWS));
    }
    let rows = body.rows.into_iter().zip(0..).map(|(row, number)| Given {
        number,
        fields: row.values,
        from: row.valid_from,
        to: row.valid_to,
    });
    let taken = asker
        .registry
        .take_over(&mut op, &register(&visit), rows.collect(), Keep::Sealed)
        .await?;
    let done = taken.rows.iter().map(|row| RowAnswer {
        row: row.number,
        result: match row.what {
            What::Created => RowResult::Created,
            What::Changed => RowResult::Changed,
            What::Unchanged => RowResult::Unchanged,
        },
        id: Some(row.record),
        faults: Vec::new(),
    });
    let refused = taken.bad.iter().map(|bad| RowAnswer {
        row: bad.number,
        result: RowResult::Refused,
        id: None,
        faults: told(&visit, &bad.faults),
    });
    let mut rows: Vec<RowAnswer> = done.chain(refused).collect();
    rows.sort_by_key(|row| row.row);
    let answer = UpsertAnswer {
        created: taken.created,
        changed: taken.changed,
        unchanged: taken.unchanged,
        refused: taken.bad.len() as u64,
        rows,
    };
    once.keep(&mut op, &answer).await?;
    op.commit().await?;
    Ok(answer)
}

/// Who writes, the key of the request, and the operation.
async fn begin<S, B>(visit: &mut Visit<S>, method: &Method, body: &B) -> Result<(Asker, Once, Op)>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
    B: Serialize + DeserializeOwned,
{
    let asker = asker(visit, method, WRITE_SCOPE).await?;
    known(visit)?;
    let once = Once::of(visit, &asker, body)?;
    let op = visit.op().await?;
    Ok((asker, once, op))
}

async fn finish<S: AsRef<Site>>(visit: &Visit<S>, once: &Once, mut op: Op, outcome: Outcome) -> Result<WrittenAnswer> {
    let answer = WrittenAnswer::from(outcome);
    once.keep(&mut op, &answer).await?;
    op.commit().await?;
    Ok(tagged(visit, answer))
}

fn tagged<S: AsRef<Site>>(visit: &Visit<S>, answer: WrittenAnswer) -> WrittenAnswer {
    match answer.version {
        Some(version) => visit.tag(version),
        None => visit.accepted(),
    }
    answer
}

/// The version that whoever writes has seen. Where header and body name it, both name the same.
fn version<S: AsRef<Site>>(visit: &Visit<S>, said: Option<i64>) -> Result<i64> {
    let header = visit
        .header("if-match")
        .map(|tag| {
            let inner = tag.trim().strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            inner.and_then(|tag| tag.parse().ok()).ok_or_else(error::version_needed)
        })
        .transpose()?;
    match (header, said) {
        (Some(one), Some(other)) if one != other => Err(error::version_needed()),
        (Some(version), _) | (None, Some(version)) => Ok(version),
        (None, None) => Err(error::version_needed()),
    }
}
