//! Registers in the JSON API, and the adapter of GovStack. Pages are drawn by the portal.

mod asker;
mod bulk;
mod changes;
mod declared;
mod document;
mod drafts;
mod duplicates;
mod govstack;
mod once;
mod proposals;
mod quality;
mod read;
mod registers;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use kernel::{FieldFault, Result};
use openid::Openid;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;
use web::{Doc, Door, Method, Routes, Site, Visit};

use crate::model::{Record, Values};
use crate::{Registry, error};

pub use asker::{AGENCY_SCOPE, READ_SCOPE, WRITE_SCOPE};
pub use changes::{ChangeAnswer, ChangeList};
pub use declared::{
    AgencyAnswer, ColumnAnswer, FieldAnswer, OptionAnswer, RegisterAnswer, RegisterCard, RegisterList, RuleAnswer,
    ShareAnswer,
};
pub use duplicates::{
    DifferenceBody, DoneAnswer, LikelyAnswer, LikelyBody, MergeBody, MergeList, MergedAnswer, MergedHistory,
    MergedPast, NoBody, PairAnswer, SeenRecord, TwinAnswer, TwinList, UndoBody,
};
pub use quality::{
    FailingAnswer, FailingList, MeasureAnswer, MeasureBody, QualityAnswer, QualityCard, QualityOverview, ReasonAnswer,
};
pub use read::{HistoryAnswer, PastAnswer, RecordList};
pub use write::{
    ChangeBody, CorrectionBody, EndBody, MOST_ROWS, RecordBody, RowAnswer, RowBody, RowResult, UpsertAnswer,
    UpsertBody, WrittenAnswer,
};

const TAG: &str = "registers";
/// The JSON of many rows: eight megabytes.
const MANY: usize = 8 << 20;
/// The names in an address that are no fields; a field of such a name is filtered by its ends (`limit.from`, `limit.to`).
const OWN: [&str; 5] = ["after", "limit", "fields", "total", "purpose"];

/// A record on a day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RecordAnswer {
    /// Its identifier.
    pub id: Uuid,
    /// Rises with every change; to be named by whoever changes it.
    pub version: i64,
    /// The first day on which it is so.
    pub valid_from: NaiveDate,
    /// The last day on which it is so; none: until further notice.
    pub valid_to: Option<NaiveDate>,
    /// Since when it is known.
    pub recorded_at: DateTime<Utc>,
    /// By field, as far as whoever asks may see; nothing where there is no value.
    pub values: Values,
}

impl RecordAnswer {
    fn new(record: Record, chosen: Option<&BTreeSet<String>>) -> Self {
        let mut values = record.values;
        if let Some(chosen) = chosen {
            values.retain(|field, _| chosen.contains(field));
        }
        Self {
            id: record.id,
            version: record.version,
            valid_from: record.valid_from,
            valid_to: record.valid_to,
            recorded_at: record.recorded_at,
            values,
        }
    }
}

/// Nothing more is to be said.
#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn engine<S: AsRef<Registry>>(visit: &Visit<S>) -> &Registry {
    visit.state.as_ref()
}

/// What is wrong with one field.
#[derive(Debug, Serialize, serde::Deserialize, JsonSchema)]
pub struct FaultAnswer {
    /// The field.
    pub field: String,
    /// For programs.
    pub code: String,
    /// For people, in the language of the request.
    pub message: String,
}

/// `/api/v1/registers…` and `/govstack/registries/…`.
pub fn routes<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    reading()
        .merge(writing())
        .merge(quality::routes())
        .merge(duplicates::routes())
        .merge(proposals::routes())
        .merge(bulk::routes())
        .merge(drafts::routes())
        .merge(crate::transfer::routes())
        .merge(govstack::routes())
}

fn reading<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    let doc = |id, summary| Doc::new(id, TAG, summary);
    Routes::new()
        .api_get(
            "/api/v1/registers",
            Door::Public,
            doc(
                "listRegisters",
                "All registers (cơ sở dữ liệu, danh mục) with owner, form of sharing and number of records. `q`: words of names; `owner`: code of an agency; `app`: system; `sharing`: open, default, specific; `update`: entry, import, exchange, operation; `catalogue`: true, false.",
            )
            .with_query(&["q", "owner", "app", "sharing", "update", "catalogue", "after", "limit"]),
            registers::list,
        )
        .api_get(
            "/api/v1/registers/{register}",
            Door::Public,
            doc(
                "getRegister",
                "A register with the fields that whoever asks may know of: labels, classes, help, choices.",
            ),
            registers::show,
        )
        .api_get(
            "/api/v1/registers/{register}/schema",
            Door::Public,
            doc(
                "getRegisterSchema",
                "JSON Schema (2020-12) of the values of a record, as far as whoever asks may know of them.",
            ),
            registers::schema,
        )
        .api_get(
            "/api/v1/registers/{register}/openapi.json",
            Door::Public,
            doc(
                "getRegisterOpenapi",
                "OpenAPI 3.1 of one register, made from its declaration: typed values, its filters by name.",
            ),
            registers::openapi,
        )
        .api_get(
            "/api/v1/registers/{register}/records",
            Door::Public,
            doc(
                "listRecords",
                "Records that hold on a day. `<field>=`: equal (several times: any of them; `~`: empty), `<field>.from=`, `<field>.to=`: between, both included, for fields that are searched; `q`: words; `sort`: `<field>` or `-<field>`; `as_of`: the day, `known_at`: as it was known at that moment; `fields`: only these, with commas; `after`, `limit` (200 at the most): the page; `total=true`: how many in all, counted to 10,000. Sealed fields are compared whole and never listed.",
            )
            .with_query(&["q", "sort", "as_of", "known_at", "fields", "total", "after", "limit"]),
            read::records,
        )
        .api_get(
            "/api/v1/registers/{register}/records/{id}",
            Door::Public,
            doc(
                "getRecord",
                "A record on a day (`as_of`), as it is known now or was known at a moment (`known_at`). Sealed fields come with a `purpose`, which is recorded and shown to whoever they are about.",
            )
            .with_query(&["as_of", "known_at", "purpose", "fields"]),
            read::show,
        )
        .api_get(
            "/api/v1/registers/{register}/records/{id}/history",
            Door::Public,
            doc(
                "getRecordHistory",
                "What is known of all days of a record, and what was known before it was corrected. Sealed fields under the rules of `getRecord`.",
            )
            .with_query(&["purpose", "fields"]),
            read::history,
        )
        .api_get(
            "/api/v1/registers/{register}/changes",
            Door::Public,
            doc(
                "listRecordChanges",
                "What has happened to the records of a register after a cursor (`since`; left out: from the beginning; `now`: nothing yet, only the cursor). `next` goes on from there at any later time.",
            )
            .with_query(&["since", "limit"]),
            changes::list,
        )
}

fn writing<S>() -> Routes<S>
where
    S: AsRef<Site> + AsRef<Registry> + AsRef<Openid> + Clone + Send + Sync + 'static,
{
    const ONCE: &[&str] = &["Idempotency-Key"];
    const SEEN: &[&str] = &["If-Match", "Idempotency-Key"];
    let doc = |id, summary| Doc::new(id, TAG, summary);
    Routes::new()
        .api_post(
            "/api/v1/registers/{register}/records",
            Door::Program,
            doc("addRecord", "Enters a new record, from a day on; today if nothing is said. Where the owner approves what is entered it is proposed (202), here and in the operations below.")
                .created()
                .with_headers(ONCE)
            .or_accepted(),
            write::add,
        )
        .api_send(
            Method::PUT,
            "/api/v1/registers/{register}/records/{id}",
            Door::Program,
            doc(
                "changeRecord",
                "From a day on the record is otherwise. A field that is left out is empty from then on, unless it is sealed: that one stays as it is until it is sent, or sent as null.",
            )
            .with_headers(SEEN)
            .or_accepted(),
            write::change,
        )
        .api_post(
            "/api/v1/registers/{register}/records/{id}/correction",
            Door::Program,
            doc(
                "correctRecord",
                "Puts right what was recorded wrongly of one period, and says why; what was recorded is kept. Fields that are left out: see `changeRecord`.",
            )
            .with_headers(SEEN)
            .or_accepted(),
            write::correct,
        )
        .api_post(
            "/api/v1/registers/{register}/records/{id}/end",
            Door::Program,
            doc(
                "endRecord",
                "After a day the record is no more. Nothing is deleted: what was stays known.",
            )
            .with_headers(SEEN)
            .or_accepted(),
            write::end,
        )
        .api_post(
            "/api/v1/registers/{register}/records:upsert",
            Door::Program,
            doc(
                "upsertRecords",
                "Takes up to 1,000 rows over by the key of the register: a new key is a new record, another content a change, the same nothing. Rows that break rules are told and left out, the others are written. For the agency that answers for the register.",
            )
            .with_headers(ONCE)
            .with_body(MANY),
            write::upsert,
        )
}

fn register<S: AsRef<Site>>(visit: &Visit<S>) -> String {
    visit.param("register").to_owned()
}

/// The fields that are wanted, of those that may be; none named: all.
fn chosen<S: AsRef<Site>>(visit: &Visit<S>, allowed: impl Fn(&str) -> bool) -> Result<Option<BTreeSet<String>>> {
    let Some(named) = visit.query("fields") else {
        return Ok(None);
    };
    let named = named.split(',').map(str::trim).filter(|name| !name.is_empty());
    named
        .map(|name| match allowed(name) {
            true => Ok(name.to_owned()),
            false => Err(error::unknown_field(&short(name))),
        })
        .collect::<Result<_>>()
        .map(Some)
}

/// Faults of fields in the language of the request.
fn told<S: AsRef<Site>>(visit: &Visit<S>, faults: &[FieldFault]) -> Vec<FaultAnswer> {
    let texts = visit.site().renderer.texts();
    let told = |fault: &FieldFault| FaultAnswer {
        field: fault.field.clone(),
        code: fault.code.clone(),
        message: texts.error(visit.locale, &fault.code, &fault.params),
    };
    faults.iter().map(told).collect()
}

/// A name that came in an address, as far as it is told back.
fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

/// A text of this engine for people.
fn text<S: AsRef<Site>>(visit: &Visit<S>, key: &str, params: &[(&str, &str)]) -> String {
    let params: BTreeMap<String, String> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    visit.site().renderer.texts().get(visit.locale, key, &params)
}
