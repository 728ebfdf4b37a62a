//! Records that somebody reads.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use db::PageRequest;
use kernel::Result;
use op::Op;
use openid::Openid;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use web::{Method, Site, Visit};

use super::asker::{READ_SCOPE, asker};
use super::{OWN, RecordAnswer, chosen, register};
use crate::list::{self, Query};
use crate::model::Past;
use crate::{AsOf, COUNTED, Registry, error};

/// A page of records.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordList {
    /// The records.
    pub items: Vec<RecordAnswer>,
    /// Cursor of the next page, for `after`.
    pub next: Option<String>,
    /// The fields that are shown, in order.
    pub fields: Vec<String>,
    /// How many there are in all, where `total=true` asks; 10,000 may be more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// What was known before.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PastAnswer {
    /// What was known.
    pub record: RecordAnswer,
    /// Until when.
    pub replaced_at: Option<DateTime<Utc>>,
    /// Why it was replaced; for officials and applications of agencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything that is and was known of a record.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HistoryAnswer {
    /// What is known now, period by period.
    pub periods: Vec<RecordAnswer>,
    /// What was known before, the newest first.
    pub past: Vec<PastAnswer>,
}

pub(super) fn day(text: Option<&str>) -> Result<Option<NaiveDate>> {
    text.map(|text| kernel::parse_date(text).map_err(|_| error::bad_day()))
        .transpose()
}

fn moment(text: Option<&str>) -> Result<Option<DateTime<Utc>>> {
    text.map(|text| list::moment(&plus(text))).transpose()
}

/// A plus sign in an address is a space to many programs.
fn plus(text: &str) -> String {
    text.replace(' ', "+")
}

/// What part of a list is wanted.
pub(super) fn page_request<S: AsRef<Site>>(visit: &Visit<S>) -> Result<PageRequest> {
    let limit = visit.query("limit").map(str::parse).transpose();
    let limit = limit.map_err(|_| error::bad_filter("limit"))?;
    Ok(PageRequest::new(visit.query("after").map(str::to_owned), limit))
}

pub(super) async fn records<S>(mut visit: Visit<S>) -> Result<RecordList>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry = asker(&mut visit, &Method::GET, READ_SCOPE).await?.registry;
    let (register, page) = (register(&visit), page_request(&visit)?);
    let mut op = visit.look().await?;
    let published = registry.narrowed(&mut op, &register).await?;
    let pairs: Vec<(String, String)> = visit
        .queries()
        .filter(|(name, _)| !OWN.contains(name))
        .map(|(name, value)| match name {
            "known_at" => (name.to_owned(), plus(value)),
            _ => (name.to_owned(), value.to_owned()),
        })
        .collect();
    let (query, others) = Query::read(&published.definition, &pairs)?;
    let sealed = query.asks_sealed(&published.definition);
    if sealed {
        op = visit.op().await?;
    }
    // What is not understood is refused: passed over, it would find more than was asked for.
    if let Some((name, _)) = others.first() {
        return Err(error::bad_filter(&super::short(name)));
    }
    let listing = registry.list(&mut op, &register, &query, &page).await?;
    let chosen = chosen(&visit, |name| listing.fields.iter().any(|field| field == name))?;
    let total = match visit.query("total") {
        Some("true") => Some(registry.count(&mut op, &register, &query).await?.min(COUNTED)),
        _ => None,
    };
    if sealed {
        op.commit().await?;
    }
    let shown = |field: &String| chosen.as_ref().is_none_or(|chosen| chosen.contains(field));
    Ok(RecordList {
        fields: listing.fields.iter().filter(|field| shown(field)).cloned().collect(),
        next: listing.page.next.clone(),
        items: answers(listing.page.items, chosen.as_ref()),
        total,
    })
}

fn answers(records: Vec<crate::Record>, chosen: Option<&BTreeSet<String>>) -> Vec<RecordAnswer> {
    let answer = |record| RecordAnswer::new(record, chosen);
    records.into_iter().map(answer).collect()
}

pub(super) async fn show<S>(mut visit: Visit<S>) -> Result<RecordAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let registry = asker(&mut visit, &Method::GET, READ_SCOPE).await?.registry;
    let (register, id) = (register(&visit), id(&visit)?);
    let as_of = AsOf {
        day: day(visit.query("as_of"))?,
        known: moment(visit.query("known_at"))?,
    };
    let mut op = begun(&visit).await?;
    let chosen = known_fields(&visit, &registry, &mut op, &register).await?;
    let record = registry
        .record(&mut op, &register, id, as_of, visit.query("purpose"))
        .await?;
    op.commit().await?;
    visit.tag(record.version);
    Ok(RecordAnswer::new(record, chosen.as_ref()))
}

pub(super) async fn history<S>(mut visit: Visit<S>) -> Result<HistoryAnswer>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid>,
{
    let asker = asker(&mut visit, &Method::GET, READ_SCOPE).await?;
    let (register, id) = (register(&visit), id(&visit)?);
    let mut op = begun(&visit).await?;
    let chosen = known_fields(&visit, &asker.registry, &mut op, &register).await?;
    let purpose = visit.query("purpose");
    let (periods, past) = asker.registry.history(&mut op, &register, id, purpose).await?;
    op.commit().await?;
    let past_answer = |past: Past| PastAnswer {
        record: RecordAnswer::new(past.record, chosen.as_ref()),
        replaced_at: past.replaced_at,
        // What officials write to each other may speak of what others do not see.
        reason: asker.inside.then_some(past.reason),
    };
    Ok(HistoryAnswer {
        periods: answers(periods, chosen.as_ref()),
        past: past.into_iter().map(past_answer).collect(),
    })
}

/// Looking needs nothing written, opening what is sealed is written down.
async fn begun<S: AsRef<Site>>(visit: &Visit<S>) -> Result<Op> {
    match visit.query("purpose") {
        Some(_) => visit.op().await,
        None => visit.look().await,
    }
}

/// The fields that are wanted of a record, of those that whoever asks sees of it.
async fn known_fields<S: AsRef<Site>>(
    visit: &Visit<S>,
    registry: &Registry,
    op: &mut Op,
    register: &str,
) -> Result<Option<BTreeSet<String>>> {
    if visit.query("fields").is_none() {
        return Ok(None);
    }
    let seen = registry.seen(op, register).await?;
    let opened = visit.query("purpose").is_some();
    chosen(visit, |name| {
        seen.sight.plain.contains(name) || (opened && seen.sight.sealed.contains(name))
    })
}

pub(super) fn id<S: AsRef<Site>>(visit: &Visit<S>) -> Result<Uuid> {
    visit.param("id").parse().map_err(|_| error::record_not_found())
}
